/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-call-departure.h"

#include "confab-call.h"

#define TIMEOUT_US (2 * G_USEC_PER_SEC)

typedef struct {
  GListModel *calls;
  ConfabOutbox *outbox;
  DexPromise *left;
} Departure;

static void
departure_free (Departure *self)
{
  g_object_unref (self->calls);
  g_object_unref (self->outbox);
  dex_unref (self->left);
  g_free (self);
}

/* Others see us in it: the entry that says so is on its way out at best. */
static gboolean
is_in (ConfabCall *call)
{
  return confab_call_is_active (call) || confab_call_get_state (call) == CONFAB_CALL_STATE_LEAVING;
}

static GPtrArray *
list_active (Departure *self)
{
  GPtrArray *active = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (self->calls); i++) {
    g_autoptr (ConfabCall) call = g_list_model_get_item (self->calls, i);
    if (is_in (call))
      g_ptr_array_add (active, g_steal_pointer (&call));
  }
  return active;
}

static void
check_left_cb (Departure *self)
{
  g_autoptr (GPtrArray) active = list_active (self);

  if (active->len == 0 && dex_future_is_pending (DEX_FUTURE (self->left)))
    dex_promise_resolve_boolean (self->left, TRUE);
}

/* @future: (transfer full). Each race has a time-out of its own: one that has lost never ends, libdex takes it away. */
static void
await_until (DexFuture *future, gint64 deadline)
{
  dex_await (dex_future_first (future, dex_timeout_new_deadline (deadline), NULL), NULL);
}

static DexFuture *
departure_fiber (gpointer data)
{
  Departure *self = data;
  g_autoptr (GPtrArray) active = list_active (self);
  gint64 deadline = g_get_monotonic_time () + TIMEOUT_US;

  if (active->len == 0)
    return dex_future_new_true ();
  for (guint i = 0; i < active->len; i++) {
    g_signal_connect_swapped (active->pdata[i], "notify::state", G_CALLBACK (check_left_cb), self);
    if (confab_call_is_active (active->pdata[i]))
      confab_call_leave (active->pdata[i]);
  }
  check_left_cb (self);
  await_until (dex_ref (DEX_FUTURE (self->left)), deadline);
  await_until (confab_outbox_flush (self->outbox), deadline);
  for (guint i = 0; i < active->len; i++)
    g_signal_handlers_disconnect_by_data (active->pdata[i], self);
  return dex_future_new_true ();
}

DexFuture *
confab_call_departure (GListModel *calls, ConfabOutbox *outbox)
{
  Departure *self = g_new (Departure, 1);

  *self = (Departure) { g_object_ref (calls), g_object_ref (outbox), dex_promise_new () };
  return dex_scheduler_spawn (NULL, 0, departure_fiber, self, (GDestroyNotify) departure_free);
}
