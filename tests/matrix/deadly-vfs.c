/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "deadly-vfs.h"

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

/* Files of a database and of its log have different methods: each is wrapped once. */
typedef struct {
  const sqlite3_io_methods *real;
  sqlite3_io_methods methods;
} Wrapped;

static sqlite3_vfs *real_vfs;
static sqlite3_vfs vfs;
static Wrapped wrapped[4];
static guint deadly_step;
static guint n_steps; /* the store's thread counts, others read when it is done */

static const sqlite3_io_methods *
real_of (sqlite3_file *file)
{
  for (guint i = 0; i < G_N_ELEMENTS (wrapped); i++) {
    if (file->pMethods == &wrapped[i].methods)
      return wrapped[i].real;
  }
  g_assert_not_reached ();
}

static gboolean
is_deadly (void)
{
  return ++n_steps == deadly_step;
}

static void
die (void)
{
  kill (getpid (), SIGKILL);
}

static int
write_cb (sqlite3_file *file, const void *data, int size, sqlite3_int64 offset)
{
  if (is_deadly ()) {
    if (n_steps % 2 == 0)
      real_of (file)->xWrite (file, data, size / 2, offset);
    die ();
  }
  return real_of (file)->xWrite (file, data, size, offset);
}

static int
truncate_cb (sqlite3_file *file, sqlite3_int64 size)
{
  if (is_deadly ())
    die ();
  return real_of (file)->xTruncate (file, size);
}

static int
sync_cb (sqlite3_file *file, int flags)
{
  if (is_deadly ())
    die ();
  return real_of (file)->xSync (file, flags);
}

static int
delete_cb (sqlite3_vfs *self, const char *name, int sync_dir)
{
  if (is_deadly ())
    die ();
  return real_vfs->xDelete (real_vfs, name, sync_dir);
}

static void
wrap (sqlite3_file *file)
{
  for (guint i = 0; i < G_N_ELEMENTS (wrapped); i++) {
    if (wrapped[i].real == NULL) {
      wrapped[i].real = file->pMethods;
      wrapped[i].methods = *file->pMethods;
      wrapped[i].methods.xWrite = write_cb;
      wrapped[i].methods.xTruncate = truncate_cb;
      wrapped[i].methods.xSync = sync_cb;
    }
    if (wrapped[i].real == file->pMethods) {
      file->pMethods = &wrapped[i].methods;
      return;
    }
  }
  g_assert_not_reached ();
}

static int
open_cb (sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
  int code = real_vfs->xOpen (real_vfs, name, file, flags, out_flags);

  if (code == SQLITE_OK && file->pMethods != NULL)
    wrap (file);
  return code;
}

void
deadly_vfs_install (guint at)
{
  deadly_step = at;
  real_vfs = sqlite3_vfs_find (NULL);
  vfs = *real_vfs;
  vfs.zName = "deadly";
  vfs.xOpen = open_cb;
  vfs.xDelete = delete_cb;
  g_assert_cmpint (sqlite3_vfs_register (&vfs, TRUE), ==, SQLITE_OK);
}

guint
deadly_vfs_get_n_steps (void)
{
  return n_steps;
}
