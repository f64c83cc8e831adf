/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-device-list.h"

#include "confab-json.h"
#include "confab-matrix-error.h"
#include "confab-store-future.h"

#define QUERY_PATH "/_matrix/client/v3/keys/query"
#define QUERY_TIMEOUT_MS 10000
#define MAX_USERS 100                  /* in one query */
#define MAX_DEVICES 500                /* of one user */
#define RETRY_US (15 * G_USEC_PER_SEC) /* messages wait for a list for a minute */

struct _ConfabDeviceList {
  GObject parent_instance;

  ConfabStore *store;
  ConfabHomeserver *homeserver;
  ConfabClock *clock;
  DexFuture *running;   /* the query that is on */
  gboolean again;       /* somebody asked since it last looked what is stale */
  GHashTable *retry_at; /* (element-type utf8 gint64): users whose server was away; monotonic, µs */
  gboolean stopped;
};

G_DEFINE_FINAL_TYPE (ConfabDeviceList, confab_device_list, G_TYPE_OBJECT)

enum {
  SIGNAL_REFUSED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

typedef struct {
  GPtrArray *users;       /* who is asked for */
  GArray *generations;    /* gint64: stale_since when asked */
  GHashTable *skip;       /* (element-type utf8): who is not asked for now */
  GBytes *reply;          /* (unowned) */
  GError *bad_reply;      /* (nullable) */
  GPtrArray *unreachable; /* whose server is away */
  GPtrArray *refused;     /* pairs: message, user */
} Query;

static void
query_clear (Query *query)
{
  g_ptr_array_unref (query->users);
  g_array_unref (query->generations);
  g_hash_table_unref (query->skip);
  g_ptr_array_unref (query->unreachable);
  g_ptr_array_unref (query->refused);
  g_clear_error (&query->bad_reply);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Query, query_clear)

static gboolean
stale_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  Query *query = data;
  const char *user_id = confab_store_row_get_string (row, 0);
  gint64 generation = confab_store_row_get_int (row, 1);

  if (query->users->len < MAX_USERS && !g_hash_table_contains (query->skip, user_id)) {
    g_ptr_array_add (query->users, g_strdup (user_id));
    g_array_append_val (query->generations, generation);
  }
  return TRUE;
}

static gboolean
read_stale_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_store_query (
    transaction,
    stale_row_cb,
    data,
    error,
    "SELECT user_id, stale_since FROM device_users WHERE tracked AND stale",
    NULL);
}

static gboolean
refuse (ConfabStoreTransaction *transaction,
        Query *query,
        const char *user_id,
        const char *device_id,
        const char *why,
        GError **error)
{
  g_ptr_array_add (query->refused,
                   g_strdup_printf ("device %s of %s: %s", device_id, user_id, why));
  g_ptr_array_add (query->refused, g_strdup (user_id));
  return confab_store_exec (transaction,
                            error,
                            "INSERT OR IGNORE INTO refused_devices VALUES (?, ?)",
                            "ss",
                            user_id,
                            device_id);
}

static gboolean
id_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  g_ptr_array_add (data, g_strdup (confab_store_row_get_string (row, 0)));
  return TRUE;
}

static gboolean
remove_missing (ConfabStoreTransaction *transaction,
                const char *user_id,
                JsonObject *devices,
                GError **error)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  if (!confab_store_query (transaction,
                           id_row_cb,
                           ids,
                           error,
                           "SELECT device_id FROM devices WHERE user_id = ?",
                           "s",
                           user_id))
    return FALSE;
  for (guint i = 0; i < ids->len; i++) {
    if (confab_json_peek_object (devices, ids->pdata[i]) == NULL &&
        !confab_store_exec (transaction,
                            error,
                            "DELETE FROM devices WHERE user_id = ? AND device_id = ?",
                            "ss",
                            user_id,
                            ids->pdata[i]))
      return FALSE;
  }
  return TRUE;
}

static gboolean
apply_device (ConfabStoreTransaction *transaction,
              Query *query,
              const char *user_id,
              const char *device_id,
              JsonObject *object,
              GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autoptr (ConfabDeviceKeys) keys = confab_device_keys_parse (object, user_id, device_id, &why);
  g_autoptr (ConfabDeviceKeys) known = NULL;

  if (keys == NULL)
    return refuse (transaction, query, user_id, device_id, why->message, error);
  if (!confab_device_list_lookup (transaction, user_id, device_id, NULL, &known, error))
    return FALSE;
  /* A device's keys never change: what looks like it is somebody between us. */
  if (known != NULL && (g_strcmp0 (known->ed25519, keys->ed25519) != 0 ||
                        g_strcmp0 (known->curve25519, keys->curve25519) != 0))
    return refuse (transaction, query, user_id, device_id, "its identity key changed", error);
  return confab_store_exec (transaction,
                            error,
                            "INSERT INTO devices (user_id, device_id, curve25519, ed25519, json) "
                            "VALUES (?, ?, ?, ?, ?) "
                            "ON CONFLICT (user_id, device_id) DO UPDATE SET json = excluded.json",
                            "sssss",
                            user_id,
                            device_id,
                            keys->curve25519,
                            keys->ed25519,
                            keys->json);
}

static gboolean
apply_user (ConfabStoreTransaction *transaction,
            Query *query,
            guint index,
            JsonObject *devices,
            GError **error)
{
  const char *user_id = query->users->pdata[index];
  gint64 generation = g_array_index (query->generations, gint64, index);
  JsonObjectIter iter;
  const char *device_id;
  guint n = 0;

  if (!remove_missing (transaction, user_id, devices, error) ||
      !confab_store_exec (
        transaction, error, "DELETE FROM refused_devices WHERE user_id = ?", "s", user_id))
    return FALSE;
  if (devices != NULL) {
    json_object_iter_init (&iter, devices);
    while (n++ < MAX_DEVICES && json_object_iter_next (&iter, &device_id, NULL)) {
      if (!apply_device (transaction,
                         query,
                         user_id,
                         device_id,
                         confab_json_peek_object (devices, device_id),
                         error))
        return FALSE;
    }
  }
  return confab_store_exec (
    transaction,
    error,
    "UPDATE device_users SET stale = 0 WHERE user_id = ? AND stale_since = ?",
    "si",
    user_id,
    generation);
}

static gboolean
apply_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Query *query = data;
  gsize size;
  const char *text = g_bytes_get_data (query->reply, &size);
  g_autoptr (JsonObject) reply = confab_json_parse_object (text != NULL ? text : "", size, &query->bad_reply);
  JsonObject *lists = confab_json_peek_object (reply, "device_keys");
  JsonObject *failures = confab_json_peek_object (reply, "failures");

  if (reply == NULL)
    return TRUE;

  for (guint i = 0; i < query->users->len; i++) {
    const char *user_id = query->users->pdata[i];
    const char *colon = strchr (user_id, ':');
    JsonObject *devices = confab_json_peek_object (lists, user_id);

    if (devices == NULL && colon != NULL && failures != NULL &&
        json_object_has_member (failures, colon + 1))
      g_ptr_array_add (query->unreachable, g_strdup (user_id));
    else if (!apply_user (transaction, query, i, devices, error))
      return FALSE;
  }
  return TRUE;
}

static JsonObject *
make_body (Query *query)
{
  JsonObject *body = json_object_new ();
  JsonObject *users = json_object_new ();

  for (guint i = 0; i < query->users->len; i++)
    json_object_set_array_member (users, query->users->pdata[i], json_array_new ());
  json_object_set_object_member (body, "device_keys", users);
  json_object_set_int_member (body, "timeout", QUERY_TIMEOUT_MS);
  return body;
}

static void
skip_unreachable (ConfabDeviceList *self, GHashTable *skip)
{
  gint64 now = confab_clock_get_time (self->clock);
  GHashTableIter iter;
  gpointer user_id, at;

  g_hash_table_iter_init (&iter, self->retry_at);
  while (g_hash_table_iter_next (&iter, &user_id, &at)) {
    if (*(gint64 *) at <= now)
      g_hash_table_iter_remove (&iter);
    else
      g_hash_table_add (skip, g_strdup (user_id));
  }
}

/* One query; @n_asked is 0 when nothing was stale. */
static gboolean
query_once (ConfabDeviceList *self, guint *n_asked, GError **error)
{
  g_auto (Query) query = {
    .users = g_ptr_array_new_with_free_func (g_free),
    .generations = g_array_new (FALSE, FALSE, sizeof (gint64)),
    .skip = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .unreachable = g_ptr_array_new_with_free_func (g_free),
    .refused = g_ptr_array_new_with_free_func (g_free),
  };
  g_autoptr (JsonObject) body = NULL;
  g_autoptr (GBytes) reply = NULL;

  skip_unreachable (self, query.skip);
  if (!dex_await (confab_store_future (self->store, read_stale_func, &query), error))
    return FALSE;
  *n_asked = query.users->len;
  if (query.users->len == 0)
    return TRUE;
  body = make_body (&query);
  reply = dex_await_boxed (confab_homeserver_send_unread (self->homeserver,
                                                          "POST",
                                                          QUERY_PATH,
                                                          body,
                                                          QUERY_TIMEOUT_MS + 5000,
                                                          CONFAB_REQUEST_URGENT,
                                                          NULL),
                           error);
  if (reply == NULL)
    return FALSE;
  query.reply = reply;
  if (!dex_await (confab_store_future (self->store, apply_func, &query), error))
    return FALSE;
  if (query.bad_reply != NULL) {
    g_set_error_literal (error,
                         CONFAB_MATRIX_ERROR,
                         CONFAB_MATRIX_ERROR_BAD_RESPONSE,
                         query.bad_reply->message);
    return FALSE;
  }
  for (guint i = 0; i < query.unreachable->len; i++) {
    gint64 at = confab_clock_get_time (self->clock) + RETRY_US;
    g_hash_table_replace (self->retry_at,
                          g_strdup (query.unreachable->pdata[i]),
                          g_memdup2 (&at, sizeof at));
  }
  for (guint i = 0; i + 1 < query.refused->len; i += 2)
    g_signal_emit (
      self, signals[SIGNAL_REFUSED], 0, query.refused->pdata[i], query.refused->pdata[i + 1]);
  return TRUE;
}

static DexFuture *
confab_device_list_update_fiber (gpointer data)
{
  ConfabDeviceList *self = data;
  GError *error = NULL;
  guint n_asked = 0;
  guint n_rounds = 0;

  do {
    self->again = FALSE;
    if (self->stopped)
      g_set_error_literal (&error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_CANCELLED, "stopped");
  } while (error == NULL && query_once (self, &n_asked, &error) &&
           (self->again || (n_asked > 0 && ++n_rounds < 20)));
  dex_clear (&self->running);
  return error != NULL ? dex_future_new_for_error (error) : dex_future_new_true ();
}

static void
confab_device_list_dispose (GObject *object)
{
  ConfabDeviceList *self = CONFAB_DEVICE_LIST (object);

  dex_clear (&self->running);
  g_clear_object (&self->store);
  g_clear_object (&self->homeserver);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->retry_at, g_hash_table_unref);
  G_OBJECT_CLASS (confab_device_list_parent_class)->dispose (object);
}

static void
confab_device_list_class_init (ConfabDeviceListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_device_list_dispose;
  signals[SIGNAL_REFUSED] = g_signal_new ("refused",
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
confab_device_list_init (ConfabDeviceList *self)
{
  self->retry_at = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

ConfabDeviceList *
confab_device_list_new (ConfabStore *store, ConfabHomeserver *homeserver, ConfabClock *clock)
{
  ConfabDeviceList *self = g_object_new (CONFAB_TYPE_DEVICE_LIST, NULL);

  self->store = g_object_ref (store);
  self->homeserver = g_object_ref (homeserver);
  self->clock = g_object_ref (clock);
  return self;
}

DexFuture *
confab_device_list_update (ConfabDeviceList *self)
{
  dex_return_error_if_fail (CONFAB_IS_DEVICE_LIST (self));

  self->again = TRUE;
  if (self->running == NULL)
    self->running = dex_scheduler_spawn (
      NULL, 0, confab_device_list_update_fiber, g_object_ref (self), g_object_unref);
  return dex_ref (self->running);
}

void
confab_device_list_stop (ConfabDeviceList *self)
{
  self->stopped = TRUE;
}

gboolean
confab_device_list_track (ConfabStoreTransaction *transaction, const char *user_id, GError **error)
{
  return confab_store_exec (transaction,
                            error,
                            "INSERT INTO device_users (user_id) VALUES (?) "
                            "ON CONFLICT (user_id) DO UPDATE "
                            "SET stale = stale OR NOT tracked, tracked = 1",
                            "s",
                            user_id);
}

gboolean
confab_device_list_require (ConfabStoreTransaction *transaction,
                            const char *user_id,
                            GError **error)
{
  return confab_device_list_track (transaction, user_id, error) &&
         confab_device_list_mark_changed (transaction, user_id, error);
}

gboolean
confab_device_list_mark_changed (ConfabStoreTransaction *transaction,
                                 const char *user_id,
                                 GError **error)
{
  return confab_store_exec (
    transaction,
    error,
    "UPDATE device_users SET stale = 1, stale_since = stale_since + 1 WHERE user_id = ?",
    "s",
    user_id);
}

gboolean
confab_device_list_mark_left (ConfabStoreTransaction *transaction,
                              const char *user_id,
                              GError **error)
{
  return confab_store_exec (transaction,
                            error,
                            "UPDATE device_users SET tracked = 0, stale = 1, stale_since = "
                            "stale_since + 1 WHERE user_id = ?",
                            "s",
                            user_id);
}

static gboolean
flag_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  *(gboolean *) data = confab_store_row_get_int (row, 0) != 0;
  return TRUE;
}

gboolean
confab_device_list_is_stale (ConfabStoreTransaction *transaction,
                             const char *user_id,
                             gboolean *stale,
                             GError **error)
{
  *stale = TRUE;
  return confab_store_query (transaction,
                             flag_row_cb,
                             stale,
                             error,
                             "SELECT stale OR NOT tracked FROM device_users WHERE user_id = ?",
                             "s",
                             user_id);
}

gboolean
confab_device_list_set_blocked (ConfabStoreTransaction *transaction,
                                const char *user_id,
                                const char *device_id,
                                gboolean blocked,
                                GError **error)
{
  return confab_store_exec (transaction,
                            error,
                            blocked
                              ? "INSERT OR IGNORE INTO blocked_devices VALUES (?, ?)"
                              : "DELETE FROM blocked_devices WHERE user_id = ? AND device_id = ?",
                            "ss",
                            user_id,
                            device_id);
}

gboolean
confab_device_list_is_blocked (ConfabStoreTransaction *transaction,
                               const char *user_id,
                               const char *device_id,
                               gboolean *blocked,
                               GError **error)
{
  *blocked = FALSE;
  return confab_store_query (transaction,
                             flag_row_cb,
                             blocked,
                             error,
                             "SELECT 1 FROM blocked_devices WHERE user_id = ? AND device_id = ?",
                             "ss",
                             user_id,
                             device_id);
}

static gboolean
keys_row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  ConfabDeviceKeys **keys = data;

  if (*keys != NULL)
    return TRUE;
  *keys = g_new0 (ConfabDeviceKeys, 1);
  (*keys)->user_id = g_strdup (confab_store_row_get_string (row, 0));
  (*keys)->device_id = g_strdup (confab_store_row_get_string (row, 1));
  (*keys)->curve25519 = g_strdup (confab_store_row_get_string (row, 2));
  (*keys)->ed25519 = g_strdup (confab_store_row_get_string (row, 3));
  (*keys)->json = g_strdup (confab_store_row_get_string (row, 4));
  return TRUE;
}

#define SELECT_KEYS                                                                                \
  "SELECT user_id, device_id, curve25519, ed25519, json FROM devices WHERE user_id = ? AND "

gboolean
confab_device_list_lookup (ConfabStoreTransaction *transaction,
                           const char *user_id,
                           const char *device_id,
                           const char *curve25519,
                           ConfabDeviceKeys **keys,
                           GError **error)
{
  *keys = NULL;
  if (device_id != NULL)
    return confab_store_query (
      transaction, keys_row_cb, keys, error, SELECT_KEYS "device_id = ?", "ss", user_id, device_id);
  return confab_store_query (
    transaction, keys_row_cb, keys, error, SELECT_KEYS "curve25519 = ?", "ss", user_id, curve25519);
}
