/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-olm-account.h"

#include <string.h>

typedef struct {
  ConfabOlmAccount *alice;
  ConfabOlmAccount *bob;
  ConfabOlmSession *out; /* alice's */
  ConfabOlmSession *in;  /* bob's */
} Pair;

static char *
first_key (GHashTable *keys)
{
  GHashTableIter iter;
  gpointer key = NULL;

  g_hash_table_iter_init (&iter, keys);
  g_assert_true (g_hash_table_iter_next (&iter, NULL, &key));
  return g_strdup (key);
}

static char *
one_time_key (ConfabOlmAccount *account)
{
  g_autoptr (GHashTable) keys = NULL;

  g_assert_true (confab_olm_account_generate_one_time_keys (account, 1, NULL));
  keys = confab_olm_account_dup_one_time_keys (account);
  confab_olm_account_mark_published (account);
  return first_key (keys);
}

static void
assert_decrypts (ConfabOlmSession *session,
                 ConfabOlmMessageType type,
                 const char *body,
                 const char *text)
{
  g_autoptr (GError) error = NULL;
  gsize length = 0;
  g_autofree char *got = confab_olm_session_decrypt (session, type, body, &length, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (got, ==, text);
  g_assert_cmpuint (length, ==, strlen (text));
}

static void
set_up (Pair *pair, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *key = NULL;
  g_autofree char *body = NULL;
  ConfabOlmMessageType type;
  const char *alice_key;

  pair->alice = confab_olm_account_new (&error);
  pair->bob = confab_olm_account_new (&error);
  g_assert_no_error (error);
  alice_key = confab_olm_account_get_curve25519 (pair->alice);
  key = one_time_key (pair->bob);
  pair->out = confab_olm_account_create_outbound (pair->alice,
                                                  confab_olm_account_get_curve25519 (pair->bob),
                                                  key,
                                                  &error);
  g_assert_no_error (error);
  body = confab_olm_session_encrypt (pair->out, "hello", &type, &error);
  g_assert_cmpint (type, ==, CONFAB_OLM_MESSAGE_PRE_KEY);
  pair->in = confab_olm_account_create_inbound (pair->bob, alice_key, body, &error);
  g_assert_no_error (error);
  g_assert_true (confab_olm_session_matches (pair->in, alice_key, body));
  assert_decrypts (pair->in, type, body, "hello");
  confab_olm_account_remove_one_time_keys (pair->bob, pair->in);
  g_assert_cmpstr (confab_olm_session_get_id (pair->in), ==, confab_olm_session_get_id (pair->out));
  /* The one-time key is gone: the first message cannot make a second session. */
  g_assert_null (confab_olm_account_create_inbound (pair->bob, alice_key, body, &error));
  g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_UNKNOWN_KEY);
}

static void
tear_down (Pair *pair, gconstpointer data)
{
  g_assert_finalize_object (pair->in);
  g_assert_finalize_object (pair->out);
  g_assert_finalize_object (pair->alice);
  g_assert_finalize_object (pair->bob);
}

static void
test_both_ways (Pair *pair, gconstpointer data)
{
  ConfabOlmMessageType type;

  g_assert_false (confab_olm_session_has_received (pair->out));
  for (guint i = 0; i < 20; i++) {
    g_autofree char *there = confab_olm_session_encrypt (pair->out, "there", &type, NULL);
    assert_decrypts (pair->in, type, there, "there");
    {
      g_autofree char *back = confab_olm_session_encrypt (pair->in, "back ✓", &type, NULL);
      g_assert_cmpint (type, ==, CONFAB_OLM_MESSAGE_NORMAL);
      assert_decrypts (pair->out, type, back, "back ✓");
    }
  }
  g_assert_true (confab_olm_session_has_received (pair->out));
}

static void
test_order_and_replay (Pair *pair, gconstpointer data)
{
  g_autoptr (GPtrArray) bodies = g_ptr_array_new_with_free_func (g_free);
  ConfabOlmMessageType type = CONFAB_OLM_MESSAGE_NORMAL;

  for (guint i = 0; i < 10; i++)
    g_ptr_array_add (bodies, confab_olm_session_encrypt (pair->in, "x", &type, NULL));
  for (guint i = 10; i > 0; i--) {
    g_autoptr (GError) error = NULL;
    const char *body = g_ptr_array_index (bodies, i - 1);
    assert_decrypts (pair->out, type, body, "x");
    g_assert_null (confab_olm_session_decrypt (pair->out, type, body, NULL, &error));
    g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_MESSAGE);
  }
}

static void
test_pickle (Pair *pair, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) key = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);
  g_autoptr (GBytes) wrong = g_bytes_new_static ("0123456789abcdef0123456789abcdeX", 32);
  g_autoptr (GBytes) garbage = g_bytes_new_static ("garbage", 7);
  g_autoptr (GBytes) pickle = confab_olm_session_pickle (pair->in, key, &error);
  g_autoptr (ConfabOlmSession) copy = confab_olm_session_unpickle (pickle, key, &error);
  g_autofree char *body = NULL;
  ConfabOlmMessageType type;

  g_assert_no_error (error);
  g_assert_cmpstr (confab_olm_session_get_id (copy), ==, confab_olm_session_get_id (pair->in));
  body = confab_olm_session_encrypt (pair->out, "after", &type, &error);
  assert_decrypts (copy, type, body, "after");
  g_assert_null (confab_olm_session_unpickle (pickle, wrong, &error));
  g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_PICKLE);
  g_clear_error (&error);
  g_assert_null (confab_olm_session_unpickle (garbage, key, &error));
  g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_PICKLE);
}

static void
test_bad_messages (Pair *pair, gconstpointer data)
{
  g_autofree char *huge = g_strnfill (200 * 1024, 'A');
  const char *const bodies[] = { NULL, "", "A", "not base64!", "AAAA", "AwogAAAA", huge };
  g_autofree char *good = NULL;
  ConfabOlmMessageType type;

  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++) {
    for (gint64 t = -1; t <= 2; t++) {
      g_autoptr (GError) error = NULL;
      g_assert_null (confab_olm_session_decrypt (pair->in, t, bodies[i], NULL, &error));
      g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_MESSAGE);
    }
    g_assert_false (confab_olm_session_matches (pair->in,
                                                confab_olm_account_get_curve25519 (pair->alice),
                                                bodies[i]));
    g_assert_null (confab_olm_account_create_inbound (
      pair->bob, confab_olm_account_get_curve25519 (pair->alice), bodies[i], NULL));
  }
  /* A flipped bit anywhere is refused, and the session goes on as if nothing had come. */
  good = confab_olm_session_encrypt (pair->in, "good", &type, NULL);
  for (gsize i = 0; i + 2 < strlen (good); i += 5) {
    g_autofree char *bad = g_strdup (good);
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    g_assert_null (confab_olm_session_decrypt (pair->out, type, bad, NULL, NULL));
  }
  assert_decrypts (pair->out, type, good, "good");
}

/* Well-formed as far as it goes: libolm reads past the end of some of these, and dies. The first was found by a fuzzer. */
static void
test_missing_parts (Pair *pair, gconstpointer data)
{
  static const char found[] = "AwogAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAASIAAAAAAAAAAAAAAAAAAA"
                              "AAAaIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIgQAAAAA";
  const char *alice_key = confab_olm_account_get_curve25519 (pair->alice);
  g_autoptr (ConfabOlmSession) session = NULL;
  g_autofree char *body = NULL;
  g_autofree char *key = one_time_key (pair->bob);
  ConfabOlmMessageType type;
  gsize size;

  g_assert_null (confab_olm_account_create_inbound (pair->bob, alice_key, found, NULL));
  g_assert_false (confab_olm_session_matches (pair->in, alice_key, found));
  g_assert_null (
    confab_olm_session_decrypt (pair->in, CONFAB_OLM_MESSAGE_PRE_KEY, found, NULL, NULL));
  session = confab_olm_account_create_outbound (pair->alice,
                                                confab_olm_account_get_curve25519 (pair->bob),
                                                key,
                                                NULL);
  body = confab_olm_session_encrypt (session, "hello", &type, NULL);
  g_assert_cmpint (type, ==, CONFAB_OLM_MESSAGE_PRE_KEY);
  size = strlen (body);
  for (gsize i = 0; i < size; i++) {
    g_autofree char *part = g_strndup (body, i);
    g_assert_null (confab_olm_account_create_inbound (pair->bob, alice_key, part, NULL));
    g_assert_null (confab_olm_session_decrypt (pair->in, type, part, NULL, NULL));
  }
}

static void
test_bad_keys (Pair *pair, gconstpointer data)
{
  const char *good = confab_olm_account_get_curve25519 (pair->bob);
  g_autoptr (GError) error = NULL;
  g_autofree char *key = one_time_key (pair->bob);
  g_autofree char *body = NULL;
  g_autoptr (ConfabOlmSession) out = NULL;
  ConfabOlmMessageType type;

  g_assert_null (confab_olm_account_create_outbound (pair->alice, "short", key, &error));
  g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_KEY);
  g_clear_error (&error);
  g_assert_null (confab_olm_account_create_outbound (pair->alice, good, NULL, &error));
  g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_KEY);
  g_clear_error (&error);
  /* A pre-key message whose sender is not the one of the envelope. */
  out = confab_olm_account_create_outbound (pair->alice, good, key, &error);
  body = confab_olm_session_encrypt (out, "x", &type, &error);
  g_assert_no_error (error);
  g_assert_null (confab_olm_account_create_inbound (pair->bob, good, body, &error));
  g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_UNKNOWN_KEY);
}

static void
test_fallback_key (Pair *pair, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *key = NULL;
  ConfabOlmMessageType type;

  g_assert_true (confab_olm_account_generate_fallback_key (pair->bob, &error));
  {
    g_autoptr (GHashTable) keys = confab_olm_account_dup_fallback_key (pair->bob);
    key = first_key (keys);
  }
  confab_olm_account_mark_published (pair->bob);
  /* It works more than once, also after the next one was made. */
  for (guint i = 0; i < 3; i++) {
    g_autoptr (ConfabOlmSession) out = confab_olm_account_create_outbound (
      pair->alice, confab_olm_account_get_curve25519 (pair->bob), key, &error);
    g_autofree char *body = confab_olm_session_encrypt (out, "x", &type, &error);
    g_autoptr (ConfabOlmSession) in = confab_olm_account_create_inbound (
      pair->bob, confab_olm_account_get_curve25519 (pair->alice), body, &error);
    g_assert_no_error (error);
    assert_decrypts (in, type, body, "x");
    confab_olm_account_remove_one_time_keys (pair->bob, in);
    if (i == 1)
      g_assert_true (confab_olm_account_generate_fallback_key (pair->bob, &error));
  }
  confab_olm_account_forget_old_fallback_key (pair->bob);
  {
    g_autoptr (ConfabOlmSession) out = confab_olm_account_create_outbound (
      pair->alice, confab_olm_account_get_curve25519 (pair->bob), key, &error);
    g_autofree char *body = confab_olm_session_encrypt (out, "x", &type, &error);
    g_assert_null (confab_olm_account_create_inbound (
      pair->bob, confab_olm_account_get_curve25519 (pair->alice), body, &error));
    g_assert_error (error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_UNKNOWN_KEY);
  }
}

#define ADD(name, func) g_test_add ("/olm-session/" name, Pair, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("both-ways", test_both_ways);
  ADD ("order-and-replay", test_order_and_replay);
  ADD ("pickle", test_pickle);
  ADD ("bad-messages", test_bad_messages);
  ADD ("missing-parts", test_missing_parts);
  ADD ("bad-keys", test_bad_keys);
  ADD ("fallback-key", test_fallback_key);
  return g_test_run ();
}
