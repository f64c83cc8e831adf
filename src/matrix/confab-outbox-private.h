/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

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
/* @missing: (element-type ConfabOutboxDevice) */
void confab_outbox_start_fetch (ConfabOutbox *self, GPtrArray *missing);

G_END_DECLS
