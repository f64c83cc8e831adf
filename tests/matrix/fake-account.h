/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-session.h"
#include "fake-homeserver.h"

/* One account on a fake homeserver: answers to sign-in, keys and sync. A sync without news hangs. */
typedef struct {
  FakeHomeserver *server;
  GHashTable *syncs;     /* since (“” for none) → the reply's text */
  GPtrArray *asked;      /* since of each sync request */
  GPtrArray *hanging;    /* syncs that wait */
  const char *device_id; /* what the next login gets, unless it asks for one */
  char *login_body;
  const char *login_reply; /* (nullable): instead of a good one */
  guint sync_status;       /* 0, or what sync fails with */
  const char *sync_error;  /* its body */
} FakeAccount;

FakeAccount *fake_account_new (void);
void fake_account_free (FakeAccount *self);
/* The reply to a sync from @since (“” for the first). A sync that waits there gets it at once. */
void fake_account_sync (FakeAccount *self, const char *since, const char *reply);
