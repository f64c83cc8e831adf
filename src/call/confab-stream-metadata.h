/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "confab-call-enums.h"

G_BEGIN_DECLS

#define CONFAB_STREAM_METADATA_MAX_STREAMS 20
#define CONFAB_STREAM_METADATA_KEY "sdp_stream_metadata"
#define CONFAB_STREAM_METADATA_UNSTABLE_KEY "org.matrix.msc3077.sdp_stream_metadata"

/**
 * ConfabStreamInfo:
 * @id: the stream id, as in `a=msid`
 * @purpose: what it shows
 * @audio_muted: the sender's sound is off
 * @video_muted: the sender's picture is off
 * @has_audio_muted: whether the message said so, or it is the default
 * @has_video_muted: the same for @video_muted
 */
typedef struct {
  char *id;
  ConfabStreamPurpose purpose;
  gboolean audio_muted;
  gboolean video_muted;
  gboolean has_audio_muted;
  gboolean has_video_muted;
} ConfabStreamInfo;

/**
 * ConfabStreamMetadata:
 *
 * The streams of one side of a call (MSC3077), in the order of the message. Reference counted; not changed
 * once it is shared.
 */
typedef struct _ConfabStreamMetadata ConfabStreamMetadata;

ConfabStreamMetadata *confab_stream_metadata_new (void) G_GNUC_WARN_UNUSED_RESULT;
ConfabStreamMetadata *confab_stream_metadata_ref (ConfabStreamMetadata *self);
void confab_stream_metadata_unref (ConfabStreamMetadata *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabStreamMetadata, confab_stream_metadata_unref)

gboolean
confab_stream_metadata_parse (JsonObject *content, ConfabStreamMetadata **metadata, GError **error);
void confab_stream_metadata_print (ConfabStreamMetadata *self, JsonObject *content);
void confab_stream_metadata_add (ConfabStreamMetadata *self,
                                 const char *id,
                                 ConfabStreamPurpose purpose,
                                 gboolean audio_muted,
                                 gboolean video_muted);
ConfabStreamMetadata *
confab_stream_metadata_merge (ConfabStreamMetadata *old, ConfabStreamMetadata *update)
  G_GNUC_WARN_UNUSED_RESULT;
guint confab_stream_metadata_get_length (ConfabStreamMetadata *self);
gsize confab_stream_metadata_get_size (ConfabStreamMetadata *self);
const ConfabStreamInfo *confab_stream_metadata_get_nth (ConfabStreamMetadata *self, guint index);
const ConfabStreamInfo *confab_stream_metadata_lookup (ConfabStreamMetadata *self, const char *id);

G_END_DECLS
