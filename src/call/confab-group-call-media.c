/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-group-call-private.h"

/* What this device sends while it is in a ConfabGroupCall: microphone, camera, screen. */

/* A mute, or a device that is lost: no renegotiation, but the others are told. */
static void
flags_changed_cb (ConfabGroupCall *self)
{
  for (guint i = 0; i < confab_group_call_get_n_members (self); i++)
    confab_call_member_send_metadata (confab_group_call_peek_member (self, i));
}

static void
notify_sharing (ConfabGroupCall *self)
{
  g_object_notify (G_OBJECT (self), "sharing");
  g_object_notify (G_OBJECT (self), "sharing-problem");
}

/* Section 9.8: a track on every connection, and the own entry. */
static void
sharing_changed_cb (ConfabGroupCall *self)
{
  ConfabStream *screen = confab_local_media_get_screen (self->media);

  for (guint i = 0; i < confab_group_call_get_n_members (self); i++)
    confab_call_member_set_screen (confab_group_call_peek_member (self, i), screen);
  confab_own_membership_set_sharing (self->own, screen != NULL);
  notify_sharing (self);
}

/* From the join on. */
void
confab_group_call_take_media (ConfabGroupCall *self, ConfabLocalMedia *media)
{
  ConfabStream *stream = confab_local_media_get_stream (media);

  g_set_object (&self->media, media);
  g_signal_connect_object (
    stream, "notify::audio-off", G_CALLBACK (flags_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    stream, "notify::video-off", G_CALLBACK (flags_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    media, "sharing-changed", G_CALLBACK (sharing_changed_cb), self, G_CONNECT_SWAPPED);
  confab_own_membership_set_sharing (self->own, confab_local_media_get_screen (media) != NULL);
  g_object_notify (G_OBJECT (self), "local-media");
  notify_sharing (self);
}

/* All of it is off when this returns; nobody is told. Its connections must be closed. */
gboolean
confab_group_call_drop_media (ConfabGroupCall *self)
{
  g_autoptr (ConfabLocalMedia) media = g_steal_pointer (&self->media);

  if (media == NULL)
    return FALSE;
  g_signal_handlers_disconnect_by_data (confab_local_media_get_stream (media), self);
  g_signal_handlers_disconnect_by_data (media, self);
  confab_local_media_close (media);
  return TRUE;
}

/* Microphone, camera and screen are off when this returns. */
void
confab_group_call_release_media (ConfabGroupCall *self)
{
  for (guint i = confab_group_call_get_n_members (self); i-- > 0;)
    confab_call_member_leave (confab_group_call_peek_member (self, i));
  if (!confab_group_call_drop_media (self))
    return;
  g_object_notify (G_OBJECT (self), "local-media");
  notify_sharing (self);
}

ConfabSharing
confab_group_call_get_sharing (ConfabGroupCall *self)
{
  return self->media != NULL ? confab_local_media_get_sharing (self->media) : CONFAB_SHARING_OFF;
}

ConfabSharingProblem
confab_group_call_get_sharing_problem (ConfabGroupCall *self)
{
  return self->media != NULL ? confab_local_media_get_sharing_problem (self->media)
                             : CONFAB_SHARING_PROBLEM_NONE;
}

/* The stream's flags notify, as they do when a device is lost, and that is what tells the others. */
static void
confab_group_call_set_microphone_muted (ConfabCall *call, gboolean muted)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (call);

  if (self->media != NULL)
    confab_local_media_set_microphone_muted (self->media, muted);
}

static void
confab_group_call_set_camera_muted (ConfabCall *call, gboolean muted)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (call);

  if (self->media != NULL)
    confab_local_media_set_camera_muted (self->media, muted);
}

static void
confab_group_call_share_screen (ConfabCall *call)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (call);

  if (self->media != NULL)
    confab_local_media_share_screen (self->media);
}

static void
confab_group_call_stop_sharing (ConfabCall *call)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (call);

  if (self->media != NULL)
    confab_local_media_stop_sharing (self->media);
}

void
confab_group_call_media_iface_init (ConfabCallInterface *iface)
{
  iface->set_microphone_muted = confab_group_call_set_microphone_muted;
  iface->set_camera_muted = confab_group_call_set_camera_muted;
  iface->share_screen = confab_group_call_share_screen;
  iface->stop_sharing = confab_group_call_stop_sharing;
}
