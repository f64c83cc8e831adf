/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-manual-clock.h"
#include "fake-account.h"
#include "fake-secrets.h"

/* 2023-11-14, 22:13:20 UTC: where the clock stands at first. */
#define WORLD_NOW_MS G_GINT64_CONSTANT (1700000000000)

/* @anna:x on a fake homeserver, with a clock that the test turns. The session is a real one. JSON is written with
 * ' for ". */
typedef struct {
  FakeAccount *account;
  FakeSecrets *secrets;
  ConfabManualClock *clock;
  char *dir;
  ConfabSession *session;
  guint n_syncs;
} World;

World *world_new (void);
/* Stops the session, and sees that nobody keeps it or a timeout of the clock. */
void world_free (World *self);
/* A new session on the same store and keyring, as at the next start. The old one is stopped. */
void world_start_anew (World *self);

/* Signs in, and waits until the first sync has come: @rooms is what “rooms.join” has. */
void world_sign_in (World *self, const char *rooms);
/* Waits until news of these rooms were taken in. */
void world_sync (World *self, const char *rooms);
void world_sync_full (World *self, const char *rest);
/* Waits until the session is in @state. */
void world_until (World *self, ConfabSessionState state);
/* Those that begin so: “PUT /_matrix/…”. */
guint world_count_requests (World *self, const char *beginning);
void world_go_offline (World *self);
void world_go_online (World *self);

/* The news of one room: these events, and how many people are in it (0: as before). */
char *world_room (const char *id, guint n_joined, const char *events) G_GNUC_WARN_UNUSED_RESULT;
/* A state event; @content with ' for ". */
char *world_event (const char *type,
                   const char *state_key,
                   const char *sender,
                   gint64 origin_server_ts,
                   const char *content) G_GNUC_WARN_UNUSED_RESULT;
/* The usual beginning of a room: made by @ben:x, both may do all. */
char *world_new_room (const char *id, const char *name) G_GNUC_WARN_UNUSED_RESULT;
/* News of @id: a call began @age_s ago. */
char *
world_call (const char *id, const char *call_id, const char *intent, const char *type, guint age_s)
  G_GNUC_WARN_UNUSED_RESULT;
/* News of @id: these are in the call; each with one device. */
char *world_call_members (const char *id, const char *call_id, const char *const *user_ids)
  G_GNUC_WARN_UNUSED_RESULT;

void test_remove_tree (const char *path);
char *test_get_string (gpointer object, const char *property) G_GNUC_WARN_UNUSED_RESULT;
gboolean test_get_boolean (gpointer object, const char *property);
guint test_get_uint (gpointer object, const char *property);
#define test_assert_string(object, property, expected)                                             \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *test_string = test_get_string (object, property);                             \
    g_assert_cmpstr (test_string, ==, expected);                                                   \
  }                                                                                                \
  G_STMT_END
