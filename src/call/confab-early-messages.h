/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-event.h"
#include "confab-clock.h"

G_BEGIN_DECLS

/**
 * ConfabEarlyMessages:
 *
 * Device messages that came before what they belong to: the call, its member, the member's session, or this device's
 * own join (protocol/mesh-calls.md section 9.3). They are strangers' messages, so they are bounded: 60 s; 50 messages
 * and 1 MiB of one device; 500 and 2 MiB of one user; 2000 and 8 MiB in all. Of all, those of whoever has most give way;
 * everywhere those in clear before those that are encrypted, and the oldest first.
 */
typedef struct _ConfabEarlyMessages ConfabEarlyMessages;

/* Returns: whether the message found its place; if not, it goes on waiting. */
typedef gboolean (*ConfabEarlyMessagesFunc) (const char *sender,
                                             ConfabCallEvent *message,
                                             gboolean encrypted,
                                             gpointer data);

ConfabEarlyMessages *confab_early_messages_new (ConfabClock *clock) G_GNUC_WARN_UNUSED_RESULT;
void confab_early_messages_free (ConfabEarlyMessages *self);
void confab_early_messages_keep (ConfabEarlyMessages *self,
                                 const char *sender,
                                 ConfabCallEvent *message,
                                 gboolean encrypted);
void confab_early_messages_drop_old (ConfabEarlyMessages *self);
void confab_early_messages_flush (ConfabEarlyMessages *self,
                                  ConfabEarlyMessagesFunc route,
                                  gpointer data);
guint confab_early_messages_get_length (ConfabEarlyMessages *self);

G_END_DECLS
