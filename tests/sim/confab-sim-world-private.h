/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-sim-client.h"
#include "confab-sim-clock.h"
#include "confab-sim-world.h"

G_BEGIN_DECLS

/* What the files of #ConfabSimWorld share. */

/* How bad a schedule is. */
typedef enum {
  CONFAB_SIM_HARDNESS_CALM,  /* the network only delays, and cuts syncs; people come and go */
  CONFAB_SIM_HARDNESS_ROUGH, /* media breaks, servers stumble */
  CONFAB_SIM_HARDNESS_STORMY, /* messages are lost and repeated, clients are offline, processes die */
  CONFAB_SIM_N_HARDNESSES,
} ConfabSimHardness;

/* What people and misfortune do: confab-sim-plan.c has each. */
typedef enum {
  CONFAB_SIM_ACTION_JOIN,
  CONFAB_SIM_ACTION_LEAVE,
  CONFAB_SIM_ACTION_MUTE_MICROPHONE,
  CONFAB_SIM_ACTION_MUTE_CAMERA,
  CONFAB_SIM_ACTION_SHARE,
  CONFAB_SIM_ACTION_NEGOTIATE,
  CONFAB_SIM_ACTION_ICE_RESTART,
  CONFAB_SIM_ACTION_STATE_LATE,
  CONFAB_SIM_ACTION_RTC,
  CONFAB_SIM_ACTION_RTC_ROOM,
  CONFAB_SIM_ACTION_DECLINE,
  CONFAB_SIM_ACTION_CALL_AGAIN,
  CONFAB_SIM_ACTION_WAY_BROKEN,
  CONFAB_SIM_ACTION_KEYLESS,
  CONFAB_SIM_ACTION_REPLAY,
  CONFAB_SIM_ACTION_FORGE,
  CONFAB_SIM_ACTION_REFUSE,
  CONFAB_SIM_ACTION_MEDIA_FAILS,
  CONFAB_SIM_ACTION_MEDIA_CUT,
  CONFAB_SIM_ACTION_SDP_FAILS,
  CONFAB_SIM_ACTION_TROUBLE,
  CONFAB_SIM_ACTION_LIMIT,
  CONFAB_SIM_ACTION_PARTITION,
  CONFAB_SIM_ACTION_LINK_LOST,
  CONFAB_SIM_ACTION_OFFLINE,
  CONFAB_SIM_ACTION_KILL,
  CONFAB_SIM_ACTION_POWER_LOSS,
  CONFAB_SIM_ACTION_RESTART,
  CONFAB_SIM_ACTION_LEAVE_ROOM,
  CONFAB_SIM_ACTION_TERMINATE,
  CONFAB_SIM_ACTION_REDACT,
  CONFAB_SIM_ACTION_WAIT,
  CONFAB_SIM_N_ACTIONS,
} ConfabSimActionKind;

typedef struct {
  gint64 at; /* monotonic, µs */
  ConfabSimActionKind kind;
  guint who;
  guint other;
  guint value; /* ms, or a flag */
  gboolean skipped;
} ConfabSimAction;

struct _ConfabSimWorld {
  guint32 seed;
  ConfabSimTime *time;
  ConfabClock *clock; /* of what belongs to no client: nobody notices before it comes with a sync */
  ConfabSimNetwork network;
  ConfabSimClient *clients[CONFAB_SIM_MAX_CLIENTS];
  GRand *rand; /* for what people and misfortune do */
  ConfabSimHardness hardness;
  ConfabCallIntent intent;
  guint n_rivals;  /* so many begin a call at the same time; 0: one does, and is in it later */
  GArray *actions; /* ConfabSimAction */
  gint64 media_until[CONFAB_SIM_MAX_CLIENTS][CONFAB_SIM_MAX_CLIENTS];
  gint64 broken_until[CONFAB_SIM_MAX_CLIENTS][CONFAB_SIM_MAX_CLIENTS]; /* each attempt fails */
  gboolean breaks_late[CONFAB_SIM_MAX_CLIENTS]
                      [CONFAB_SIM_MAX_CLIENTS]; /* a moment after it has connected */
  gboolean reached;                             /* the time that is waited for */
  gboolean trace;
  guint n_steps;
  char *failure; /* (nullable): the first */
};

G_GNUC_PRINTF (2, 3) void confab_sim_world_tell (ConfabSimWorld *self, const char *format, ...);
G_GNUC_PRINTF (2, 3) void confab_sim_world_fail (ConfabSimWorld *self, const char *format, ...);
void confab_sim_world_touch_all (ConfabSimWorld *self);
void confab_sim_world_run_for (ConfabSimWorld *self, guint ms);
guint confab_sim_world_below (ConfabSimWorld *self, guint limit);
ConfabCallMember *confab_sim_world_find_member (ConfabSimWorld *self, guint who, guint other);
ConfabFakePeerConnection *
confab_sim_world_find_connection (ConfabSimWorld *self, guint who, guint other);
void confab_sim_world_cut_media (gpointer data);
void confab_sim_world_delay_state (ConfabSimWorld *self, guint who, guint ms);

void confab_sim_world_plan (ConfabSimWorld *self);
gint64 confab_sim_world_act (ConfabSimWorld *self, const ConfabSimAction *action);

void confab_sim_world_settle (ConfabSimWorld *self);

G_END_DECLS
