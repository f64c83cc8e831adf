/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-room.h"
#include "confab-declined-calls.h"
#include "confab-rtc-roster.h"

G_BEGIN_DECLS

struct _ConfabCallRoom {
  GObject parent_instance;

  ConfabSignalling *signalling;
  ConfabClock *clock;
  char *user_id;
  char *device_id;
  char *id;
  gboolean encrypted;
  gboolean can_send_call;
  gboolean can_send_member;
  GHashTable *dates;   /* user id → GArray of gint64: their last member events, newest last: ms */
  GHashTable *members; /* user id → JsonObject: mesh memberships as synced */
  /* user id → GStrv, both the table's: of who has changed their member event, those of their devices of which one must have
   * written what it is now, since their entries have a later end than before; none when somebody has left */
  GHashTable *writers;
  GHashTable *left; /* user ids that are known not to be joined */
  GHashTable *over; /* ids of calls that were terminated: they never come back */
  ConfabDeclinedCalls *declined;
  guint n_declining;    /* writes of that on their way */
  GHashTable *silenced; /* ids of calls that need not ring on this device */
  ConfabRtcRoster *rtc;
  GPtrArray *own;       /* ConfabCallMembership that this device is to have */
  guint n_writes;       /* on their way */
  gboolean own_changed; /* there may be an entry of this device that is not to be */
  guint n_refused;      /* writes in a row that the homeserver did not allow */
  guint stale_timer;
  gboolean closed;
};

/* confab-call-room.c; a write may outlive its room. */
GWeakRef *confab_call_room_weak_new (ConfabCallRoom *self) G_GNUC_WARN_UNUSED_RESULT;
void confab_call_room_weak_free (gpointer data);

G_END_DECLS
