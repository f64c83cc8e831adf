/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "confab-ice-servers.h"

G_BEGIN_DECLS

typedef enum {
  CONFAB_SIGNALLING_ERROR_NETWORK, /* not sent; the same may succeed later */
  CONFAB_SIGNALLING_ERROR_FORBIDDEN, /* the homeserver does not allow it (missing power, not joined) */
  CONFAB_SIGNALLING_ERROR_NO_KEYS, /* the device's keys cannot be had: fail closed, nothing was sent */
  CONFAB_SIGNALLING_ERROR_BLOCKED, /* the person has blocked the device: it gets nothing */
  CONFAB_SIGNALLING_ERROR_FAILED,  /* anything else */
} ConfabSignallingError;
#define CONFAB_SIGNALLING_ERROR (confab_signalling_error_quark ())
GQuark confab_signalling_error_quark (void);

typedef enum {
  CONFAB_SIGNALLING_ENCRYPTED, /* Olm, or not at all */
  CONFAB_SIGNALLING_CLEAR,     /* an answer to a peer that spoke in clear, in an unencrypted room */
} ConfabSignallingSecurity;

/**
 * ConfabSignallingDone:
 * @error: (nullable): a #ConfabSignallingError, %NULL when the server has taken it
 * @data: what was handed in
 *
 * Called exactly once, from the main loop, never from within the call that it answers, and not after the
 * #ConfabSignalling is disposed.
 */
typedef void (*ConfabSignallingDone) (const GError *error, gpointer data);

/**
 * ConfabIceServersDone:
 * @servers: (nullable): what there is now, not kept
 * @error: (nullable): why there is nothing; %NULL when there is
 * @data: what was handed in
 *
 * Called as #ConfabSignallingDone is.
 */
typedef void (*ConfabIceServersDone) (const ConfabIceServers *servers,
                                      const GError *error,
                                      gpointer data);

/**
 * ConfabSignalling:
 *
 * How calls reach the homeserver. `matrix` implements it. It retries and keeps messages to one device in
 * order; @done says how it ended. Main thread only. JsonObjects that are handed over are not changed
 * afterwards by either side.
 */
#define CONFAB_TYPE_SIGNALLING (confab_signalling_get_type ())
G_DECLARE_INTERFACE (ConfabSignalling, confab_signalling, CONFAB, SIGNALLING, GObject)

struct _ConfabSignallingInterface {
  GTypeInterface parent_iface;

  void (*send_to_device) (ConfabSignalling *self,
                          const char *room_id,
                          const char *user_id,
                          const char *device_id,
                          const char *type,
                          JsonObject *content,
                          ConfabSignallingSecurity security,
                          ConfabSignallingDone done,
                          gpointer data,
                          GDestroyNotify destroy);
  void (*send_state) (ConfabSignalling *self,
                      const char *room_id,
                      const char *type,
                      const char *state_key,
                      JsonObject *content,
                      ConfabSignallingDone done,
                      gpointer data,
                      GDestroyNotify destroy);
  /* May be left out by who has no place for it: nobody is told then, @done neither. */
  void (*send_account_data) (ConfabSignalling *self,
                             const char *room_id,
                             const char *type,
                             JsonObject *content,
                             ConfabSignallingDone done,
                             gpointer data,
                             GDestroyNotify destroy);
  void (*get_ice_servers) (ConfabSignalling *self,
                           ConfabIceServersDone done,
                           gpointer data,
                           GDestroyNotify destroy);
};

void confab_signalling_send_to_device (ConfabSignalling *self,
                                       const char *room_id,
                                       const char *user_id,
                                       const char *device_id,
                                       const char *type,
                                       JsonObject *content,
                                       ConfabSignallingSecurity security,
                                       ConfabSignallingDone done,
                                       gpointer data,
                                       GDestroyNotify destroy);
void confab_signalling_send_state (ConfabSignalling *self,
                                   const char *room_id,
                                   const char *type,
                                   const char *state_key,
                                   JsonObject *content,
                                   ConfabSignallingDone done,
                                   gpointer data,
                                   GDestroyNotify destroy);
void confab_signalling_send_account_data (ConfabSignalling *self,
                                          const char *room_id,
                                          const char *type,
                                          JsonObject *content,
                                          ConfabSignallingDone done,
                                          gpointer data,
                                          GDestroyNotify destroy);
void confab_signalling_get_ice_servers (ConfabSignalling *self,
                                        ConfabIceServersDone done,
                                        gpointer data,
                                        GDestroyNotify destroy);

G_END_DECLS
