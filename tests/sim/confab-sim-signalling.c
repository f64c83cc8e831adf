/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-signalling.h"

#include "confab-call-content.h"
#include "confab-declined-calls.h"
#include "confab-json.h"
#include "confab-sim-http.h"

#define SERVERS_FRESH_MS (9 * 60 * 1000)

typedef struct {
  ConfabSignallingDone done;
  ConfabIceServersDone servers_done;
  gpointer data;
  GDestroyNotify destroy;
} Waiter;

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

typedef struct {
  ConfabSimSignalling *self;
  JsonObject *content;
  Waiter *waiter;
} AccountRequest;

struct _ConfabSimSignalling {
  GObject parent_instance;

  ConfabSimNetwork *network;
  ConfabClock *clock; /* of this client */
  guint index;
  gboolean has_power;
  ConfabSimOutbox *outbox;
  ConfabSimSignallingFunc func;
  gpointer data;
  GPtrArray *account; /* AccountRequest */
  GPtrArray *slots;   /* Slot */
  GPtrArray *servers; /* ServersRequest */
  ConfabSimHttp *http;
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

/* Device messages. */

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

  self->func (user_id, device_id, type, content, security == CONFAB_SIGNALLING_CLEAR, self->data);
  confab_sim_outbox_send (self->outbox, user_id, device_id, type, content, done, data, destroy);
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

  self->func (NULL, state_key, type, content, FALSE, self->data);
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

/* Account data. */

static void
free_account_request (gpointer data)
{
  AccountRequest *request = data;

  json_object_unref (request->content);
  free_waiter (request->waiter);
  g_free (request);
}

static void
put_account (gpointer data)
{
  AccountRequest *request = data;

  confab_sim_network_put_account (request->self->network, request->self->index, request->content);
}

static void
account_cb (gboolean answered, guint retry_after_ms, gpointer data)
{
  AccountRequest *request = data;
  g_autoptr (GError) error = NULL;

  if (!answered)
    error = g_error_new_literal (CONFAB_SIGNALLING_ERROR, CONFAB_SIGNALLING_ERROR_NETWORK, "no");
  answer (request->waiter, error);
  g_ptr_array_remove (request->self->account, request);
}

static void
confab_sim_signalling_send_account_data (ConfabSignalling *signalling,
                                         const char *room_id,
                                         const char *type,
                                         JsonObject *content,
                                         ConfabSignallingDone done,
                                         gpointer data,
                                         GDestroyNotify destroy)
{
  ConfabSimSignalling *self = CONFAB_SIM_SIGNALLING (signalling);
  AccountRequest *request = g_new0 (AccountRequest, 1);

  g_assert_cmpstr (type, ==, CONFAB_DECLINED_CALLS_TYPE);
  request->self = self;
  request->content = json_object_ref (content);
  request->waiter = new_waiter (done, data, destroy);
  g_ptr_array_add (self->account, request);
  confab_sim_http_send (self->http, "account", put_account, account_cb, request);
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
  iface->send_account_data = confab_sim_signalling_send_account_data;
  iface->get_ice_servers = confab_sim_signalling_get_ice_servers;
}

static void
confab_sim_signalling_finalize (GObject *object)
{
  ConfabSimSignalling *self = CONFAB_SIM_SIGNALLING (object);

  g_ptr_array_unref (self->slots);
  g_ptr_array_unref (self->servers);
  g_ptr_array_unref (self->account);
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
  self->account = g_ptr_array_new_with_free_func (free_account_request);
}

/* What an earlier process left in @outbox goes out first. */
ConfabSimSignalling *
confab_sim_signalling_new (ConfabSimNetwork *network,
                           ConfabClock *clock,
                           guint index,
                           gboolean has_power,
                           ConfabSimOutbox *outbox,
                           ConfabSimSignallingFunc func,
                           ConfabSimUnsentFunc unsent,
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
  confab_sim_outbox_start (outbox, self->http, unsent, data);
  return self;
}

/* The process is gone. What was on its way has reached the server or not. */
void
confab_sim_signalling_kill (ConfabSimSignalling *self)
{
  for (guint i = 0; i < self->slots->len; i++) {
    Slot *slot = self->slots->pdata[i];
    if (slot->content != NULL && confab_sim_network_chance (self->network, 50) &&
        !confab_sim_network_is_offline (self->network, self->index))
      put_slot (slot);
  }
  g_clear_pointer (&self->http, confab_sim_http_free);
  g_ptr_array_set_size (self->slots, 0);
  g_ptr_array_set_size (self->servers, 0);
  g_ptr_array_set_size (self->account, 0);
  confab_sim_outbox_stop (self->outbox);
}

gboolean
confab_sim_signalling_is_idle (ConfabSimSignalling *self)
{
  return confab_sim_outbox_is_idle (self->outbox) && self->slots->len == 0 &&
         self->servers->len == 0 && self->account->len == 0;
}

/* Returns: (transfer none): the requests of the process */
ConfabSimHttp *
confab_sim_signalling_get_http (ConfabSimSignalling *self)
{
  return self->http;
}
