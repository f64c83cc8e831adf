/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-local-media.h"

G_DEFINE_INTERFACE (ConfabLocalMedia, confab_local_media, G_TYPE_OBJECT)

enum {
  SIGNAL_PROBLEM_CHANGED,
  SIGNAL_SHARING_CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
confab_local_media_default_init (ConfabLocalMediaInterface *iface)
{
  /**
   * ConfabLocalMedia::problem-changed:
   * @kind: microphone or camera
   *
   * A device stopped giving anything, or gives again.
   */
  signals[SIGNAL_PROBLEM_CHANGED] = g_signal_new ("problem-changed",
                                                  CONFAB_TYPE_LOCAL_MEDIA,
                                                  G_SIGNAL_RUN_LAST,
                                                  0,
                                                  NULL,
                                                  NULL,
                                                  NULL,
                                                  G_TYPE_NONE,
                                                  1,
                                                  CONFAB_TYPE_DEVICE_KIND);
  /**
   * ConfabLocalMedia::sharing-changed:
   *
   * Sharing began, ended or failed, or something is being chosen: by a command or by itself.
   */
  signals[SIGNAL_SHARING_CHANGED] = g_signal_new ("sharing-changed",
                                                  CONFAB_TYPE_LOCAL_MEDIA,
                                                  G_SIGNAL_RUN_LAST,
                                                  0,
                                                  NULL,
                                                  NULL,
                                                  NULL,
                                                  G_TYPE_NONE,
                                                  0);
}

#define IFACE CONFAB_LOCAL_MEDIA_GET_IFACE

/**
 * confab_local_media_create_peer_connection:
 * @self: local media
 * @servers: STUN and TURN
 *
 * Returns: (transfer full): a new connection that sends this media; its owner closes it
 */
ConfabPeerConnection *
confab_local_media_create_peer_connection (ConfabLocalMedia *self, const ConfabIceServers *servers)
{
  g_return_val_if_fail (CONFAB_IS_LOCAL_MEDIA (self), NULL);
  g_return_val_if_fail (servers != NULL, NULL);

  return IFACE (self)->create_peer_connection (self, servers);
}

/**
 * confab_local_media_get_stream:
 * @self: local media
 *
 * The own tile, and where the muted flags are read. Its id stands in every SDP that is sent and stays the same.
 *
 * Returns: (transfer none): the stream
 */
ConfabStream *
confab_local_media_get_stream (ConfabLocalMedia *self)
{
  g_return_val_if_fail (CONFAB_IS_LOCAL_MEDIA (self), NULL);

  return IFACE (self)->get_stream (self);
}

/**
 * confab_local_media_set_microphone_muted:
 * @self: local media
 * @muted: whether others hear silence
 *
 * At once and without renegotiation. Within a call use confab_call_set_microphone_muted(), which tells others.
 */
void
confab_local_media_set_microphone_muted (ConfabLocalMedia *self, gboolean muted)
{
  g_return_if_fail (CONFAB_IS_LOCAL_MEDIA (self));

  IFACE (self)->set_microphone_muted (self, muted);
}

/**
 * confab_local_media_set_camera_muted:
 * @self: local media
 * @muted: whether the camera is closed
 *
 * As confab_local_media_set_microphone_muted().
 */
void
confab_local_media_set_camera_muted (ConfabLocalMedia *self, gboolean muted)
{
  g_return_if_fail (CONFAB_IS_LOCAL_MEDIA (self));

  IFACE (self)->set_camera_muted (self, muted);
}

/**
 * confab_local_media_get_problem:
 * @self: local media
 * @kind: microphone or camera
 *
 * Returns: why the device gives nothing although it is not muted
 */
ConfabDeviceProblem
confab_local_media_get_problem (ConfabLocalMedia *self, ConfabDeviceKind kind)
{
  g_return_val_if_fail (CONFAB_IS_LOCAL_MEDIA (self), CONFAB_DEVICE_PROBLEM_FAILED);

  return IFACE (self)->get_problem (self, kind);
}

/**
 * confab_local_media_close:
 * @self: local media
 *
 * Closes the devices and stops sharing; may be called twice. Its peer connections must be closed before.
 */
void
confab_local_media_close (ConfabLocalMedia *self)
{
  g_return_if_fail (CONFAB_IS_LOCAL_MEDIA (self));

  IFACE (self)->close (self);
}

/**
 * confab_local_media_share_screen:
 * @self: local media
 *
 * Lets the person choose what to share, where there is a choice, and shares it. While the screen is shared: goes over to
 * what is chosen now, in the same stream; when nothing is, what was shared stays.
 */
void
confab_local_media_share_screen (ConfabLocalMedia *self)
{
  g_return_if_fail (CONFAB_IS_LOCAL_MEDIA (self));

  if (IFACE (self)->share_screen != NULL)
    IFACE (self)->share_screen (self);
}

/**
 * confab_local_media_stop_sharing:
 * @self: local media
 *
 * Nothing of the screen is captured any more when this returns; a choice that is being made is called off.
 */
void
confab_local_media_stop_sharing (ConfabLocalMedia *self)
{
  g_return_if_fail (CONFAB_IS_LOCAL_MEDIA (self));

  if (IFACE (self)->stop_sharing != NULL)
    IFACE (self)->stop_sharing (self);
}

static ConfabSharing
get_sharing (ConfabLocalMedia *self, ConfabSharingProblem *problem)
{
  *problem = CONFAB_SHARING_PROBLEM_UNSUPPORTED;
  return IFACE (self)->get_sharing != NULL ? IFACE (self)->get_sharing (self, problem)
                                           : CONFAB_SHARING_OFF;
}

ConfabSharing
confab_local_media_get_sharing (ConfabLocalMedia *self)
{
  ConfabSharingProblem problem;

  g_return_val_if_fail (CONFAB_IS_LOCAL_MEDIA (self), CONFAB_SHARING_OFF);

  return get_sharing (self, &problem);
}

/**
 * confab_local_media_get_sharing_problem:
 * @self: local media
 *
 * Returns: why the last attempt came to nothing, or would
 */
ConfabSharingProblem
confab_local_media_get_sharing_problem (ConfabLocalMedia *self)
{
  ConfabSharingProblem problem = CONFAB_SHARING_PROBLEM_FAILED;

  g_return_val_if_fail (CONFAB_IS_LOCAL_MEDIA (self), problem);

  get_sharing (self, &problem);
  return problem;
}

/**
 * confab_local_media_get_screen:
 * @self: local media
 *
 * Its id is another than that of confab_local_media_get_stream(), and the same each time that the screen is shared.
 *
 * Returns: (transfer none) (nullable): the shared screen, %NULL while sharing is not %CONFAB_SHARING_ON
 */
ConfabStream *
confab_local_media_get_screen (ConfabLocalMedia *self)
{
  g_return_val_if_fail (CONFAB_IS_LOCAL_MEDIA (self), NULL);

  return IFACE (self)->get_screen != NULL ? IFACE (self)->get_screen (self) : NULL;
}

/**
 * confab_local_media_emit_sharing_changed:
 * @self: local media
 *
 * For implementations: emits ::sharing-changed.
 */
void
confab_local_media_emit_sharing_changed (ConfabLocalMedia *self)
{
  g_signal_emit (self, signals[SIGNAL_SHARING_CHANGED], 0);
}

/**
 * confab_local_media_emit_problem_changed:
 * @self: local media
 * @kind: microphone or camera
 *
 * For implementations: emits ::problem-changed. What gives nothing stands in the stream as missing from now on, so
 * that others are told that it is off.
 */
void
confab_local_media_emit_problem_changed (ConfabLocalMedia *self, ConfabDeviceKind kind)
{
  ConfabStream *stream = confab_local_media_get_stream (self);
  const gboolean missing = confab_local_media_get_problem (self, kind) !=
                           CONFAB_DEVICE_PROBLEM_NONE;

  if (kind == CONFAB_DEVICE_KIND_CAMERA)
    confab_stream_set_video_missing (stream, missing);
  else if (kind == CONFAB_DEVICE_KIND_MICROPHONE)
    confab_stream_set_audio_missing (stream, missing);
  g_signal_emit (self, signals[SIGNAL_PROBLEM_CHANGED], 0, kind);
}
