/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "confab-call.h"
#include "confab-clock.h"
#include "confab-signalling.h"

G_BEGIN_DECLS

/**
 * ConfabCallHandler:
 *
 * Owns every call of one account: takes in room state and device messages as `matrix` brings them, routes them,
 * keeps what comes early, and is a GListModel of the #ConfabCall that are on (those ended are gone from it).
 * Synchronous; main thread only.
 */
#define CONFAB_TYPE_CALL_HANDLER (confab_call_handler_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallHandler, confab_call_handler, CONFAB, CALL_HANDLER, GObject)

ConfabCallHandler *confab_call_handler_new (ConfabSignalling *signalling,
                                            ConfabClock *clock,
                                            const char *user_id,
                                            const char *device_id) G_GNUC_WARN_UNUSED_RESULT;
ConfabCall *
confab_call_handler_lookup (ConfabCallHandler *self, const char *room_id, const char *call_id);
ConfabCall *confab_call_handler_create_call (ConfabCallHandler *self,
                                             const char *room_id,
                                             ConfabCallIntent intent,
                                             ConfabCallType type,
                                             const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* What `matrix` brings, in the order of the sync; one batch ends with confab_call_handler_end_sync(), and what the
 * store had at the start with confab_call_handler_end_stored(). */
void confab_call_handler_handle_state (ConfabCallHandler *self,
                                       const char *room_id,
                                       const char *type,
                                       const char *state_key,
                                       const char *sender,
                                       gint64 origin_server_ts,
                                       JsonObject *content);
void confab_call_handler_handle_fork (ConfabCallHandler *self, const char *room_id);
void confab_call_handler_handle_to_device (ConfabCallHandler *self,
                                           const char *sender,
                                           const char *sender_device_id,
                                           const char *type,
                                           JsonObject *content);
void confab_call_handler_handle_account_data (ConfabCallHandler *self,
                                              const char *room_id,
                                              const char *type,
                                              JsonObject *content);
void confab_call_handler_add_silenced (ConfabCallHandler *self,
                                       const char *room_id,
                                       const char *call_id);
void confab_call_handler_handle_membership (ConfabCallHandler *self,
                                            const char *room_id,
                                            const char *user_id,
                                            gboolean joined);
void confab_call_handler_set_room_encrypted (ConfabCallHandler *self,
                                             const char *room_id,
                                             gboolean encrypted);
void confab_call_handler_set_can_send_call (ConfabCallHandler *self,
                                            const char *room_id,
                                            gboolean can_send);
void confab_call_handler_set_can_send_member (ConfabCallHandler *self,
                                              const char *room_id,
                                              gboolean can_send);
void confab_call_handler_remove_room (ConfabCallHandler *self, const char *room_id);
void confab_call_handler_end_stored (ConfabCallHandler *self, gint64 server_time);
void confab_call_handler_end_sync (ConfabCallHandler *self, gint64 server_time);
void confab_call_handler_back_online (ConfabCallHandler *self);

/* What tests and logs look at. */
guint confab_call_handler_get_n_early (ConfabCallHandler *self);

G_END_DECLS
