/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-session-calls.h"
#include "confab-session.h"
#include "confab-store.h"

G_BEGIN_DECLS

struct _ConfabSession {
  GObject parent_instance;

  ConfabClock *clock;
  ConfabSecrets *secrets;
  char *data_dir;
  char *cache_dir;

  ConfabSessionState state;
  char *user_id;
  char *device_id;
  char *display_name;
  char *avatar_url;
  gint64 last_sync_at; /* since epoch, µs */
  GError *error;       /* (nullable) */

  ConfabStore *store;           /* (nullable) */
  ConfabHomeserver *homeserver; /* (nullable) */
  ConfabRoomList *rooms;        /* (nullable) */
  ConfabMediaRepository *media; /* (nullable) */
  ConfabSessionCalls *calls;    /* (nullable) */
  GBytes *pickle_key;           /* (nullable) */
  char *since;                  /* (nullable) */

  DexCancellable *stop; /* (nullable): ends the sync loop */
  DexFuture *sync;      /* (nullable): the loop */
  DexPromise *kick;     /* (nullable): ends the pause or the long poll that it is in */
  DexFuture *keeping;   /* (nullable): the last write of secrets */
  gulong network_handler;

  ConfabWireFunc wire_func;
  gpointer wire_data;
};

void confab_session_set_state (ConfabSession *self, ConfabSessionState state, const GError *error);
void
confab_session_set_profile (ConfabSession *self, const char *display_name, const char *avatar_url);
void confab_session_warn (ConfabSession *self, const char *code, const char *message);

/* The sync loop; see confab-session-sync.c. */
void confab_session_start_sync (ConfabSession *self);
/* Ends the long poll or the pause that the loop is in, as if it had failed so. */
void confab_session_end_wait (ConfabSession *self, ConfabMatrixError code, const char *message);
DexFuture *confab_session_stop_sync (ConfabSession *self) G_GNUC_WARN_UNUSED_RESULT;

/* For crash tests: where in applying a sync the process is; NULL but there. */
extern void (*confab_session_step_hook) (const char *step);

G_END_DECLS
