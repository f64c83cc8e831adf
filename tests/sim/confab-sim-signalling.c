/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-signalling.h"

#include "confab-call-content.h"
#include "confab-json.h"
#include "confab-sim-http.h"

#define MESSAGE_PATIENCE_US (60 * G_USEC_PER_SEC)
#define FIRST_PAUSE_MS 1000
#define MAX_PAUSE_MS 15000
#define MAX_LIMIT_MS 60000
#define SERVERS_FRESH_MS (9 * 60 * 1000)
#define COMMIT_US (50 * 1000)

typedef struct {
  ConfabSignallingDone done;
  ConfabIceServersDone servers_done;
  gpointer data;
  GDestroyNotify destroy;
} Waiter;

/* A device message that waits to be sent. */
typedef struct {
  char *user_id;
  char *device_id;
  char *type;
  JsonObject *content;
  gint64 created_at;   /* monotonic, µs */
  gboolean in_request; /* it has a transaction id */
  gboolean taken;      /* the server has it, under that id */
  Waiter *waiter;      /* (nullable): of the process that sent it */
} Row;

struct _ConfabSimOutbox {
  GPtrArray *rows; /* Row */
};

/* State of one type and key: one request at a time, at most one content waits. */
typedef struct {
  ConfabSimSignalling *self;
  char *type;
  char *state_key;
  JsonObject *content;
  GPtrArray *waiters; /* Waiter */
  JsonObject *next;
  GPtrArray *next_waiters;
  gboolean refused;
} Slot;

typedef struct {
  ConfabSimSignalling *self;
  Waiter *waiter;
} ServersRequest;

struct _ConfabSimSignalling {
  GObject parent_instance;

  ConfabSimNetwork *network;
  ConfabClock *clock; /* of this client */
  guint index;
  gboolean has_power;
  ConfabSimOutbox *outbox;
  ConfabSimSignallingFunc func;
  gpointer data;
  GPtrArray *slots;   /* Slot */
  GPtrArray *servers; /* ServersRequest */
  ConfabSimHttp *http;
  guint pause_timer;
  guint n_failures; /* of the outbox, in a row */
  gboolean sending; /* a request of the outbox is on its way */
};

static void signalling_iface_init (ConfabSignallingInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabSimSignalling,
                               confab_sim_signalling,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_SIGNALLING,
                                                      signalling_iface_init))

static Waiter *
new_waiter (ConfabSignallingDone done, gpointer data, GDestroyNotify destroy)
{
  Waiter *waiter = g_new0 (Waiter, 1);

  waiter->done = done;
  waiter->data = data;
  waiter->destroy = destroy;
  return waiter;
}

static void
free_waiter (gpointer data)
{
  Waiter *waiter = data;

  if (waiter->destroy != NULL)
    waiter->destroy (waiter->data);
  g_free (waiter);
}

static void
answer (Waiter *waiter, const GError *error)
{
  if (waiter != NULL && waiter->done != NULL)
    waiter->done (error, waiter->data);
}

/* The outbox. */

static void
free_row (gpointer data)
{
  Row *row = data;

  g_free (row->user_id);
  g_free (row->device_id);
  g_free (row->type);
  json_object_unref (row->content);
  g_clear_pointer (&row->waiter, free_waiter);
  g_free (row);
}

ConfabSimOutbox *
confab_sim_outbox_new (void)
{
  ConfabSimOutbox *self = g_new0 (ConfabSimOutbox, 1);

  self->rows = g_ptr_array_new_with_free_func (free_row);
  return self;
}

void
confab_sim_outbox_free (ConfabSimOutbox *self)
{
  g_ptr_array_unref (self->rows);
  g_free (self);
}

guint
confab_sim_outbox_get_length (ConfabSimOutbox *self)
{
  return self->rows->len;
}

static void pump (ConfabSimSignalling *self);

static void
drop_stale (ConfabSimSignalling *self)
{
  gint64 limit = confab_clock_get_time (self->clock) - MESSAGE_PATIENCE_US;
  g_autoptr (GPtrArray) stale = g_ptr_array_new_with_free_func (free_row);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < self->outbox->rows->len;) {
    Row *row = self->outbox->rows->pdata[i];
    if (row->created_at > limit)
      i++;
    else
      g_ptr_array_add (stale, g_ptr_array_steal_index (self->outbox->rows, i));
  }
  error = g_error_new_literal (CONFAB_SIGNALLING_ERROR,
                               CONFAB_SIGNALLING_ERROR_NETWORK,
                               "too late");
  for (guint i = 0; i < stale->len; i++)
    answer (((Row *) stale->pdata[i])->waiter, error);
}

/* The server does what it is asked once, however often: the request has a transaction id. */
static void
take_request (gpointer data)
{
  ConfabSimSignalling *self = data;

  for (guint i = 0; i < self->outbox->rows->len; i++) {
    Row *row = self->outbox->rows->pdata[i];
    if (!row->in_request || row->taken)
      continue;
    row->taken = TRUE;
    confab_sim_network_carry (
      self->network, self->index, row->user_id, row->device_id, row->type, row->content);
  }
}

static void
finish_request (ConfabSimSignalling *self)
{
  g_autoptr (GPtrArray) sent = g_ptr_array_new_with_free_func (free_row);

  for (guint i = 0; i < self->outbox->rows->len;) {
    if (((Row *) self->outbox->rows->pdata[i])->in_request)
      g_ptr_array_add (sent, g_ptr_array_steal_index (self->outbox->rows, i));
    else
      i++;
  }
  self->n_failures = 0;
  pump (self);
  for (guint i = 0; i < sent->len; i++)
    answer (((Row *) sent->pdata[i])->waiter, NULL);
}

static void
pause_cb (gpointer data)
{
  ConfabSimSignalling *self = data;

  self->pause_timer = 0;
  pump (self);
}

static void
sent_cb (gboolean answered, guint retry_after_ms, gpointer data)
{
  ConfabSimSignalling *self = data;
  guint pause_ms;

  self->sending = FALSE;
  if (answered) {
    finish_request (self);
    return;
  }
  pause_ms = MIN ((guint) FIRST_PAUSE_MS << MIN (self->n_failures, 5), MAX_PAUSE_MS);
  pause_ms = MIN (MAX (pause_ms, retry_after_ms), MAX_LIMIT_MS);
  self->n_failures++;
  self->pause_timer = confab_clock_add_timeout (self->clock, pause_ms, pause_cb, self);
}

/* What was on its way goes out again as it was; otherwise the first message for each device does. */
static void
choose_request (ConfabSimSignalling *self)
{
  GPtrArray *rows = self->outbox->rows;

  for (guint i = 0; i < rows->len; i++) {
    if (((Row *) rows->pdata[i])->in_request)
      return;
  }
  for (guint i = 0; i < rows->len; i++) {
    Row *row = rows->pdata[i];
    gboolean first = TRUE;

    for (guint j = 0; j < i; j++) {
      const Row *other = rows->pdata[j];
      first &= !(g_str_equal (other->user_id, row->user_id) &&
                 g_str_equal (other->device_id, row->device_id));
    }
    row->in_request = first;
  }
}

static void
pump (ConfabSimSignalling *self)
{
  if (self->sending || self->pause_timer != 0)
    return;
  self->sending = TRUE; /* who is told of what is stale may send something */
  drop_stale (self);
  self->sending = self->outbox->rows->len > 0;
  if (!self->sending)
    return;
  choose_request (self);
  confab_sim_http_send (self->http, "messages", take_request, sent_cb, self);
}

static void
confab_sim_signalling_send_to_device (ConfabSignalling *signalling,
                                      const char *room_id,
                                      const char *user_id,
                                      const char *device_id,
                                      const char *type,
                                      JsonObject *content,
                                      ConfabSignallingSecurity security,
                                      ConfabSignallingDone done,
                                      gpointer data,
                                      GDestroyNotify destroy)
{
  ConfabSimSignalling *self = CONFAB_SIM_SIGNALLING (signalling);
  Row *row = g_new0 (Row, 1);

  self->func (user_id, device_id, type, content, security == CONFAB_SIGNALLING_CLEAR, self->data);
  row->user_id = g_strdup (user_id);
  row->device_id = g_strdup (device_id);
  row->type = g_strdup (type);
  row->content = json_object_ref (content);
  row->created_at = confab_clock_get_time (self->clock);
  row->waiter = new_waiter (done, data, destroy);
  g_ptr_array_add (self->outbox->rows, row);
  pump (self);
}

/* State. */

static void
free_slot (gpointer data)
{
  Slot *slot = data;

  g_free (slot->type);
  g_free (slot->state_key);
  g_clear_pointer (&slot->content, json_object_unref);
  g_clear_pointer (&slot->next, json_object_unref);
  g_ptr_array_unref (slot->waiters);
  g_ptr_array_unref (slot->next_waiters);
  g_free (slot);
}

static GPtrArray *
new_waiters (void)
{
  return g_ptr_array_new_with_free_func (free_waiter);
}

static void put_slot (gpointer data);
static void slot_cb (gboolean answered, guint retry_after_ms, gpointer data);

static void
start_slot (Slot *slot)
{
  g_autofree char *resource = g_strconcat (
    CONFAB_SIM_STATE, slot->type, " ", slot->state_key, NULL);

  slot->content = g_steal_pointer (&slot->next);
  slot->waiters = g_steal_pointer (&slot->next_waiters);
  slot->next_waiters = new_waiters ();
  slot->refused = FALSE;
  confab_sim_http_send (slot->self->http, resource, put_slot, slot_cb, slot);
}

static void
finish_slot (Slot *slot, int code)
{
  ConfabSimSignalling *self = slot->self;
  g_autoptr (GPtrArray) waiters = g_steal_pointer (&slot->waiters);
  g_autoptr (GError) error = NULL;

  if (code >= 0)
    error = g_error_new_literal (CONFAB_SIGNALLING_ERROR, code, "the server would not have it");
  g_clear_pointer (&slot->content, json_object_unref);
  slot->waiters = new_waiters ();
  if (slot->next != NULL) {
    g_clear_pointer (&slot->waiters, g_ptr_array_unref);
    start_slot (slot);
  } else {
    g_ptr_array_remove (self->slots, slot);
  }
  for (guint i = 0; i < waiters->len; i++)
    answer (waiters->pdata[i], error);
}

static gboolean
is_allowed (Slot *slot)
{
  ConfabSimSignalling *self = slot->self;
  const ConfabSimEvent *membership = confab_sim_server_lookup (self->network->server,
                                                               CONFAB_SIM_MEMBERSHIP,
                                                               self->network->users[self->index]);

  return g_strcmp0 (confab_json_peek_string (membership->content, "membership"), "join") == 0 &&
         (self->has_power || !g_str_equal (slot->type, CONFAB_CALL_CONTENT_TYPE));
}

static void
put_slot (gpointer data)
{
  Slot *slot = data;
  ConfabSimSignalling *self = slot->self;

  slot->refused = !is_allowed (slot);
  if (!slot->refused)
    confab_sim_server_put_state (self->network->server,
                                 self->network->users[self->index],
                                 slot->type,
                                 slot->state_key,
                                 slot->content);
}

static void
slot_cb (gboolean answered, guint retry_after_ms, gpointer data)
{
  Slot *slot = data;

  if (!answered)
    finish_slot (slot, CONFAB_SIGNALLING_ERROR_NETWORK);
  else
    finish_slot (slot, slot->refused ? CONFAB_SIGNALLING_ERROR_FORBIDDEN : -1);
}

static void
confab_sim_signalling_send_state (ConfabSignalling *signalling,
                                  const char *room_id,
                                  const char *type,
                                  const char *state_key,
                                  JsonObject *content,
                                  ConfabSignallingDone done,
                                  gpointer data,
                                  GDestroyNotify destroy)
{
  ConfabSimSignalling *self = CONFAB_SIM_SIGNALLING (signalling);
  Slot *slot = NULL;

  self->func (NULL, NULL, type, content, FALSE, self->data);
  for (guint i = 0; i < self->slots->len; i++) {
    Slot *other = self->slots->pdata[i];
    if (g_str_equal (other->type, type) && g_str_equal (other->state_key, state_key))
      slot = other;
  }
  if (slot == NULL) {
    slot = g_new0 (Slot, 1);
    slot->self = self;
    slot->type = g_strdup (type);
    slot->state_key = g_strdup (state_key);
    slot->next_waiters = new_waiters ();
    g_ptr_array_add (self->slots, slot);
  }
  g_clear_pointer (&slot->next, json_object_unref);
  slot->next = json_object_ref (content);
  g_ptr_array_add (slot->next_waiters, new_waiter (done, data, destroy));
  if (slot->content == NULL)
    start_slot (slot);
}

/* ICE servers. */

static void
free_servers_request (gpointer data)
{
  ServersRequest *request = data;

  free_waiter (request->waiter);
  g_free (request);
}

static void
give_servers (gpointer data)
{
}

static void
servers_cb (gboolean answered, guint retry_after_ms, gpointer data)
{
  ServersRequest *request = data;
  ConfabSimSignalling *self = request->self;
  static const char *const uris[] = { "turn:127.0.0.1:3478", NULL };
  g_autoptr (ConfabIceServers) servers = confab_ice_servers_new (uris, "u", "p");
  g_autoptr (GError) error = NULL;
  guint position;

  servers->fresh_ms = SERVERS_FRESH_MS;
  if (!answered)
    error = g_error_new_literal (CONFAB_SIGNALLING_ERROR, CONFAB_SIGNALLING_ERROR_NETWORK, "none");
  if (g_ptr_array_find (self->servers, request, &position))
    g_ptr_array_steal_index (self->servers, position);
  request->waiter->servers_done (error == NULL ? servers : NULL, error, request->waiter->data);
  free_servers_request (request);
}

static void
confab_sim_signalling_get_ice_servers (ConfabSignalling *signalling,
                                       ConfabIceServersDone done,
                                       gpointer data,
                                       GDestroyNotify destroy)
{
  ConfabSimSignalling *self = CONFAB_SIM_SIGNALLING (signalling);
  ServersRequest *request = g_new0 (ServersRequest, 1);

  request->self = self;
  request->waiter = new_waiter (NULL, data, destroy);
  request->waiter->servers_done = done;
  g_ptr_array_add (self->servers, request);
  confab_sim_http_send (self->http, "servers", give_servers, servers_cb, request);
}

static void
signalling_iface_init (ConfabSignallingInterface *iface)
{
  iface->send_to_device = confab_sim_signalling_send_to_device;
  iface->send_state = confab_sim_signalling_send_state;
  iface->get_ice_servers = confab_sim_signalling_get_ice_servers;
}

static void
confab_sim_signalling_finalize (GObject *object)
{
  ConfabSimSignalling *self = CONFAB_SIM_SIGNALLING (object);

  g_ptr_array_unref (self->slots);
  g_ptr_array_unref (self->servers);
  G_OBJECT_CLASS (confab_sim_signalling_parent_class)->finalize (object);
}

static void
confab_sim_signalling_class_init (ConfabSimSignallingClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_sim_signalling_finalize;
}

static void
confab_sim_signalling_init (ConfabSimSignalling *self)
{
  self->slots = g_ptr_array_new_with_free_func (free_slot);
  self->servers = g_ptr_array_new_with_free_func (free_servers_request);
}

/* What an earlier process left in @outbox goes out first. */
ConfabSimSignalling *
confab_sim_signalling_new (ConfabSimNetwork *network,
                           ConfabClock *clock,
                           guint index,
                           gboolean has_power,
                           ConfabSimOutbox *outbox,
                           ConfabSimSignallingFunc func,
                           gpointer data)
{
  ConfabSimSignalling *self = g_object_new (CONFAB_TYPE_SIM_SIGNALLING, NULL);

  self->network = network;
  self->clock = clock;
  self->index = index;
  self->has_power = has_power;
  self->outbox = outbox;
  self->func = func;
  self->data = data;
  self->http = confab_sim_http_new (network, clock, index);
  pump (self);
  return self;
}

/* The process is gone. What was on its way has reached the server or not; the newest messages may not have reached the
 * disk: those that were just handed over, and with the power gone more of them. */
void
confab_sim_signalling_kill (ConfabSimSignalling *self, gboolean power_lost)
{
  GPtrArray *rows = self->outbox->rows;
  gint64 committed = confab_clock_get_time (self->clock) - (power_lost ? 20 : 1) * COMMIT_US;

  for (guint i = 0; i < self->slots->len; i++) {
    Slot *slot = self->slots->pdata[i];
    if (slot->content != NULL && confab_sim_network_chance (self->network, 50) &&
        !confab_sim_network_is_offline (self->network, self->index))
      put_slot (slot);
  }
  g_clear_pointer (&self->http, confab_sim_http_free);
  confab_clock_clear (self->clock, &self->pause_timer);
  g_ptr_array_set_size (self->slots, 0);
  g_ptr_array_set_size (self->servers, 0);
  for (guint i = 0; i < rows->len; i++)
    g_clear_pointer (&((Row *) rows->pdata[i])->waiter, free_waiter);
  while (rows->len > 0 && ((Row *) rows->pdata[rows->len - 1])->created_at > committed &&
         confab_sim_network_chance (self->network, 50))
    g_ptr_array_remove_index (rows, rows->len - 1);
}

gboolean
confab_sim_signalling_is_idle (ConfabSimSignalling *self)
{
  return self->outbox->rows->len == 0 && self->slots->len == 0 && self->servers->len == 0;
}

/* Returns: (transfer none): the requests of the process */
ConfabSimHttp *
confab_sim_signalling_get_http (ConfabSimSignalling *self)
{
  return self->http;
}
