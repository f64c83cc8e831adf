/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <glib/gstdio.h>

#include "confab-store.h"

static const char *const first[] = { "CREATE TABLE t (k TEXT PRIMARY KEY, n INTEGER, b BLOB)",
                                     NULL };
static const char *const second[] = {
  "CREATE TABLE t (k TEXT PRIMARY KEY, n INTEGER, b BLOB)",
  "ALTER TABLE t ADD COLUMN extra TEXT; CREATE TABLE u (k TEXT)",
  NULL,
};
static const char *const broken[] = {
  "CREATE TABLE t (k TEXT PRIMARY KEY, n INTEGER, b BLOB)",
  "CREATE TABLE v (k TEXT); THIS IS NOT SQL",
  NULL,
};

static gboolean
insert_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new ("\0x", 2);

  return confab_store_exec (transaction,
                            error,
                            "INSERT INTO t (k, n, b) VALUES (?, ?, ?)",
                            "sib",
                            (const char *) data,
                            G_MAXINT64,
                            bytes);
}

static gboolean
insert_then_fail_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  if (!insert_func (transaction, data, error))
    return FALSE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "on purpose");
  return FALSE;
}

static gboolean
row_cb (ConfabStoreRow *row, gpointer data, GError **error)
{
  g_autoptr (GBytes) bytes = confab_store_row_get_bytes (row, 2);

  g_assert_cmpint (confab_store_row_get_int (row, 1), ==, G_MAXINT64);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 2);
  g_string_append_printf (data, "%s ", confab_store_row_get_string (row, 0));
  return TRUE;
}

static gboolean
read_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_store_query (
    transaction, row_cb, data, error, "SELECT k, n, b FROM t ORDER BY k", NULL);
}

static char *
read_all (ConfabStore *store)
{
  GString *out = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  confab_store_run (store, read_func, out, &error);
  g_assert_no_error (error);
  return g_string_free (out, FALSE);
}

static void
test_transaction (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ConfabStore) store = confab_store_new (NULL, first, &error);
  g_autofree char *all = NULL;

  g_assert_no_error (error);
  g_assert_true (confab_store_run (store, insert_func, (gpointer) "a", &error));
  g_assert_false (confab_store_run (store, insert_then_fail_func, (gpointer) "b", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_false (confab_store_run (store, insert_func, (gpointer) "a", &error));
  g_assert_error (error, CONFAB_STORE_ERROR, CONFAB_STORE_ERROR_FAILED);
  g_assert_true (confab_store_run (store, insert_func, (gpointer) "c", NULL));
  all = read_all (store);
  g_assert_cmpstr (all, ==, "a c ");
  g_assert_finalize_object (g_steal_pointer (&store));
}

static void
done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  guint *n_done = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (confab_store_run_finish (CONFAB_STORE (source), result, &error));
  g_assert_no_error (error);
  (*n_done)++;
}

static void
test_order_and_close (void)
{
  g_autoptr (ConfabStore) store = confab_store_new (NULL, first, NULL);
  g_autoptr (GError) error = NULL;
  guint n_done = 0;

  for (char c = 'a'; c <= 'z'; c++)
    confab_store_run_async (
      store, insert_func, g_strdup_printf ("%c", c), g_free, NULL, done_cb, &n_done);
  while (n_done < 26)
    g_main_context_iteration (NULL, TRUE);
  confab_store_close (store);
  g_assert_false (confab_store_run (store, insert_func, (gpointer) "a", &error));
  g_assert_error (error, CONFAB_STORE_ERROR, CONFAB_STORE_ERROR_FAILED);
  g_assert_finalize_object (g_steal_pointer (&store));
}

static void
test_file (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("confab-XXXXXX", &error);
  g_autofree char *path = g_build_filename (dir, "store.db", NULL);
  g_autoptr (ConfabStore) store = NULL;
  g_autofree char *all = NULL;
  GStatBuf info;

  store = confab_store_new (path, first, &error);
  g_assert_no_error (error);
  g_assert_true (confab_store_run (store, insert_func, (gpointer) "kept", &error));
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  g_assert_null (confab_store_new (path, first, &error));
  g_assert_error (error, CONFAB_STORE_ERROR, CONFAB_STORE_ERROR_IN_USE);
  g_clear_error (&error);
  g_clear_object (&store);

  /* A migration that fails leaves the file as it was. */
  g_assert_null (confab_store_new (path, broken, &error));
  g_assert_error (error, CONFAB_STORE_ERROR, CONFAB_STORE_ERROR_FAILED);
  g_clear_error (&error);
  store = confab_store_new (path, second, &error);
  g_assert_no_error (error);
  all = read_all (store);
  g_assert_cmpstr (all, ==, "kept ");
  g_clear_object (&store);

  g_assert_null (confab_store_new (path, first, &error));
  g_assert_error (error, CONFAB_STORE_ERROR, CONFAB_STORE_ERROR_TOO_NEW);

  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

static void
test_damaged (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("confab-XXXXXX", &error);
  g_autofree char *path = g_build_filename (dir, "store.db", NULL);

  g_assert_true (
    g_file_set_contents (path, "this is no database, whatever its name says", -1, &error));
  g_assert_null (confab_store_new (path, first, &error));
  g_assert_error (error, CONFAB_STORE_ERROR, CONFAB_STORE_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_null (confab_store_new ("/nowhere/at/all.db", first, &error));
  g_assert_error (error, CONFAB_STORE_ERROR, CONFAB_STORE_ERROR_FAILED);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/transaction", test_transaction);
  g_test_add_func ("/store/order-and-close", test_order_and_close);
  g_test_add_func ("/store/file", test_file);
  g_test_add_func ("/store/damaged", test_damaged);
  return g_test_run ();
}
