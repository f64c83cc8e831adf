/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-webrtc-peer.h"

#include "confab-ice-uri.h"
#include "confab-sdp.h"
#include "confab-track-receiver.h"
#include "confab-webrtc-peer-private.h"

#define DEFAULT_VIDEO_PAYLOAD 96
#define DEFAULT_AUDIO_PAYLOAD 111
#define MAX_CANDIDATES 256

static void confab_webrtc_peer_iface_init (ConfabPeerConnectionInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabWebrtcPeer,
                               confab_webrtc_peer,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_PEER_CONNECTION,
                                                      confab_webrtc_peer_iface_init))

typedef enum {
  PROP_STATE = 1,
  PROP_GATHERING_COMPLETE,
} Property;

void
confab_webrtc_peer_fail (ConfabWebrtcPeer *self, const GError *error)
{
  g_debug ("A session description failed: %s", error->message);
  confab_peer_connection_emit_description_failed (CONFAB_PEER_CONNECTION (self), error);
}

static void
post_failure (gpointer object, gpointer data)
{
  ConfabWebrtcPeer *self = object;

  if (!self->closed)
    confab_webrtc_peer_fail (self, data);
}

/* Later: nothing is emitted from within a command. */
static void
fail_later (ConfabWebrtcPeer *self, GError *error)
{
  confab_main_link_post (self->link, post_failure, error, (GDestroyNotify) g_error_free);
}

/* With the first description: the payload types of an offer that came are known then. */
static void
build (ConfabWebrtcPeer *self, const char *remote_offer)
{
  const int video = remote_offer != NULL ? confab_sdp_find_payload (remote_offer, "video", "VP8")
                                         : -1;
  const int audio = remote_offer != NULL ? confab_sdp_find_payload (remote_offer, "audio", "opus")
                                         : -1;
  const ConfabWebrtcPipelineConfig config = {
    .stream_id = self->stream_id,
    .screen_id = self->screen_id,
    .audio = self->audio,
    .video = self->video,
    .screen = self->screen,
    .sharing = self->sharing,
    .audio_ssrc = self->audio_ssrc,
    .video_ssrc = self->video_ssrc,
    .screen_ssrc = self->screen_ssrc,
    .audio_payload = audio >= 0 ? audio : DEFAULT_AUDIO_PAYLOAD,
    .video_payload = video >= 0 ? video : DEFAULT_VIDEO_PAYLOAD,
    .servers = self->servers,
    .relay_only = self->relay_only,
  };

  self->pipeline = confab_webrtc_pipeline_new (&config, &confab_webrtc_peer_events, self->link);
}

static gboolean
build_or_fail (ConfabWebrtcPeer *self, const char *remote_offer)
{
  g_autoptr (GstElementFactory) factory = NULL;

  if (self->closed)
    return FALSE;
  if (self->pipeline != NULL)
    return TRUE;

  factory = gst_element_factory_find ("webrtcbin");
  if (factory == NULL) {
    fail_later (self,
                g_error_new (CONFAB_SDP_ERROR,
                             CONFAB_SDP_ERROR_UNUSABLE,
                             "GStreamer's element webrtcbin is not installed"));
    return FALSE;
  }
  build (self, remote_offer);
  return TRUE;
}

static void
confab_webrtc_peer_create_offer (ConfabPeerConnection *connection)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);

  if (!build_or_fail (self, NULL))
    return;
  self->offering = TRUE;
  confab_webrtc_pipeline_create (self->pipeline, CONFAB_WEBRTC_STEP_CREATE_OFFER);
}

static void
confab_webrtc_peer_prepare_offer (ConfabPeerConnection *connection)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);

  if (!build_or_fail (self, NULL))
    return;
  self->offering = TRUE;
  confab_webrtc_pipeline_create (self->pipeline, CONFAB_WEBRTC_STEP_PREPARE_OFFER);
}

static void
confab_webrtc_peer_set_sharing (ConfabPeerConnection *connection, gboolean sharing)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);

  self->sharing = sharing;
  if (self->pipeline != NULL)
    confab_webrtc_pipeline_set_sharing (self->pipeline, sharing);
}

static void
confab_webrtc_peer_create_answer (ConfabPeerConnection *connection)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);

  if (self->closed)
    return;
  if (!self->has_offer)
    fail_later (self,
                g_error_new (CONFAB_SDP_ERROR,
                             CONFAB_SDP_ERROR_MISMATCHED,
                             "There is no offer to answer"));
  else
    confab_webrtc_pipeline_create (self->pipeline, CONFAB_WEBRTC_STEP_CREATE_ANSWER);
}

static void
post_loss (gpointer object, gpointer data)
{
  confab_webrtc_peer_events.state_changed (object,
                                           GUINT_TO_POINTER (
                                             GST_WEBRTC_PEER_CONNECTION_STATE_FAILED));
}

/*
 * An offer of ours is prepared, and theirs comes. When webrtcbin is to answer, it compares the m-sections with those that it
 * made last, in force or not, and aborts the process if they are called otherwise. So what both have added is called as it is
 * here; where one added sound and the other a picture, which is rare, the connection begins anew.
 */
static gboolean
check_collision (ConfabWebrtcPeer *self, const char *offer)
{
  if (self->prepared == NULL || confab_mid_names_reconcile (self->names, offer, self->local_offer))
    return TRUE;
  g_info ("Both sides have added other m-sections at the same time: the connection is given up");
  confab_main_link_post (self->link, post_loss, NULL, NULL);
  return FALSE;
}

static gboolean
check_remote (ConfabWebrtcPeer *self, ConfabSdpType type, const char *sdp, GError **error)
{
  if (!confab_sdp_check (sdp, error))
    return FALSE;
  if (type == CONFAB_SDP_TYPE_ANSWER) {
    if (self->local_offer == NULL) {
      g_set_error (error,
                   CONFAB_SDP_ERROR,
                   CONFAB_SDP_ERROR_MISMATCHED,
                   "There is no offer of ours");
      return FALSE;
    }
    return confab_sdp_check_follows (sdp, self->local_offer, TRUE, error);
  }
  return self->remote_sdp == NULL || confab_sdp_check_follows (sdp, self->remote_sdp, FALSE, error);
}

/*
 * An answer as webrtcbin can take it. It puts the role it last had into its own offers, which may be the wrong
 * one (it always answers `active`), where we say actpass: the answer must be its counterpart. The roles in force
 * do not change by that, DTLS is up. hydrogen's answer may carry actpass, as an offer does: then the answerer is
 * active (RFC 8842).
 */
static char *
fit_setup (ConfabWebrtcPeer *self, const char *answer)
{
  g_autofree char *ours = confab_sdp_get_setup (self->local_offer);
  g_autofree char *theirs = confab_sdp_get_setup (answer);

  if (g_strcmp0 (ours, "active") == 0)
    return confab_sdp_set_setup (answer, "passive");
  if (g_strcmp0 (ours, "passive") == 0 || g_strcmp0 (theirs, "actpass") == 0)
    return confab_sdp_set_setup (answer, "active");
  return g_strdup (answer);
}

static void
confab_webrtc_peer_set_remote_description (ConfabPeerConnection *connection,
                                           ConfabSdpType type,
                                           const char *sdp)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);
  const gboolean is_answer = type == CONFAB_SDP_TYPE_ANSWER;
  g_autofree char *named = NULL;
  g_autofree char *filled = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) refused = NULL;
  GstSDPMessage *message = NULL;
  GError *error = NULL;

  if (self->closed)
    return;
  named = confab_mid_names_sdp_to_ours (self->names, sdp);
  if (!is_answer && self->prepared != NULL && confab_sdp_check (named, NULL)) {
    if (!check_collision (self, named))
      return;
    g_free (named);
    named = confab_mid_names_sdp_to_ours (self->names, sdp);
  }
  if (check_remote (self, type, named, &error))
    filled = confab_sdp_fill_refused (named,
                                      is_answer ? self->local_offer : NULL,
                                      &refused,
                                      &error);
  if (filled == NULL) {
    fail_later (self, error);
    return;
  }
  if (!build_or_fail (self, is_answer ? NULL : filled))
    return;
  /* A prepared offer of ours is dropped for an offer, and comes into force with its answer. */
  if (!is_answer && self->prepared != NULL)
    g_clear_pointer (&self->local_offer, g_free);
  else if (self->prepared != NULL)
    confab_webrtc_pipeline_set (self->pipeline,
                                CONFAB_WEBRTC_STEP_SET_LOCAL_PREPARED,
                                g_steal_pointer (&self->prepared));
  g_clear_pointer (&self->prepared, gst_webrtc_session_description_free);

  text = is_answer ? fit_setup (self, filled) : g_strdup (filled);
  if (gst_sdp_message_new_from_text (text, &message) != GST_SDP_OK) {
    fail_later (self,
                g_error_new (CONFAB_SDP_ERROR,
                             CONFAB_SDP_ERROR_INVALID,
                             "The session description cannot be parsed"));
    return;
  }
  g_free (self->remote_sdp);
  self->remote_sdp = g_steal_pointer (&text);
  g_strfreev (self->refused);
  self->refused = g_steal_pointer (&refused);
  confab_webrtc_pipeline_set (self->pipeline,
                              is_answer ? CONFAB_WEBRTC_STEP_SET_REMOTE_ANSWER
                                        : CONFAB_WEBRTC_STEP_SET_REMOTE_OFFER,
                              gst_webrtc_session_description_new (is_answer
                                                                    ? GST_WEBRTC_SDP_TYPE_ANSWER
                                                                    : GST_WEBRTC_SDP_TYPE_OFFER,
                                                                  message));
}

/* What was found so far: a peer that has them can begin with its answer in hand. */
static char *
with_candidates (ConfabWebrtcPeer *self, const char *text)
{
  char *whole = g_strdup (text);

  for (guint i = 0; i < self->local_candidates->len; i++) {
    const ConfabWebrtcCandidate *candidate = self->local_candidates->pdata[i];
    g_autofree char *before = g_steal_pointer (&whole);

    whole = confab_sdp_insert_candidate (before, candidate->mline_index, candidate->text);
  }
  return whole;
}

static char *
confab_webrtc_peer_get_local_sdp (ConfabPeerConnection *connection)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);
  const char *text = self->prepared != NULL ? self->local_offer : self->local_sdp;
  const gboolean is_offer = self->prepared != NULL || self->local_type == CONFAB_SDP_TYPE_OFFER;
  const char *setup = is_offer ? "actpass" : self->role;
  g_autofree char *expecting = NULL;
  g_autofree char *with_msid = NULL;
  g_autofree char *with_setup = NULL;
  g_autofree char *whole = NULL;

  if (self->pipeline == NULL || text == NULL)
    return NULL;

  expecting = is_offer ? confab_sdp_expect_known (text, self->remote_sdp) : g_strdup (text);
  with_msid = confab_sdp_insert_msid (expecting, self->stream_id);
  with_setup = setup != NULL ? confab_sdp_set_setup (with_msid, setup)
                             : g_steal_pointer (&with_msid);
  /* Candidates of a bundle whose first m-section is refused stand nowhere: they follow by themselves. */
  if (self->refused == NULL || self->refused[0] == NULL)
    whole = with_candidates (self, with_setup);
  else
    whole = confab_sdp_refuse (with_setup, (const char *const *) self->refused);
  return confab_mid_names_sdp_to_theirs (self->names, whole);
}

static void
confab_webrtc_peer_add_candidate (ConfabPeerConnection *connection,
                                  const char *candidate,
                                  const char *sdp_mid,
                                  int sdp_mline_index)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);
  int mline = sdp_mline_index;

  if (self->pipeline == NULL || self->remote_sdp == NULL)
    return;
  if (sdp_mid != NULL && sdp_mid[0] != '\0') {
    const int by_mid = confab_sdp_find_mline (self->remote_sdp,
                                              confab_mid_names_to_ours (self->names, sdp_mid));

    mline = by_mid >= 0 ? by_mid : mline;
  }
  if (mline < 0 || mline > 31 || self->n_candidates >= MAX_CANDIDATES)
    return;
  if (candidate[0] != '\0' && !confab_ice_candidate_is_usable (candidate)) {
    g_debug ("A candidate cannot be used");
    return;
  }

  self->n_candidates++;
  if (g_str_has_prefix (candidate, "a="))
    candidate += 2;
  confab_webrtc_pipeline_add_candidate (self->pipeline, mline, candidate);
}

static void
confab_webrtc_peer_close (ConfabPeerConnection *connection)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);

  if (self->closed)
    return;

  self->closed = TRUE;
  self->state = CONFAB_CONNECTION_STATE_CLOSED;
  self->ice_state = GST_WEBRTC_ICE_CONNECTION_STATE_CLOSED;
  g_clear_pointer (&self->prepared, gst_webrtc_session_description_free);
  if (self->pipeline == NULL)
    return;

  for (guint i = 0; i < self->receivers->len; i++) {
    ConfabTrackReceiver *receiver = self->receivers->pdata[i];
    ConfabRemoteTrack *track = confab_track_receiver_get_track (receiver);

    if (confab_remote_track_get_kind (track) == CONFAB_MEDIA_KIND_AUDIO)
      confab_audio_mixer_remove (self->mixer, confab_track_receiver_get_sound (receiver));
  }
  g_ptr_array_set_size (self->receivers, 0);
  self->last_received_at = confab_webrtc_pipeline_get_last_received_at (self->pipeline);
  confab_webrtc_pipeline_end (self->pipeline);
  g_clear_pointer (&self->pipeline, confab_webrtc_pipeline_unref);
}

static ConfabConnectionState
confab_webrtc_peer_get_state (ConfabPeerConnection *connection)
{
  return CONFAB_WEBRTC_PEER (connection)->state;
}

static gboolean
confab_webrtc_peer_get_gathering_complete (ConfabPeerConnection *connection)
{
  return CONFAB_WEBRTC_PEER (connection)->gathering_complete;
}

static gint64
confab_webrtc_peer_get_last_received_at (ConfabPeerConnection *connection)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (connection);

  if (self->pipeline == NULL)
    return self->last_received_at;
  return confab_webrtc_pipeline_get_last_received_at (self->pipeline);
}

static void
confab_webrtc_peer_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (object);

  switch ((Property) prop_id) {
  case PROP_STATE:
    g_value_set_enum (value, self->state);
    break;
  case PROP_GATHERING_COMPLETE:
    g_value_set_boolean (value, self->gathering_complete);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_webrtc_peer_dispose (GObject *object)
{
  confab_webrtc_peer_close (CONFAB_PEER_CONNECTION (object));
  G_OBJECT_CLASS (confab_webrtc_peer_parent_class)->dispose (object);
}

static void
confab_webrtc_peer_finalize (GObject *object)
{
  ConfabWebrtcPeer *self = CONFAB_WEBRTC_PEER (object);

  g_clear_pointer (&self->stream_id, g_free);
  g_clear_pointer (&self->screen_id, g_free);
  g_clear_pointer (&self->audio, confab_fanout_unref);
  g_clear_pointer (&self->video, confab_fanout_unref);
  g_clear_pointer (&self->screen, confab_fanout_unref);
  g_clear_object (&self->mixer);
  g_clear_pointer (&self->servers, confab_ice_servers_free);
  g_clear_pointer (&self->link, confab_main_link_unref);
  g_clear_pointer (&self->receivers, g_ptr_array_unref);
  g_clear_pointer (&self->local_candidates, g_ptr_array_unref);
  g_clear_pointer (&self->remote_sdp, g_free);
  g_clear_pointer (&self->names, confab_mid_names_free);
  g_clear_pointer (&self->refused, g_strfreev);
  g_clear_pointer (&self->local_offer, g_free);
  g_clear_pointer (&self->created_sdp, g_free);
  g_clear_pointer (&self->local_sdp, g_free);
  g_clear_pointer (&self->role, g_free);
  G_OBJECT_CLASS (confab_webrtc_peer_parent_class)->finalize (object);
}

static void
confab_webrtc_peer_iface_init (ConfabPeerConnectionInterface *iface)
{
  iface->create_offer = confab_webrtc_peer_create_offer;
  iface->prepare_offer = confab_webrtc_peer_prepare_offer;
  iface->create_answer = confab_webrtc_peer_create_answer;
  iface->set_remote_description = confab_webrtc_peer_set_remote_description;
  iface->get_local_sdp = confab_webrtc_peer_get_local_sdp;
  iface->add_candidate = confab_webrtc_peer_add_candidate;
  iface->set_sharing = confab_webrtc_peer_set_sharing;
  iface->close = confab_webrtc_peer_close;
  iface->get_state = confab_webrtc_peer_get_state;
  iface->get_gathering_complete = confab_webrtc_peer_get_gathering_complete;
  iface->get_last_received_at = confab_webrtc_peer_get_last_received_at;
}

static void
confab_webrtc_peer_class_init (ConfabWebrtcPeerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = confab_webrtc_peer_get_property;
  object_class->dispose = confab_webrtc_peer_dispose;
  object_class->finalize = confab_webrtc_peer_finalize;
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_GATHERING_COMPLETE, "gathering-complete");
}

static void
confab_webrtc_peer_init (ConfabWebrtcPeer *self)
{
  self->link = confab_main_link_new (self);
  self->names = confab_mid_names_new ();
  self->receivers = g_ptr_array_new_with_free_func (g_object_unref);
  self->local_candidates = g_ptr_array_new_with_free_func (confab_webrtc_candidate_free);
  self->audio_ssrc = g_random_int () | 1;
  self->video_ssrc = self->audio_ssrc ^ (g_random_int () << 2 | 2);
  self->screen_ssrc = self->audio_ssrc ^ (g_random_int () << 2 | 3);
}

/**
 * confab_webrtc_peer_new:
 * @config: what it is made of
 *
 * Nothing runs before the first offer, ours or theirs.
 *
 * Returns: (transfer full): a connection
 */
ConfabWebrtcPeer *
confab_webrtc_peer_new (const ConfabWebrtcPeerConfig *config)
{
  ConfabWebrtcPeer *self = g_object_new (CONFAB_TYPE_WEBRTC_PEER, NULL);

  self->stream_id = g_strdup (config->stream_id);
  self->audio = confab_fanout_ref (config->audio);
  self->video = confab_fanout_ref (config->video);
  self->screen_id = g_strdup (config->screen_id);
  self->screen = confab_fanout_ref (config->screen);
  self->mixer = g_object_ref (config->mixer);
  self->servers = confab_ice_servers_copy (config->servers);
  self->drawing = config->drawing;
  self->relay_only = config->relay_only;
  self->width = config->width;
  self->height = config->height;
  self->screen_width = config->screen_width;
  self->screen_height = config->screen_height;
  self->video_bitrate = config->video_bitrate;
  self->screen_bitrate = config->screen_bitrate;
  self->audio_bitrate = config->audio_bitrate;
  return self;
}
