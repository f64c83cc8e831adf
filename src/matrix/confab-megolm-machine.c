/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-megolm-machine.h"

#include "confab-json.h"
#include "confab-key-claim.h"
#include "confab-matrix-error.h"
#include "confab-megolm-events.h"
#include "confab-megolm-plan.h"
#include "confab-olm-machine-private.h"
#include "confab-outbox.h"
#include "confab-slice.h"
#include "confab-store-future.h"

#define SEND_TIMEOUT_MS (60 * 1000) /* as call signalling: later it says nothing any more */
#define FIRST_PAUSE_MS 1000
#define MAX_PAUSE_MS 15000

struct _ConfabMegolmMachine {
  GObject parent_instance;

  ConfabOlmMachine *olm;
  ConfabStore *store;
  ConfabHomeserver *homeserver;
  ConfabClock *clock;
  ConfabMembersFunc members_func;
  gpointer members_data;

  GHashTable
    *tails; /* (element-type utf8 DexPromise): resolved when the last event of a room is through */
  char *shown;       /* (nullable): the token of the sync that the members are from */
  DexPromise *moved; /* resolved when @shown changes; then there is another one */
  DexPromise *stopping;
  DexPromise *idle; /* (nullable): resolved when the last of @n_sending is through */
  guint n_sending;
  DexFuture *handing_on; /* (nullable) */
  gboolean again;
  gint64 handed_on; /* the last row that was */
  gboolean stopped;
};

G_DEFINE_FINAL_TYPE (ConfabMegolmMachine, confab_megolm_machine, G_TYPE_OBJECT)

enum {
  SIGNAL_ROOM_EVENT,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

/* ---- sending ---- */

typedef struct {
  ConfabMegolmMachine *self;
  char *room_id;
  char *type;
  char *content;
  char *txn_id;         /* the same over retries: the server takes it once */
  DexFuture *before;    /* (nullable): the event before it in its room */
  DexPromise *through;  /* resolved when it is sent, or failed */
  DexPromise *deadline; /* resolved when it has taken too long */
  guint timeout;        /* 0 when it has fired */
} Send;

static void
send_free (gpointer data)
{
  Send *send = data;

  dex_clear (&send->before);
  dex_clear (&send->through);
  dex_clear (&send->deadline);
  g_free (send->room_id);
  g_free (send->type);
  g_free (send->content);
  g_free (send->txn_id);
  g_object_unref (send->self);
  g_free (send);
}

static void
deadline_cb (gpointer data)
{
  Send *send = data;

  send->timeout = 0;
  dex_promise_resolve_boolean (send->deadline, TRUE);
}

/* Whether there is any sense in going on. */
static gboolean
check_going (Send *send, GError **error)
{
  if (send->self->stopped) {
    g_set_error_literal (error,
                         CONFAB_MATRIX_ERROR,
                         CONFAB_MATRIX_ERROR_CANCELLED,
                         "the session ends");
    return FALSE;
  }
  if (send->timeout == 0) {
    g_set_error_literal (error,
                         CONFAB_MATRIX_ERROR,
                         CONFAB_MATRIX_ERROR_NETWORK,
                         "it could not be sent in time");
    return FALSE;
  }
  return TRUE;
}

/* Waits for @future (transfer full), and no longer than it may. What became of @future is not asked. */
static gboolean
await_within (Send *send, DexFuture *future, GError **error)
{
  dex_await (dex_future_first (future,
                               dex_ref (DEX_FUTURE (send->deadline)),
                               dex_ref (DEX_FUTURE (send->self->stopping)),
                               NULL),
             NULL);
  return check_going (send, error);
}

static gboolean
await_work (Send *send, DexFuture *future, GError **error)
{
  return dex_await (future, error) && check_going (send, error);
}

/* Does what @plan lacks. @lists and @keys are good for one go each: what cannot be had then is done without. */
static gboolean
await_missing (Send *send, ConfabMegolmPlan *plan, GError **error)
{
  ConfabMegolmMachine *self = send->self;

  switch (plan->status) {
  case CONFAB_MEGOLM_BEHIND:
    return g_strcmp0 (plan->shown, self->shown) != 0 ||
           await_within (send, dex_ref (DEX_FUTURE (self->moved)), error);
  case CONFAB_MEGOLM_NEEDS_LISTS:
    plan->asked = TRUE;
    return await_work (send,
                       confab_device_list_update (confab_olm_machine_get_device_list (self->olm)),
                       error);
  case CONFAB_MEGOLM_NEEDS_KEYS:
    plan->claimed = TRUE;
    return plan->claim->len == 0 ||
           await_work (send,
                       confab_key_claim (
                         self->store, self->homeserver, self->clock, plan->vault, plan->claim),
                       error);
  case CONFAB_MEGOLM_UNKNOWN_ROOM:
    g_set_error (error,
                 CONFAB_MATRIX_ERROR,
                 CONFAB_MATRIX_ERROR_NOT_FOUND,
                 "whether %s is encrypted is not known",
                 send->room_id);
    return FALSE;
  case CONFAB_MEGOLM_UNSUPPORTED:
    g_set_error (error,
                 CONFAB_MATRIX_ERROR,
                 CONFAB_MATRIX_ERROR_UNSUPPORTED,
                 "%s is encrypted in a way that is not known",
                 send->room_id);
    return FALSE;
  case CONFAB_MEGOLM_ENCRYPTED:
  case CONFAB_MEGOLM_CLEAR:
  case CONFAB_MEGOLM_READY:
  default:
    return check_going (send, error);
  }
}

/* Goes through @plan until it is encrypted, or known to need no encryption. */
static gboolean
await_plan (Send *send, ConfabMegolmPlan *plan, GError **error)
{
  ConfabMegolmMachine *self = send->self;

  do {
    g_auto (GStrv) members = NULL;
    g_autofree char *shown = g_strdup (self->shown); /* the members are at least as new */
    gboolean ok;

    /* Who is in it is asked for only where it matters. */
    if (plan->status != CONFAB_MEGOLM_UNKNOWN_ROOM) {
      members = dex_await_boxed (self->members_func (send->room_id, self->members_data), error);
      if (members == NULL || !check_going (send, error))
        return FALSE;
    }
    plan->members = members;
    plan->shown = shown;
    plan->now_ms = confab_clock_get_real_time (self->clock) / 1000;
    ok = dex_await (confab_store_future (self->store, confab_megolm_plan_func, plan), error) &&
         await_missing (send, plan, error);
    plan->members = NULL;
    plan->shown = NULL;
    if (!ok)
      return FALSE;
  } while (plan->status != CONFAB_MEGOLM_READY && plan->status != CONFAB_MEGOLM_CLEAR);
  return TRUE;
}

static gboolean
may_succeed_later (const GError *error)
{
  return g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NETWORK) ||
         g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NO_ANSWER) ||
         g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_SERVER) ||
         g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED) ||
         g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL) ||
         g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_TLS);
}

static void
resume_cb (gpointer data)
{
  dex_promise_resolve_boolean (data, TRUE);
}

static gboolean
await_pause (Send *send, guint n_failures, const GError *failure, GError **error)
{
  g_autoptr (DexPromise) resume = dex_promise_new ();
  gint64 pause_ms = MIN (FIRST_PAUSE_MS << MIN (n_failures, 5), MAX_PAUSE_MS);
  guint timeout;
  gboolean ok;

  pause_ms = CLAMP (MAX (pause_ms, confab_matrix_error_get_retry_after_ms (failure)),
                    0,
                    SEND_TIMEOUT_MS);
  timeout = confab_clock_add_timeout (send->self->clock, pause_ms, resume_cb, resume);
  ok = await_within (send, dex_ref (DEX_FUTURE (resume)), error);
  if (dex_future_is_pending (DEX_FUTURE (resume)))
    confab_clock_remove (send->self->clock, timeout);
  return ok;
}

/* What is not encrypted may be only while the room is not, each time it is tried. */
static gboolean
await_still_clear (Send *send, GError **error)
{
  g_auto (ConfabMegolmPlan) plan = { .room_id = send->room_id };

  if (!dex_await (confab_store_future (send->self->store, confab_megolm_plan_func, &plan), error))
    return FALSE;
  if (plan.status == CONFAB_MEGOLM_CLEAR)
    return check_going (send, error);
  g_set_error (error,
               CONFAB_MATRIX_ERROR,
               CONFAB_MATRIX_ERROR_FAILED,
               "%s is encrypted meanwhile",
               send->room_id);
  return FALSE;
}

/* The event's id, or NULL. @clear: @text is what was handed in. */
static char *
await_put (Send *send, gboolean clear, const char *type, const char *text, GError **error)
{
  g_autofree char *room = g_uri_escape_string (send->room_id, NULL, FALSE);
  g_autofree char *name = g_uri_escape_string (type, NULL, FALSE);
  g_autofree char *path = g_strconcat (
    "/_matrix/client/v3/rooms/", room, "/send/", name, "/", send->txn_id, NULL);
  g_autoptr (JsonObject) body = confab_json_parse_object (text, -1, error);

  for (guint n_failures = 0; body != NULL; n_failures++) {
    g_autoptr (GError) failure = NULL;
    g_autoptr (JsonObject) reply = dex_await_boxed (
      confab_homeserver_send (send->self->homeserver, "PUT", path, body, 0, CONFAB_REQUEST_NONE),
      &failure);
    if (reply != NULL) {
      const char *event_id = confab_json_peek_string (reply, "event_id");
      if (event_id != NULL)
        return g_strdup (event_id);
      g_set_error_literal (error,
                           CONFAB_MATRIX_ERROR,
                           CONFAB_MATRIX_ERROR_BAD_RESPONSE,
                           "no event_id in the reply");
      return NULL;
    }
    if (!may_succeed_later (failure)) {
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }
    g_info ("an event for %s waits: %s", send->room_id, failure->message);
    if (!await_pause (send, n_failures, failure, error) ||
        (clear && !await_still_clear (send, error)))
      return NULL;
  }
  return NULL;
}

static char *
await_sent (Send *send, GError **error)
{
  ConfabMegolmMachine *self = send->self;
  g_auto (ConfabMegolmPlan) plan = {
    .vault = confab_olm_machine_get_vault (self->olm),
    .room_id = send->room_id,
    .type = send->type,
    .content = send->content,
    .status = CONFAB_MEGOLM_UNKNOWN_ROOM,
  };

  if (send->before != NULL && !await_within (send, dex_ref (send->before), error))
    return NULL;
  if (!check_going (send, error) || !await_plan (send, &plan, error))
    return NULL;
  if (plan.status == CONFAB_MEGOLM_CLEAR)
    return await_put (send, TRUE, send->type, send->content, error);
  /* Who gets the message first and the key later has to wait for it; the other way round nobody has. */
  if (!await_within (send,
                     confab_outbox_await_rows (confab_olm_machine_get_outbox (self->olm),
                                               plan.rows),
                     error))
    return NULL;
  return await_put (send, FALSE, "m.room.encrypted", plan.wire, error);
}

static DexFuture *
confab_megolm_machine_send_fiber (gpointer data)
{
  Send *send = data;
  ConfabMegolmMachine *self = send->self;
  g_autoptr (GError) error = NULL;
  g_autofree char *event_id = NULL;

  event_id = await_sent (send, &error);
  if (send->timeout != 0)
    confab_clock_remove (self->clock, send->timeout);
  dex_promise_resolve_boolean (send->through, TRUE);
  if (g_hash_table_lookup (self->tails, send->room_id) == send->through)
    g_hash_table_remove (self->tails, send->room_id);
  if (--self->n_sending == 0 && self->idle != NULL)
    dex_promise_resolve_boolean (self->idle, TRUE);
  return event_id != NULL ? dex_future_new_for_string (event_id)
                          : dex_future_new_for_error (g_steal_pointer (&error));
}

/* ---- handing on ---- */

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
  g_clear_pointer (&self->shown, g_free);
  dex_clear (&self->moved);
  dex_clear (&self->stopping);
  dex_clear (&self->idle);
  dex_clear (&self->handing_on);
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
  self->moved = dex_promise_new ();
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

/**
 * confab_megolm_machine_send:
 * @self: a machine
 * @room_id: a room that is in the store
 * @type: of the event
 * @content: of the event; not kept
 *
 * Events of one room go out in the order in which they were handed in. Where the room is encrypted, everybody in it is
 * given the key first; a device with which no Olm session can be had, or that is blocked, is told that it gets none.
 *
 * Rejects with %CONFAB_MATRIX_ERROR_NOT_FOUND when it is not known whether the room is encrypted,
 * %CONFAB_MATRIX_ERROR_UNSUPPORTED when it is in an unknown way, %CONFAB_MATRIX_ERROR_NETWORK after a minute.
 *
 * Returns: (transfer full): resolves to the event's id (string)
 */
DexFuture *
confab_megolm_machine_send (ConfabMegolmMachine *self,
                            const char *room_id,
                            const char *type,
                            JsonObject *content)
{
  DexPromise *before;
  Send *send;

  dex_return_error_if_fail (CONFAB_IS_MEGOLM_MACHINE (self));
  dex_return_error_if_fail (room_id != NULL && type != NULL && content != NULL);

  before = g_hash_table_lookup (self->tails, room_id);
  send = g_new (Send, 1);
  *send = (Send) {
    .self = g_object_ref (self),
    .room_id = g_strdup (room_id),
    .type = g_strdup (type),
    .content = confab_json_to_string (content),
    .txn_id = confab_homeserver_new_transaction_id (self->homeserver),
    .before = before != NULL ? dex_ref (DEX_FUTURE (before)) : NULL,
    .through = dex_promise_new (),
    .deadline = dex_promise_new (),
  };
  send->timeout = confab_clock_add_timeout (self->clock, SEND_TIMEOUT_MS, deadline_cb, send);
  g_hash_table_replace (self->tails, g_strdup (room_id), dex_ref (send->through));
  self->n_sending++;
  return dex_scheduler_spawn (NULL, 0, confab_megolm_machine_send_fiber, send, send_free);
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
