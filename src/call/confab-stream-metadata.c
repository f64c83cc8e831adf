/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include <string.h>

#include "confab-json.h"
#include "confab-stream-metadata.h"

#define MAX_ID_LENGTH 256

struct _ConfabStreamMetadata {
  grefcount ref_count;
  GArray *streams; /* ConfabStreamInfo */
};

static void
clear_info (gpointer data)
{
  ConfabStreamInfo *info = data;

  g_free (info->id);
}

/**
 * confab_stream_metadata_new:
 *
 * Returns: (transfer full): metadata without a stream
 */
ConfabStreamMetadata *
confab_stream_metadata_new (void)
{
  ConfabStreamMetadata *self = g_new0 (ConfabStreamMetadata, 1);

  g_ref_count_init (&self->ref_count);
  self->streams = g_array_new (FALSE, TRUE, sizeof (ConfabStreamInfo));
  g_array_set_clear_func (self->streams, clear_info);
  return self;
}

ConfabStreamMetadata *
confab_stream_metadata_ref (ConfabStreamMetadata *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

void
confab_stream_metadata_unref (ConfabStreamMetadata *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_array_unref (self->streams);
  g_free (self);
}

static gboolean
read_flag (JsonObject *object, const char *name, gboolean *has)
{
  JsonNode *node = json_object_get_member (object, name);

  *has = node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
         json_node_get_value_type (node) == G_TYPE_BOOLEAN;
  return *has && json_node_get_boolean (node);
}

static gboolean
read_stream (ConfabStreamMetadata *self, const char *id, JsonNode *node, GError **error)
{
  ConfabStreamInfo info = { 0 };
  JsonObject *object;
  const char *purpose;

  if (!JSON_NODE_HOLDS_OBJECT (node) || *id == '\0' || strlen (id) > MAX_ID_LENGTH) {
    g_set_error_literal (error,
                         CONFAB_JSON_ERROR,
                         CONFAB_JSON_ERROR_WRONG_TYPE,
                         "a stream's metadata is not an object, or its id is out of range");
    return FALSE;
  }
  object = json_node_get_object (node);
  if (!confab_json_get_string (object, "purpose", &purpose, error))
    return FALSE;
  if (g_str_equal (purpose, "m.usermedia"))
    info.purpose = CONFAB_STREAM_PURPOSE_USERMEDIA;
  else if (g_str_equal (purpose, "m.screenshare"))
    info.purpose = CONFAB_STREAM_PURPOSE_SCREENSHARE;
  else
    return TRUE; /* MSC3077: a stream of unknown purpose is ignored */
  info.audio_muted = read_flag (object, "audio_muted", &info.has_audio_muted);
  info.video_muted = read_flag (object, "video_muted", &info.has_video_muted);
  info.id = g_strdup (id);
  g_array_append_val (self->streams, info);
  return TRUE;
}

/**
 * confab_stream_metadata_parse:
 * @content: an event's content
 * @metadata: (out) (transfer full) (nullable): the streams, %NULL when there is neither key
 * @error: #ConfabJsonError
 *
 * Reads the stable key, or else the unstable one (protocol/mesh-calls.md section 2.3).
 *
 * Returns: whether it is right; what is not there is
 */
gboolean
confab_stream_metadata_parse (JsonObject *content, ConfabStreamMetadata **metadata, GError **error)
{
  g_autoptr (ConfabStreamMetadata) self = NULL;
  const char *key = CONFAB_STREAM_METADATA_KEY;
  JsonObject *streams;
  JsonObjectIter iter;
  const char *id;
  JsonNode *node;

  if (!json_object_has_member (content, key))
    key = CONFAB_STREAM_METADATA_UNSTABLE_KEY;
  if (!json_object_has_member (content, key)) {
    *metadata = NULL;
    return TRUE;
  }
  if (!confab_json_get_object (content, key, &streams, error))
    return FALSE;
  if (json_object_get_size (streams) > CONFAB_STREAM_METADATA_MAX_STREAMS) {
    g_set_error (error,
                 CONFAB_JSON_ERROR,
                 CONFAB_JSON_ERROR_INVALID,
                 "more than %d streams",
                 CONFAB_STREAM_METADATA_MAX_STREAMS);
    return FALSE;
  }
  self = confab_stream_metadata_new ();
  json_object_iter_init_ordered (&iter, streams);
  while (json_object_iter_next_ordered (&iter, &id, &node)) {
    if (!read_stream (self, id, node, error))
      return FALSE;
  }
  *metadata = g_steal_pointer (&self);
  return TRUE;
}

static JsonObject *
print_streams (ConfabStreamMetadata *self)
{
  JsonObject *streams = json_object_new ();

  for (guint i = 0; i < self->streams->len; i++) {
    const ConfabStreamInfo *info = confab_stream_metadata_get_nth (self, i);
    JsonObject *stream = json_object_new ();

    json_object_set_string_member (stream,
                                   "purpose",
                                   info->purpose == CONFAB_STREAM_PURPOSE_SCREENSHARE
                                     ? "m.screenshare"
                                     : "m.usermedia");
    json_object_set_boolean_member (stream, "audio_muted", info->audio_muted);
    json_object_set_boolean_member (stream, "video_muted", info->video_muted);
    json_object_set_object_member (streams, info->id, stream);
  }
  return streams;
}

/**
 * confab_stream_metadata_print:
 * @self: the own streams, all of them
 * @content: where both keys are written, with both mute flags (section 14 rule 2)
 */
void
confab_stream_metadata_print (ConfabStreamMetadata *self, JsonObject *content)
{
  json_object_set_object_member (content, CONFAB_STREAM_METADATA_KEY, print_streams (self));
  json_object_set_object_member (content,
                                 CONFAB_STREAM_METADATA_UNSTABLE_KEY,
                                 print_streams (self));
}

/**
 * confab_stream_metadata_add:
 * @self: metadata that is not shared yet
 * @id: the stream id, as in `a=msid`
 * @purpose: what it shows
 * @audio_muted: whether its sound is off
 * @video_muted: whether its picture is off
 */
void
confab_stream_metadata_add (ConfabStreamMetadata *self,
                            const char *id,
                            ConfabStreamPurpose purpose,
                            gboolean audio_muted,
                            gboolean video_muted)
{
  ConfabStreamInfo info = {
    .id = g_strdup (id),
    .purpose = purpose,
    .audio_muted = audio_muted,
    .video_muted = video_muted,
    .has_audio_muted = TRUE,
    .has_video_muted = TRUE,
  };

  g_array_append_val (self->streams, info);
}

/**
 * confab_stream_metadata_merge:
 * @old: (nullable): what was known
 * @update: what came
 *
 * The streams are those of @update: a message lists them all. A flag that @update leaves out keeps its old
 * value (section 3.8).
 *
 * Returns: (transfer full): what is known now
 */
ConfabStreamMetadata *
confab_stream_metadata_merge (ConfabStreamMetadata *old, ConfabStreamMetadata *update)
{
  ConfabStreamMetadata *merged = confab_stream_metadata_new ();

  for (guint i = 0; i < update->streams->len; i++) {
    ConfabStreamInfo info = *confab_stream_metadata_get_nth (update, i);
    const ConfabStreamInfo *before = old != NULL ? confab_stream_metadata_lookup (old, info.id)
                                                 : NULL;

    info.id = g_strdup (info.id);
    if (before != NULL && !info.has_audio_muted)
      info.audio_muted = before->audio_muted;
    if (before != NULL && !info.has_video_muted)
      info.video_muted = before->video_muted;
    g_array_append_val (merged->streams, info);
  }
  return merged;
}

guint
confab_stream_metadata_get_length (ConfabStreamMetadata *self)
{
  return self->streams->len;
}

/**
 * confab_stream_metadata_get_size:
 * @self: metadata
 *
 * Returns: about how many bytes of memory it takes
 */
gsize
confab_stream_metadata_get_size (ConfabStreamMetadata *self)
{
  gsize size = sizeof *self;

  for (guint i = 0; i < self->streams->len; i++) {
    const ConfabStreamInfo *info = confab_stream_metadata_get_nth (self, i);
    size += sizeof *info + strlen (info->id);
  }
  return size;
}

/**
 * confab_stream_metadata_get_nth:
 * @self: metadata
 * @index: below confab_stream_metadata_get_length()
 *
 * Returns: (transfer none): what it says of one stream
 */
const ConfabStreamInfo *
confab_stream_metadata_get_nth (ConfabStreamMetadata *self, guint index)
{
  g_assert (index < self->streams->len);

  return &g_array_index (self->streams, ConfabStreamInfo, index);
}

/**
 * confab_stream_metadata_lookup:
 * @self: metadata
 * @id: (nullable): a stream id
 *
 * Returns: (transfer none) (nullable): what it says about that stream
 */
const ConfabStreamInfo *
confab_stream_metadata_lookup (ConfabStreamMetadata *self, const char *id)
{
  for (guint i = 0; i < self->streams->len; i++) {
    const ConfabStreamInfo *info = confab_stream_metadata_get_nth (self, i);
    if (g_strcmp0 (info->id, id) == 0)
      return info;
  }
  return NULL;
}
