/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gdk/gdk.h>

G_BEGIN_DECLS

/* How the connection to a tile's person is; the words are in ConfabStreamTileModel:status-text. */
typedef enum {
  CONFAB_TILE_STATUS_NORMAL,
  CONFAB_TILE_STATUS_WEAK,         /* connected, but much is lost */
  CONFAB_TILE_STATUS_CONNECTING,   /* never connected yet */
  CONFAB_TILE_STATUS_RECONNECTING, /* was connected; being repaired */
  CONFAB_TILE_STATUS_QUIET,        /* given up until they come again */
  CONFAB_TILE_STATUS_NO_KEY,       /* their device's keys are not known: nothing is sent to it */
} ConfabTileStatus;
#define CONFAB_TYPE_TILE_STATUS (confab_tile_status_get_type ())
GType confab_tile_status_get_type (void);

/* A view model's header names no class of other rooms: a widget sees view models only. */
typedef struct _ConfabAvatarModel ConfabAvatarModel;
typedef struct _ConfabClock ConfabClock;
typedef struct _ConfabParticipant ConfabParticipant;
typedef struct _ConfabRoomMember ConfabRoomMember;
typedef struct _ConfabStream ConfabStream;

/**
 * ConfabStreamTileModel:
 *
 * One tile of a call: a person's camera, or their shared screen; one's own or somebody's. Main thread only.
 */
#define CONFAB_TYPE_STREAM_TILE_MODEL (confab_stream_tile_model_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabStreamTileModel, confab_stream_tile_model, CONFAB, STREAM_TILE_MODEL, GObject)

ConfabStreamTileModel *
confab_stream_tile_model_new (ConfabClock *clock,
                              ConfabParticipant *participant,
                              ConfabRoomMember *member) G_GNUC_WARN_UNUSED_RESULT;
void confab_stream_tile_model_set_stream (ConfabStreamTileModel *self, ConfabStream *stream);

const char *confab_stream_tile_model_get_name (ConfabStreamTileModel *self);
gboolean confab_stream_tile_model_get_own (ConfabStreamTileModel *self);
gboolean confab_stream_tile_model_get_screen (ConfabStreamTileModel *self);
guint confab_stream_tile_model_get_color (ConfabStreamTileModel *self);
double confab_stream_tile_model_get_level (ConfabStreamTileModel *self);
gboolean confab_stream_tile_model_get_speaking (ConfabStreamTileModel *self);
gboolean confab_stream_tile_model_get_ring (ConfabStreamTileModel *self);
ConfabTileStatus confab_stream_tile_model_get_status (ConfabStreamTileModel *self);
const char *confab_stream_tile_model_get_status_text (ConfabStreamTileModel *self);
const char *confab_stream_tile_model_get_description (ConfabStreamTileModel *self);
GdkPaintable *confab_stream_tile_model_get_paintable (ConfabStreamTileModel *self);

void confab_stream_tile_model_set_avatar (ConfabStreamTileModel *self, ConfabAvatarModel *avatar);
void confab_stream_tile_model_set_rings (ConfabStreamTileModel *self, gboolean rings);
void confab_stream_tile_model_set_shown (ConfabStreamTileModel *self, gboolean shown);

G_END_DECLS
