/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gst/gst.h>

#include "confab-media-engine.h"
#include "confab-peer-connection.h"
#include "confab-webrtc-peer.h"

/* One participant of a call in this process. */
typedef struct {
  ConfabMediaEngine *engine;
  ConfabLocalMedia *media;
} LoopUser;

/* One end of a connection, wired to the other end as signalling would. */
typedef struct LoopEnd {
  ConfabPeerConnection *connection;
  struct LoopEnd *other;
  gboolean has_remote;
  GPtrArray *early;  /* of LoopCandidate */
  GPtrArray *tracks; /* of ConfabRemoteTrack */
  guint n_local, n_remote, n_failed, n_needed;
  char *last_error;
  gboolean deaf; /* takes no descriptions: the test does */
} LoopEnd;

typedef gboolean (*LoopCondition) (gpointer data);

/* Two of them. */
typedef struct {
  LoopUser users[3];
  LoopEnd a, b;
} LoopFixture;

void loop_init (int *argc, char ***argv);
void loop_setup (LoopFixture *f, gconstpointer data);
void loop_teardown (LoopFixture *f, gconstpointer data);
void loop_connect_and_play (LoopFixture *f);

void loop_wait (LoopCondition condition, gpointer data, const char *what);
void loop_user_init (LoopUser *self, const char *user_id);
void loop_user_init_full (LoopUser *self, const char *user_id, ConfabDrawing drawing);
void loop_user_clear (LoopUser *self);
void loop_end_init (LoopEnd *self, LoopUser *user);
void loop_end_init_full (LoopEnd *self, LoopUser *user, const ConfabIceServers *servers);
void loop_end_clear (LoopEnd *self);
void loop_connect (LoopEnd *caller, LoopEnd *callee);
ConfabRemoteTrack *loop_end_find_track (LoopEnd *self, ConfabMediaKind kind);
GstElement *loop_end_find_element (LoopEnd *self, const char *factory);
void loop_wait_connected (LoopEnd *end);
void loop_wait_playing (LoopEnd *end);
JsonObject *loop_get_stats (LoopEnd *end);
JsonArray *loop_analyse (LoopEnd *end);
JsonObject *loop_find_kind (JsonArray *array, const char *kind);
guint loop_count_frames (LoopEnd *end);
void loop_wait_more_frames (LoopEnd *end, guint n_frames);
gboolean loop_hears (gpointer end);
gboolean loop_hears_nothing (gpointer end);
gboolean loop_has_local (gpointer end);
gboolean loop_has_failed (gpointer end);
GstElement *loop_get_pipeline (LoopEnd *end);
guint loop_count_elements (GstElement *bin, const char *factory);
GstElement *loop_find_element (GstElement *bin, const char *factory);
void loop_assert_sees (LoopEnd *end, LoopUser *whom);
