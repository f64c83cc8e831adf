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

  guint epoch; /* goes up when the session is ended: who waits for something looks at it */
  ConfabHomeserver *asked; /* (nullable): signing in waits for it */
  DexCancellable *stop;    /* (nullable): ends the sync loop */
  DexFuture *sync;         /* (nullable): the loop */
  DexPromise *kick;        /* (nullable): ends the pause or the long poll that it is in */
  DexFuture *keeping;      /* (nullable): the last write of secrets */
  gulong network_handler;

  ConfabWireFunc wire_func;
  gpointer wire_data;
};

void confab_session_set_state (ConfabSession *self, ConfabSessionState state, const GError *error);
void
confab_session_set_profile (ConfabSession *self, const char *display_name, const char *avatar_url);
void confab_session_warn (ConfabSession *self, const char *code, const char *message);

/* What is kept of the account; see confab-session-keep.c. Functions with “await” are for fibers only. */
typedef struct {
  char *user_id;
  char *device_id;
  char *base_url;
  char *display_name;
  char *avatar_url;
} ConfabSessionMeta;

void confab_session_meta_clear (ConfabSessionMeta *meta);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ConfabSessionMeta, confab_session_meta_clear)
gboolean confab_session_has_store (ConfabSession *self);
gboolean confab_session_await_store (ConfabSession *self, GError **error);
void confab_session_await_store_closed (ConfabSession *self);
void confab_session_await_store_wiped (ConfabSession *self);
gboolean confab_session_await_meta (ConfabSession *self, ConfabSessionMeta *meta, GError **error);
gboolean confab_session_await_meta_kept (ConfabSession *self, GError **error);
gboolean confab_session_await_profile_kept (ConfabSession *self, GError **error);
/* The name under which the secrets of one device are kept. */
char *
confab_session_dup_account (const char *user_id, const char *device_id) G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_session_make_pickle_key (ConfabSession *self, GError **error);
DexFuture *confab_session_keep_secrets (ConfabSession *self,
                                        const char *access_token,
                                        const char *refresh_token) G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_session_read_secrets (ConfabSession *self, const char *text, GError **error);
/* A #ConfabKeepTokensFunc over a session. */
DexFuture *
confab_session_keep_tokens (const char *access_token, const char *refresh_token, gpointer data);

/* The sync loop; see confab-session-sync.c. */
gboolean confab_session_await_shown (ConfabSession *self, ConfabSyncBatch *batch, GError **error);
void confab_session_start_sync (ConfabSession *self);
/* Ends the long poll or the pause that the loop is in, as if it had failed so. */
void confab_session_end_wait (ConfabSession *self, ConfabMatrixError code, const char *message);
DexFuture *confab_session_stop_sync (ConfabSession *self) G_GNUC_WARN_UNUSED_RESULT;

/* For crash tests: where in applying a sync the process is; NULL but there. */
extern void (*confab_session_step_hook) (const char *step);

G_END_DECLS
