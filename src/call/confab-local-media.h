/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-ice-servers.h"
#include "confab-peer-connection.h"
#include "confab-stream.h"

G_BEGIN_DECLS

/**
 * ConfabLocalMedia:
 *
 * This device's microphone and camera for one call: what is captured once, encoded once and sent to every
 * peer. It is made on the screen before joining (#ConfabMediaDevices) and handed to confab_call_join(), so
 * that the camera is not opened twice. A muted camera is really closed. Main thread only.
 *
 * A microphone or camera that gives nothing never stops a call: silence, or no picture, is sent.
 *
 * The screen is a stream of its own that comes and goes. confab_local_media_share_screen() may end at once, or after
 * a person has chosen something in a dialog of the system's; ::sharing-changed tells of each step, and of an end that
 * nobody here asked for. An implementation that cannot share leaves the four functions out.
 */
#define CONFAB_TYPE_LOCAL_MEDIA (confab_local_media_get_type ())
G_DECLARE_INTERFACE (ConfabLocalMedia, confab_local_media, CONFAB, LOCAL_MEDIA, GObject)

struct _ConfabLocalMediaInterface {
  GTypeInterface parent_iface;

  ConfabPeerConnection *(*create_peer_connection) (ConfabLocalMedia *self,
                                                   const ConfabIceServers *servers);
  ConfabStream *(*get_stream) (ConfabLocalMedia *self);
  void (*set_microphone_muted) (ConfabLocalMedia *self, gboolean muted);
  void (*set_camera_muted) (ConfabLocalMedia *self, gboolean muted);
  ConfabDeviceProblem (*get_problem) (ConfabLocalMedia *self, ConfabDeviceKind kind);
  void (*close) (ConfabLocalMedia *self);
  void (*share_screen) (ConfabLocalMedia *self);
  void (*stop_sharing) (ConfabLocalMedia *self);
  ConfabSharing (*get_sharing) (ConfabLocalMedia *self, ConfabSharingProblem *problem);
  ConfabStream *(*get_screen) (ConfabLocalMedia *self);
};

ConfabPeerConnection *
confab_local_media_create_peer_connection (ConfabLocalMedia *self, const ConfabIceServers *servers)
  G_GNUC_WARN_UNUSED_RESULT;
ConfabStream *confab_local_media_get_stream (ConfabLocalMedia *self);
void confab_local_media_set_microphone_muted (ConfabLocalMedia *self, gboolean muted);
void confab_local_media_set_camera_muted (ConfabLocalMedia *self, gboolean muted);
ConfabDeviceProblem confab_local_media_get_problem (ConfabLocalMedia *self, ConfabDeviceKind kind);
void confab_local_media_close (ConfabLocalMedia *self);
void confab_local_media_share_screen (ConfabLocalMedia *self);
void confab_local_media_stop_sharing (ConfabLocalMedia *self);
ConfabSharing confab_local_media_get_sharing (ConfabLocalMedia *self);
ConfabSharingProblem confab_local_media_get_sharing_problem (ConfabLocalMedia *self);
ConfabStream *confab_local_media_get_screen (ConfabLocalMedia *self);

/* For implementations. */
void confab_local_media_emit_problem_changed (ConfabLocalMedia *self, ConfabDeviceKind kind);
void confab_local_media_emit_sharing_changed (ConfabLocalMedia *self);

G_END_DECLS
