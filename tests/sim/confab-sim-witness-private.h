/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-participant.h"
#include "confab-sim-witness.h"

G_BEGIN_DECLS

/* What the files of #ConfabSimWitness share. */

#define CONFAB_SIM_MAX_RETRIES 3

/* A connection attempt: one call id. */
typedef struct {
  char *own;          /* (nullable): the sessions that its first invite was between */
  char *other;        /* (nullable) */
  gboolean told;      /* both sides may know of it */
  gboolean hung_up;   /* one has told the other that it is over */
  gboolean dismissed; /* the other one has hung up for good */
  gboolean refused;   /* it has said “replaced”, which may be of an earlier one */
  gboolean parted;    /* or another last word */
  gboolean excused;   /* what would have told the other was not sent, or the other has begun anew */
  gboolean over;      /* it must not come back */
  gboolean answered;  /* as far as this side was told */
  gboolean restarted; /* the other one has offered to restart ICE */
  gboolean renewed;   /* and this side has ended it for that */
  char *ufrag;        /* (nullable): the other one's first */
  guint64 numbers;    /* of what came with candidates: a bit each */
  guint n_candidates; /* in these */
  gint64 described;   /* the highest number that came with metadata, and one more */
  gboolean knows_muted;      /* it was not an offer, which may be ignored */
  gboolean microphone_muted; /* as that says */
  gboolean camera_muted;
  gint64 said_at;    /* monotonic, µs: the last time that any of this came */
  GPtrArray *unsent; /* ConfabSimUnsent */
} ConfabSimAttempt;

/* A message that could not be sent at least once. */
typedef struct {
  gint64 seq;
  guint n_failures;
  gint64 failed_at; /* monotonic, µs; 0: it was sent again */
} ConfabSimUnsent;

/* A member, as long as it is shown and nobody's session changes. */
typedef struct {
  ConfabCallMember *member; /* the call keeps it */
  char *conf_id;
  char *session;
  char *current;      /* (nullable): the attempt that there was at the last look */
  char *last_invited; /* (nullable): the last that this side began */
  GHashTable *heard;  /* sessions that it had */
  char *
    superseded; /* (nullable): the attempt that a session of which nobody had heard puts an end to */
  gboolean dismissed;  /* since then it has hung up on something, for good */
  gboolean parted;     /* the same, with another word than that it was replaced */
  gboolean left;       /* its session has said so: it has hung up to leave */
  guint n_refused;     /* attempts that it has refused, since it came anew */
  gboolean given_up;   /* since it last had to be tried again */
  gboolean final;      /* by what it has said */
  guint n_invites;     /* since a minute of health, or it came anew, or this side is back online */
  gint64 ended_at;     /* monotonic, µs; 0: no attempt has ended */
  gboolean met;        /* two invites did, and nobody was connected since */
  gint64 expires_ts;   /* of its entry */
  gint64 connected_at; /* monotonic, µs; 0 while it is not */
  gboolean quiet;      /* as it tells */
  gint64 sign_at;      /* monotonic, µs: the last that surely was one */
  gint64 entry_at;     /* monotonic, µs: of an entry that may be a sign */
  ConfabPeerConnection *connection; /* (nullable): that there was at the last look */
  gint64 media_at;                  /* monotonic, µs: the last media that came */
  gint64 media_since;               /* monotonic, µs; 0: it does not */
  gint64 idle_since;      /* monotonic, µs; 0: there is an attempt, or this side need not invite */
  gint64 unsettled_since; /* monotonic, µs; 0: no offer waits for its answer */
  gboolean was_connected; /* since it came anew */
  gboolean restarted;     /* ICE, since then */
  gboolean had_word;      /* not to be tried again, since it came anew */
  ConfabParticipantState state;
} ConfabSimPeer;

struct _ConfabSimWitness {
  ConfabSimNetwork *network;
  ConfabClock *clock;
  guint index;
  GHashTable *attempts; /* “user device call” → ConfabSimAttempt */
  GPtrArray *peers;     /* ConfabSimPeer */
  GHashTable *next_seq; /* “user device call” → the next number */
  GHashTable *sessions; /* own session → number of the join */
  guint n_joins;
  char *session;     /* (nullable): the own one that was written last */
  gint64 expires_ts; /* of the entry that was written with it, ms since the epoch */
  gint64 entry_at;   /* monotonic, µs: when that was */
  gint64 call_by; /* monotonic, µs: the own entry is to be written until then; 0: it need not be */
  char *kept;     /* (nullable): of two attempts that meet in the message that is handed over */
  char *given_up;
};

ConfabSimAttempt *
confab_sim_witness_find_attempt (ConfabSimWitness *self, ConfabSimPeer *peer, const char *call_id);
gboolean confab_sim_witness_is_initiator (ConfabSimWitness *self, ConfabSimPeer *peer);
gboolean confab_sim_witness_is_calm (ConfabSimWitness *self, const char *user_id);
void confab_sim_witness_meet (ConfabSimWitness *self, ConfabSimPeer *peer, const char *call_id);
void confab_sim_witness_forget_meeting (ConfabSimWitness *self);
void confab_sim_witness_take_description (ConfabSimPeer *peer,
                                          ConfabSimAttempt *attempt,
                                          const char *type,
                                          JsonObject *content);

/* confab-sim-witness-taken.c */
gboolean
confab_sim_witness_note_said (ConfabSimAttempt *attempt, const char *type, JsonObject *content);
void confab_sim_witness_check_taken (ConfabSimWitness *self,
                                     ConfabSimPeer *peer,
                                     const ConfabSimAttempt *attempt);

/* confab-sim-witness-time.c */
void confab_sim_witness_check_time (ConfabSimWitness *self,
                                    ConfabSimPeer *peer,
                                    const char *current,
                                    ConfabParticipantState state);
void confab_sim_witness_check_called (ConfabSimWitness *self);
void confab_sim_witness_expect_call (ConfabSimWitness *self);

G_END_DECLS
