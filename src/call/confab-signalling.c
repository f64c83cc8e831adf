/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-signalling.h"

G_DEFINE_INTERFACE (ConfabSignalling, confab_signalling, G_TYPE_OBJECT)

G_DEFINE_QUARK (confab-signalling-error-quark, confab_signalling_error)

/* A carrier without a place for it: other devices are not told. */
static void
keep_nothing (ConfabSignalling *self,
              const char *room_id,
              const char *type,
              JsonObject *content,
              ConfabSignallingDone done,
              gpointer data,
              GDestroyNotify destroy)
{
  if (destroy != NULL)
    destroy (data);
}

static void
confab_signalling_default_init (ConfabSignallingInterface *iface)
{
  iface->send_account_data = keep_nothing;
}

/**
 * confab_signalling_send_to_device:
 * @self: the signalling
 * @room_id: the call's room: it decides whether clear text is allowed at all
 * @user_id: to whom
 * @device_id: to which device
 * @type: `m.call.…`
 * @content: the whole content, envelope included
 * @security: whether clear text may be sent
 * @done: (nullable) (scope notified) (closure data) (destroy destroy): how it ended
 * @data: for @done
 * @destroy: (nullable): frees @data
 *
 * Spec: Client-Server API, “Send-to-Device messaging” and “m.olm.v1.curve25519-aes-sha2”.
 */
void
confab_signalling_send_to_device (ConfabSignalling *self,
                                  const char *room_id,
                                  const char *user_id,
                                  const char *device_id,
                                  const char *type,
                                  JsonObject *content,
                                  ConfabSignallingSecurity security,
                                  ConfabSignallingDone done,
                                  gpointer data,
                                  GDestroyNotify destroy)
{
  g_return_if_fail (CONFAB_IS_SIGNALLING (self));
  g_return_if_fail (room_id != NULL && user_id != NULL && device_id != NULL && type != NULL);
  g_return_if_fail (content != NULL);

  CONFAB_SIGNALLING_GET_IFACE (self)->send_to_device (
    self, room_id, user_id, device_id, type, content, security, done, data, destroy);
}

/**
 * confab_signalling_send_state:
 * @self: the signalling
 * @room_id: where
 * @type: the state event's type
 * @state_key: its state key
 * @content: its content
 * @done: (nullable) (scope notified) (closure data) (destroy destroy): how it ended
 * @data: for @done
 * @destroy: (nullable): frees @data
 *
 * State of one room, type and key goes out in order; a later one may replace an earlier one that was not
 * sent yet, whose @done then hears what became of the later one.
 */
void
confab_signalling_send_state (ConfabSignalling *self,
                              const char *room_id,
                              const char *type,
                              const char *state_key,
                              JsonObject *content,
                              ConfabSignallingDone done,
                              gpointer data,
                              GDestroyNotify destroy)
{
  g_return_if_fail (CONFAB_IS_SIGNALLING (self));
  g_return_if_fail (room_id != NULL && type != NULL && state_key != NULL && content != NULL);

  CONFAB_SIGNALLING_GET_IFACE (self)->send_state (
    self, room_id, type, state_key, content, done, data, destroy);
}

/**
 * confab_signalling_send_account_data:
 * @self: the signalling
 * @room_id: about which room
 * @type: the event's type
 * @content: its content
 * @done: (nullable) (scope notified) (closure data) (destroy destroy): how it ended
 * @data: for @done
 * @destroy: (nullable): frees @data
 *
 * For this user's other devices; nobody else sees it but the homeserver. Ordered as state is.
 *
 * Spec: Client-Server API, “Client Config”.
 */
void
confab_signalling_send_account_data (ConfabSignalling *self,
                                     const char *room_id,
                                     const char *type,
                                     JsonObject *content,
                                     ConfabSignallingDone done,
                                     gpointer data,
                                     GDestroyNotify destroy)
{
  g_return_if_fail (CONFAB_IS_SIGNALLING (self));
  g_return_if_fail (room_id != NULL && type != NULL && content != NULL);

  CONFAB_SIGNALLING_GET_IFACE (self)->send_account_data (
    self, room_id, type, content, done, data, destroy);
}

/**
 * confab_signalling_get_ice_servers:
 * @self: the signalling
 * @done: (scope notified) (closure data) (destroy destroy): gets servers that are valid now; none and an
 *   error when they cannot be had: a call on one network works without
 * @data: for @done
 * @destroy: (nullable): frees @data
 */
void
confab_signalling_get_ice_servers (ConfabSignalling *self,
                                   ConfabIceServersDone done,
                                   gpointer data,
                                   GDestroyNotify destroy)
{
  g_return_if_fail (CONFAB_IS_SIGNALLING (self));
  g_return_if_fail (done != NULL);

  CONFAB_SIGNALLING_GET_IFACE (self)->get_ice_servers (self, done, data, destroy);
}
