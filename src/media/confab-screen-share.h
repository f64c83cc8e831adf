/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-fanout.h"
#include "confab-media-engine.h"
#include "confab-stream.h"

G_BEGIN_DECLS

/**
 * ConfabScreenShare:
 *
 * The own screen: captured and encoded once, from start() to stop(), and handed to all connections. ::changed tells when it
 * began, ended or failed. Main thread only.
 */
#define CONFAB_TYPE_SCREEN_SHARE (confab_screen_share_get_type ())
G_DECLARE_FINAL_TYPE (ConfabScreenShare, confab_screen_share, CONFAB, SCREEN_SHARE, GObject)

ConfabScreenShare *confab_screen_share_new (ConfabMediaEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void confab_screen_share_start (ConfabScreenShare *self);
void confab_screen_share_stop (ConfabScreenShare *self);
gboolean confab_screen_share_is_on (ConfabScreenShare *self);
ConfabSharingProblem confab_screen_share_get_problem (ConfabScreenShare *self);
ConfabStream *confab_screen_share_get_stream (ConfabScreenShare *self);
ConfabFanout *confab_screen_share_get_fanout (ConfabScreenShare *self);

/* For tests that look at what it is made of. */
GstElement *confab_screen_share_get_pipeline (ConfabScreenShare *self);

G_END_DECLS
