/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-base"

#include "config.h"

#include <glib/gstdio.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>

#include "confab-store.h"

/**
 * ConfabStore:
 *
 * One SQLite file (WAL) with a thread of its own, which alone touches it: whoever wants to read or write
 * hands in a function that runs there in one transaction. So the main thread never waits for a disk, and
 * “all or nothing” is the only way to write. Functions run in the order in which they were handed in.
 *
 * The schema's version is SQLite's `user_version`: the number of migrations that have run.
 */
struct _ConfabStore {
  GObject parent_instance;

  char *path;
  sqlite3 *db;        /* the worker's, after construction */
  GHashTable *cached; /* (owned) SQL text → sqlite3_stmt; the worker's */
  GThreadPool *worker;
  guint64 n_steps; /* of SQLite's machine; the worker's */
};

struct _ConfabStoreTransaction {
  ConfabStore *store;
};

/* ConfabStoreRow is a sqlite3_stmt that stands on a row. */

typedef struct {
  ConfabStoreFunc func;
  gpointer data;
  GDestroyNotify destroy;
  GError *error; /* the worker's until it hands the task back */
} Work;

G_DEFINE_FINAL_TYPE (ConfabStore, confab_store, G_TYPE_OBJECT)

G_DEFINE_QUARK (confab-store-error-quark, confab_store_error)

static gboolean
fail (ConfabStore *self, GError **error)
{
  int code = sqlite3_errcode (self->db);

  g_set_error (error,
               CONFAB_STORE_ERROR,
               code == SQLITE_BUSY || code == SQLITE_LOCKED ? CONFAB_STORE_ERROR_IN_USE
                                                            : CONFAB_STORE_ERROR_FAILED,
               "%s",
               sqlite3_errmsg (self->db));
  return FALSE;
}

static gboolean
exec_plain (ConfabStore *self, const char *sql, GError **error)
{
  if (sqlite3_exec (self->db, sql, NULL, NULL, NULL) != SQLITE_OK)
    return fail (self, error);
  return TRUE;
}

static sqlite3_stmt *
prepare (ConfabStore *self, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (self->cached, sql);
  const char *rest = NULL;

  /* A statement that is still on a row (a query within a query of the same text) cannot be shared. */
  if (statement != NULL && !sqlite3_stmt_busy (statement))
    return statement;
  if (sqlite3_prepare_v3 (self->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, &rest) !=
      SQLITE_OK) {
    fail (self, error);
    return NULL;
  }
  g_assert (*rest == '\0'); /* one statement: what follows would never run */
  if (!g_hash_table_contains (self->cached, sql))
    g_hash_table_insert (self->cached, g_strdup (sql), statement);
  return statement;
}

static void
release (ConfabStore *self, sqlite3_stmt *statement)
{
  if (g_hash_table_lookup (self->cached, sqlite3_sql (statement)) == statement) {
    sqlite3_reset (statement);
    sqlite3_clear_bindings (statement);
  } else {
    sqlite3_finalize (statement);
  }
}

static void
bind (sqlite3_stmt *statement, const char *types, va_list args)
{
  for (int i = 1; types != NULL && types[i - 1] != '\0'; i++) {
    switch (types[i - 1]) {
    case 's': {
      const char *text = va_arg (args, const char *);
      sqlite3_bind_text (statement, i, text, -1, SQLITE_TRANSIENT);
      break;
    }
    case 'i':
      sqlite3_bind_int64 (statement, i, va_arg (args, gint64));
      break;
    case 'b': {
      GBytes *bytes = va_arg (args, GBytes *);
      gsize length = 0;
      gconstpointer data = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;
      if (bytes != NULL && length == 0)
        sqlite3_bind_zeroblob (statement, i, 0);
      else
        sqlite3_bind_blob64 (statement, i, data, length, SQLITE_TRANSIENT);
      break;
    }
    default:
      g_assert_not_reached ();
    }
  }
}

static gboolean
query_valist (ConfabStoreTransaction *transaction,
              ConfabStoreRowFunc func,
              gpointer data,
              GError **error,
              const char *sql,
              const char *types,
              va_list args)
{
  ConfabStore *self = transaction->store;
  sqlite3_stmt *statement = prepare (self, sql, error);
  gboolean ok = TRUE;

  if (statement == NULL)
    return FALSE;
  g_assert ((int) (types != NULL ? strlen (types) : 0) == sqlite3_bind_parameter_count (statement));
  bind (statement, types, args);
  while (ok) {
    int code = sqlite3_step (statement);
    if (code == SQLITE_DONE)
      break;
    if (code != SQLITE_ROW)
      ok = fail (self, error);
    else if (func != NULL)
      ok = func ((ConfabStoreRow *) statement, data, error);
  }
  self->n_steps += (guint64) sqlite3_stmt_status (statement, SQLITE_STMTSTATUS_VM_STEP, TRUE);
  release (self, statement);
  return ok;
}

/**
 * confab_store_get_n_steps:
 * @transaction: a transaction
 *
 * Returns: how much work the store's queries have been so far, in steps of SQLite's machine, whatever the computer
 */
guint64
confab_store_get_n_steps (ConfabStoreTransaction *transaction)
{
  return transaction->store->n_steps;
}

static gboolean
run_in_transaction (ConfabStore *self, ConfabStoreFunc func, gpointer data, GError **error)
{
  ConfabStoreTransaction transaction = { .store = self };
  g_autoptr (GError) rollback_error = NULL;

  if (!exec_plain (self, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (func (&transaction, data, error) && exec_plain (self, "COMMIT", error))
    return TRUE;

  /* SQLite has rolled back by itself after some errors (disk full); then there is nothing to roll back. */
  if (!sqlite3_get_autocommit (self->db) && !exec_plain (self, "ROLLBACK", &rollback_error))
    g_warning ("%s: cannot roll back: %s", self->path, rollback_error->message);
  return FALSE;
}

static void
work_free (Work *work)
{
  if (work->destroy != NULL)
    work->destroy (work->data);
  g_clear_error (&work->error);
  g_free (work);
}

static gboolean
return_cb (gpointer data)
{
  GTask *task = data;
  Work *work = g_task_get_task_data (task);

  if (work->error != NULL)
    g_task_return_error (task, g_steal_pointer (&work->error));
  else
    g_task_return_boolean (task, TRUE);
  return G_SOURCE_REMOVE;
}

static void
worker_cb (gpointer item, gpointer data)
{
  GTask *task = item;
  ConfabStore *self = g_task_get_source_object (task);
  Work *work = g_task_get_task_data (task);
  /* Held until the source is let go of, which reaches for it: who waits in confab_store_run() drops it at once. */
  g_autoptr (GMainContext) context = g_main_context_ref (g_task_get_context (task));
  g_autoptr (GSource) source = g_idle_source_new ();

  if (!g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &work->error))
    run_in_transaction (self, work->func, work->data, &work->error);

  /* The task goes back to whoever asked, with its hold on the store: were the last one dropped here, the
   * store would close on its own thread and wait for itself. */
  g_source_set_priority (source, g_task_get_priority (task));
  g_source_set_callback (source, return_cb, task, g_object_unref);
  g_source_attach (source, context);
}

typedef struct {
  const char *sql;
  guint version;
} Migration;

static gboolean
migrate_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Migration *migration = data;
  g_autofree char *set_version = g_strdup_printf ("PRAGMA user_version = %u", migration->version);

  return exec_plain (transaction->store, migration->sql, error) &&
         exec_plain (transaction->store, set_version, error);
}

static gboolean
migrate (ConfabStore *self, const char *const *migrations, GError **error)
{
  ConfabStoreTransaction transaction = { .store = self };
  guint n_migrations = g_strv_length ((GStrv) migrations);
  gint64 version = 0;

  if (!confab_store_query (
        &transaction, confab_store_row_take_int, &version, error, "PRAGMA user_version", NULL))
    return FALSE;
  if (version > n_migrations) {
    g_set_error (error,
                 CONFAB_STORE_ERROR,
                 CONFAB_STORE_ERROR_TOO_NEW,
                 "%s was written by a later version",
                 self->path);
    return FALSE;
  }
  for (guint i = version; i < n_migrations; i++) {
    Migration migration = { .sql = migrations[i], .version = i + 1 };
    if (!run_in_transaction (self, migrate_func, &migration, error))
      return FALSE;
  }
  return TRUE;
}

static void
statement_free (gpointer statement)
{
  sqlite3_finalize (statement);
}

static void
confab_store_finalize (GObject *object)
{
  ConfabStore *self = CONFAB_STORE (object);

  confab_store_close (self);
  g_clear_pointer (&self->path, g_free);
  G_OBJECT_CLASS (confab_store_parent_class)->finalize (object);
}

static void
confab_store_class_init (ConfabStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_store_finalize;
}

static void
confab_store_init (ConfabStore *self)
{
  self->cached = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, statement_free);
}

/**
 * confab_store_new:
 * @path: (nullable): the file, made with mode 0600 when it is not there; %NULL keeps it in memory
 * @migrations: (array zero-terminated=1): SQL scripts; the n-th leads from version n to n + 1
 * @error: a #ConfabStoreError
 *
 * Opens the file and brings its schema up to date; a few ms, so call it before the first frame only.
 * Another process that has the file open makes this fail with %CONFAB_STORE_ERROR_IN_USE.
 *
 * Returns: (transfer full): the store
 */
ConfabStore *
confab_store_new (const char *path, const char *const *migrations, GError **error)
{
  g_autoptr (ConfabStore) self = g_object_new (CONFAB_TYPE_STORE, NULL);
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;

  self->path = g_strdup (path != NULL ? path : ":memory:");
  if (path != NULL) {
    /* SQLite gives -wal and -shm the mode of the file, so the file must have it before SQLite comes. */
    int fd = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
      int saved_errno = errno;
      g_set_error (error,
                   CONFAB_STORE_ERROR,
                   CONFAB_STORE_ERROR_FAILED,
                   "%s: %s",
                   path,
                   g_strerror (saved_errno));
      return NULL;
    }
    g_close (fd, NULL);
  }
  if (sqlite3_open_v2 (self->path, &self->db, flags, NULL) != SQLITE_OK) {
    fail (self, error);
    return NULL;
  }
  sqlite3_extended_result_codes (self->db, 0);
  /* FULL: an Olm ratchet that was announced to others must not go back after a power cut.
   * EXCLUSIVE: two processes with one device's ratchets would ruin each other's sessions. */
  if (!exec_plain (self, "PRAGMA locking_mode = EXCLUSIVE", error) ||
      !exec_plain (self, "PRAGMA journal_mode = WAL", error) ||
      !exec_plain (self, "PRAGMA synchronous = FULL", error) ||
      !exec_plain (self, "PRAGMA foreign_keys = ON", error) ||
      !exec_plain (self, "PRAGMA secure_delete = ON", error) || !migrate (self, migrations, error))
    return NULL;

  self->worker = g_thread_pool_new (worker_cb, NULL, 1, TRUE, error);
  if (self->worker == NULL)
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * confab_store_run_async:
 * @self: a store
 * @func: runs on the store's thread in one transaction
 * @data: for @func
 * @destroy: (nullable): frees @data after @func, on any thread
 * @cancellable: (nullable): looked at before @func starts, not after
 * @callback: in the caller's thread-default main context
 * @user_data: for @callback
 */
void
confab_store_run_async (ConfabStore *self,
                        ConfabStoreFunc func,
                        gpointer data,
                        GDestroyNotify destroy,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Work *work;

  g_return_if_fail (CONFAB_IS_STORE (self));
  g_return_if_fail (func != NULL);

  work = g_new (Work, 1);
  *work = (Work) { .func = func, .data = data, .destroy = destroy };
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, confab_store_run_async);
  g_task_set_task_data (task, work, (GDestroyNotify) work_free);
  if (self->worker == NULL) {
    g_task_return_new_error_literal (task,
                                     CONFAB_STORE_ERROR,
                                     CONFAB_STORE_ERROR_FAILED,
                                     "the store is closed");
    return;
  }
  g_thread_pool_push (self->worker, g_steal_pointer (&task), NULL);
}

/**
 * confab_store_run_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: what the function said, or a #ConfabStoreError
 *
 * Returns: whether the transaction was committed
 */
gboolean
confab_store_run_finish (ConfabStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
run_done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

/**
 * confab_store_run:
 * @self: a store
 * @func: runs on the store's thread in one transaction
 * @data: for @func
 * @error: what the function said, or a #ConfabStoreError
 *
 * Waits for @func: for start-up, shutdown and tests, where nobody waits for the main loop.
 *
 * Returns: whether the transaction was committed
 */
gboolean
confab_store_run (ConfabStore *self, ConfabStoreFunc func, gpointer data, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GAsyncResult) result = NULL;

  g_return_val_if_fail (CONFAB_IS_STORE (self), FALSE);

  g_main_context_push_thread_default (context);
  confab_store_run_async (self, func, data, NULL, NULL, run_done_cb, &result);
  while (result == NULL)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  return confab_store_run_finish (self, result, error);
}

/**
 * confab_store_close:
 * @self: a store
 *
 * Waits for what was handed in, then closes the file. Nothing can be run afterwards.
 */
void
confab_store_close (ConfabStore *self)
{
  g_return_if_fail (CONFAB_IS_STORE (self));

  if (self->worker != NULL)
    g_thread_pool_free (g_steal_pointer (&self->worker), FALSE, TRUE);
  g_clear_pointer (&self->cached, g_hash_table_unref);
  g_clear_pointer (&self->db, sqlite3_close);
}

/**
 * confab_store_exec:
 * @transaction: where
 * @error: a #ConfabStoreError
 * @sql: one statement; rows that it returns are skipped
 * @types: (nullable): one letter a parameter: 's', 'i' or 'b'
 * @...: the parameters
 *
 * Returns: whether it ran
 */
gboolean
confab_store_exec (
  ConfabStoreTransaction *transaction, GError **error, const char *sql, const char *types, ...)
{
  gboolean ok;
  va_list args;

  va_start (args, types);
  ok = query_valist (transaction, NULL, NULL, error, sql, types, args);
  va_end (args);
  return ok;
}

/**
 * confab_store_query:
 * @transaction: where
 * @func: called for each row; %FALSE with its error set stops
 * @data: for @func
 * @error: a #ConfabStoreError, or what @func said
 * @sql: one statement
 * @types: (nullable): one letter a parameter: 's', 'i' or 'b'
 * @...: the parameters
 *
 * Returns: whether all rows were read
 */
gboolean
confab_store_query (ConfabStoreTransaction *transaction,
                    ConfabStoreRowFunc func,
                    gpointer data,
                    GError **error,
                    const char *sql,
                    const char *types,
                    ...)
{
  gboolean ok;
  va_list args;

  va_start (args, types);
  ok = query_valist (transaction, func, data, error, sql, types, args);
  va_end (args);
  return ok;
}

/**
 * confab_store_row_get_string:
 * @row: a row
 * @column: from 0
 *
 * Returns: (nullable): the text, until the row function returns
 */
const char *
confab_store_row_get_string (ConfabStoreRow *row, guint column)
{
  return (const char *) sqlite3_column_text ((sqlite3_stmt *) row, column);
}

gint64
confab_store_row_get_int (ConfabStoreRow *row, guint column)
{
  return sqlite3_column_int64 ((sqlite3_stmt *) row, column);
}

/**
 * confab_store_row_get_bytes:
 * @row: a row
 * @column: from 0
 *
 * Returns: (transfer full): a copy of the bytes; empty for NULL
 */
GBytes *
confab_store_row_get_bytes (ConfabStoreRow *row, guint column)
{
  gconstpointer data = sqlite3_column_blob ((sqlite3_stmt *) row, column);

  return g_bytes_new (data, sqlite3_column_bytes ((sqlite3_stmt *) row, column));
}

gboolean
confab_store_row_is_null (ConfabStoreRow *row, guint column)
{
  return sqlite3_column_type ((sqlite3_stmt *) row, column) == SQLITE_NULL;
}

gboolean
confab_store_row_take_int (ConfabStoreRow *row, gpointer data, GError **error)
{
  *(gint64 *) data = confab_store_row_get_int (row, 0);
  return TRUE;
}

gboolean
confab_store_row_take_string (ConfabStoreRow *row, gpointer data, GError **error)
{
  char **text = data;

  if (*text == NULL)
    *text = g_strdup (confab_store_row_get_string (row, 0));
  return TRUE;
}

gboolean
confab_store_row_add_int (ConfabStoreRow *row, gpointer data, GError **error)
{
  gint64 value = confab_store_row_get_int (row, 0);

  g_array_append_val (data, value);
  return TRUE;
}
