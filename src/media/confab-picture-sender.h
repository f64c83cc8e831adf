/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-drawing.h"
#include "confab-fanout.h"
#include "confab-stream.h"

G_BEGIN_DECLS

/* 600 kbit/s for 640×360. */
#define CONFAB_VIDEO_BITRATE(width, height) ((guint) ((width) * (height) * 2.6))

/**
 * ConfabPictureSender:
 * @pipeline: where it is built
 * @fanout: who gets it encoded
 * @stream: which shows it here
 * @drawing: how
 * @width: in pixels
 * @height: in pixels
 * @fps: frames a second
 *
 * What becomes of a captured picture, the camera's or the screen's: one encode for everybody, and one's own view.
 */
typedef struct {
  GstElement *pipeline;
  ConfabFanout *fanout;
  ConfabStream *stream;
  ConfabDrawing drawing;
  guint width, height, fps;
} ConfabPictureSender;

GstElement *confab_picture_sender_build (const ConfabPictureSender *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
