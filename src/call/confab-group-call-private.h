/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-group-call.h"
#include "confab-ice-keeper.h"
#include "confab-own-membership.h"

G_BEGIN_DECLS

/* What happens to a group call; confab-group-call-table.c has what comes of it. */
typedef enum {
  CONFAB_GROUP_CALL_EVENT_CREATED,
  CONFAB_GROUP_CALL_EVENT_CREATE_FAILED,
  CONFAB_GROUP_CALL_EVENT_JOIN,
  CONFAB_GROUP_CALL_EVENT_READY,
  CONFAB_GROUP_CALL_EVENT_WRITTEN,
  CONFAB_GROUP_CALL_EVENT_WRITE_FAILED,
  CONFAB_GROUP_CALL_EVENT_OWN_SEEN,
  CONFAB_GROUP_CALL_EVENT_OWN_LOST,
  CONFAB_GROUP_CALL_EVENT_RENEW,
  CONFAB_GROUP_CALL_EVENT_RENEW_FAILED,
  CONFAB_GROUP_CALL_EVENT_RENEW_REFUSED, /* the power to be in a call was taken away */
  CONFAB_GROUP_CALL_EVENT_LEAVE,
  CONFAB_GROUP_CALL_EVENT_LEFT,
  CONFAB_GROUP_CALL_EVENT_TERMINATE,
  CONFAB_GROUP_CALL_EVENT_YIELD,
  CONFAB_GROUP_CALL_EVENT_DESERTED, /* it was empty when a sync was through, and a while has passed */
  CONFAB_GROUP_CALL_EVENT_TERMINATED,
  CONFAB_GROUP_CALL_EVENT_ROOM_LOST,
  CONFAB_GROUP_CALL_N_EVENTS,
} ConfabGroupCallEventId;

typedef struct {
  ConfabGroupCallEventId id;
  GError *error; /* (nullable) */
} ConfabGroupCallEvent;

/* What follows once the own entry is out of the way. */
typedef enum {
  CONFAB_GROUP_CALL_FAREWELL_NONE,
  CONFAB_GROUP_CALL_FAREWELL_LAST_ONE,  /* the call ends if nobody else is in it */
  CONFAB_GROUP_CALL_FAREWELL_YIELD,     /* it ends: there is an older one */
  CONFAB_GROUP_CALL_FAREWELL_TERMINATE, /* it ends: somebody here wants it so */
} ConfabGroupCallFarewell;

struct _ConfabGroupCall {
  GObject parent_instance;

  ConfabCallRoom *room;
  ConfabClock *clock;
  char *id;
  ConfabCallIntent intent;
  ConfabCallType type;
  char *name;
  JsonObject *content;
  gboolean unsupported; /* over an SFU */
  ConfabCallState state;
  GQueue events; /* ConfabGroupCallEvent */
  gboolean running;
  gint64 origin_server_ts; /* ms since the epoch */
  gboolean ringing;
  gboolean silenced; /* declined, answered with whatever device, or it rang for as long as it may */
  guint ring_timer;
  gboolean made_here; /* in this run */
  gboolean restored; /* made by this user, by this device in an earlier run for all that is known */
  gboolean own_draft; /* made here, and this device was not in it yet */
  gboolean abandoned; /* left before it was created */
  gboolean created;
  gboolean yielded; /* to an older one */
  gboolean dated;   /* made here, or restored, and @origin_server_ts is the server's */
  gboolean over;    /* ends when it has been left */

  GListStore *members;
  gboolean turned_away; /* there were too many of them for somebody else */
  gboolean vacated;     /* one has gone, and who was turned away was not looked at since */
  GPtrArray *departed;  /* ConfabCallMember that ran out, to whom something is still on its way */
  GHashTable *index;    /* user and device id → ConfabCallMember, which the list keeps */
  gint64
    called_at; /* monotonic, µs: when the entry was written to be invited again; 0: it was not */
  GPtrArray *heard; /* ConfabCallMember that want to know of the sync's end */
  ConfabLocalMedia *media;
  ConfabIceKeeper *servers;
  ConfabOwnMembership *own;
  gint64 joined_at;     /* monotonic, µs */
  gboolean own_changed; /* since the last sync */
  gboolean regained;    /* the power to write the member event, since the last sync */
  gboolean withdrawn;   /* the entry is out of the way of leaving */
  gboolean lingering;   /* out, but the homeserver has not confirmed it */
  gboolean was_in;      /* left by this device in this run, and not ended in vain since */
  ConfabGroupCallFarewell farewell;
  guint n_farewells; /* terminations on their way */
  guint leave_timer;
  guint desert_timer;
};

/* confab-group-call-media.c */
void confab_group_call_take_media (ConfabGroupCall *self, ConfabLocalMedia *media);
gboolean confab_group_call_drop_media (ConfabGroupCall *self);
void confab_group_call_release_media (ConfabGroupCall *self);
ConfabSharing confab_group_call_get_sharing (ConfabGroupCall *self);
ConfabSharingProblem confab_group_call_get_sharing_problem (ConfabGroupCall *self);
void confab_group_call_media_iface_init (ConfabCallInterface *iface);

/* confab-group-call-members.c */
void confab_group_call_check_turned_away (ConfabGroupCall *self);
GHashTable *confab_group_call_index_new (void) G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_group_call_has_active_foci (ConfabGroupCall *self);
guint confab_group_call_get_n_members (ConfabGroupCall *self);
ConfabCallMember *confab_group_call_peek_member (ConfabGroupCall *self, guint position);

/* confab-group-call-table.c */
void confab_group_call_push (ConfabGroupCall *self, ConfabGroupCallEventId id, const GError *error);
void confab_group_call_event_free (gpointer data);
void confab_group_call_send_draft (ConfabGroupCall *self);
void confab_group_call_own_cb (ConfabOwnMembershipEvent event, const GError *error, gpointer data);
void confab_group_call_servers_cb (gpointer data);
GWeakRef *confab_group_call_weak_new (ConfabGroupCall *self) G_GNUC_WARN_UNUSED_RESULT;
void confab_group_call_weak_free (gpointer data);
void confab_group_call_emit_signalling_failed (ConfabGroupCall *self, const GError *error);
void
confab_group_call_emit_failed (ConfabGroupCall *self, ConfabCallError code, const char *message);

/* confab-group-call-ending.c: side effects of the table's rows, and what they are made of */
void confab_group_call_check_left (ConfabGroupCall *self);
void confab_group_call_check_deserted (ConfabGroupCall *self);
gboolean confab_group_call_is_last (ConfabGroupCall *self);
gboolean confab_group_call_is_deserted (ConfabGroupCall *self);
void confab_group_call_set_lingering (ConfabGroupCall *self, gboolean lingering);
void confab_group_call_say_farewell (ConfabGroupCall *self);
void confab_group_call_go_out (ConfabGroupCall *self);
void confab_group_call_start_leaving (ConfabGroupCall *self, const ConfabGroupCallEvent *event);
void confab_group_call_leave_draft (ConfabGroupCall *self, const ConfabGroupCallEvent *event);
void confab_group_call_tidy_up (ConfabGroupCall *self, const ConfabGroupCallEvent *event);
void confab_group_call_finish_leaving (ConfabGroupCall *self, const ConfabGroupCallEvent *event);
void confab_group_call_note_over (ConfabGroupCall *self, const ConfabGroupCallEvent *event);
void confab_group_call_end_for_all (ConfabGroupCall *self, const ConfabGroupCallEvent *event);
void
confab_group_call_end_for_all_leaving (ConfabGroupCall *self, const ConfabGroupCallEvent *event);
void confab_group_call_yield_to_older (ConfabGroupCall *self, const ConfabGroupCallEvent *event);
void confab_group_call_yield_leaving (ConfabGroupCall *self, const ConfabGroupCallEvent *event);
void confab_group_call_end_deserted (ConfabGroupCall *self, const ConfabGroupCallEvent *event);
void confab_group_call_end_call (ConfabGroupCall *self, const ConfabGroupCallEvent *event);
void confab_group_call_lose_room (ConfabGroupCall *self, const ConfabGroupCallEvent *event);

/* confab-group-call-ringing.c */
void confab_group_call_decline (ConfabCall *call, ConfabDeclineScope scope);
void confab_group_call_set_ringing (ConfabGroupCall *self, gboolean ringing);
void confab_group_call_note_own (ConfabGroupCall *self);
void confab_group_call_check_ringing (ConfabGroupCall *self, gint64 server_time);

G_END_DECLS
