/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-handler.h"
#include "confab-clock.h"
#include "confab-homeserver.h"
#include "confab-media-repository.h"
#include "confab-room-event.h"
#include "confab-room-list.h"
#include "confab-secrets.h"

G_BEGIN_DECLS

typedef enum {
  CONFAB_SESSION_STATE_SIGNED_OUT,
  CONFAB_SESSION_STATE_RESTORING,
  CONFAB_SESSION_STATE_SIGNING_IN,
  CONFAB_SESSION_STATE_FIRST_SYNC, /* signed in; rooms not complete yet */
  CONFAB_SESSION_STATE_ONLINE,     /* the last sync succeeded */
  CONFAB_SESSION_STATE_OFFLINE,    /* trying again; what is shown is from the last sync */
  CONFAB_SESSION_STATE_LOGGED_OUT, /* the server no longer takes the token; with soft logout the device is kept */
} ConfabSessionState;
#define CONFAB_TYPE_SESSION_STATE (confab_session_state_get_type ())
GType confab_session_state_get_type (void);

/**
 * ConfabSession:
 *
 * One account on one device: sign in, restore, sync, sign out. Properties (notify): `state`, `user-id`,
 * `device-id`, `display-name`, `avatar-url`, `last-sync-at` (µs since epoch, 0 before the first),
 * `rooms`, `call-handler`, `media-repository`, `error` (GError boxed, why OFFLINE or LOGGED_OUT). Main thread.
 *
 * Signal `warning` (code: “undecryptable”, “store”, “network”, “internal”; message; user id or NULL; room id
 * or NULL): something went wrong that lost nothing a person did, or that they should hear of.
 *
 * Signal `room-event` (#ConfabRoomEvent): somebody, maybe we ourselves, said something in a room since this device was
 * there: a message, a reaction, an event of a 1:1 call, a redaction. Each once, decrypted; who hears nothing loses it. A
 * room that was just joined also brings the last of what was said in it before; the event's time tells.
 */
#define CONFAB_TYPE_SESSION (confab_session_get_type ())
G_DECLARE_FINAL_TYPE (ConfabSession, confab_session, CONFAB, SESSION, GObject)

/* @data_dir holds the store, @cache_dir what can be fetched again; both are made. */
ConfabSession *confab_session_new (ConfabClock *clock,
                                   ConfabSecrets *secrets,
                                   const char *data_dir,
                                   const char *cache_dir) G_GNUC_WARN_UNUSED_RESULT;

/* Resolves to true when a kept session was found and the sync loop runs, to false when nobody ever signed in here.
 * Rejects with CONFAB_MATRIX_ERROR_KEYRING_LOCKED, …_NO_KEYRING, or a ConfabStoreError. Works offline. */
DexFuture *confab_session_restore (ConfabSession *self) G_GNUC_WARN_UNUSED_RESULT;
/* Signs in (or, after a soft logout, in again as the same device) and starts the sync loop; resolves to true.
 * @user: localpart or full id. */
DexFuture *confab_session_sign_in (ConfabSession *self,
                                   ConfabHomeserver *homeserver,
                                   const char *user,
                                   const char *password,
                                   const char *device_name) G_GNUC_WARN_UNUSED_RESULT;
/* Leaves calls, tells the server, wipes store and secrets; resolves to true even when the server is away. */
DexFuture *confab_session_sign_out (ConfabSession *self) G_GNUC_WARN_UNUSED_RESULT;
/* Leaves calls properly, stops sync and every fiber, closes the store; resolves to true within 3 s. */
DexFuture *confab_session_stop (ConfabSession *self) G_GNUC_WARN_UNUSED_RESULT;
/* Leaves calls properly, and stays signed in: resolves to true when that went out, within 2 s. */
DexFuture *confab_session_leave_calls (ConfabSession *self) G_GNUC_WARN_UNUSED_RESULT;
void confab_session_try_now (ConfabSession *self);

ConfabSessionState confab_session_get_state (ConfabSession *self);
const char *confab_session_get_user_id (ConfabSession *self);
const char *confab_session_get_device_id (ConfabSession *self);
ConfabRoomList *confab_session_get_rooms (ConfabSession *self);
ConfabCallHandler *confab_session_get_call_handler (ConfabSession *self);
ConfabMediaRepository *confab_session_get_media_repository (ConfabSession *self);

/* Rooms, for confab-bot and `./dev run`. create_room resolves to the room id (string); @open lets everybody
 * send call state. join_room resolves (true) when the room has come in sync. */
DexFuture *confab_session_create_room (ConfabSession *self,
                                       const char *name,
                                       gboolean encrypted,
                                       const char *const *invite,
                                       gboolean open) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *confab_session_invite (ConfabSession *self, const char *room_id, const char *user_id)
  G_GNUC_WARN_UNUSED_RESULT;
DexFuture *
confab_session_join_room (ConfabSession *self, const char *room_id) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *
confab_session_leave_room (ConfabSession *self, const char *room_id) G_GNUC_WARN_UNUSED_RESULT;

DexFuture *confab_session_send_event (ConfabSession *self,
                                      const char *room_id,
                                      const char *type,
                                      JsonObject *content) G_GNUC_WARN_UNUSED_RESULT;

/* A blocked device gets no room keys and no calls, and is not listened to. Resolves to true. */
DexFuture *confab_session_set_device_blocked (ConfabSession *self,
                                              const char *user_id,
                                              const char *device_id,
                                              gboolean blocked) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ConfabWireFunc:
 *
 * Hears of every call message and call state event that goes out or comes in, for `confab-bot wire`.
 */
typedef void (*ConfabWireFunc) (gboolean outgoing,
                                const char *user_id,
                                const char *device_id,
                                const char *type,
                                JsonObject *content,
                                gboolean encrypted,
                                gpointer data);
void confab_session_set_wire_func (ConfabSession *self, ConfabWireFunc func, gpointer data);

G_END_DECLS
