/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-handler.h"
#include "confab-call-member.h"
#include "confab-fake-local-media.h"
#include "confab-fake-signalling.h"
#include "confab-group-call.h"
#include "confab-manual-clock.h"
#include "transcript.h"

#define REPLAY_ROOM "!r:x"
#define REPLAY_STEP_MS 20
#define REPLAY_SENT_MS 1 /* until the fake server has taken something */

/* A transcript with Confab in the place of one of its people. */
typedef struct {
  const char *own; /* user id */
  gboolean encrypted;
  gboolean offered; /* hydrogen's answers come as offers */
  Transcript *transcript;

  ConfabManualClock *clock;
  ConfabFakeSignalling *signalling;
  ConfabCallHandler *handler;
  ConfabCall *call;
  GPtrArray *medias;     /* ConfabFakeLocalMedia, one a stay */
  GPtrArray *gatherings; /* see transcript-candidates.c */
  char *conf;            /* the call's id */

  gboolean in;          /* in the call, by what its person did */
  GHashTable *sessions; /* of those who are in it: user id → session id */
  char *session;        /* (nullable): ours */
  GHashTable *used;     /* session ids and call ids that we had */
  GHashTable *calls;    /* call id in the transcript → the one that we made for it */
  GHashTable *invites;  /* user id → GPtrArray of call ids that we made */
  GHashTable *seqs;     /* call id → the next number */
  GHashTable *complete; /* call ids of which all candidates were sent */
  GHashTable *clear;    /* users who spoke in clear */
  GHashTable *sent;     /* user id → GString: a word for each of our messages */
  GHashTable *expected; /* the same, of the transcript's */
  GString *entries;     /* a word for each member event that we wrote */
  GString *expected_entries;
  gboolean muted[2]; /* microphone, camera */
  gboolean sharing;
  guint n_offered; /* answers that came as offers, and were taken for what they are */
} Replay;

const char *replay_device_of (const char *user);
GString *replay_words_of (GHashTable *table, const char *user);
gint64 replay_get_now (Replay *self); /* real time, ms */
void replay_advance (Replay *self, gint64 ms);

/* transcript-received.c: what comes, and what is to be seen of it. */
ConfabCallMember *
replay_find_member (Replay *self, const char *user) G_GNUC_WARN_UNUSED_RESULT; /* (nullable) */
void replay_receive (Replay *self, JsonObject *entry);
void replay_see_membership (Replay *self, const char *user, JsonObject *content);
/* Its connection has got every candidate that its client sent. */
void replay_check_heard (Replay *self, ConfabCallMember *member);

/* transcript-sent.c: what is sent is held against what was sent. */
void replay_watch_sent (Replay *self);

/* transcript-candidates.c: our network has what theirs had. */
GPtrArray *replay_gatherings_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* To be called often enough that none of its candidates is missed. */
void replay_watch_candidates (Replay *self, ConfabFakePeerConnection *connection);
void
replay_note_description (Replay *self, const char *call_id, const char *sdp, JsonObject *recorded);
void replay_check_candidates (Replay *self, const char *call_id, JsonObject *content);
