/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum {
  CONFAB_STORE_ERROR_FAILED,  /* SQLite said no: disk full, file damaged, constraint */
  CONFAB_STORE_ERROR_TOO_NEW, /* a later Confab wrote this file */
  CONFAB_STORE_ERROR_IN_USE,  /* another process has it open */
} ConfabStoreError;
#define CONFAB_STORE_ERROR (confab_store_error_quark ())
GQuark confab_store_error_quark (void);

#define CONFAB_TYPE_STORE (confab_store_get_type ())
G_DECLARE_FINAL_TYPE (ConfabStore, confab_store, CONFAB, STORE, GObject)

/**
 * ConfabStoreTransaction:
 *
 * What a #ConfabStoreFunc reads and writes through. Valid only within that call, on its thread.
 */
typedef struct _ConfabStoreTransaction ConfabStoreTransaction;

/**
 * ConfabStoreFunc:
 * @transaction: to read and write through
 * @data: what was handed to confab_store_run_async()
 * @error: why it failed
 *
 * Runs on the store's thread, in one transaction: all of its writes happen, or none. It may run for as
 * long as it needs, and touches nothing that another thread touches.
 *
 * Returns: %TRUE to commit, %FALSE with @error set to roll back
 */
typedef gboolean (*ConfabStoreFunc) (ConfabStoreTransaction *transaction,
                                     gpointer data,
                                     GError **error);

ConfabStore *confab_store_new (const char *path, const char *const *migrations, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
void confab_store_run_async (ConfabStore *self,
                             ConfabStoreFunc func,
                             gpointer data,
                             GDestroyNotify destroy,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean confab_store_run_finish (ConfabStore *self, GAsyncResult *result, GError **error);
gboolean confab_store_run (ConfabStore *self, ConfabStoreFunc func, gpointer data, GError **error);
void confab_store_close (ConfabStore *self);

/* Within a transaction. Parameters are bound by type letter: 's' const char * (NULL is SQL NULL),
 * 'i' gint64, 'b' GBytes * (NULL is SQL NULL). */
gboolean confab_store_exec (
  ConfabStoreTransaction *transaction, GError **error, const char *sql, const char *types, ...);

/**
 * ConfabStoreRow:
 *
 * One row of a result; valid within the #ConfabStoreRowFunc only.
 */
typedef struct _ConfabStoreRow ConfabStoreRow;
typedef gboolean (*ConfabStoreRowFunc) (ConfabStoreRow *row, gpointer data, GError **error);

/* How much work all queries so far were, in steps of SQLite's machine: what tests compare. */
guint64 confab_store_get_n_steps (ConfabStoreTransaction *transaction);
gboolean confab_store_query (ConfabStoreTransaction *transaction,
                             ConfabStoreRowFunc func,
                             gpointer data,
                             GError **error,
                             const char *sql,
                             const char *types,
                             ...);
const char *confab_store_row_get_string (ConfabStoreRow *row, guint column);
gint64 confab_store_row_get_int (ConfabStoreRow *row, guint column);
GBytes *confab_store_row_get_bytes (ConfabStoreRow *row, guint column) G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_store_row_is_null (ConfabStoreRow *row, guint column);

/* #ConfabStoreRowFunc for queries that ask for one thing. The first column of the last row into a gint64. */
gboolean confab_store_row_take_int (ConfabStoreRow *row, gpointer data, GError **error);
/* That of the first row in which it is not NULL, copied into a char * (transfer full), which is %NULL before, and stays so
 * when there is no such row. */
gboolean confab_store_row_take_string (ConfabStoreRow *row, gpointer data, GError **error);
/* For those that ask for many: that of each row, in order, added to a GArray of gint64. */
gboolean confab_store_row_add_int (ConfabStoreRow *row, gpointer data, GError **error);

G_END_DECLS
