/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-olm-machine-private.h"

#include "confab-device-list.h"
#include "confab-json.h"
#include "confab-key-claim.h"
#include "confab-key-upload.h"
#include "confab-matrix-error.h"
#include "confab-megolm-events.h"
#include "confab-olm-vault.h"
#include "confab-outbox.h"
#include "confab-store-future.h"

#define UNWEDGE_INTERVAL_MS (60 * 60 * 1000) /* of one device */

struct _ConfabOlmMachine {
  GObject parent_instance;

  ConfabStore *store;
  ConfabHomeserver *homeserver;
  ConfabClock *clock;
  ConfabOlmVault *vault;
  ConfabDeviceList *devices;
  ConfabOutbox *outbox;

  DexFuture *working; /* the round of chores that is on */
  gboolean again;
  gboolean stopped;

  /* What syncs brought, from the store's thread to the main thread. */
  GMutex mutex;
  ConfabOlmNews *news;
  gint64 n_one_time_keys; /* on the server; -1: not known */
  gboolean fallback_used;
};

G_DEFINE_FINAL_TYPE (ConfabOlmMachine, confab_olm_machine, G_TYPE_OBJECT)

enum {
  SIGNAL_INBOX_CHANGED,
  SIGNAL_WARNING,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static gint64
now_ms (ConfabOlmMachine *self)
{
  return confab_clock_get_real_time (self->clock) / 1000;
}

static void
emit_warnings (ConfabOlmMachine *self, GPtrArray *warnings)
{
  for (guint i = 0; i + 1 < warnings->len; i += 2)
    g_signal_emit (self, signals[SIGNAL_WARNING], 0, warnings->pdata[i], warnings->pdata[i + 1]);
}

static void
refused_cb (ConfabDeviceList *devices, const char *message, const char *user_id, gpointer data)
{
  g_signal_emit (data, signals[SIGNAL_WARNING], 0, message, user_id);
}

/* ---- messages that wait for a device ---- */

typedef struct {
  ConfabOlmVault *vault;
  gint64 now_ms;
  ConfabOlmNews *news;
} Retry;

static gboolean
retry_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Retry *retry = data;

  return confab_olm_vault_retry_waiting (
    retry->vault, transaction, retry->now_ms, retry->news, error);
}

static gboolean
retry_waiting (ConfabOlmMachine *self, GError **error)
{
  g_autoptr (ConfabOlmNews) news = confab_olm_news_new ();
  Retry retry = { self->vault, now_ms (self), news };

  if (!dex_await (confab_store_future (self->store, retry_func, &retry), error))
    return FALSE;
  emit_warnings (self, news->warnings);
  if (news->n_inbox > 0)
    g_signal_emit (self, signals[SIGNAL_INBOX_CHANGED], 0);
  return TRUE;
}

/* ---- broken sessions ---- */

typedef struct {
  GPtrArray *broken; /* (unowned) pairs: user id, Curve25519 key */
  gint64 now_ms;
  GPtrArray *devices; /* ConfabDeviceKeys: whose sessions are replaced now */
} Unwedge;

static gboolean
choose_broken (ConfabStoreTransaction *transaction,
               Unwedge *unwedge,
               const char *user_id,
               const char *curve25519,
               GError **error)
{
  g_autoptr (ConfabDeviceKeys) keys = NULL;
  gint64 last = 0;

  if (!confab_device_list_lookup (transaction, user_id, NULL, curve25519, &keys, error))
    return FALSE;
  if (keys == NULL)
    return TRUE;
  if (!confab_store_query (transaction,
                           confab_store_row_take_int,
                           &last,
                           error,
                           "SELECT unwedged_at FROM devices WHERE user_id = ? AND device_id = ?",
                           "ss",
                           user_id,
                           keys->device_id))
    return FALSE;
  if (ABS (unwedge->now_ms - last) >= UNWEDGE_INTERVAL_MS)
    g_ptr_array_add (unwedge->devices, g_steal_pointer (&keys));
  return TRUE;
}

/* When the server has answered: until then the next message that cannot be read asks again. */
static gboolean
note_replaced_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  const Unwedge *unwedge = data;

  for (guint i = 0; i < unwedge->devices->len; i++) {
    const ConfabDeviceKeys *keys = unwedge->devices->pdata[i];
    if (!confab_store_exec (transaction,
                            error,
                            "UPDATE devices SET unwedged_at = ? "
                            "WHERE user_id = ? AND device_id = ?",
                            "iss",
                            unwedge->now_ms,
                            keys->user_id,
                            keys->device_id))
      return FALSE;
  }
  return TRUE;
}

static gboolean
choose_broken_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Unwedge *unwedge = data;

  for (guint i = 0; i + 1 < unwedge->broken->len; i += 2) {
    if (!choose_broken (
          transaction, unwedge, unwedge->broken->pdata[i], unwedge->broken->pdata[i + 1], error))
      return FALSE;
  }
  return TRUE;
}

/* Spec: “Recovering from undecryptable messages”: a new session, and m.dummy so that the other end has it too. */
static gboolean
replace_sessions (ConfabOlmMachine *self, GPtrArray *broken, GError **error)
{
  g_autoptr (GPtrArray) devices = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_device_keys_free);
  g_autoptr (JsonObject) empty = json_object_new ();
  Unwedge unwedge = { broken, now_ms (self), devices };

  if (broken->len == 0)
    return TRUE;
  if (!dex_await (confab_store_future (self->store, choose_broken_func, &unwedge), error))
    return FALSE;
  if (devices->len == 0)
    return TRUE;
  if (!dex_await (
        confab_key_claim (self->store, self->homeserver, self->clock, self->vault, devices),
        error) ||
      !dex_await (confab_store_future (self->store, note_replaced_func, &unwedge), error))
    return FALSE;
  for (guint i = 0; i < devices->len; i++) {
    const ConfabDeviceKeys *keys = devices->pdata[i];
    confab_outbox_send (self->outbox,
                        NULL,
                        keys->user_id,
                        keys->device_id,
                        "m.dummy",
                        empty,
                        CONFAB_SIGNALLING_ENCRYPTED,
                        NULL,
                        NULL,
                        NULL);
  }
  return TRUE;
}

/* ---- chores ---- */

static ConfabOlmNews *
take_news (ConfabOlmMachine *self, gint64 *n_keys, gboolean *fallback_used)
{
  ConfabOlmNews *news;

  g_mutex_lock (&self->mutex);
  news = g_steal_pointer (&self->news);
  self->news = confab_olm_news_new ();
  *n_keys = self->n_one_time_keys;
  *fallback_used = self->fallback_used;
  g_mutex_unlock (&self->mutex);
  return news;
}

static gboolean
upload_keys (ConfabOlmMachine *self, gint64 n_keys, gboolean fallback_used, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gint64 n_left;

  n_left = dex_await_int64 (confab_key_upload (self->store,
                                               self->homeserver,
                                               self->vault,
                                               n_keys,
                                               fallback_used,
                                               now_ms (self)),
                            &failure);
  if (failure != NULL) {
    g_propagate_error (error, g_steal_pointer (&failure));
    return FALSE;
  }
  g_mutex_lock (&self->mutex);
  self->n_one_time_keys = n_left;
  self->fallback_used = FALSE;
  g_mutex_unlock (&self->mutex);
  return TRUE;
}

static gboolean
do_chores (ConfabOlmMachine *self, GError **error)
{
  gint64 n_keys;
  gboolean fallback_used;
  g_autoptr (ConfabOlmNews) news = take_news (self, &n_keys, &fallback_used);
  g_autoptr (GError) upload_error = NULL;

  emit_warnings (self, news->warnings);
  /* Without new keys of ours everything else still works: it goes on, and the next sync tries again. */
  upload_keys (self, n_keys, fallback_used, &upload_error);
  if (!dex_await (confab_device_list_update (self->devices), error) ||
      !retry_waiting (self, error) || !replace_sessions (self, news->undecrypted, error))
    return FALSE;
  if (upload_error != NULL) {
    g_propagate_error (error, g_steal_pointer (&upload_error));
    return FALSE;
  }
  return TRUE;
}

static DexFuture *
confab_olm_machine_work_fiber (gpointer data)
{
  ConfabOlmMachine *self = data;
  GError *error = NULL;
  gboolean ok = TRUE;

  while (ok && self->again && !self->stopped) {
    self->again = FALSE;
    ok = do_chores (self, &error);
  }
  dex_clear (&self->working);
  if (ok)
    return dex_future_new_true ();
  g_info ("keys and device lists wait for the next sync: %s", error->message);
  return dex_future_new_for_error (error);
}

static DexFuture *
work (ConfabOlmMachine *self)
{
  self->again = TRUE;
  if (self->working == NULL)
    self->working = dex_scheduler_spawn (
      NULL, 0, confab_olm_machine_work_fiber, g_object_ref (self), g_object_unref);
  return dex_ref (self->working);
}

/* ---- following devices ---- */

typedef struct {
  ConfabOlmMachine *self;
  GStrv user_ids;
} Track;

static void
track_free (gpointer data)
{
  Track *track = data;

  g_object_unref (track->self);
  g_strfreev (track->user_ids);
  g_free (track);
}

static gboolean
track_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Track *track = data;

  for (guint i = 0; track->user_ids[i] != NULL; i++) {
    if (!confab_device_list_track (transaction, track->user_ids[i], error))
      return FALSE;
  }
  return TRUE;
}

static DexFuture *
confab_olm_machine_track_fiber (gpointer data)
{
  Track *track = data;
  g_autoptr (GError) error = NULL;

  if (!dex_await (confab_store_future (track->self->store, track_func, track), &error))
    g_warning ("cannot follow devices: %s", error->message);
  else if (!dex_await (confab_device_list_update (track->self->devices), &error))
    g_info ("device lists wait for the next sync: %s", error->message);
  return dex_future_new_true ();
}

static void
confab_olm_machine_dispose (GObject *object)
{
  ConfabOlmMachine *self = CONFAB_OLM_MACHINE (object);

  g_clear_object (&self->outbox);
  g_clear_object (&self->devices);
  g_clear_object (&self->store);
  g_clear_object (&self->homeserver);
  g_clear_object (&self->clock);
  dex_clear (&self->working);
  G_OBJECT_CLASS (confab_olm_machine_parent_class)->dispose (object);
}

static void
confab_olm_machine_finalize (GObject *object)
{
  ConfabOlmMachine *self = CONFAB_OLM_MACHINE (object);

  g_clear_pointer (&self->vault, confab_olm_vault_unref);
  g_clear_pointer (&self->news, confab_olm_news_free);
  g_mutex_clear (&self->mutex);
  G_OBJECT_CLASS (confab_olm_machine_parent_class)->finalize (object);
}

static void
confab_olm_machine_class_init (ConfabOlmMachineClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = confab_olm_machine_dispose;
  object_class->finalize = confab_olm_machine_finalize;
  signals[SIGNAL_INBOX_CHANGED] = g_signal_new ("inbox-changed",
                                                G_TYPE_FROM_CLASS (klass),
                                                G_SIGNAL_RUN_LAST,
                                                0,
                                                NULL,
                                                NULL,
                                                NULL,
                                                G_TYPE_NONE,
                                                0);
  signals[SIGNAL_WARNING] = g_signal_new ("warning",
                                          G_TYPE_FROM_CLASS (klass),
                                          G_SIGNAL_RUN_LAST,
                                          0,
                                          NULL,
                                          NULL,
                                          NULL,
                                          G_TYPE_NONE,
                                          2,
                                          G_TYPE_STRING,
                                          G_TYPE_STRING);
}

static void
confab_olm_machine_init (ConfabOlmMachine *self)
{
  g_mutex_init (&self->mutex);
  self->news = confab_olm_news_new ();
  self->n_one_time_keys = -1;
}

ConfabOlmMachine *
confab_olm_machine_new (ConfabStore *store,
                        ConfabHomeserver *homeserver,
                        ConfabClock *clock,
                        const char *user_id,
                        const char *device_id,
                        GBytes *pickle_key)
{
  ConfabOlmMachine *self;

  g_return_val_if_fail (CONFAB_IS_STORE (store), NULL);
  g_return_val_if_fail (CONFAB_IS_HOMESERVER (homeserver), NULL);
  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);
  g_return_val_if_fail (user_id != NULL && device_id != NULL && pickle_key != NULL, NULL);

  self = g_object_new (CONFAB_TYPE_OLM_MACHINE, NULL);
  self->store = g_object_ref (store);
  self->homeserver = g_object_ref (homeserver);
  self->clock = g_object_ref (clock);
  self->vault = confab_olm_vault_new (user_id, device_id, pickle_key);
  self->devices = confab_device_list_new (store, homeserver, clock);
  self->outbox = confab_outbox_new (store, homeserver, clock, self->vault, self->devices);
  g_signal_connect_object (self->devices, "refused", G_CALLBACK (refused_cb), self, 0);
  return self;
}

DexFuture *
confab_olm_machine_start (ConfabOlmMachine *self)
{
  dex_return_error_if_fail (CONFAB_IS_OLM_MACHINE (self));

  confab_outbox_kick (self->outbox);
  return work (self);
}

static DexFuture *
confab_olm_machine_stop_fiber (gpointer data)
{
  ConfabOlmMachine *self = data;

  dex_await (confab_outbox_stop (self->outbox), NULL);
  /* What it says is of no more interest. */
  if (self->working != NULL)
    dex_await (dex_ref (self->working), NULL);
  return dex_future_new_true ();
}

/* A request that is on is not cut off: confab_homeserver_abort() does that. */
DexFuture *
confab_olm_machine_stop (ConfabOlmMachine *self)
{
  dex_return_error_if_fail (CONFAB_IS_OLM_MACHINE (self));

  self->stopped = TRUE;
  confab_device_list_stop (self->devices);
  return dex_scheduler_spawn (
    NULL, 0, confab_olm_machine_stop_fiber, g_object_ref (self), g_object_unref);
}

static gboolean
receive_lists (ConfabStoreTransaction *transaction, const ConfabSyncBatch *batch, GError **error)
{
  for (guint i = 0; batch->devices_changed[i] != NULL; i++) {
    if (!confab_device_list_mark_changed (transaction, batch->devices_changed[i], error))
      return FALSE;
  }
  for (guint i = 0; batch->devices_left[i] != NULL; i++) {
    if (!confab_device_list_mark_left (transaction, batch->devices_left[i], error))
      return FALSE;
  }
  return TRUE;
}

static gpointer
copy_text (gconstpointer text, gpointer data)
{
  return g_strdup (text);
}

static void
receive_counts (ConfabOlmMachine *self, const ConfabSyncBatch *batch, ConfabOlmNews *news)
{
  g_mutex_lock (&self->mutex);
  if (batch->one_time_key_counts != NULL)
    self->n_one_time_keys = GPOINTER_TO_INT (
      g_hash_table_lookup (batch->one_time_key_counts, "signed_curve25519"));
  if (batch->unused_fallback_key_types != NULL)
    self->fallback_used = !g_strv_contains ((const char *const *) batch->unused_fallback_key_types,
                                            "signed_curve25519");
  g_ptr_array_extend (self->news->warnings, news->warnings, copy_text, NULL);
  g_ptr_array_extend (self->news->undecrypted, news->undecrypted, copy_text, NULL);
  g_mutex_unlock (&self->mutex);
}

gboolean
confab_olm_machine_receive (ConfabOlmMachine *self,
                            ConfabStoreTransaction *transaction,
                            const ConfabSyncBatch *batch,
                            GError **error)
{
  g_autoptr (ConfabOlmNews) news = confab_olm_news_new ();
  gint64 now = now_ms (self);

  if (!receive_lists (transaction, batch, error))
    return FALSE;
  for (guint i = 0; i < batch->to_device->len; i++) {
    if (!confab_olm_vault_receive (
          self->vault, transaction, batch->to_device->pdata[i], now, news, error))
      return FALSE;
  }
  if (!confab_megolm_events_receive (self->vault, transaction, batch, now, news, error))
    return FALSE;
  receive_counts (self, batch, news);
  return TRUE;
}

void
confab_olm_machine_after_sync (ConfabOlmMachine *self)
{
  g_return_if_fail (CONFAB_IS_OLM_MACHINE (self));

  if (!self->stopped)
    dex_future_disown (work (self)); /* its fiber logs what fails */
}

void
confab_olm_machine_track_users (ConfabOlmMachine *self, const char *const *user_ids)
{
  Track *track;

  g_return_if_fail (CONFAB_IS_OLM_MACHINE (self));
  g_return_if_fail (user_ids != NULL);

  if (self->stopped || user_ids[0] == NULL)
    return;
  track = g_new (Track, 1);
  *track = (Track) { g_object_ref (self), g_strdupv ((GStrv) user_ids) };
  dex_future_disown (
    dex_scheduler_spawn (NULL, 0, confab_olm_machine_track_fiber, track, track_free));
}

/**
 * confab_olm_machine_get_outbox:
 * @self: a machine
 *
 * Returns: (transfer none): where device messages are handed in
 */
ConfabOutbox *
confab_olm_machine_get_outbox (ConfabOlmMachine *self)
{
  g_return_val_if_fail (CONFAB_IS_OLM_MACHINE (self), NULL);

  return self->outbox;
}

ConfabOlmVault *
confab_olm_machine_get_vault (ConfabOlmMachine *self)
{
  return self->vault;
}

ConfabDeviceList *
confab_olm_machine_get_device_list (ConfabOlmMachine *self)
{
  return self->devices;
}
