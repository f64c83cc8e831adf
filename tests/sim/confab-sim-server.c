/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-server.h"

#include "confab-call-content.h"
#include "confab-json.h"

struct _ConfabSimServer {
  ConfabClock *clock;
  guint n;
  ConfabSimServerFunc news;
  ConfabSimReachFunc reaches;
  gpointer data;
  GPtrArray *events;                          /* ConfabSimEvent */
  GPtrArray *heard[CONFAB_SIM_MAX_CLIENTS];   /* of these, as they came to each */
  GPtrArray *missed[CONFAB_SIM_MAX_CLIENTS];  /* and those that are still to come */
  GPtrArray *inboxes[CONFAB_SIM_MAX_CLIENTS]; /* ConfabSimMessage */
  GPtrArray
    *account[CONFAB_SIM_MAX_CLIENTS]; /* JsonObject: what this client's user wrote about the room */
};

static void
free_event (gpointer data)
{
  ConfabSimEvent *event = data;

  g_free (event->type);
  g_free (event->state_key);
  g_free (event->sender);
  json_object_unref (event->content);
  g_free (event);
}

static void
free_message (gpointer data)
{
  ConfabSimMessage *message = data;

  g_free (message->sender);
  g_free (message->device_id);
  g_free (message->type);
  json_object_unref (message->content);
  g_free (message);
}

ConfabSimServer *
confab_sim_server_new (
  ConfabClock *clock, guint n, ConfabSimServerFunc news, ConfabSimReachFunc reaches, gpointer data)
{
  ConfabSimServer *self = g_new0 (ConfabSimServer, 1);

  self->clock = g_object_ref (clock);
  self->n = n;
  self->news = news;
  self->reaches = reaches;
  self->data = data;
  self->events = g_ptr_array_new_with_free_func (free_event);
  for (guint i = 0; i < n; i++) {
    self->heard[i] = g_ptr_array_new ();
    self->missed[i] = g_ptr_array_new ();
    self->inboxes[i] = g_ptr_array_new_with_free_func (free_message);
    self->account[i] = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  }
  return self;
}

void
confab_sim_server_free (ConfabSimServer *self)
{
  g_object_unref (self->clock);
  g_ptr_array_unref (self->events);
  for (guint i = 0; i < self->n; i++) {
    g_ptr_array_unref (self->heard[i]);
    g_ptr_array_unref (self->missed[i]);
    g_ptr_array_unref (self->inboxes[i]);
    g_ptr_array_unref (self->account[i]);
  }
  g_free (self);
}

/* What is in force. */
const ConfabSimEvent *
confab_sim_server_lookup (ConfabSimServer *self, const char *type, const char *state_key)
{
  for (guint i = self->events->len; i-- > 0;) {
    const ConfabSimEvent *event = self->events->pdata[i];
    if (g_str_equal (event->type, type) && g_str_equal (event->state_key, state_key))
      return event;
  }
  return NULL;
}

static gboolean
is_same_key (const ConfabSimEvent *a, const ConfabSimEvent *b)
{
  return g_str_equal (a->type, b->type) && g_str_equal (a->state_key, b->state_key);
}

/* Where two sides wrote the same while they were apart, both have in the end what was written last. */
static void
settle_key (ConfabSimServer *self, guint index, const ConfabSimEvent *missed)
{
  const ConfabSimEvent *winner = confab_sim_server_lookup (self, missed->type, missed->state_key);

  for (guint i = self->heard[index]->len; i-- > 0;) {
    const ConfabSimEvent *event = self->heard[index]->pdata[i];
    if (!is_same_key (event, missed))
      continue;
    if (event != winner)
      g_ptr_array_add (self->heard[index], (gpointer) winner);
    return;
  }
}

/**
 * confab_sim_server_release:
 * @self: the homeservers
 *
 * Some reach each other again: each hears what it has missed of them.
 */
void
confab_sim_server_release (ConfabSimServer *self)
{
  for (guint i = 0; i < self->n; i++) {
    g_autoptr (GPtrArray) missed = g_steal_pointer (&self->missed[i]);
    guint n = self->heard[i]->len;

    self->missed[i] = g_ptr_array_new ();
    for (guint j = 0; j < missed->len; j++) {
      ConfabSimEvent *event = missed->pdata[j];
      gboolean reached = self->reaches (event->sender, i, self->data);
      g_ptr_array_add (reached ? self->heard[i] : self->missed[i], event);
    }
    if (self->heard[i]->len == n)
      continue;
    for (guint j = 0; j < missed->len && self->missed[i]->len == 0; j++)
      settle_key (self, i, missed->pdata[j]);
    self->news (i, self->data);
  }
}

/* As Synapse: state that is the same as what is there makes no event. */
void
confab_sim_server_put_state (ConfabSimServer *self,
                             const char *sender,
                             const char *type,
                             const char *state_key,
                             JsonObject *content)
{
  const ConfabSimEvent *old = confab_sim_server_lookup (self, type, state_key);
  ConfabSimEvent *event;

  if (old != NULL && json_object_equal (old->content, content))
    return;
  event = g_new0 (ConfabSimEvent, 1);
  event->type = g_strdup (type);
  event->state_key = g_strdup (state_key);
  event->sender = g_strdup (sender);
  event->origin_server_ts = confab_clock_get_real_time (self->clock) / 1000;
  event->content = json_object_ref (content);
  g_ptr_array_add (self->events, event);
  for (guint i = 0; i < self->n; i++) {
    gboolean reached = self->reaches (sender, i, self->data);
    g_ptr_array_add (reached ? self->heard[i] : self->missed[i], event);
    if (reached)
      self->news (i, self->data);
  }
}

/* The oldest call that is on, as `matrix` tells of it: the same state, with nothing in it. */
void
confab_sim_server_redact_call (ConfabSimServer *self, const char *sender)
{
  g_autofree char *id = confab_sim_server_dup_call_id (self);
  g_autoptr (JsonObject) nothing = json_object_new ();

  if (id != NULL)
    confab_sim_server_put_state (self, sender, CONFAB_CALL_CONTENT_TYPE, id, nothing);
}

void
confab_sim_server_put_membership (ConfabSimServer *self, const char *user_id, gboolean joined)
{
  g_autoptr (JsonObject) content = json_object_new ();

  json_object_set_string_member (content, "membership", joined ? "join" : "leave");
  confab_sim_server_put_state (self, user_id, CONFAB_SIM_MEMBERSHIP, user_id, content);
}

void
confab_sim_server_put_message (ConfabSimServer *self,
                               guint index,
                               const char *sender,
                               const char *device_id,
                               const char *type,
                               JsonObject *content)
{
  ConfabSimMessage *message = g_new0 (ConfabSimMessage, 1);

  message->sender = g_strdup (sender);
  message->device_id = g_strdup (device_id);
  message->type = g_strdup (type);
  message->content = json_object_ref (content);
  g_ptr_array_add (self->inboxes[index], message);
  self->news (index, self->data);
}

/* An old message of a type comes again: one that had so many after it, or the first. */
void
confab_sim_server_replay (ConfabSimServer *self, guint index, const char *type, guint n_later)
{
  const ConfabSimMessage *old = NULL;

  for (guint i = self->inboxes[index]->len; i-- > 0;) {
    const ConfabSimMessage *message = self->inboxes[index]->pdata[i];

    if (!g_str_equal (message->type, type))
      continue;
    old = message;
    if (n_later-- == 0)
      break;
  }
  if (old != NULL)
    confab_sim_server_put_message (
      self, index, old->sender, old->device_id, old->type, old->content);
}

guint
confab_sim_server_get_n_events (ConfabSimServer *self, guint index)
{
  return self->heard[index]->len;
}

const ConfabSimEvent *
confab_sim_server_get_event (ConfabSimServer *self, guint index, guint position)
{
  return self->heard[index]->pdata[position];
}

guint
confab_sim_server_get_n_messages (ConfabSimServer *self, guint index)
{
  return self->inboxes[index]->len;
}

const ConfabSimMessage *
confab_sim_server_get_message (ConfabSimServer *self, guint index, guint position)
{
  return self->inboxes[index]->pdata[position];
}

static gboolean
is_on (ConfabSimServer *self, const ConfabSimEvent *event)
{
  return g_str_equal (event->type, CONFAB_CALL_CONTENT_TYPE) &&
         confab_sim_server_lookup (self, event->type, event->state_key) == event &&
         !confab_call_content_is_over (event->content);
}

/* Account data of the room, as one of the user's devices hears of it; the last stands. */
void
confab_sim_server_put_account (ConfabSimServer *self, guint index, JsonObject *content)
{
  g_ptr_array_add (self->account[index], json_object_ref (content));
  self->news (index, self->data);
}

guint
confab_sim_server_get_n_account (ConfabSimServer *self, guint index)
{
  return self->account[index]->len;
}

/* Returns: (transfer none): what was written at @position */
JsonObject *
confab_sim_server_get_account (ConfabSimServer *self, guint index, guint position)
{
  return self->account[index]->pdata[position];
}

/* Those that are on. */
guint
confab_sim_server_count_calls (ConfabSimServer *self)
{
  guint n = 0;

  for (guint i = 0; i < self->events->len; i++)
    n += is_on (self, self->events->pdata[i]);
  return n;
}

/* Returns: (transfer full) (element-type utf8): the calls that are on */
GPtrArray *
confab_sim_server_dup_call_ids (ConfabSimServer *self)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->events->len; i++) {
    const ConfabSimEvent *event = self->events->pdata[i];
    if (is_on (self, event))
      g_ptr_array_add (ids, g_strdup (event->state_key));
  }
  return ids;
}

/* Returns: (nullable): the oldest call that is on */
char *
confab_sim_server_dup_call_id (ConfabSimServer *self)
{
  for (guint i = 0; i < self->events->len; i++) {
    const ConfabSimEvent *event = self->events->pdata[i];
    if (is_on (self, event))
      return g_strdup (event->state_key);
  }
  return NULL;
}
