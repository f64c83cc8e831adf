/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-secrets.h"

#include <errno.h>
#include <glib/gstdio.h>

/**
 * ConfabFileSecrets:
 *
 * Secrets in files of mode 0600, for `confab-bot`, which has no person who could unlock a keyring.
 */
struct _ConfabFileSecrets {
  GObject parent_instance;

  char *dir;
};

static void confab_file_secrets_iface_init (ConfabSecretsInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabFileSecrets,
                               confab_file_secrets,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_SECRETS,
                                                      confab_file_secrets_iface_init))

static char *
get_path (ConfabFileSecrets *self, const char *account)
{
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, account, -1);
  g_autofree char *name = g_strdup_printf ("secret-%.16s.json", hash);

  return g_build_filename (self->dir, name, NULL);
}

static DexFuture *
confab_file_secrets_lookup (ConfabSecrets *secrets, const char *account)
{
  g_autofree char *path = get_path (CONFAB_FILE_SECRETS (secrets), account);
  g_autoptr (GError) error = NULL;
  char *text;

  if (g_file_get_contents (path, &text, NULL, &error))
    return dex_future_new_take_string (text);
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return dex_future_new_reject (G_IO_ERROR,
                                  G_IO_ERROR_NOT_FOUND,
                                  "nothing is kept for %s",
                                  account);
  return dex_future_new_for_error (g_steal_pointer (&error));
}

static DexFuture *
confab_file_secrets_store (ConfabSecrets *secrets, const char *account, const char *secret)
{
  ConfabFileSecrets *self = CONFAB_FILE_SECRETS (secrets);
  g_autofree char *path = get_path (self, account);
  g_autoptr (GError) error = NULL;

  if (g_mkdir_with_parents (self->dir, 0700) != 0)
    return dex_future_new_for_errno (errno);
  if (!g_file_set_contents_full (path,
                                 secret,
                                 -1,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                 0600,
                                 &error))
    return dex_future_new_for_error (g_steal_pointer (&error));
  return dex_future_new_true ();
}

static DexFuture *
confab_file_secrets_clear (ConfabSecrets *secrets, const char *account)
{
  g_autofree char *path = get_path (CONFAB_FILE_SECRETS (secrets), account);

  if (g_unlink (path) != 0 && errno != ENOENT)
    return dex_future_new_for_errno (errno);
  return dex_future_new_true ();
}

static void
confab_file_secrets_iface_init (ConfabSecretsInterface *iface)
{
  iface->lookup = confab_file_secrets_lookup;
  iface->store = confab_file_secrets_store;
  iface->clear = confab_file_secrets_clear;
}

static void
confab_file_secrets_finalize (GObject *object)
{
  g_free (CONFAB_FILE_SECRETS (object)->dir);
  G_OBJECT_CLASS (confab_file_secrets_parent_class)->finalize (object);
}

static void
confab_file_secrets_class_init (ConfabFileSecretsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_file_secrets_finalize;
}

static void
confab_file_secrets_init (ConfabFileSecrets *self)
{
}

/**
 * confab_file_secrets_new:
 * @dir: a folder; made when something is kept
 *
 * Returns: (transfer full): secrets in files
 */
ConfabSecrets *
confab_file_secrets_new (const char *dir)
{
  ConfabFileSecrets *self = g_object_new (CONFAB_TYPE_FILE_SECRETS, NULL);

  self->dir = g_strdup (dir);
  return CONFAB_SECRETS (self);
}
