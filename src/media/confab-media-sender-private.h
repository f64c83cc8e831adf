/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-media-sender.h"

#include "confab-capture.h"
#include "confab-fanout.h"
#include "confab-media-worker.h"
#include "confab-screen-share.h"

G_BEGIN_DECLS

#define AUDIO_BITRATE 32000

/* One of microphone and camera. */
typedef struct {
  ConfabDeviceKind kind;
  gboolean muted;
  ConfabDeviceProblem problem;
  ConfabCapture *capture;
  gboolean stands_in;        /* capture is silence in place of the microphone */
  ConfabMediaWorker *worker; /* opens and closes it */
  GstElement *input;
  guint retry_id;
} ConfabSenderDevice;

struct _ConfabMediaSender {
  GObject parent_instance;

  ConfabMediaEngine *engine;
  ConfabStream *stream;
  ConfabMainLink *link;
  ConfabMediaWorker *worker; /* the pipeline's */
  GstElement *pipeline;      /* NULL after close() */
  GstElement *volume;
  GstElement *level;
  ConfabFanout *audio;
  ConfabFanout *video;
  ConfabSenderDevice microphone;
  ConfabSenderDevice camera;
  ConfabScreenShare *screen;
  guint width, height, fps;
};

/* confab-media-sender-build.c */
void confab_media_sender_build (ConfabMediaSender *self);

G_END_DECLS
