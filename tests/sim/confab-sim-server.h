/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "confab-clock.h"

G_BEGIN_DECLS

#define CONFAB_SIM_MAX_CLIENTS 12
#define CONFAB_SIM_ROOM "!sim:x"
#define CONFAB_SIM_MEMBERSHIP "m.room.member"

/* One state event of the room, in the order in which the server took them. */
typedef struct {
  char *type;
  char *state_key;
  char *sender;
  gint64 origin_server_ts; /* ms since the epoch */
  JsonObject *content;
} ConfabSimEvent;

/* One device message, in the order in which it came to its inbox. */
typedef struct {
  char *sender;
  char *device_id;
  char *type;
  JsonObject *content;
} ConfabSimMessage;

/**
 * ConfabSimServer:
 *
 * Homeservers with one room: its state in the order it was taken, as each client's homeserver has heard of it, and an
 * inbox for each device, and each user's account data of that room. What separates homeservers is the network's to say.
 */
typedef struct _ConfabSimServer ConfabSimServer;

/* Something is new for client @index. */
typedef void (*ConfabSimServerFunc) (guint index, gpointer data);

/* Whether what @sender does comes to the homeserver of client @index now. */
typedef gboolean (*ConfabSimReachFunc) (const char *sender, guint index, gpointer data);

ConfabSimServer *confab_sim_server_new (ConfabClock *clock,
                                        guint n,
                                        ConfabSimServerFunc news,
                                        ConfabSimReachFunc reaches,
                                        gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void confab_sim_server_free (ConfabSimServer *self);
void confab_sim_server_put_state (ConfabSimServer *self,
                                  const char *sender,
                                  const char *type,
                                  const char *state_key,
                                  JsonObject *content);
void confab_sim_server_release (ConfabSimServer *self);
void confab_sim_server_redact_call (ConfabSimServer *self, const char *sender);
void confab_sim_server_put_membership (ConfabSimServer *self, const char *user_id, gboolean joined);
void confab_sim_server_put_message (ConfabSimServer *self,
                                    guint index,
                                    const char *sender,
                                    const char *device_id,
                                    const char *type,
                                    JsonObject *content);
void confab_sim_server_replay (ConfabSimServer *self, guint index, const char *type, guint n_later);
guint confab_sim_server_get_n_events (ConfabSimServer *self, guint index);
const ConfabSimEvent *
confab_sim_server_get_event (ConfabSimServer *self, guint index, guint position);
const ConfabSimEvent *
confab_sim_server_lookup (ConfabSimServer *self, const char *type, const char *state_key);
guint confab_sim_server_get_n_messages (ConfabSimServer *self, guint index);
const ConfabSimMessage *
confab_sim_server_get_message (ConfabSimServer *self, guint index, guint position);
void confab_sim_server_put_account (ConfabSimServer *self, guint index, JsonObject *content);
guint confab_sim_server_get_n_account (ConfabSimServer *self, guint index);
JsonObject *confab_sim_server_get_account (ConfabSimServer *self, guint index, guint position);
guint confab_sim_server_count_calls (ConfabSimServer *self);
GPtrArray *confab_sim_server_dup_call_ids (ConfabSimServer *self);
char *confab_sim_server_dup_call_id (ConfabSimServer *self);

G_END_DECLS
