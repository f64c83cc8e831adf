/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-fake-signalling.h"

typedef struct {
  ConfabFakeSignalling *signalling;
  char *room_id; /* NULL: to a device */
  char *target;  /* state key or user id */
  char *device_id;
  char *type; /* NULL: ICE servers */
  JsonObject *content;
  gboolean clear;
  ConfabSignallingDone done;
  ConfabIceServersDone servers_done;
  gpointer data;
  GDestroyNotify destroy;
  guint timer;
} Request;

struct _ConfabFakeSignalling {
  GObject parent_instance;

  ConfabClock *clock;
  GPtrArray *pending; /* Request */
  GHashTable *last;   /* type → JsonObject */
  GString *log;       /* what was sent, a word each: the last part of its type, state in capitals */
  char *fail_type;
  int fail_code;
  guint fail_times;
  guint n_asked; /* for ICE servers */
  gint64 servers_fresh_ms;
  char *slow_type;
  guint slow_ms;
  gboolean held;
  char *held_type; /* (nullable) */
};

static void signalling_iface_init (ConfabSignallingInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabFakeSignalling,
                               confab_fake_signalling,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_SIGNALLING,
                                                      signalling_iface_init))

enum {
  SIGNAL_TO_DEVICE,
  SIGNAL_STATE,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
free_request (gpointer data)
{
  Request *request = data;

  confab_clock_clear (request->signalling->clock, &request->timer);
  if (request->destroy != NULL)
    request->destroy (request->data);
  g_clear_pointer (&request->content, json_object_unref);
  g_free (request->room_id);
  g_free (request->target);
  g_free (request->device_id);
  g_free (request->type);
  g_free (request);
}

static void
answer (ConfabFakeSignalling *self, Request *request)
{
  g_autoptr (GError) error = NULL;

  if (self->fail_times > 0 &&
      g_str_equal (self->fail_type, request->type != NULL ? request->type : "turn")) {
    self->fail_times--;
    g_set_error_literal (&error, CONFAB_SIGNALLING_ERROR, self->fail_code, "told to fail");
  }
  if (request->type == NULL) {
    static const char *const uris[] = { "turn:127.0.0.1:3478", NULL };
    g_autofree char *username = g_strdup_printf ("user-%u", self->n_asked++);
    g_autoptr (ConfabIceServers) servers = confab_ice_servers_new (uris, username, "p");
    servers->fresh_ms = self->servers_fresh_ms;
    request->servers_done (error == NULL ? servers : NULL, error, request->data);
    return;
  }
  if (error != NULL) {
    /* nobody hears of it */
  } else if (request->room_id != NULL) {
    g_signal_emit (self,
                   signals[SIGNAL_STATE],
                   0,
                   request->room_id,
                   request->type,
                   request->target,
                   request->content);
  } else {
    g_signal_emit (self,
                   signals[SIGNAL_TO_DEVICE],
                   0,
                   request->target,
                   request->device_id,
                   request->type,
                   request->content,
                   request->clear);
  }
  if (request->done != NULL)
    request->done (error, request->data);
}

static void
answer_cb (gpointer data)
{
  Request *request = data;
  g_autoptr (ConfabFakeSignalling) self = g_object_ref (request->signalling);
  guint position;

  request->timer = 0;
  if (self->held || (request->type != NULL && g_strcmp0 (request->type, self->held_type) == 0))
    return;
  g_ptr_array_find (self->pending, request, &position);
  g_ptr_array_steal_index (self->pending, position);
  answer (self, request);
  free_request (request);
}

static Request *
add_request (ConfabFakeSignalling *self,
             const char *type,
             JsonObject *content,
             gpointer data,
             GDestroyNotify destroy)
{
  Request *request = g_new0 (Request, 1);

  request->signalling = self;
  request->type = g_strdup (type);
  request->data = data;
  request->destroy = destroy;
  if (content != NULL) {
    const char *word = strrchr (type, '.') + 1;
    gboolean state = strstr (type, "msc3401") != NULL;
    g_autofree char *upper = g_ascii_strup (word, -1);

    request->content = json_object_ref (content);
    g_hash_table_replace (self->last, g_strdup (type), json_object_ref (content));
    g_string_append_printf (self->log, "%s ", state ? upper : word);
  }
  g_ptr_array_add (self->pending, request);
  request->timer = confab_clock_add_timeout (self->clock,
                                             type != NULL && g_strcmp0 (self->slow_type, type) == 0
                                               ? self->slow_ms
                                               : 1,
                                             answer_cb,
                                             request);
  return request;
}

static void
fake_send_to_device (ConfabSignalling *signalling,
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
  Request *request = add_request (
    CONFAB_FAKE_SIGNALLING (signalling), type, content, data, destroy);

  request->target = g_strdup (user_id);
  request->device_id = g_strdup (device_id);
  request->clear = security == CONFAB_SIGNALLING_CLEAR;
  request->done = done;
}

static void
fake_send_state (ConfabSignalling *signalling,
                 const char *room_id,
                 const char *type,
                 const char *state_key,
                 JsonObject *content,
                 ConfabSignallingDone done,
                 gpointer data,
                 GDestroyNotify destroy)
{
  Request *request = add_request (
    CONFAB_FAKE_SIGNALLING (signalling), type, content, data, destroy);

  request->room_id = g_strdup (room_id);
  request->target = g_strdup (state_key);
  request->done = done;
}

static void
fake_send_account_data (ConfabSignalling *signalling,
                        const char *room_id,
                        const char *type,
                        JsonObject *content,
                        ConfabSignallingDone done,
                        gpointer data,
                        GDestroyNotify destroy)
{
  fake_send_state (signalling, room_id, type, "", content, done, data, destroy);
}

static void
fake_get_ice_servers (ConfabSignalling *signalling,
                      ConfabIceServersDone done,
                      gpointer data,
                      GDestroyNotify destroy)
{
  add_request (CONFAB_FAKE_SIGNALLING (signalling), NULL, NULL, data, destroy)->servers_done = done;
}

static void
signalling_iface_init (ConfabSignallingInterface *iface)
{
  iface->send_to_device = fake_send_to_device;
  iface->send_state = fake_send_state;
  iface->send_account_data = fake_send_account_data;
  iface->get_ice_servers = fake_get_ice_servers;
}

static void
confab_fake_signalling_finalize (GObject *object)
{
  ConfabFakeSignalling *self = CONFAB_FAKE_SIGNALLING (object);

  g_ptr_array_unref (self->pending);
  g_hash_table_unref (self->last);
  g_string_free (self->log, TRUE);
  g_free (self->fail_type);
  g_free (self->held_type);
  g_free (self->slow_type);
  g_object_unref (self->clock);
  G_OBJECT_CLASS (confab_fake_signalling_parent_class)->finalize (object);
}

static void
confab_fake_signalling_class_init (ConfabFakeSignallingClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_fake_signalling_finalize;
  signals[SIGNAL_TO_DEVICE] = g_signal_new ("to-device",
                                            G_TYPE_FROM_CLASS (klass),
                                            G_SIGNAL_RUN_LAST,
                                            0,
                                            NULL,
                                            NULL,
                                            NULL,
                                            G_TYPE_NONE,
                                            5,
                                            G_TYPE_STRING,
                                            G_TYPE_STRING,
                                            G_TYPE_STRING,
                                            JSON_TYPE_OBJECT,
                                            G_TYPE_BOOLEAN);
  signals[SIGNAL_STATE] = g_signal_new ("state",
                                        G_TYPE_FROM_CLASS (klass),
                                        G_SIGNAL_RUN_LAST,
                                        0,
                                        NULL,
                                        NULL,
                                        NULL,
                                        G_TYPE_NONE,
                                        4,
                                        G_TYPE_STRING,
                                        G_TYPE_STRING,
                                        G_TYPE_STRING,
                                        JSON_TYPE_OBJECT);
}

static void
confab_fake_signalling_init (ConfabFakeSignalling *self)
{
  self->pending = g_ptr_array_new_with_free_func (free_request);
  self->last = g_hash_table_new_full (g_str_hash,
                                      g_str_equal,
                                      g_free,
                                      (GDestroyNotify) json_object_unref);
  self->log = g_string_new (NULL);
  self->servers_fresh_ms = 24 * 60 * 60 * 1000;
}

ConfabFakeSignalling *
confab_fake_signalling_new (ConfabClock *clock)
{
  ConfabFakeSignalling *self = g_object_new (CONFAB_TYPE_FAKE_SIGNALLING, NULL);

  self->clock = g_object_ref (clock);
  return self;
}

/* What is of @type from here on is answered after @ms. */
void
confab_fake_signalling_delay (ConfabFakeSignalling *self, const char *type, guint ms)
{
  g_set_str (&self->slow_type, type);
  self->slow_ms = ms;
}

/* While it is held, nothing is answered, as on a network that is gone; then all is, in order. */
void
confab_fake_signalling_hold (ConfabFakeSignalling *self, gboolean held)
{
  self->held = held;
  for (guint i = 0; !held && i < self->pending->len; i++) {
    Request *request = self->pending->pdata[i];
    confab_clock_clear (self->clock, &request->timer);
    request->timer = confab_clock_add_timeout (self->clock, 1, answer_cb, request);
  }
}

/* As confab_fake_signalling_hold(), for what is sent under @type alone; %NULL ends it. */
void
confab_fake_signalling_hold_type (ConfabFakeSignalling *self, const char *type)
{
  g_set_str (&self->held_type, type);
  if (type == NULL)
    confab_fake_signalling_hold (self, self->held);
}

/* The next @times requests of @type come to nothing; “turn” is the one for ICE servers. */
void
confab_fake_signalling_fail (ConfabFakeSignalling *self, const char *type, int code, guint times)
{
  g_set_str (&self->fail_type, type);
  self->fail_code = code;
  self->fail_times = times;
}

/* For how long the ICE servers that it gives from now on last; each answer has another user name. */
void
confab_fake_signalling_set_servers_fresh (ConfabFakeSignalling *self, gint64 fresh_ms)
{
  self->servers_fresh_ms = fresh_ms;
}

guint
confab_fake_signalling_get_n_asked (ConfabFakeSignalling *self)
{
  return self->n_asked;
}

const char *
confab_fake_signalling_get_log (ConfabFakeSignalling *self)
{
  return self->log->str;
}

void
confab_fake_signalling_clear_log (ConfabFakeSignalling *self)
{
  g_string_truncate (self->log, 0);
}

/* Returns: (transfer none) (nullable): the content that was last sent under @type */
JsonObject *
confab_fake_signalling_peek_last (ConfabFakeSignalling *self, const char *type)
{
  return g_hash_table_lookup (self->last, type);
}
