/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-olm-account.h"

#include <string.h>

static GBytes *
pickle_key (char c)
{
  char key[32];

  memset (key, c, sizeof key);
  return g_bytes_new (key, sizeof key);
}

static void
test_keys (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ConfabOlmAccount) account = confab_olm_account_new (&error);
  g_autoptr (GHashTable) keys = NULL;
  g_autoptr (GHashTable) fallback = NULL;
  g_autoptr (GHashTable) none = NULL;
  g_autoptr (GHashTable) no_fallback = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (strlen (confab_olm_account_get_curve25519 (account)), ==, 43);
  g_assert_cmpuint (strlen (confab_olm_account_get_ed25519 (account)), ==, 43);
  g_assert_cmpuint (confab_olm_account_get_max_one_time_keys (account), >=, 50);
  g_assert_true (confab_olm_account_generate_one_time_keys (account, 5, &error));
  g_assert_true (confab_olm_account_generate_fallback_key (account, &error));
  keys = confab_olm_account_dup_one_time_keys (account);
  fallback = confab_olm_account_dup_fallback_key (account);
  g_assert_cmpuint (g_hash_table_size (keys), ==, 5);
  g_assert_cmpuint (g_hash_table_size (fallback), ==, 1);
  confab_olm_account_mark_published (account);
  none = confab_olm_account_dup_one_time_keys (account);
  no_fallback = confab_olm_account_dup_fallback_key (account);
  g_assert_cmpuint (g_hash_table_size (none), ==, 0);
  g_assert_cmpuint (g_hash_table_size (no_fallback), ==, 0);
  /* More than fit: no more than fit. */
  g_assert_true (confab_olm_account_generate_one_time_keys (account, G_MAXUINT, &error));
  g_assert_finalize_object (g_steal_pointer (&account));
}

static void
test_pickle (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) key = pickle_key ('k');
  g_autoptr (GBytes) wrong_key = pickle_key ('x');
  g_autoptr (GBytes) short_key = g_bytes_new_static ("k", 1);
  g_autoptr (GBytes) empty = g_bytes_new_static ("", 0);
  g_autoptr (ConfabOlmAccount) account = confab_olm_account_new (&error);
  g_autoptr (GBytes) pickle = confab_olm_account_pickle (account, key, &error);
  g_autoptr (ConfabOlmAccount) copy = confab_olm_account_unpickle (pickle, key, &error);
  g_autofree char *signature = confab_olm_account_sign (account, "{}");
  g_autofree char *copy_signature = confab_olm_account_sign (copy, "{}");

  g_assert_no_error (error);
  g_assert_cmpstr (confab_olm_account_get_curve25519 (copy),
                   ==,
                   confab_olm_account_get_curve25519 (account));
  g_assert_cmpstr (signature, ==, copy_signature);

  g_assert_null (confab_olm_account_unpickle (pickle, wrong_key, &error));
  g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_PICKLE);
  g_clear_error (&error);
  g_assert_null (confab_olm_account_unpickle (pickle, short_key, &error));
  g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_PICKLE);
  g_clear_error (&error);
  g_assert_null (confab_olm_account_pickle (account, short_key, &error));
  g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_PICKLE);
  g_clear_error (&error);
  g_assert_null (confab_olm_account_unpickle (empty, key, &error));
  g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_PICKLE);
}

/* Any damage is noticed, wherever it is. */
static void
test_damaged_pickle (void)
{
  g_autoptr (GBytes) key = pickle_key ('k');
  g_autoptr (ConfabOlmAccount) account = confab_olm_account_new (NULL);
  g_autoptr (GBytes) pickle = confab_olm_account_pickle (account, key, NULL);
  gsize length = 0;
  const char *data = g_bytes_get_data (pickle, &length);

  for (gsize i = 0; i < length - 2; i += 7) {
    g_autofree char *copy = g_memdup2 (data, length);
    g_autoptr (GBytes) damaged = NULL;
    g_autoptr (GError) error = NULL;
    copy[i] = copy[i] == 'A' ? 'B' : 'A';
    damaged = g_bytes_new (copy, length);
    g_assert_null (confab_olm_account_unpickle (damaged, key, &error));
    g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_PICKLE);
  }
}

/* The store alone is useless: not even the public keys can be read from it. */
static void
test_pickle_is_encrypted (void)
{
  g_autoptr (GBytes) key = pickle_key ('k');
  g_autoptr (ConfabOlmAccount) account = confab_olm_account_new (NULL);
  g_autoptr (GBytes) pickle = confab_olm_account_pickle (account, key, NULL);
  g_autofree char *text = g_strndup (g_bytes_get_data (pickle, NULL), g_bytes_get_size (pickle));

  g_assert_null (strstr (text, confab_olm_account_get_curve25519 (account)));
  g_assert_null (strstr (text, confab_olm_account_get_ed25519 (account)));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/olm-account/keys", test_keys);
  g_test_add_func ("/olm-account/pickle", test_pickle);
  g_test_add_func ("/olm-account/damaged-pickle", test_damaged_pickle);
  g_test_add_func ("/olm-account/pickle-is-encrypted", test_pickle_is_encrypted);
  return g_test_run ();
}
