/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "fake-secrets.h"

#include "confab-matrix-error.h"

struct _FakeSecrets {
  GObject parent_instance;

  GHashTable *secrets;
  GError *refusal;
  gboolean hanging;
  GPtrArray *waiting; /* DexPromise */
};

static void fake_secrets_iface_init (ConfabSecretsInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeSecrets,
                               fake_secrets,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_SECRETS, fake_secrets_iface_init))

static DexFuture *
done (FakeSecrets *self)
{
  DexPromise *promise = NULL;

  if (!self->hanging)
    return dex_future_new_true ();
  promise = dex_promise_new ();
  g_ptr_array_add (self->waiting, dex_ref (promise));
  return DEX_FUTURE (promise);
}

static DexFuture *
fake_secrets_lookup (ConfabSecrets *secrets, const char *name)
{
  FakeSecrets *self = FAKE_SECRETS (secrets);

  if (self->refusal != NULL)
    return dex_future_new_for_error (g_error_copy (self->refusal));
  if (!g_hash_table_contains (self->secrets, name))
    return dex_future_new_reject (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "none");
  return dex_future_new_for_string (g_hash_table_lookup (self->secrets, name));
}

static DexFuture *
fake_secrets_store (ConfabSecrets *secrets, const char *name, const char *secret)
{
  FakeSecrets *self = FAKE_SECRETS (secrets);

  if (self->refusal != NULL)
    return dex_future_new_for_error (g_error_copy (self->refusal));
  g_hash_table_replace (self->secrets, g_strdup (name), g_strdup (secret));
  return done (self);
}

static DexFuture *
fake_secrets_clear (ConfabSecrets *secrets, const char *name)
{
  FakeSecrets *self = FAKE_SECRETS (secrets);

  g_hash_table_remove (self->secrets, name);
  return done (self);
}

static void
fake_secrets_iface_init (ConfabSecretsInterface *iface)
{
  iface->lookup = fake_secrets_lookup;
  iface->store = fake_secrets_store;
  iface->clear = fake_secrets_clear;
}

static void
fake_secrets_finalize (GObject *object)
{
  FakeSecrets *self = FAKE_SECRETS (object);

  g_hash_table_unref (self->secrets);
  g_ptr_array_unref (self->waiting);
  g_clear_error (&self->refusal);
  G_OBJECT_CLASS (fake_secrets_parent_class)->finalize (object);
}

static void
fake_secrets_class_init (FakeSecretsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_secrets_finalize;
}

static void
fake_secrets_init (FakeSecrets *self)
{
  self->secrets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->waiting = g_ptr_array_new_with_free_func (dex_unref);
}

FakeSecrets *
fake_secrets_new (void)
{
  return g_object_new (FAKE_TYPE_SECRETS, NULL);
}

void
fake_secrets_refuse (FakeSecrets *self, int code)
{
  g_clear_error (&self->refusal);
  if (code >= 0)
    self->refusal = g_error_new_literal (CONFAB_MATRIX_ERROR, code, "no keyring today");
}

void
fake_secrets_hang (FakeSecrets *self)
{
  self->hanging = TRUE;
}

void
fake_secrets_go_on (FakeSecrets *self)
{
  self->hanging = FALSE;
  for (guint i = 0; i < self->waiting->len; i++)
    dex_promise_resolve_boolean (self->waiting->pdata[i], TRUE);
  g_ptr_array_set_size (self->waiting, 0);
}

guint
fake_secrets_get_n_waiting (FakeSecrets *self)
{
  return self->waiting->len;
}

guint
fake_secrets_get_n_kept (FakeSecrets *self)
{
  return g_hash_table_size (self->secrets);
}
