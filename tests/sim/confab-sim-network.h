/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-sim-server.h"

G_BEGIN_DECLS

#define CONFAB_SIM_STATE "state " /* what resources of the room's state begin with */

/* The first thing that was wrong is kept. */
typedef void (*ConfabSimFailFunc) (const char *message, gpointer data);

/**
 * ConfabSimNetwork:
 * @clock: the one of the whole world
 * @server: the homeserver
 * @rand: everything that the network leaves to chance
 * @latency_ms: a request takes up to this and 5 ms
 * @spread_ms: a device message is held up for up to this on its way between servers: they overtake each other
 * @late: per cent of device messages that are held up for much longer
 * @loss: per cent of device messages that never arrive, or cannot be decrypted
 * @repeats: per cent of device messages that come twice, often much later
 * @cuts: per cent of syncs that end somewhere before the end
 * @gaps: per cent of syncs that leave out what newer state has replaced
 * @trouble: per cent of requests that end in 429, 5xx or without an answer while there is trouble
 * @trouble_until: monotonic, µs
 * @offline_until: monotonic, µs: a client reaches nobody
 * @link_until: monotonic, µs: nothing comes from a client to another
 * @parted_until: monotonic, µs: there are two sides that do not hear of each other
 * @sides: of the clients' homeservers
 * @late_until: monotonic, µs: a client's homeserver hears of other ones' state only then, and of device messages at once
 * @limit_until: monotonic, µs: a client is answered 429
 * @keyless_until: monotonic, µs: a client cannot get the keys of another, and sends it nothing
 * @refuses_until: monotonic, µs: what a client answers to another comes as a hangup, as an ill-behaved client has it
 * @lost: something that a client had for another never came
 * @declined: user and call → when the user declined it everywhere: monotonic, µs; 0 where they declined another, too
 * @limits_all: in whatever it asks; else only in what it writes to the room
 * @told: by 429: client and resource → not before that: monotonic, µs
 * @fail: what hears of a violation
 * @data: for @fail
 * @users: who the clients are
 * @devices: their devices
 * @n: how many clients
 *
 * What lies between clients and homeserver, and how bad it is.
 */
typedef struct {
  ConfabClock *clock;
  ConfabSimServer *server;
  GRand *rand;
  guint latency_ms;
  guint spread_ms;
  guint late;
  guint loss;
  guint repeats;
  guint cuts;
  guint gaps;
  gboolean calm; /* it only delays, and cuts syncs: nothing has a reason to fail */
  guint trouble;
  gint64 trouble_until;
  gint64 offline_until[CONFAB_SIM_MAX_CLIENTS];
  gint64 link_until[CONFAB_SIM_MAX_CLIENTS][CONFAB_SIM_MAX_CLIENTS];
  gint64 parted_until;
  gboolean sides[CONFAB_SIM_MAX_CLIENTS];
  gint64 late_until[CONFAB_SIM_MAX_CLIENTS];
  gint64 limit_until[CONFAB_SIM_MAX_CLIENTS];
  gboolean limits_all[CONFAB_SIM_MAX_CLIENTS];
  gint64 keyless_until[CONFAB_SIM_MAX_CLIENTS][CONFAB_SIM_MAX_CLIENTS];
  gint64 refuses_until[CONFAB_SIM_MAX_CLIENTS][CONFAB_SIM_MAX_CLIENTS];
  gboolean lost[CONFAB_SIM_MAX_CLIENTS][CONFAB_SIM_MAX_CLIENTS];
  GHashTable *declined;
  GHashTable *told[CONFAB_SIM_MAX_CLIENTS];
  ConfabSimFailFunc fail;
  gpointer data;
  char *users[CONFAB_SIM_MAX_CLIENTS];
  char *devices[CONFAB_SIM_MAX_CLIENTS];
  guint n;
} ConfabSimNetwork;

/* What became of a request. */
typedef enum {
  CONFAB_SIM_DONE,
  CONFAB_SIM_DONE_UNHEARD, /* the server did it, but its answer was lost */
  CONFAB_SIM_FAILED,
  CONFAB_SIM_LIMITED, /* 429, with or without Retry-After */
} ConfabSimOutcome;

G_GNUC_PRINTF (3, 4) void
confab_sim_network_fail (ConfabSimNetwork *self, guint index, const char *format, ...);
guint confab_sim_network_get_delay (ConfabSimNetwork *self);
gboolean confab_sim_network_chance (ConfabSimNetwork *self, guint per_cent);
guint confab_sim_network_below (ConfabSimNetwork *self, guint limit);
gboolean confab_sim_network_is_offline (ConfabSimNetwork *self, guint index);
gboolean confab_sim_network_shows (ConfabSimNetwork *self, const char *user_id, guint index);
gboolean confab_sim_network_reaches (ConfabSimNetwork *self, const char *user_id, guint index);
ConfabSimOutcome confab_sim_network_try (ConfabSimNetwork *self,
                                         guint index,
                                         const char *resource,
                                         guint *retry_after_ms);
void confab_sim_network_forget (ConfabSimNetwork *self, guint index);
void confab_sim_network_carry (ConfabSimNetwork *self,
                               guint from,
                               const char *user_id,
                               const char *device_id,
                               const char *type,
                               JsonObject *content);
gboolean confab_sim_network_has_keys (ConfabSimNetwork *self,
                                      guint index,
                                      const char *user_id,
                                      const char *device_id);
void confab_sim_network_put_account (ConfabSimNetwork *self, guint from, JsonObject *content);
void
confab_sim_network_note_declined (ConfabSimNetwork *self, const char *user_id, const char *call_id);
gint64 confab_sim_network_get_declined_at (ConfabSimNetwork *self,
                                           const char *user_id,
                                           const char *call_id);
guint confab_sim_network_get_limit (ConfabSimNetwork *self);
void confab_sim_network_heal (ConfabSimNetwork *self);

G_END_DECLS
