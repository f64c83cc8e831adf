/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-secrets.h"

#include <libsecret/secret.h>

#include "confab-matrix-error.h"

#define ANSWER_TIMEOUT_MS 5000    /* for a keyring to say that it is alive; libsecret waits 50 s */
#define PERSON_TIMEOUT_S (2 * 60) /* for a person to unlock it */

/**
 * ConfabKeyring:
 *
 * Secrets in the person's keyring, through libsecret; in a sandbox libsecret goes through the Secret portal.
 * libsecret's look-up in a locked keyring finds nothing and gives no error, so what was not found is asked for
 * again in another way before it counts as “never kept”.
 */
struct _ConfabKeyring {
  GObject parent_instance;
};

static const SecretSchema schema = {
  .name = CONFAB_APP_ID,
  .flags = SECRET_SCHEMA_NONE,
  .attributes = { { "account", SECRET_SCHEMA_ATTRIBUTE_STRING } },
};

typedef struct {
  char *account;
  char *secret; /* (nullable) */
} Work;

static void confab_keyring_iface_init (ConfabSecretsInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabKeyring,
                               confab_keyring,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_SECRETS,
                                                      confab_keyring_iface_init))

static Work *
work_new (const char *account, const char *secret)
{
  Work *work = g_new (Work, 1);

  *work = (Work) { .account = g_strdup (account), .secret = g_strdup (secret) };
  return work;
}

static void
work_free (Work *work)
{
  g_free (work->account);
  secret_password_free (work->secret);
  g_free (work);
}

static GError *
translate (const GError *error)
{
  ConfabMatrixError code = CONFAB_MATRIX_ERROR_NO_KEYRING;

  if (g_error_matches (error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
      g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
      g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT) ||
      g_error_matches (error, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    code = CONFAB_MATRIX_ERROR_KEYRING_LOCKED;
  return g_error_new (CONFAB_MATRIX_ERROR, code, "keyring: %s", error->message);
}

/* GIO's and libsecret's pairs as futures. Each resolves to what its finish function gives. */
#define DEFINE_DONE(name, finish_call, resolve)                                                    \
  static void name (GObject *source, GAsyncResult *result, gpointer data)                          \
  {                                                                                                \
    g_autoptr (DexPromise) promise = data;                                                         \
    GError *error = NULL;                                                                          \
    finish_call;                                                                                   \
    if (error != NULL)                                                                             \
      dex_promise_reject (promise, error);                                                         \
    else                                                                                           \
      resolve;                                                                                     \
  }

DEFINE_DONE (bus_done_cb,
             GDBusConnection *bus = g_bus_get_finish (result, &error),
             dex_promise_resolve_object (promise, bus))
DEFINE_DONE (ping_done_cb,
             g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source),
                                                              result,
                                                              &error),
             dex_promise_resolve_boolean (promise, reply != NULL))
DEFINE_DONE (lookup_done_cb,
             char *secret = secret_password_lookup_finish (result, &error),
             dex_promise_resolve_string (promise, secret))
DEFINE_DONE (store_done_cb,
             gboolean ok = secret_password_store_finish (result, &error),
             dex_promise_resolve_boolean (promise, ok))
DEFINE_DONE (clear_done_cb,
             secret_password_clear_finish (result, &error),
             dex_promise_resolve_boolean (promise, TRUE))
DEFINE_DONE (service_done_cb,
             SecretService *service = secret_service_get_finish (result, &error),
             dex_promise_resolve_object (promise, service))
#undef DEFINE_DONE

static gboolean
has_service (void)
{
  /* In a sandbox, and when told so, libsecret keeps an encrypted file and asks no service. */
  return g_strcmp0 (g_getenv ("SECRET_BACKEND"), "file") != 0 &&
         !g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS);
}

static DexFuture *
ping (GDBusConnection *bus)
{
  DexPromise *promise = dex_promise_new_cancellable ();

  g_dbus_connection_call (bus,
                          "org.freedesktop.secrets",
                          "/org/freedesktop/secrets",
                          "org.freedesktop.DBus.Peer",
                          "Ping",
                          NULL,
                          NULL,
                          G_DBUS_CALL_FLAGS_NONE,
                          ANSWER_TIMEOUT_MS,
                          dex_promise_get_cancellable (promise),
                          ping_done_cb,
                          dex_ref (promise));
  return DEX_FUTURE (promise);
}

/* Whether there is a keyring, and it is not frozen. @bus stays NULL when libsecret asks no service. */
static gboolean
await_alive (GDBusConnection **bus, GError **error)
{
  DexPromise *promise;

  if (!has_service ())
    return TRUE;
  /* libsecret remembers its session with the service, which is worth nothing once that was started anew. */
  secret_service_disconnect ();
  promise = dex_promise_new_cancellable ();
  g_bus_get (G_BUS_TYPE_SESSION,
             dex_promise_get_cancellable (promise),
             bus_done_cb,
             dex_ref (promise));
  *bus = dex_await_object (DEX_FUTURE (promise), error);
  return *bus != NULL && dex_await (ping (*bus), error);
}

/* Asks every now and then whether the keyring is still there, as long as something waits for it. */
typedef struct {
  GDBusConnection *bus;
  DexPromise *dead;
  DexCancellable *stop;
} Heart;

static void
heart_free (gpointer data)
{
  Heart *heart = data;

  g_object_unref (heart->bus);
  dex_unref (heart->dead);
  dex_unref (heart->stop);
  g_free (heart);
}

static DexFuture *
heart_fiber (gpointer data)
{
  Heart *heart = data;
  g_autoptr (GError) error = NULL;

  while (dex_future_is_pending (DEX_FUTURE (heart->stop))) {
    dex_await (dex_future_first (dex_timeout_new_msec (ANSWER_TIMEOUT_MS),
                                 dex_ref (DEX_FUTURE (heart->stop)),
                                 NULL),
               NULL);
    if (dex_future_is_pending (DEX_FUTURE (heart->stop)) &&
        !dex_await (ping (heart->bus), &error)) {
      dex_promise_reject (heart->dead, g_steal_pointer (&error));
      break;
    }
  }
  return dex_future_new_true ();
}

/* Waits for what libsecret was asked (transfer full): a person may have to unlock the keyring first, and then it is in
 * good health meanwhile. Fibers only. */
static gboolean
await_patiently (DexPromise *promise, GDBusConnection *bus, GError **error)
{
  g_autoptr (DexCancellable) stop = dex_cancellable_new ();
  g_autoptr (DexPromise) dead = dex_promise_new ();
  gboolean ok;

  /* libdex 0.10 leaks an error when one of those that are raced is done already. */
  if (!dex_future_is_pending (DEX_FUTURE (promise)))
    return dex_await (dex_ref (promise), error);
  if (bus != NULL) {
    Heart *heart = g_new (Heart, 1);
    *heart = (Heart) {
      .bus = g_object_ref (bus),
      .dead = dex_ref (dead),
      .stop = dex_ref (stop),
    };
    dex_future_disown (dex_scheduler_spawn (NULL, 0, heart_fiber, heart, heart_free));
  }
  ok = dex_await (dex_future_first (dex_ref (DEX_FUTURE (promise)),
                                    dex_timeout_new_seconds (PERSON_TIMEOUT_S),
                                    dex_ref (DEX_FUTURE (dead)),
                                    NULL),
                  error);
  dex_cancellable_cancel (stop);
  return ok;
}

/* Whether something may be hidden by a lock. */
static gboolean
await_locked (GDBusConnection *bus, gboolean *locked, GError **error)
{
  g_autoptr (DexPromise) promise = dex_promise_new_cancellable ();
  g_autoptr (SecretService) service = NULL;
  g_autolist (SecretCollection) collections = NULL;

  *locked = FALSE;
  if (bus == NULL)
    return TRUE;
  secret_service_get (SECRET_SERVICE_LOAD_COLLECTIONS,
                      dex_promise_get_cancellable (promise),
                      service_done_cb,
                      dex_ref (promise));
  if (!await_patiently (promise, bus, error))
    return FALSE;
  service = dex_await_object (dex_ref (promise), NULL);
  collections = secret_service_get_collections (service);
  for (GList *l = collections; l != NULL; l = l->next) {
    if (secret_collection_get_locked (l->data))
      *locked = TRUE;
  }
  return TRUE;
}

static char *
await_secret (const char *account, GDBusConnection *bus, GError **error)
{
  g_autoptr (DexPromise) promise = dex_promise_new_cancellable ();

  secret_password_lookup (&schema,
                          dex_promise_get_cancellable (promise),
                          lookup_done_cb,
                          dex_ref (promise),
                          "account",
                          account,
                          NULL);
  if (!await_patiently (promise, bus, error))
    return NULL;
  return dex_await_string (dex_ref (promise), NULL);
}

static DexFuture *
lookup_fiber (gpointer data)
{
  Work *work = data;
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GError) error = NULL;
  char *secret;
  gboolean locked;

  if (!await_alive (&bus, &error))
    return dex_future_new_for_error (translate (error));
  secret = await_secret (work->account, bus, &error);
  if (secret != NULL)
    return dex_future_new_take_string (secret);
  if (error != NULL || !await_locked (bus, &locked, &error))
    return dex_future_new_for_error (translate (error));
  if (locked)
    return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                  CONFAB_MATRIX_ERROR_KEYRING_LOCKED,
                                  "the keyring is locked");
  return dex_future_new_reject (G_IO_ERROR,
                                G_IO_ERROR_NOT_FOUND,
                                "nothing is kept for %s",
                                work->account);
}

static DexFuture *
store_fiber (gpointer data)
{
  Work *work = data;
  g_autofree char *label = g_strdup_printf ("Confab: %s", work->account);
  g_autoptr (DexPromise) promise = dex_promise_new_cancellable ();
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GError) error = NULL;

  if (!await_alive (&bus, &error))
    return dex_future_new_for_error (translate (error));
  secret_password_store (&schema,
                         SECRET_COLLECTION_DEFAULT,
                         label,
                         work->secret,
                         dex_promise_get_cancellable (promise),
                         store_done_cb,
                         dex_ref (promise),
                         "account",
                         work->account,
                         NULL);
  if (!await_patiently (promise, bus, &error))
    return dex_future_new_for_error (translate (error));
  if (!dex_await_boolean (dex_ref (promise), NULL))
    return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                  CONFAB_MATRIX_ERROR_KEYRING_LOCKED,
                                  "the keyring is locked");
  return dex_future_new_true ();
}

static DexFuture *
clear_fiber (gpointer data)
{
  Work *work = data;
  g_autoptr (DexPromise) promise = dex_promise_new_cancellable ();
  g_autoptr (GDBusConnection) bus = NULL;
  g_autoptr (GError) error = NULL;

  if (!await_alive (&bus, &error))
    return dex_future_new_for_error (translate (error));
  secret_password_clear (&schema,
                         dex_promise_get_cancellable (promise),
                         clear_done_cb,
                         dex_ref (promise),
                         "account",
                         work->account,
                         NULL);
  if (!await_patiently (promise, bus, &error))
    return dex_future_new_for_error (translate (error));
  return dex_future_new_true ();
}

static DexFuture *
confab_keyring_lookup (ConfabSecrets *secrets, const char *account)
{
  return dex_scheduler_spawn (
    NULL, 0, lookup_fiber, work_new (account, NULL), (GDestroyNotify) work_free);
}

static DexFuture *
confab_keyring_store (ConfabSecrets *secrets, const char *account, const char *secret)
{
  return dex_scheduler_spawn (
    NULL, 0, store_fiber, work_new (account, secret), (GDestroyNotify) work_free);
}

static DexFuture *
confab_keyring_clear (ConfabSecrets *secrets, const char *account)
{
  return dex_scheduler_spawn (
    NULL, 0, clear_fiber, work_new (account, NULL), (GDestroyNotify) work_free);
}

static void
confab_keyring_iface_init (ConfabSecretsInterface *iface)
{
  iface->lookup = confab_keyring_lookup;
  iface->store = confab_keyring_store;
  iface->clear = confab_keyring_clear;
}

static void
confab_keyring_class_init (ConfabKeyringClass *klass)
{
}

static void
confab_keyring_init (ConfabKeyring *self)
{
}

/**
 * confab_keyring_new:
 *
 * Returns: (transfer full): secrets in the person's keyring
 */
ConfabSecrets *
confab_keyring_new (void)
{
  return g_object_new (CONFAB_TYPE_KEYRING, NULL);
}
