/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-member.h"
#include "confab-liveness.h"
#include "confab-peer-call.h"
#include "confab-remote-streams.h"
#include "confab-seq-queue.h"

G_BEGIN_DECLS

/* protocol/mesh-calls.md section 10.2. */
typedef enum {
  CONFAB_CALL_MEMBER_ADVERTISED,
  CONFAB_CALL_MEMBER_WAITING,
  CONFAB_CALL_MEMBER_CALLING,
  CONFAB_CALL_MEMBER_CONNECTED,
  CONFAB_CALL_MEMBER_RETRY_PAUSE,
  CONFAB_CALL_MEMBER_IDLE,
  CONFAB_CALL_MEMBER_REMOVED,
  CONFAB_CALL_MEMBER_N_STATES,
} ConfabCallMemberState;

/* What happens to a member; confab-call-member-table.c has what comes of it. */
typedef enum {
  CONFAB_CALL_MEMBER_EVENT_JOIN,
  CONFAB_CALL_MEMBER_EVENT_INVITED,
  CONFAB_CALL_MEMBER_EVENT_CALL_CONNECTED,
  CONFAB_CALL_MEMBER_EVENT_CALL_DISCONNECTED,
  CONFAB_CALL_MEMBER_EVENT_CALL_ENDED,
  CONFAB_CALL_MEMBER_EVENT_HEALTHY,
  CONFAB_CALL_MEMBER_EVENT_RETRY,
  CONFAB_CALL_MEMBER_EVENT_NEW_SESSION,
  CONFAB_CALL_MEMBER_EVENT_SUPERSEDED,  /* a session that is not in the entry yet invites */
  CONFAB_CALL_MEMBER_EVENT_REFRESHED,   /* the same session's entry was written anew */
  CONFAB_CALL_MEMBER_EVENT_BACK_ONLINE, /* this device is */
  CONFAB_CALL_MEMBER_EVENT_EXPIRED,
  CONFAB_CALL_MEMBER_EVENT_REMOVE,
  CONFAB_CALL_MEMBER_EVENT_LEAVE,
  CONFAB_CALL_MEMBER_N_EVENTS,
} ConfabCallMemberEventId;

typedef struct {
  ConfabCallMemberEventId id;
  ConfabCallEvent *message; /* (nullable): the invite */
} ConfabCallMemberEvent;

#define CONFAB_CALL_MEMBER_N_ENDED 32
#define CONFAB_CALL_MEMBER_N_SESSIONS 8

struct _ConfabCallMember {
  GObject parent_instance;

  ConfabCallRoom *room;
  ConfabClock *clock;
  char *conf_id;
  char *user_id;
  char *device_id;
  char *session_id;
  char *old_sessions[CONFAB_CALL_MEMBER_N_SESSIONS]; /* a ring */
  guint n_old_sessions;
  gint64 expires_ts; /* ms since the epoch */
  gboolean active_foci;
  gboolean initiator; /* section 9.1: this side invites */

  ConfabCallMemberState state;
  GQueue events; /* ConfabCallMemberEvent */
  gboolean running;
  gboolean was_connected;
  gboolean expired;
  gboolean missing; /* its entry is, by another device's doing */
  gboolean
    declined; /* it has ended the call for a reason not to try again, and has not joined anew */
  gboolean hung_up; /* and the reason was that it leaves */
  gboolean refused; /* the one retry after a refused invite is used up */
  guint retries;
  guint expiry_timer; /* of the entry, or of waiting for one that is missing */
  guint retry_timer;
  guint health_timer;

  char *own_session_id;
  ConfabLocalMedia *media;
  ConfabIceServers *servers;
  ConfabPeerCall *call;
  ConfabRemoteStreams *streams;
  char *hangup_id;                             /* the last call, while the peer may still hold it */
  GHashTable *out;                             /* call id → the next number */
  GHashTable *in;                              /* call id → ConfabSeqQueue */
  char *ended_ids[CONFAB_CALL_MEMBER_N_ENDED]; /* a ring: what comes for them is ignored */
  guint n_ended;
  guint n_unsent;
  gboolean spoke_olm;       /* in this session */
  gboolean clear;           /* the peer signals in clear */
  gboolean waiting_for_key; /* the last message could not be encrypted */
  gint64 last_signalling_at;
  gint64 last_media_at;     /* monotonic, µs: over connections that are gone */
  gint64 refreshed_at;      /* monotonic, µs; 0: the entry is as it was at first */
  ConfabLiveness *liveness; /* while this device is in the call */
  ConfabParticipantState shown;
};

/* confab-call-member.c */
void confab_call_member_emit_gone (ConfabCallMember *self);
void confab_call_member_emit_sent (ConfabCallMember *self);

/* confab-call-member-entry.c */
void confab_call_member_arm_expiry (ConfabCallMember *self);

/* confab-call-member-table.c */
void confab_call_member_push (ConfabCallMember *self,
                              ConfabCallMemberEventId id,
                              ConfabCallEvent *message);
void confab_call_member_event_free (gpointer data);
void confab_call_member_drop_call (ConfabCallMember *self, const char *reason);

/* confab-call-member-messages.c */
void
confab_call_member_send (ConfabCallMember *self, ConfabPeerCall *call, ConfabCallEvent *message);
void
confab_call_member_send_hangup (ConfabCallMember *self, const char *call_id, const char *reason);
void confab_call_member_expect_messages (ConfabCallMember *self, const char *call_id);
void confab_call_member_remember_ended (ConfabCallMember *self, const char *call_id);

G_END_DECLS
