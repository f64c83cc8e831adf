/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-remote-streams.h"

#define WEAK_LOSS 0.05 /* of the packets: from here on sound has audible gaps */
#define GOOD_LOSS 0.02
#define MAX_DROPPED                                                                                \
  100 /* a peer has few tracks, but can list any number of streams one after the other */

struct _ConfabRemoteStreams {
  GObject parent_instance;

  GListStore *streams; /* ConfabStream, user media first */
  GPtrArray *tracks;   /* ConfabRemoteTrack */
  ConfabStreamMetadata *metadata;
  GHashTable *dropped; /* ids that metadata once had, and their purpose: not shown as strays */
  gboolean weak;
};

G_DEFINE_FINAL_TYPE (ConfabRemoteStreams, confab_remote_streams, G_TYPE_OBJECT)

typedef enum {
  PROP_WEAK = 1,
} Property;
static GParamSpec *properties[PROP_WEAK + 1];

static ConfabStream *
find_stream (ConfabRemoteStreams *self, const char *id, guint *position)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->streams));

  for (guint i = 0; i < n; i++) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (G_LIST_MODEL (self->streams), i);
    if (g_strcmp0 (confab_stream_get_id (stream), id) == 0) {
      if (position != NULL)
        *position = i;
      return stream; /* the list keeps it */
    }
  }
  return NULL;
}

static void bind_tracks (ConfabRemoteStreams *self);

static ConfabStream *
add_stream (ConfabRemoteStreams *self, const char *id, ConfabStreamPurpose purpose)
{
  g_autoptr (ConfabStream) stream = confab_stream_new (id, purpose);

  g_signal_connect_object (
    stream, "notify::watched", G_CALLBACK (bind_tracks), self, G_CONNECT_SWAPPED);
  if (purpose == CONFAB_STREAM_PURPOSE_USERMEDIA)
    g_list_store_insert (self->streams, 0, stream);
  else
    g_list_store_append (self->streams, stream);
  return stream;
}

static const char *
id_of (ConfabRemoteTrack *track)
{
  const char *id = confab_remote_track_get_stream_id (track);

  return id != NULL && *id != '\0' ? id : confab_remote_track_get_mid (track);
}

/* Media without any metadata is the user's (section 3.8); beside metadata it is a tile of its own. */
static ConfabStream *
stream_of (ConfabRemoteStreams *self, ConfabRemoteTrack *track)
{
  const char *id = id_of (track);
  ConfabStream *stream;

  if (!confab_remote_track_get_sending (track))
    return NULL;
  stream = find_stream (self, id, NULL);
  if (stream != NULL || g_hash_table_contains (self->dropped, id != NULL ? id : ""))
    return stream;
  if (self->metadata == NULL) {
    if (g_list_model_get_n_items (G_LIST_MODEL (self->streams)) > 0)
      return NULL;
    return add_stream (self, id, CONFAB_STREAM_PURPOSE_USERMEDIA);
  }
  if (confab_remote_track_get_kind (track) == CONFAB_MEDIA_KIND_VIDEO)
    return add_stream (self, id, CONFAB_STREAM_PURPOSE_UNKNOWN);
  return NULL;
}

/* Between the two it stays what it was: a mark that flickers says less than none. */
static void
update_weak (ConfabRemoteStreams *self)
{
  double loss = 0;
  gboolean weak;

  for (guint i = 0; i < self->tracks->len; i++)
    loss = MAX (loss, confab_remote_track_get_loss (self->tracks->pdata[i]));
  weak = loss >= WEAK_LOSS || (self->weak && loss >= GOOD_LOSS);
  if (self->weak == weak)
    return;
  self->weak = weak;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WEAK]);
}

static gboolean
has_picture (ConfabRemoteStreams *self, ConfabStream *stream)
{
  for (guint i = 0; i < self->tracks->len; i++) {
    ConfabRemoteTrack *track = self->tracks->pdata[i];

    if (confab_remote_track_get_kind (track) == CONFAB_MEDIA_KIND_VIDEO &&
        confab_remote_track_get_sending (track) &&
        g_strcmp0 (id_of (track), confab_stream_get_id (stream)) == 0)
      return TRUE;
  }
  return FALSE;
}

static ConfabStream *
find_empty (ConfabRemoteStreams *self, ConfabStreamPurpose purpose)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->streams)); i++) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (G_LIST_MODEL (self->streams), i);

    if (confab_stream_get_purpose (stream) == purpose && !has_picture (self, stream))
      return stream; /* the list keeps it */
  }
  return NULL;
}

/*
 * js-sdk shares again with a new stream in its metadata, and the old one in the SDP, where its track is replaced: what comes
 * back belongs to the stream that took the old one's place.
 */
static void
rename_tracks (ConfabRemoteStreams *self)
{
  for (guint i = 0; i < self->tracks->len; i++) {
    ConfabRemoteTrack *track = self->tracks->pdata[i];
    const char *id = id_of (track);
    ConfabStream *stream;
    gpointer purpose;

    if (id == NULL || confab_remote_track_get_kind (track) != CONFAB_MEDIA_KIND_VIDEO ||
        !confab_remote_track_get_sending (track) ||
        !g_hash_table_lookup_extended (self->dropped, id, NULL, &purpose))
      continue;
    stream = find_empty (self, GPOINTER_TO_INT (purpose));
    if (stream != NULL)
      confab_remote_track_set_stream_id (track, confab_stream_get_id (stream));
  }
}

/* A track went, or goes over to another stream: what it leaves behind shows nothing, and goes when nobody listed it. */
static void
settle_streams (ConfabRemoteStreams *self)
{
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->streams)); i-- > 0;) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (G_LIST_MODEL (self->streams), i);

    if (has_picture (self, stream))
      continue;
    confab_stream_set_has_video (stream, FALSE);
    confab_stream_set_paintable (stream, NULL);
    if (confab_stream_get_purpose (stream) == CONFAB_STREAM_PURPOSE_UNKNOWN)
      g_list_store_remove (self->streams, i);
  }
}

static void
direction_changed_cb (ConfabRemoteTrack *track, GParamSpec *pspec, ConfabRemoteStreams *self)
{
  rename_tracks (self);
  settle_streams (self);
}

static void
track_changed_cb (ConfabRemoteTrack *track, GParamSpec *pspec, ConfabRemoteStreams *self)
{
  ConfabStream *stream = stream_of (self, track);

  update_weak (self);
  if (stream == NULL)
    return;
  if (confab_remote_track_get_kind (track) == CONFAB_MEDIA_KIND_AUDIO) {
    confab_stream_set_level (stream, confab_remote_track_get_level (track));
    return;
  }
  confab_stream_set_paintable (stream, confab_remote_track_get_paintable (track));
  confab_stream_set_has_video (stream, confab_remote_track_get_playing (track));
  confab_remote_track_set_watched (track, confab_stream_get_watched (stream));
}

static void
bind_tracks (ConfabRemoteStreams *self)
{
  for (guint i = 0; i < self->tracks->len; i++)
    track_changed_cb (self->tracks->pdata[i], NULL, self);
}

static void
drop_unlisted (ConfabRemoteStreams *self)
{
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->streams)); i-- > 0;) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (G_LIST_MODEL (self->streams), i);
    const char *id = confab_stream_get_id (stream);

    if (id != NULL && (confab_stream_metadata_lookup (self->metadata, id) != NULL ||
                       confab_stream_get_purpose (stream) == CONFAB_STREAM_PURPOSE_UNKNOWN))
      continue;
    if (g_hash_table_size (self->dropped) >= MAX_DROPPED)
      g_hash_table_remove_all (self->dropped);
    if (id != NULL)
      g_hash_table_replace (self->dropped,
                            g_strdup (id),
                            GINT_TO_POINTER (confab_stream_get_purpose (stream)));
    g_list_store_remove (self->streams, i);
  }
}

static void
confab_remote_streams_get_property (GObject *object,
                                    guint prop_id,
                                    GValue *value,
                                    GParamSpec *pspec)
{
  switch ((Property) prop_id) {
  case PROP_WEAK:
    g_value_set_boolean (value, CONFAB_REMOTE_STREAMS (object)->weak);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_remote_streams_dispose (GObject *object)
{
  ConfabRemoteStreams *self = CONFAB_REMOTE_STREAMS (object);

  confab_remote_streams_clear (self);
  G_OBJECT_CLASS (confab_remote_streams_parent_class)->dispose (object);
}

static void
confab_remote_streams_finalize (GObject *object)
{
  ConfabRemoteStreams *self = CONFAB_REMOTE_STREAMS (object);

  g_clear_object (&self->streams);
  g_clear_pointer (&self->tracks, g_ptr_array_unref);
  g_clear_pointer (&self->dropped, g_hash_table_unref);
  G_OBJECT_CLASS (confab_remote_streams_parent_class)->finalize (object);
}

static void
confab_remote_streams_class_init (ConfabRemoteStreamsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = confab_remote_streams_get_property;
  object_class->dispose = confab_remote_streams_dispose;
  object_class->finalize = confab_remote_streams_finalize;
  /**
   * ConfabRemoteStreams:weak:
   *
   * Whether so much is lost on the way that it is heard or seen.
   */
  properties[PROP_WEAK] = g_param_spec_boolean (
    "weak", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_remote_streams_init (ConfabRemoteStreams *self)
{
  self->streams = g_list_store_new (CONFAB_TYPE_STREAM);
  self->tracks = g_ptr_array_new_with_free_func (g_object_unref);
  self->dropped = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/**
 * confab_remote_streams_new:
 * Returns: (transfer full): no streams yet
 */
ConfabRemoteStreams *
confab_remote_streams_new (void)
{
  return g_object_new (CONFAB_TYPE_REMOTE_STREAMS, NULL);
}

/**
 * confab_remote_streams_get_model:
 * @self: the streams
 *
 * Returns: (transfer none): a model of #ConfabStream, user media first
 */
GListModel *
confab_remote_streams_get_model (ConfabRemoteStreams *self)
{
  return G_LIST_MODEL (self->streams);
}

/**
 * confab_remote_streams_set_metadata:
 * @self: the streams
 * @metadata: what a message listed; streams it leaves out are gone, flags it leaves out stay
 */
void
confab_remote_streams_set_metadata (ConfabRemoteStreams *self, ConfabStreamMetadata *metadata)
{
  ConfabStreamMetadata *merged = confab_stream_metadata_merge (self->metadata, metadata);

  g_clear_pointer (&self->metadata, confab_stream_metadata_unref);
  self->metadata = merged;
  drop_unlisted (self);
  for (guint i = 0; i < confab_stream_metadata_get_length (merged); i++) {
    const ConfabStreamInfo *info = confab_stream_metadata_get_nth (merged, i);
    ConfabStream *stream = find_stream (self, info->id, NULL);

    if (stream == NULL)
      stream = add_stream (self, info->id, info->purpose);
    g_hash_table_remove (self->dropped, info->id);
    confab_stream_set_purpose (stream, info->purpose);
    confab_stream_set_audio_muted (stream, info->audio_muted);
    confab_stream_set_video_muted (stream, info->video_muted);
  }
  rename_tracks (self);
  bind_tracks (self);
}

/**
 * confab_remote_streams_add_track:
 * @self: the streams
 * @track: what came in; it is followed from now on
 *
 * Media without any metadata is the user's; beside metadata, a picture that it does not name is a stream of its own
 * (interop-facts.md, surprise 5).
 */
void
confab_remote_streams_add_track (ConfabRemoteStreams *self, ConfabRemoteTrack *track)
{
  g_ptr_array_add (self->tracks, g_object_ref (track));
  g_signal_connect_object (track, "notify::sending", G_CALLBACK (direction_changed_cb), self, 0);
  g_signal_connect_object (track, "notify::stream-id", G_CALLBACK (direction_changed_cb), self, 0);
  g_signal_connect_object (track, "notify", G_CALLBACK (track_changed_cb), self, 0);
  track_changed_cb (track, NULL, self);
}

/**
 * confab_remote_streams_clear:
 * @self: the streams
 *
 * Forgets all of it: the connection is gone.
 */
void
confab_remote_streams_clear (ConfabRemoteStreams *self)
{
  for (guint i = 0; i < self->tracks->len; i++)
    g_signal_handlers_disconnect_by_data (self->tracks->pdata[i], self);
  g_ptr_array_set_size (self->tracks, 0);
  update_weak (self);
  g_clear_pointer (&self->metadata, confab_stream_metadata_unref);
  g_hash_table_remove_all (self->dropped);
  g_list_store_remove_all (self->streams);
}

gboolean
confab_remote_streams_get_weak (ConfabRemoteStreams *self)
{
  return self->weak;
}
