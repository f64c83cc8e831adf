/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-matrix-signalling.h"

#include "confab-matrix-error.h"
#include "confab-outbox.h"

typedef struct {
  ConfabSignallingDone done;
  gpointer data;
  GDestroyNotify destroy;
} Waiter;

/* State of one room, type and key: at most one request is on, at most one content waits behind it. */
typedef struct {
  ConfabMatrixSignalling *self; /* owned while its fiber runs */
  char *path;
  JsonObject *next;
  GPtrArray *next_waiters;
} Slot;

struct _ConfabMatrixSignalling {
  GObject parent_instance;

  ConfabOlmMachine *machine;
  ConfabHomeserver *homeserver;
  ConfabClock *clock;
  char *user_id;
  GHashTable *slots; /* (element-type utf8 Slot): path → state that is being sent */
  ConfabGetIceServersFunc ice_func;
  gpointer ice_data;
  GDestroyNotify ice_destroy;
  ConfabWireFunc wire_func;
  gpointer wire_data;
  gboolean stopped;
};

static void signalling_iface_init (ConfabSignallingInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabMatrixSignalling,
                               confab_matrix_signalling,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_SIGNALLING,
                                                      signalling_iface_init))

static void
waiter_free (gpointer data)
{
  Waiter *waiter = data;

  if (waiter->destroy != NULL)
    waiter->destroy (waiter->data);
  g_free (waiter);
}

static void
answer (GPtrArray *waiters, const GError *error)
{
  for (guint i = 0; i < waiters->len; i++) {
    Waiter *waiter = waiters->pdata[i];
    if (waiter->done != NULL)
      waiter->done (error, waiter->data);
  }
}

/* What a call does differently: try again, give up, or say that the power is missing. */
static GError *
signalling_error (const GError *error)
{
  ConfabSignallingError code = CONFAB_SIGNALLING_ERROR_FAILED;

  if (error->domain == CONFAB_MATRIX_ERROR) {
    switch ((ConfabMatrixError) error->code) {
    case CONFAB_MATRIX_ERROR_FORBIDDEN:
      code = CONFAB_SIGNALLING_ERROR_FORBIDDEN;
      break;
    case CONFAB_MATRIX_ERROR_NETWORK:
    case CONFAB_MATRIX_ERROR_NO_ANSWER:
    case CONFAB_MATRIX_ERROR_SERVER:
    case CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED:
    case CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL:
    case CONFAB_MATRIX_ERROR_TLS:
    case CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN:
    case CONFAB_MATRIX_ERROR_SOFT_LOGOUT:
    case CONFAB_MATRIX_ERROR_CANCELLED:
      code = CONFAB_SIGNALLING_ERROR_NETWORK;
      break;
    default:
      break;
    }
  }
  return g_error_new_literal (CONFAB_SIGNALLING_ERROR, code, error->message);
}

/* ---- state ---- */

static void
slot_free (gpointer data)
{
  Slot *slot = data;

  g_free (slot->path);
  g_clear_pointer (&slot->next, json_object_unref);
  g_clear_pointer (&slot->next_waiters, g_ptr_array_unref);
  g_clear_object (&slot->self);
  g_free (slot);
}

static DexFuture *
confab_matrix_signalling_state_fiber (gpointer data)
{
  Slot *slot = data;
  ConfabMatrixSignalling *self = slot->self;

  while (slot->next != NULL) {
    g_autoptr (JsonObject) content = g_steal_pointer (&slot->next);
    g_autoptr (GPtrArray) waiters = g_steal_pointer (&slot->next_waiters);
    g_autoptr (GError) error = NULL;
    g_autoptr (GError) failure = NULL;
    g_autoptr (JsonObject) reply = NULL;

    slot->next_waiters = g_ptr_array_new_with_free_func (waiter_free);
    if (self->stopped)
      g_set_error_literal (&error,
                           CONFAB_MATRIX_ERROR,
                           CONFAB_MATRIX_ERROR_CANCELLED,
                           "the session ends");
    else
      reply = dex_await_boxed (confab_homeserver_send (self->homeserver,
                                                       "PUT",
                                                       slot->path,
                                                       content,
                                                       0,
                                                       CONFAB_REQUEST_URGENT),
                               &error);
    if (reply == NULL)
      failure = signalling_error (error);
    answer (waiters, failure);
  }
  g_hash_table_remove (self->slots, slot->path);
  return dex_future_new_true ();
}

static char *
state_path (const char *room_id, const char *type, const char *state_key)
{
  g_autofree char *room = g_uri_escape_string (room_id, NULL, FALSE);
  g_autofree char *name = g_uri_escape_string (type, NULL, FALSE);
  g_autofree char *key = g_uri_escape_string (state_key, NULL, FALSE);

  return g_strconcat ("/_matrix/client/v3/rooms/", room, "/state/", name, "/", key, NULL);
}

/* Takes @path over. */
static void
put (ConfabMatrixSignalling *self,
     char *path,
     JsonObject *content,
     ConfabSignallingDone done,
     gpointer data,
     GDestroyNotify destroy)
{
  Slot *slot = g_hash_table_lookup (self->slots, path);
  Waiter *waiter = g_new (Waiter, 1);
  gboolean is_new = slot == NULL;

  *waiter = (Waiter) { done, data, destroy };
  if (is_new) {
    slot = g_new0 (Slot, 1);
    slot->self = g_object_ref (self);
    slot->path = g_steal_pointer (&path);
    slot->next_waiters = g_ptr_array_new_with_free_func (waiter_free);
    g_hash_table_insert (self->slots, slot->path, slot);
  }
  g_free (path);
  g_ptr_array_add (slot->next_waiters, waiter);
  g_clear_pointer (&slot->next, json_object_unref);
  slot->next = json_object_ref (content);
  if (is_new)
    dex_future_disown (
      dex_scheduler_spawn (NULL, 0, confab_matrix_signalling_state_fiber, slot, slot_free));
}

static void
confab_matrix_signalling_send_state (ConfabSignalling *signalling,
                                     const char *room_id,
                                     const char *type,
                                     const char *state_key,
                                     JsonObject *content,
                                     ConfabSignallingDone done,
                                     gpointer data,
                                     GDestroyNotify destroy)
{
  ConfabMatrixSignalling *self = CONFAB_MATRIX_SIGNALLING (signalling);

  if (self->wire_func != NULL)
    self->wire_func (TRUE, state_key, NULL, type, content, FALSE, self->wire_data);
  put (self, state_path (room_id, type, state_key), content, done, data, destroy);
}

static void
confab_matrix_signalling_send_account_data (ConfabSignalling *signalling,
                                            const char *room_id,
                                            const char *type,
                                            JsonObject *content,
                                            ConfabSignallingDone done,
                                            gpointer data,
                                            GDestroyNotify destroy)
{
  ConfabMatrixSignalling *self = CONFAB_MATRIX_SIGNALLING (signalling);
  g_autofree char *user = g_uri_escape_string (self->user_id, NULL, FALSE);
  g_autofree char *room = g_uri_escape_string (room_id, NULL, FALSE);
  g_autofree char *name = g_uri_escape_string (type, NULL, FALSE);

  put (
    self,
    g_strconcat ("/_matrix/client/v3/user/", user, "/rooms/", room, "/account_data/", name, NULL),
    content,
    done,
    data,
    destroy);
}

/* ---- device messages ---- */

static void
confab_matrix_signalling_send_to_device (ConfabSignalling *signalling,
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
  ConfabMatrixSignalling *self = CONFAB_MATRIX_SIGNALLING (signalling);

  if (self->wire_func != NULL)
    self->wire_func (TRUE,
                     user_id,
                     device_id,
                     type,
                     content,
                     security == CONFAB_SIGNALLING_ENCRYPTED,
                     self->wire_data);
  confab_outbox_send (confab_olm_machine_get_outbox (self->machine),
                      room_id,
                      user_id,
                      device_id,
                      type,
                      content,
                      security,
                      done,
                      data,
                      destroy);
}

/* ---- ICE servers ---- */

typedef struct {
  ConfabMatrixSignalling *self;
  ConfabIceServersDone done;
  gpointer data;
  GDestroyNotify destroy;
} AskIce;

static void
ask_ice_free (gpointer data)
{
  AskIce *ask = data;

  if (ask->destroy != NULL)
    ask->destroy (ask->data);
  g_object_unref (ask->self);
  g_free (ask);
}

static DexFuture *
confab_matrix_signalling_ice_fiber (gpointer data)
{
  AskIce *ask = data;
  ConfabMatrixSignalling *self = ask->self;
  g_autoptr (ConfabIceServers) servers = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) failure = NULL;

  if (self->ice_func != NULL && !self->stopped)
    servers = dex_await_boxed (self->ice_func (self->ice_data), &error);
  if (servers == NULL)
    failure = error != NULL ? signalling_error (error)
                            : g_error_new_literal (CONFAB_SIGNALLING_ERROR,
                                                   CONFAB_SIGNALLING_ERROR_NETWORK,
                                                   "there is no source of ICE servers");
  ask->done (servers, failure, ask->data);
  return dex_future_new_true ();
}

static void
confab_matrix_signalling_get_ice_servers (ConfabSignalling *signalling,
                                          ConfabIceServersDone done,
                                          gpointer data,
                                          GDestroyNotify destroy)
{
  AskIce *ask = g_new (AskIce, 1);

  *ask = (AskIce) { g_object_ref (CONFAB_MATRIX_SIGNALLING (signalling)), done, data, destroy };
  dex_future_disown (
    dex_scheduler_spawn (NULL, 0, confab_matrix_signalling_ice_fiber, ask, ask_ice_free));
}

static void
signalling_iface_init (ConfabSignallingInterface *iface)
{
  iface->send_to_device = confab_matrix_signalling_send_to_device;
  iface->send_state = confab_matrix_signalling_send_state;
  iface->send_account_data = confab_matrix_signalling_send_account_data;
  iface->get_ice_servers = confab_matrix_signalling_get_ice_servers;
}

static void
confab_matrix_signalling_dispose (GObject *object)
{
  ConfabMatrixSignalling *self = CONFAB_MATRIX_SIGNALLING (object);

  confab_matrix_signalling_set_ice_func (self, NULL, NULL, NULL);
  g_clear_object (&self->machine);
  g_clear_object (&self->homeserver);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->user_id, g_free);
  g_clear_pointer (&self->slots, g_hash_table_unref);
  G_OBJECT_CLASS (confab_matrix_signalling_parent_class)->dispose (object);
}

static void
confab_matrix_signalling_class_init (ConfabMatrixSignallingClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_matrix_signalling_dispose;
}

static void
confab_matrix_signalling_init (ConfabMatrixSignalling *self)
{
  self->slots = g_hash_table_new (g_str_hash, g_str_equal);
}

ConfabMatrixSignalling *
confab_matrix_signalling_new (ConfabOlmMachine *machine,
                              ConfabHomeserver *homeserver,
                              ConfabClock *clock,
                              const char *user_id)
{
  ConfabMatrixSignalling *self = g_object_new (CONFAB_TYPE_MATRIX_SIGNALLING, NULL);

  self->machine = g_object_ref (machine);
  self->homeserver = g_object_ref (homeserver);
  self->clock = g_object_ref (clock);
  self->user_id = g_strdup (user_id);
  return self;
}

void
confab_matrix_signalling_set_ice_func (ConfabMatrixSignalling *self,
                                       ConfabGetIceServersFunc func,
                                       gpointer data,
                                       GDestroyNotify destroy)
{
  g_return_if_fail (CONFAB_IS_MATRIX_SIGNALLING (self));

  if (self->ice_destroy != NULL)
    self->ice_destroy (self->ice_data);
  self->ice_func = func;
  self->ice_data = data;
  self->ice_destroy = destroy;
}

void
confab_matrix_signalling_set_wire_func (ConfabMatrixSignalling *self,
                                        ConfabWireFunc func,
                                        gpointer data)
{
  g_return_if_fail (CONFAB_IS_MATRIX_SIGNALLING (self));

  self->wire_func = func;
  self->wire_data = data;
}

/* Device messages are the outbox' to end, requests that are on the homeserver's: confab_homeserver_abort(). */
void
confab_matrix_signalling_stop (ConfabMatrixSignalling *self)
{
  g_return_if_fail (CONFAB_IS_MATRIX_SIGNALLING (self));

  self->stopped = TRUE;
}
