/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ConfabMediaWorker:
 *
 * Where GStreamer is told what to do: opening a device, loading a plugin, changing a state and asking webrtcbin for
 * anything wait for other threads, which the main thread must not do. One task after the other, in a thread that is
 * there only while there is one. Thread-safe.
 */
typedef struct _ConfabMediaWorker ConfabMediaWorker;

typedef void (*ConfabMediaWorkerFunc) (gpointer data);

ConfabMediaWorker *confab_media_worker_new (void) G_GNUC_WARN_UNUSED_RESULT;
void confab_media_worker_push (ConfabMediaWorker *self,
                               ConfabMediaWorkerFunc func,
                               gpointer data,
                               GDestroyNotify destroy);
void confab_media_worker_free (ConfabMediaWorker *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabMediaWorker, confab_media_worker_free)

G_END_DECLS
