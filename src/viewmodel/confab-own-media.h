/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

#include "confab-call-enums.h"

G_BEGIN_DECLS

typedef struct _ConfabCall ConfabCall;
typedef struct _ConfabStream ConfabStream;

/**
 * ConfabOwnMedia:
 *
 * What this device sends into a call. Properties (all notify): `stream`, `microphone-muted`, `camera-muted`,
 * `microphone-problem` and `camera-problem` (a #ConfabDeviceProblem each), `microphone-lost` and `camera-lost` (it has
 * worked in this call, is on, and works no more). What is muted changes at once and then follows what the call says.
 */
#define CONFAB_TYPE_OWN_MEDIA (confab_own_media_get_type ())
G_DECLARE_FINAL_TYPE (ConfabOwnMedia, confab_own_media, CONFAB, OWN_MEDIA, GObject)

ConfabOwnMedia *confab_own_media_new (ConfabCall *call) G_GNUC_WARN_UNUSED_RESULT;
ConfabStream *confab_own_media_get_stream (ConfabOwnMedia *self);
gboolean confab_own_media_get_microphone_muted (ConfabOwnMedia *self);
gboolean confab_own_media_get_camera_muted (ConfabOwnMedia *self);
ConfabDeviceProblem confab_own_media_get_microphone_problem (ConfabOwnMedia *self);
ConfabDeviceProblem confab_own_media_get_camera_problem (ConfabOwnMedia *self);
gboolean confab_own_media_get_microphone_lost (ConfabOwnMedia *self);
gboolean confab_own_media_get_camera_lost (ConfabOwnMedia *self);
void confab_own_media_set_microphone_muted (ConfabOwnMedia *self, gboolean muted);
void confab_own_media_set_camera_muted (ConfabOwnMedia *self, gboolean muted);

G_END_DECLS
