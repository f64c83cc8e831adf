/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-outbox-store.h"
#include "confab-outbox.h"

#include <libdex.h>

G_BEGIN_DECLS

struct _ConfabOutbox {
  GObject parent_instance;

  ConfabStore *store;
  ConfabHomeserver *homeserver;
  ConfabClock *clock;
  ConfabOlmVault *vault;
  ConfabDeviceList *devices;

  GHashTable *waiting;  /* (element-type gint64 Waiter): who hears what became of a row */
  GHashTable *fetching; /* (element-type utf8): “user|device” whose keys are being fetched */
  DexFuture *pumping;   /* runs while there is something to send */
  DexPromise *stopping; /* resolved by stop: whoever waits races with it */
  GPtrArray *flushers;  /* (element-type DexPromise) */
  guint n_inserting;
  guint n_fetching;
  guint n_failures; /* in a row; for the pause */
  guint n_unread;   /* answers in a row that could not be read */
  guint64 n_taken;  /* requests that the server took */
  GHashTable
    *troubles;       /* (element-type utf8 Trouble): by transaction id: what the server fails on */
  GHashTable *stuck; /* (element-type gint64): rows that it fails on by themselves */
  DexPromise *woken; /* (nullable): there is something to send meanwhile */
  gboolean again;
  gboolean stopped;
};

void confab_outbox_answer_code (ConfabOutbox *self,
                                GArray *ids,
                                ConfabSignallingError code,
                                const char *message);
/* On a fiber. FALSE when it was stopped meanwhile. */
gboolean confab_outbox_pause_after_failure (ConfabOutbox *self, const GError *failure);
/* Tells who waits for it when there is nothing to do. */
void confab_outbox_check_idle (ConfabOutbox *self);
/* Whoever waits for the row @id to be gone need not any more: a room's key may come later than what needs it. */
void confab_outbox_let_go (ConfabOutbox *self, gint64 id);

GHashTable *confab_outbox_troubles_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* On a fiber. Halves the request @batch, or sets it aside, when it is likely that the server fails on what is in it. FALSE:
 * it may be the server: all wait. */
gboolean confab_outbox_note_trouble (ConfabOutbox *self,
                                     const ConfabOutboxBatch *batch,
                                     const GError *failure);
/* @batch is not sent again. */
void confab_outbox_forget_trouble (ConfabOutbox *self, const ConfabOutboxBatch *batch);
/* Adds what is not to be sent now to @aside. Returns: when the first of that is due (monotonic, µs); -1: there is none */
gint64 confab_outbox_copy_aside (ConfabOutbox *self, GHashTable *aside);
/* On a fiber: until @due, unless there is something else to do. FALSE when it was stopped meanwhile. */
gboolean confab_outbox_await_aside (ConfabOutbox *self, gint64 due);

/* @missing: (element-type ConfabOutboxDevice) */
void confab_outbox_start_fetch (ConfabOutbox *self, GPtrArray *missing);

G_END_DECLS
