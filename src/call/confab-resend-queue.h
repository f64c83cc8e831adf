/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-event.h"
#include "confab-clock.h"

G_BEGIN_DECLS

/**
 * ConfabResendQueue:
 *
 * Messages that could not be sent and are tried again: four attempts, 1, 4 and 16 s apart (protocol/mesh-calls.md
 * section 12). A message keeps the number that it has: a hole in the numbers would hold up the peer (section 8.3).
 */
typedef struct _ConfabResendQueue ConfabResendQueue;

/* Called from a timeout of the clock. */
typedef void (*ConfabResendFunc) (ConfabCallEvent *message, gpointer data);

ConfabResendQueue *
confab_resend_queue_new (ConfabClock *clock, ConfabResendFunc send, gpointer data)
  G_GNUC_WARN_UNUSED_RESULT;
void confab_resend_queue_free (ConfabResendQueue *self);
gboolean
confab_resend_queue_failed (ConfabResendQueue *self, ConfabCallEvent *message, gboolean patient);
void confab_resend_queue_sent (ConfabResendQueue *self, ConfabCallEvent *message);
void confab_resend_queue_clear (ConfabResendQueue *self);

G_END_DECLS
