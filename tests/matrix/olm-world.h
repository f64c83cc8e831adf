/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-manual-clock.h"
#include "confab-olm-machine.h"
#include "confab-olm-vault.h"
#include "confab-outbox.h"
#include "fake-homeserver.h"

#define WORLD_TIME (G_GINT64_CONSTANT (1700000000) * G_USEC_PER_SEC) /* at its beginning */

/* A homeserver that keeps device keys and carries device messages, with devices that talk through it. A device is
 * named “@user:x|DEVICE”, which is also its access token. */
typedef struct {
  FakeHomeserver *fake;
  ConfabManualClock *clock;
  GHashTable *device_keys; /* name → JsonObject */
  GHashTable *one_time;    /* name → JsonObject: key id → signed key */
  GHashTable *fallback;    /* name → JsonObject */
  GHashTable *mailboxes;   /* name → GPtrArray of JsonObject: to-device events */
  GHashTable *bodies;      /* “name txn” → what was in it: must be the same when it comes again */
  GHashTable *txns;        /* “name txn”: requests that were taken */
  GPtrArray *sent;    /* “txn: device device …” of each request for sending, repeated ones too */
  guint refuse_sends; /* the next ones get 429 */
  guint forbid_sends; /* the next ones get 403 */
  guint unread_sends; /* the next ones are taken, but answered with what is no JSON */
  const char *
    bad_device; /* (nullable): what goes to it is refused, and with it the request that it is in; a prefix */
  guint bad_status;
  guint fail_queries; /* the next ones get 502 */
  guint fail_claims;  /* the next ones get 502 */
  guint lose_answers; /* the next ones are taken, but answered with 502 */
  void (*on_query) (JsonObject *reply, gpointer data);
  void (*on_claim) (JsonObject *reply, gpointer data);
  void (*on_send) (gpointer data);
  gpointer hook_data;
  gboolean query_fails;
} World;

typedef struct {
  World *world;
  char *name;
  char *user_id;
  char *device_id;
  char *path; /* of the store; NULL: in memory */
  ConfabStore *store;
  ConfabHomeserver *homeserver;
  ConfabOlmMachine *machine;
  GPtrArray *warnings;
  guint n_inbox_changed;
  guint n_done;
  GString *outcomes; /* “ok ” or the code of the error, of each message sent */
} Device;

World *world_new (void);
void world_free (World *self);
/* Time goes by; or (@back not NULL) the wall clock is set back, and what was noted then lies as far in the future. */
void world_turn_clock (World *self, guint ms, gconstpointer back);
guint world_n_one_time_keys (World *self, const char *name);
GPtrArray *world_mailbox (World *self, const char *name);

Device *device_new (World *world, const char *name, const char *path);
void device_free (Device *self); /* stops it, as at the end of a process */
void device_start (Device *self);
/* One sync: what the server has for the device, and @changed (comma-separated or NULL) as device_lists.changed. */
void device_sync (Device *self, const char *changed);
/* With @rooms (nullable), as the reply to a sync has them: they are stored, too. */
void
device_sync_rooms (Device *self, const char *changed, const char *next_batch, JsonObject *rooms);
/* The same messages once more: what a server may do, or somebody who recorded them. */
void device_sync_events (Device *self, GPtrArray *events);
void device_send (Device *self, const Device *to, const char *text);
void device_send_full (Device *self,
                       const char *room_id,
                       const char *user_id,
                       const char *device_id,
                       const char *text,
                       ConfabSignallingSecurity security);
void device_flush (Device *self);
/* “sender|device|text ” of each message in the inbox; “-” for the device when it came in clear. Empties it. */
char *device_drain (Device *self);
/* One sync, after which that is @expected. */
void device_assert_hears (Device *self, const char *expected);
gint64 device_count (Device *self, const char *sql);
void device_exec (Device *self, const char *sql);
