/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-event.h"
#include "confab-clock.h"

G_BEGIN_DECLS

/**
 * ConfabSeqQueue:
 *
 * Puts the numbered messages of one peer call in order; reads hydrogen's numbers, which run on over calls, and
 * js-sdk's, which start at 0 (protocol/mesh-calls.md section 8.3).
 */
typedef struct _ConfabSeqQueue ConfabSeqQueue;
typedef void (*ConfabSeqQueueFunc) (ConfabCallEvent *message, gpointer data);

ConfabSeqQueue *confab_seq_queue_new (ConfabClock *clock, ConfabSeqQueueFunc deliver, gpointer data)
  G_GNUC_WARN_UNUSED_RESULT;
void confab_seq_queue_free (ConfabSeqQueue *self);
void confab_seq_queue_push (ConfabSeqQueue *self, ConfabCallEvent *message);
void confab_seq_queue_start (ConfabSeqQueue *self, gint64 next);
void confab_seq_queue_seed (ConfabSeqQueue *self);
gint64 confab_seq_queue_get_age (ConfabSeqQueue *self);
gsize confab_seq_queue_get_size (ConfabSeqQueue *self);
void confab_seq_queue_list (ConfabSeqQueue *self, GPtrArray *queued);

G_END_DECLS
