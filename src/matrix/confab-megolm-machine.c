/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-megolm-machine-private.h"

#include "confab-megolm-events.h"
#include "confab-olm-machine-private.h"
#include "confab-slice.h"
#include "confab-store-future.h"

G_DEFINE_FINAL_TYPE (ConfabMegolmMachine, confab_megolm_machine, G_TYPE_OBJECT)

enum {
  SIGNAL_ROOM_EVENT,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

typedef struct {
  ConfabOlmVault *vault;
  gint64 after;
  gint64 last;
  GPtrArray *events;
} Read;

static gboolean
read_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Read *read = data;

  return confab_megolm_events_read (
    read->vault, transaction, read->after, read->events, &read->last, error);
}

static gboolean
drop_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_megolm_events_drop (transaction, *(gint64 *) data, error);
}

/* As with the inbox of calls: a row goes when it was handed on, and what was is not handed on again even when its row
 * does not go. */
static gboolean
await_some_handed_on (ConfabMegolmMachine *self, gboolean *more, GError **error)
{
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_room_event_unref);
  Read read = { confab_olm_machine_get_vault (self->olm), self->handed_on, 0, events };
  ConfabSlice slice;

  *more = FALSE;
  if (!dex_await (confab_store_future (self->store, read_func, &read), error))
    return FALSE;
  if (self->stopped || read.last == read.after)
    return TRUE;
  confab_slice_begin (&slice);
  for (guint i = 0; i < events->len && !self->stopped; i++) {
    g_signal_emit (self, signals[SIGNAL_ROOM_EVENT], 0, events->pdata[i]);
    confab_slice_await (&slice);
  }
  if (self->stopped)
    return TRUE;
  self->handed_on = read.last;
  *more = TRUE;
  return dex_await (confab_store_future (self->store, drop_func, &read.last), error);
}

static DexFuture *
confab_megolm_machine_hand_on_fiber (gpointer data)
{
  ConfabMegolmMachine *self = data;
  GError *error = NULL;
  gboolean more = FALSE;
  gboolean ok;

  do {
    self->again = FALSE;
    ok = await_some_handed_on (self, &more, &error);
  } while (ok && (more || self->again) && !self->stopped);
  dex_clear (&self->handing_on);
  return ok ? dex_future_new_true () : dex_future_new_for_error (error);
}

static DexFuture *
confab_megolm_machine_stop_fiber (gpointer data)
{
  ConfabMegolmMachine *self = data;

  if (self->handing_on != NULL)
    dex_await (dex_ref (self->handing_on), NULL);
  if (self->restoring != NULL)
    dex_await (dex_ref (DEX_FUTURE (self->restoring)), NULL);
  if (self->n_sending > 0) {
    if (self->idle == NULL)
      self->idle = dex_promise_new ();
    dex_await (dex_ref (DEX_FUTURE (self->idle)), NULL);
  }
  return dex_future_new_true ();
}

static void
confab_megolm_machine_dispose (GObject *object)
{
  ConfabMegolmMachine *self = CONFAB_MEGOLM_MACHINE (object);

  g_clear_object (&self->olm);
  g_clear_object (&self->store);
  g_clear_object (&self->homeserver);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->tails, g_hash_table_unref);
  g_clear_pointer (&self->restored_tails, g_hash_table_unref);
  g_clear_pointer (&self->txn_ids, g_hash_table_unref);
  g_clear_pointer (&self->shown, g_free);
  dex_clear (&self->moved);
  dex_clear (&self->heard);
  dex_clear (&self->stopping);
  dex_clear (&self->idle);
  dex_clear (&self->handing_on);
  dex_clear (&self->restoring);
  G_OBJECT_CLASS (confab_megolm_machine_parent_class)->dispose (object);
}

static void
confab_megolm_machine_class_init (ConfabMegolmMachineClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_megolm_machine_dispose;
  signals[SIGNAL_ROOM_EVENT] = g_signal_new ("room-event",
                                             G_TYPE_FROM_CLASS (klass),
                                             G_SIGNAL_RUN_LAST,
                                             0,
                                             NULL,
                                             NULL,
                                             NULL,
                                             G_TYPE_NONE,
                                             1,
                                             CONFAB_TYPE_ROOM_EVENT | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
confab_megolm_machine_init (ConfabMegolmMachine *self)
{
  self->tails = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, dex_unref);
  self->restored_tails = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, dex_unref);
  self->txn_ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->moved = dex_promise_new ();
  self->heard = dex_promise_new ();
  self->stopping = dex_promise_new ();
}

ConfabMegolmMachine *
confab_megolm_machine_new (ConfabOlmMachine *olm,
                           ConfabStore *store,
                           ConfabHomeserver *homeserver,
                           ConfabClock *clock,
                           ConfabMembersFunc members_func,
                           gpointer members_data)
{
  ConfabMegolmMachine *self;

  g_return_val_if_fail (CONFAB_IS_OLM_MACHINE (olm), NULL);
  g_return_val_if_fail (members_func != NULL, NULL);

  self = g_object_new (CONFAB_TYPE_MEGOLM_MACHINE, NULL);
  self->olm = g_object_ref (olm);
  self->store = g_object_ref (store);
  self->homeserver = g_object_ref (homeserver);
  self->clock = g_object_ref (clock);
  self->members_func = members_func;
  self->members_data = members_data;
  return self;
}

void
confab_megolm_machine_set_shown (ConfabMegolmMachine *self, const char *next_batch)
{
  g_autoptr (DexPromise) moved = NULL;

  g_return_if_fail (CONFAB_IS_MEGOLM_MACHINE (self));

  if (!g_set_str (&self->shown, next_batch))
    return;
  moved = g_steal_pointer (&self->moved);
  self->moved = dex_promise_new ();
  dex_promise_resolve_boolean (moved, TRUE);
}

void
confab_megolm_machine_set_heard (ConfabMegolmMachine *self)
{
  g_return_if_fail (CONFAB_IS_MEGOLM_MACHINE (self));

  if (dex_future_is_pending (DEX_FUTURE (self->heard)))
    dex_promise_resolve_boolean (self->heard, TRUE);
}

DexFuture *
confab_megolm_machine_hand_on (ConfabMegolmMachine *self)
{
  dex_return_error_if_fail (CONFAB_IS_MEGOLM_MACHINE (self));

  self->again = TRUE;
  if (self->handing_on == NULL)
    self->handing_on = dex_scheduler_spawn (
      NULL, 0, confab_megolm_machine_hand_on_fiber, g_object_ref (self), g_object_unref);
  return dex_ref (self->handing_on);
}

DexFuture *
confab_megolm_machine_stop (ConfabMegolmMachine *self)
{
  dex_return_error_if_fail (CONFAB_IS_MEGOLM_MACHINE (self));

  if (!self->stopped) {
    self->stopped = TRUE;
    dex_promise_resolve_boolean (self->stopping, TRUE);
  }
  return dex_scheduler_spawn (
    NULL, 0, confab_megolm_machine_stop_fiber, g_object_ref (self), g_object_unref);
}
