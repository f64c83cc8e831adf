/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-crypto-error.h"
#include "confab-ed25519.h"
#include "confab-json.h"
#include "confab-olm-account.h"

/* Matrix specification, appendices, “Cryptographic Test Vectors”: its key and its signed JSON. */
#define SPEC_KEY "XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJNI"

static const struct {
  const char *message;
  const char *signature;
} spec_vectors[] = {
  { "{}",
    "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ" },
  { "{\"one\":1,\"two\":\"Two\"}",
    "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw" },
};

static void
test_spec_vectors (void)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (spec_vectors); i++) {
    g_assert_true (
      confab_ed25519_verify (SPEC_KEY, spec_vectors[i].message, spec_vectors[i].signature, &error));
    g_assert_no_error (error);
  }
  g_assert_false (confab_ed25519_verify (SPEC_KEY, "{\"a\":1}", spec_vectors[0].signature, &error));
  g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_SIGNATURE);
}

static void
test_own_signature (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ConfabOlmAccount) account = confab_olm_account_new (&error);
  g_autoptr (ConfabOlmAccount) other = confab_olm_account_new (&error);
  g_autofree char *signature = confab_olm_account_sign (account, "{\"a\":1}");
  const char *key = confab_olm_account_get_ed25519 (account);

  g_assert_true (confab_ed25519_verify (key, "{\"a\":1}", signature, &error));
  g_assert_no_error (error);
  g_assert_false (confab_ed25519_verify (key, "{\"a\":2}", signature, NULL));
  g_assert_false (
    confab_ed25519_verify (confab_olm_account_get_ed25519 (other), "{\"a\":1}", signature, &error));
  g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_SIGNATURE);
}

static void
test_bad_input (void)
{
  static const char *const keys[] = { NULL,         "",
                                      "short",      SPEC_KEY "A",
                                      SPEC_KEY "=", "XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJ-_" };
  static const char *const signatures[] = { NULL,
                                            "",
                                            "AAAA",
                                            "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+"
                                            "UZaADMtTdGYI7Geitb76LTrr5QV/"
                                            "7Xg4ahLwYGYZzuHGZKM5Z!!" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_false (confab_ed25519_verify (keys[i], "{}", spec_vectors[0].signature, &error));
    g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_KEY);
  }
  for (guint i = 0; i < G_N_ELEMENTS (signatures); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_false (confab_ed25519_verify (SPEC_KEY, "{}", signatures[i], &error));
    g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_SIGNATURE);
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ed25519/spec-vectors", test_spec_vectors);
  g_test_add_func ("/ed25519/own-signature", test_own_signature);
  g_test_add_func ("/ed25519/bad-input", test_bad_input);
  return g_test_run ();
}
