/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-megolm-machine-private.h"

#include "confab-json.h"
#include "confab-key-claim.h"
#include "confab-matrix-error.h"
#include "confab-megolm-plan.h"
#include "confab-olm-machine-private.h"
#include "confab-outbox.h"
#include "confab-room-outbox.h"
#include "confab-store-future.h"

#include <string.h>

/* The sending half of ConfabMegolmMachine. */

#define SEND_TIMEOUT_MS (60 * 1000)    /* somebody waits for it */
#define MAX_CONTENT_LENGTH (60 * 1024) /* servers take events of 64 KiB */
#define FIRST_PAUSE_MS 1000
#define MAX_PAUSE_MS 15000

typedef struct {
  ConfabMegolmMachine *self;
  ConfabRoomOutboxEvent *event;
  gboolean restored;    /* a process before this one was asked */
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
  confab_room_outbox_event_free (send->event);
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

/* Does what @plan lacks. Lists and keys are asked for once each: what cannot be had then is done without. */
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
                 send->event->room_id);
    return FALSE;
  case CONFAB_MEGOLM_UNSUPPORTED:
    g_set_error (error,
                 CONFAB_MATRIX_ERROR,
                 CONFAB_MATRIX_ERROR_UNSUPPORTED,
                 "%s is encrypted in a way that is not known",
                 send->event->room_id);
    return FALSE;
  case CONFAB_MEGOLM_ENCRYPTED:
  case CONFAB_MEGOLM_CLEAR:
  case CONFAB_MEGOLM_READY:
  default:
    return check_going (send, error);
  }
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

/* Who is in it is asked for only where it matters. */
static gboolean
await_round (Send *send, ConfabMegolmPlan *plan, GError **error)
{
  ConfabMegolmMachine *self = send->self;
  g_auto (GStrv) members = NULL;
  g_autofree char *shown = g_strdup (self->shown); /* the members are at least as new */
  gboolean ok;

  if (plan->status != CONFAB_MEGOLM_UNKNOWN_ROOM) {
    members = dex_await_boxed (self->members_func (send->event->room_id, self->members_data),
                               error);
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
  return ok;
}

/* Goes through @plan until it is encrypted, or known to need no encryption. */
static gboolean
await_plan (Send *send, ConfabMegolmPlan *plan, GError **error)
{
  guint n_failures = 0;

  do {
    g_autoptr (GError) failure = NULL;

    if (await_round (send, plan, &failure))
      continue;
    if (!may_succeed_later (failure)) {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
    g_info ("an event for %s waits: %s", send->event->room_id, failure->message);
    if (!await_pause (send, n_failures++, failure, error))
      return FALSE;
    /* The server was not asked, or has not answered: that is not what can be done without. */
    plan->asked = FALSE;
    plan->claimed = FALSE;
  } while (plan->status != CONFAB_MEGOLM_READY && plan->status != CONFAB_MEGOLM_CLEAR);
  return TRUE;
}

/* What the store says of a room may be from long ago: nothing goes out in clear on its word alone. */
static gboolean
await_heard (Send *send, GError **error)
{
  return await_within (send, dex_ref (DEX_FUTURE (send->self->heard)), error);
}

/* What is not encrypted may be only while the room is not, each time it is tried. */
static gboolean
await_still_clear (Send *send, GError **error)
{
  g_auto (ConfabMegolmPlan) plan = { .room_id = send->event->room_id };

  if (!await_heard (send, error))
    return FALSE;
  if (!dex_await (confab_store_future (send->self->store, confab_megolm_plan_func, &plan), error))
    return FALSE;
  if (plan.status == CONFAB_MEGOLM_CLEAR)
    return check_going (send, error);
  g_set_error (error,
               CONFAB_MATRIX_ERROR,
               CONFAB_MATRIX_ERROR_FAILED,
               "%s is encrypted meanwhile",
               send->event->room_id);
  return FALSE;
}

/* The event's id, or NULL. @clear: @text is what was handed in. */
static char *
await_put (Send *send, gboolean clear, const char *type, const char *text, GError **error)
{
  g_autofree char *room = g_uri_escape_string (send->event->room_id, NULL, FALSE);
  g_autofree char *name = g_uri_escape_string (type, NULL, FALSE);
  g_autofree char *path = g_strconcat (
    "/_matrix/client/v3/rooms/", room, "/send/", name, "/", send->event->txn_id, NULL);
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
    g_info ("an event for %s waits: %s", send->event->room_id, failure->message);
    if (!await_pause (send, n_failures, failure, error) ||
        (clear && !await_still_clear (send, error)))
      return NULL;
  }
  return NULL;
}

/* In the store before anything else: who asks can rely on it. */
static gboolean
insert_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Send *send = data;

  return confab_room_outbox_insert (confab_olm_machine_get_vault (send->self->olm),
                                    transaction,
                                    send->event,
                                    error);
}

/* What is before it in its room, be it of this process or of one before. */
static gboolean
await_turn (Send *send, GError **error)
{
  ConfabMegolmMachine *self = send->self;
  DexFuture *tail;

  if (send->before != NULL)
    return await_within (send, dex_ref (send->before), error);
  if (send->restored || self->restoring == NULL)
    return check_going (send, error);
  if (!await_within (send, dex_ref (DEX_FUTURE (self->restoring)), error))
    return FALSE;
  tail = g_hash_table_lookup (self->restored_tails, send->event->room_id);
  return tail == NULL || await_within (send, dex_ref (tail), error);
}

typedef struct {
  gint64 id;
  gboolean there;
} Presence;

static gboolean
presence_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Presence *presence = data;

  return confab_room_outbox_has (transaction, presence->id, &presence->there, error);
}

/* Who gets the message first and the key later has to wait for it; the other way round nobody has. What somebody could not
 * read, since the server refuses their key, is for the others all the same: the next message tries to give it again. What
 * nobody could read is not sent: whoever noted the last refusal has taken it out of the store. */
static char *
await_encrypted_put (Send *send, const ConfabMegolmPlan *plan, const char *wire, GError **error)
{
  ConfabOutbox *outbox = confab_olm_machine_get_outbox (send->self->olm);
  g_autoptr (DexFuture) rows = confab_outbox_await_rows (outbox, plan->rows);
  g_autoptr (GError) refusal = NULL;
  Presence presence = { send->event->id, FALSE };

  if (!await_within (send, dex_ref (rows), error))
    return NULL;
  if (dex_future_get_value (rows, &refusal) == NULL &&
      g_error_matches (refusal, CONFAB_SIGNALLING_ERROR, CONFAB_SIGNALLING_ERROR_NETWORK)) {
    /* They wait in the store, and so does the message. */
    g_set_error_literal (error,
                         CONFAB_MATRIX_ERROR,
                         CONFAB_MATRIX_ERROR_CANCELLED,
                         refusal->message);
    return NULL;
  }
  if (refusal != NULL)
    g_debug ("%s: somebody is not given the key: %s", send->event->room_id, refusal->message);
  if (!await_work (send, confab_store_future (send->self->store, presence_func, &presence), error))
    return NULL;
  if (presence.there)
    return await_put (send, FALSE, "m.room.encrypted", wire, error);
  g_set_error (error,
               CONFAB_MATRIX_ERROR,
               g_error_matches (refusal, CONFAB_SIGNALLING_ERROR, CONFAB_SIGNALLING_ERROR_FORBIDDEN)
                 ? CONFAB_MATRIX_ERROR_FORBIDDEN
                 : CONFAB_MATRIX_ERROR_FAILED,
               "the homeserver takes nobody's key for it: %s",
               refusal != NULL ? refusal->message : "none is left");
  return NULL;
}

/* What went out, or may have, goes out as it was. */
static char *
await_repeated (Send *send, GError **error)
{
  const ConfabRoomOutboxEvent *event = send->event;
  g_auto (ConfabMegolmPlan) plan = { .room_id = event->room_id };

  if (event->wire == NULL)
    return await_still_clear (send, error)
             ? await_put (send, TRUE, event->type, event->content, error)
             : NULL;
  if (!dex_await (confab_store_future (send->self->store, confab_megolm_plan_rows_func, &plan),
                  error))
    return NULL;
  return await_encrypted_put (send, &plan, event->wire, error);
}

static char *
await_sent (Send *send, GError **error)
{
  ConfabMegolmMachine *self = send->self;
  const ConfabRoomOutboxEvent *event = send->event;
  g_auto (ConfabMegolmPlan) plan = {
    .vault = confab_olm_machine_get_vault (self->olm),
    .room_id = event->room_id,
    .type = event->type,
    .content = event->content,
    .status = CONFAB_MEGOLM_UNKNOWN_ROOM,
  };

  if ((!send->restored &&
       !dex_await (confab_store_future (self->store, insert_func, send), error)) ||
      !check_going (send, error) || !await_turn (send, error))
    return NULL;
  if (event->wire_type != NULL)
    return await_repeated (send, error);
  plan.row = event->id;
  if (!await_plan (send, &plan, error))
    return NULL;
  if (plan.status == CONFAB_MEGOLM_CLEAR && dex_future_is_pending (DEX_FUTURE (self->heard)) &&
      (!await_heard (send, error) || !await_plan (send, &plan, error)))
    return NULL;
  if (plan.status == CONFAB_MEGOLM_CLEAR)
    return await_put (send, TRUE, event->type, event->content, error);
  return await_encrypted_put (send, &plan, plan.wire, error);
}

static gboolean
delete_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_room_outbox_delete (transaction, *(gint64 *) data, error);
}

/* What is cut short by the session's end is for the next one. */
static gboolean
is_left (const GError *error)
{
  return g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_CANCELLED) ||
         g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_SOFT_LOGOUT) ||
         g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN);
}

static void
await_deleted (Send *send)
{
  g_autoptr (GError) error = NULL;

  if (send->event->id != 0 &&
      !dex_await (confab_store_future (send->self->store, delete_func, &send->event->id), &error))
    g_warning ("cannot take an event out of the room's outbox: %s", error->message);
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
  if (event_id != NULL || !is_left (error))
    await_deleted (send);
  if (send->restored && event_id == NULL)
    g_info ("an event for %s from before the start is not sent: %s",
            send->event->room_id,
            error->message);
  dex_promise_resolve_boolean (send->through, TRUE);
  if (g_hash_table_lookup (self->tails, send->event->room_id) == send->through)
    g_hash_table_remove (self->tails, send->event->room_id);
  g_hash_table_remove (self->txn_ids, send->event->txn_id);
  if (--self->n_sending == 0 && self->idle != NULL)
    dex_promise_resolve_boolean (self->idle, TRUE);
  return event_id != NULL ? dex_future_new_for_string (event_id)
                          : dex_future_new_for_error (g_steal_pointer (&error));
}

/* Takes @event over; it comes after what is in @tails of its room. */
static DexFuture *
start_send (ConfabMegolmMachine *self,
            ConfabRoomOutboxEvent *event,
            GHashTable *tails,
            gboolean restored,
            gint64 timeout_ms)
{
  DexPromise *before = g_hash_table_lookup (tails, event->room_id);
  Send *send = g_new (Send, 1);

  *send = (Send) {
    .self = g_object_ref (self),
    .event = event,
    .restored = restored,
    .before = before != NULL ? dex_ref (DEX_FUTURE (before)) : NULL,
    .through = dex_promise_new (),
    .deadline = dex_promise_new (),
  };
  send->timeout = confab_clock_add_timeout (self->clock, timeout_ms, deadline_cb, send);
  g_hash_table_replace (tails, g_strdup (event->room_id), dex_ref (send->through));
  g_hash_table_add (self->txn_ids, g_strdup (event->txn_id));
  self->n_sending++;
  return dex_scheduler_spawn (NULL, 0, confab_megolm_machine_send_fiber, send, send_free);
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
 * What is not sent when the session or the process ends is sent by the next, once. It rejects with
 * %CONFAB_MATRIX_ERROR_CANCELLED then.
 *
 * Rejects with %CONFAB_MATRIX_ERROR_NOT_FOUND when it is not known whether the room is encrypted,
 * %CONFAB_MATRIX_ERROR_UNSUPPORTED when it is in an unknown way, %CONFAB_MATRIX_ERROR_TOO_LARGE,
 * %CONFAB_MATRIX_ERROR_FAILED when the room was encrypted while the event waited to go out in clear,
 * %CONFAB_MATRIX_ERROR_NETWORK after a minute: it is not sent later then; %CONFAB_MATRIX_ERROR_FORBIDDEN also when the
 * server refuses the key for everybody who is to read it. And with whatever else the server answers, or
 * a #ConfabStoreError.
 *
 * Returns: (transfer full): resolves to the event's id (string)
 */
DexFuture *
confab_megolm_machine_send (ConfabMegolmMachine *self,
                            const char *room_id,
                            const char *type,
                            JsonObject *content)
{
  g_autofree char *text = NULL;
  ConfabRoomOutboxEvent *event;

  dex_return_error_if_fail (CONFAB_IS_MEGOLM_MACHINE (self));
  dex_return_error_if_fail (room_id != NULL && type != NULL && content != NULL);

  text = confab_json_to_string (content);
  if (strlen (text) > MAX_CONTENT_LENGTH)
    return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                  CONFAB_MATRIX_ERROR_TOO_LARGE,
                                  "an event of that size is taken by no server");
  event = g_new (ConfabRoomOutboxEvent, 1);
  *event = (ConfabRoomOutboxEvent) {
    .room_id = g_strdup (room_id),
    .type = g_strdup (type),
    .content = g_steal_pointer (&text),
    .txn_id = confab_homeserver_new_transaction_id (self->homeserver),
    .created_at = confab_clock_get_real_time (self->clock) / 1000,
  };
  return start_send (self, event, self->tails, FALSE, SEND_TIMEOUT_MS);
}

/* ---- what a process before this one left ---- */

typedef struct {
  ConfabOlmVault *vault;
  gint64 now_ms;
  GPtrArray *events;
} Restore;

static gboolean
restore_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Restore *restore = data;

  return confab_room_outbox_read (
    restore->vault, transaction, restore->now_ms, restore->events, error);
}

static DexFuture *
restore_fiber (gpointer data)
{
  ConfabMegolmMachine *self = data;
  gint64 now_ms = confab_clock_get_real_time (self->clock) / 1000;
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func (
    (GDestroyNotify) confab_room_outbox_event_free);
  g_autoptr (GError) error = NULL;
  Restore restore = { confab_olm_machine_get_vault (self->olm), now_ms, events };

  if (!dex_await (confab_store_future (self->store, restore_func, &restore), &error))
    g_warning ("cannot read what is to be sent to rooms: %s", error->message);
  while (events->len > 0 && !self->stopped) {
    ConfabRoomOutboxEvent *event = g_ptr_array_steal_index (events, 0);
    gint64 left_ms = confab_room_outbox_max_age_ms (event->type) - ABS (now_ms - event->created_at);

    if (g_hash_table_contains (self->txn_ids, event->txn_id)) /* it is this process's own */
      confab_room_outbox_event_free (event);
    else
      dex_future_disown (start_send (self, event, self->restored_tails, TRUE, left_ms));
  }
  dex_promise_resolve_boolean (self->restoring, TRUE);
  return dex_future_new_true ();
}

void
confab_megolm_machine_start (ConfabMegolmMachine *self)
{
  g_return_if_fail (CONFAB_IS_MEGOLM_MACHINE (self));

  if (self->restoring != NULL || self->stopped)
    return;
  self->restoring = dex_promise_new ();
  dex_future_disown (
    dex_scheduler_spawn (NULL, 0, restore_fiber, g_object_ref (self), g_object_unref));
}
