/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-fake-local-media.h"

struct _ConfabFakeLocalMedia {
  GObject parent_instance;

  ConfabClock *clock;
  ConfabStream *stream;
  ConfabStream *screen;
  ConfabSharing sharing;
  ConfabSharingProblem sharing_problem;
  gboolean asks; /* a person who chooses what to share */
  GPtrArray *connections;
  guint gather_ms;
  gboolean relayed;
  ConfabDeviceProblem problem;
  guint n_servers; /* that the last connection was given */
  char *username;  /* for them */
  gboolean closed;
};

static void media_iface_init (ConfabLocalMediaInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabFakeLocalMedia,
                               confab_fake_local_media,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_LOCAL_MEDIA, media_iface_init))

static ConfabPeerConnection *
fake_create_peer_connection (ConfabLocalMedia *media, const ConfabIceServers *servers)
{
  ConfabFakeLocalMedia *self = CONFAB_FAKE_LOCAL_MEDIA (media);
  ConfabFakePeerConnection *connection;

  g_assert_false (self->closed);
  g_assert_nonnull (servers);
  self->n_servers = g_strv_length (servers->uris);
  g_set_str (&self->username, servers->username);
  connection = confab_fake_peer_connection_new (self->clock, confab_stream_get_id (self->stream));
  confab_fake_peer_connection_set_gather (connection, self->gather_ms);
  confab_fake_peer_connection_set_relayed (connection, self->relayed);
  g_ptr_array_add (self->connections, g_object_ref (connection));
  return CONFAB_PEER_CONNECTION (connection);
}

static ConfabStream *
fake_get_stream (ConfabLocalMedia *media)
{
  return CONFAB_FAKE_LOCAL_MEDIA (media)->stream;
}

static void
fake_set_microphone_muted (ConfabLocalMedia *media, gboolean muted)
{
  confab_stream_set_audio_muted (CONFAB_FAKE_LOCAL_MEDIA (media)->stream, muted);
}

static void
fake_set_camera_muted (ConfabLocalMedia *media, gboolean muted)
{
  confab_stream_set_video_muted (CONFAB_FAKE_LOCAL_MEDIA (media)->stream, muted);
}

static ConfabDeviceProblem
fake_get_problem (ConfabLocalMedia *media, ConfabDeviceKind kind)
{
  return CONFAB_FAKE_LOCAL_MEDIA (media)->problem;
}

static void
fake_share_screen (ConfabLocalMedia *media)
{
  ConfabFakeLocalMedia *self = CONFAB_FAKE_LOCAL_MEDIA (media);

  g_assert_false (self->closed);
  if (self->sharing == CONFAB_SHARING_OFF)
    confab_fake_local_media_set_sharing (self,
                                         self->asks ? CONFAB_SHARING_ASKING : CONFAB_SHARING_ON,
                                         CONFAB_SHARING_PROBLEM_NONE);
}

static void
fake_stop_sharing (ConfabLocalMedia *media)
{
  confab_fake_local_media_set_sharing (CONFAB_FAKE_LOCAL_MEDIA (media),
                                       CONFAB_SHARING_OFF,
                                       CONFAB_SHARING_PROBLEM_NONE);
}

static ConfabSharing
fake_get_sharing (ConfabLocalMedia *media, ConfabSharingProblem *problem)
{
  ConfabFakeLocalMedia *self = CONFAB_FAKE_LOCAL_MEDIA (media);

  *problem = self->sharing_problem;
  return self->sharing;
}

static ConfabStream *
fake_get_screen (ConfabLocalMedia *media)
{
  ConfabFakeLocalMedia *self = CONFAB_FAKE_LOCAL_MEDIA (media);

  return self->sharing == CONFAB_SHARING_ON ? self->screen : NULL;
}

static void
fake_close (ConfabLocalMedia *media)
{
  ConfabFakeLocalMedia *self = CONFAB_FAKE_LOCAL_MEDIA (media);

  for (guint i = 0; i < self->connections->len; i++)
    g_assert_true (confab_fake_peer_connection_get_closed (self->connections->pdata[i]));
  self->closed = TRUE;
  self->sharing = CONFAB_SHARING_OFF;
}

static void
media_iface_init (ConfabLocalMediaInterface *iface)
{
  iface->create_peer_connection = fake_create_peer_connection;
  iface->get_stream = fake_get_stream;
  iface->set_microphone_muted = fake_set_microphone_muted;
  iface->set_camera_muted = fake_set_camera_muted;
  iface->get_problem = fake_get_problem;
  iface->share_screen = fake_share_screen;
  iface->stop_sharing = fake_stop_sharing;
  iface->get_sharing = fake_get_sharing;
  iface->get_screen = fake_get_screen;
  iface->close = fake_close;
}

static void
confab_fake_local_media_finalize (GObject *object)
{
  ConfabFakeLocalMedia *self = CONFAB_FAKE_LOCAL_MEDIA (object);

  g_object_unref (self->clock);
  g_object_unref (self->stream);
  g_object_unref (self->screen);
  g_ptr_array_unref (self->connections);
  g_free (self->username);
  G_OBJECT_CLASS (confab_fake_local_media_parent_class)->finalize (object);
}

static void
confab_fake_local_media_class_init (ConfabFakeLocalMediaClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_fake_local_media_finalize;
}

static void
confab_fake_local_media_init (ConfabFakeLocalMedia *self)
{
  self->connections = g_ptr_array_new_with_free_func (g_object_unref);
}

ConfabFakeLocalMedia *
confab_fake_local_media_new (ConfabClock *clock, const char *stream_id)
{
  ConfabFakeLocalMedia *self = g_object_new (CONFAB_TYPE_FAKE_LOCAL_MEDIA, NULL);
  g_autofree char *screen_id = g_strconcat (stream_id, "-screen", NULL);

  self->clock = g_object_ref (clock);
  self->stream = confab_stream_new (stream_id, CONFAB_STREAM_PURPOSE_USERMEDIA);
  self->screen = confab_stream_new (screen_id, CONFAB_STREAM_PURPOSE_SCREENSHARE);
  confab_stream_set_audio_muted (self->screen, TRUE);
  return self;
}

/* Its connections find candidates by themselves. */
void
confab_fake_local_media_set_gather (ConfabFakeLocalMedia *self, guint gather_ms)
{
  self->gather_ms = gather_ms;
}

/* Its connections need the last of them. */
void
confab_fake_local_media_set_relayed (ConfabFakeLocalMedia *self, gboolean relayed)
{
  self->relayed = relayed;
}

ConfabFakePeerConnection *
confab_fake_local_media_peek_connection (ConfabFakeLocalMedia *self, guint i)
{
  return self->connections->pdata[i];
}

/* What both devices say from now on. */
void
confab_fake_local_media_set_problem (ConfabFakeLocalMedia *self, ConfabDeviceProblem problem)
{
  self->problem = problem;
  confab_local_media_emit_problem_changed (CONFAB_LOCAL_MEDIA (self), CONFAB_DEVICE_KIND_CAMERA);
}

/* A share waits for what confab_fake_local_media_set_sharing() says of it. */
void
confab_fake_local_media_set_asks (ConfabFakeLocalMedia *self, gboolean asks)
{
  self->asks = asks;
}

/* By itself: the person chose, or the capture ended. */
void
confab_fake_local_media_set_sharing (ConfabFakeLocalMedia *self,
                                     ConfabSharing sharing,
                                     ConfabSharingProblem problem)
{
  if (self->sharing == sharing && self->sharing_problem == problem)
    return;
  self->sharing = sharing;
  self->sharing_problem = problem;
  confab_local_media_emit_sharing_changed (CONFAB_LOCAL_MEDIA (self));
}

guint
confab_fake_local_media_get_n_servers (ConfabFakeLocalMedia *self)
{
  return self->n_servers;
}

const char *
confab_fake_local_media_get_username (ConfabFakeLocalMedia *self)
{
  return self->username;
}

gboolean
confab_fake_local_media_get_closed (ConfabFakeLocalMedia *self)
{
  return self->closed;
}

guint
confab_fake_local_media_get_n_connections (ConfabFakeLocalMedia *self)
{
  return self->connections->len;
}

/* Returns: (transfer none) (nullable): the connection that was made last */
ConfabFakePeerConnection *
confab_fake_local_media_get_last (ConfabFakeLocalMedia *self)
{
  return self->connections->len > 0 ? self->connections->pdata[self->connections->len - 1] : NULL;
}
