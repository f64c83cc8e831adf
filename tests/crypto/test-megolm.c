/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-crypto-error.h"
#include "confab-megolm-inbound.h"
#include "confab-megolm-outbound.h"

#include <string.h>

typedef struct {
  ConfabMegolmOutbound *out;
  ConfabMegolmInbound *in; /* from the first message on */
} Pair;

static void
set_up (Pair *pair, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *key = NULL;

  pair->out = confab_megolm_outbound_new (&error);
  g_assert_no_error (error);
  key = confab_megolm_outbound_dup_key (pair->out);
  pair->in = confab_megolm_inbound_new (key, &error);
  g_assert_no_error (error);
}

static void
tear_down (Pair *pair, gconstpointer data)
{
  g_assert_finalize_object (pair->out);
  g_assert_finalize_object (pair->in);
}

static char *
encrypt (Pair *pair, const char *text)
{
  g_autoptr (GError) error = NULL;
  char *body = confab_megolm_outbound_encrypt (pair->out, text, &error);

  g_assert_no_error (error);
  return body;
}

static void
assert_decrypts (ConfabMegolmInbound *in, const char *body, const char *text, guint32 index)
{
  g_autoptr (GError) error = NULL;
  gsize length = 0;
  guint32 got_index = G_MAXUINT32;
  g_autofree char *got = confab_megolm_inbound_decrypt (in, body, &length, &got_index, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (got, ==, text);
  g_assert_cmpuint (length, ==, strlen (text));
  g_assert_cmpuint (got_index, ==, index);
}

static void
assert_refused (ConfabMegolmInbound *in, const char *body, int code)
{
  g_autoptr (GError) error = NULL;
  gsize length = 77;
  guint32 index = 77;

  g_assert_null (confab_megolm_inbound_decrypt (in, body, &length, &index, &error));
  g_assert_error (error, CONFAB_CRYPTO_ERROR, code);
  g_assert_cmpuint (length, ==, 77);
  g_assert_cmpuint (index, ==, 77);
}

static void
test_talk (Pair *pair, gconstpointer data)
{
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;
  g_autofree char *empty = NULL;

  g_assert_cmpstr (confab_megolm_outbound_get_id (pair->out),
                   ==,
                   confab_megolm_inbound_get_id (pair->in));
  g_assert_cmpuint (confab_megolm_outbound_get_index (pair->out), ==, 0);
  one = encrypt (pair, "{\"a\":1}");
  two = encrypt (pair, "zwei ✓");
  empty = encrypt (pair, "");
  g_assert_cmpuint (confab_megolm_outbound_get_index (pair->out), ==, 3);
  /* In any order; and again with the same index, by which a replay is seen. */
  assert_decrypts (pair->in, two, "zwei ✓", 1);
  assert_decrypts (pair->in, one, "{\"a\":1}", 0);
  assert_decrypts (pair->in, one, "{\"a\":1}", 0);
  assert_decrypts (pair->in, empty, "", 2);
}

/* Whoever comes later reads nothing from before. */
static void
test_late (Pair *pair, gconstpointer data)
{
  g_autofree char *before = encrypt (pair, "before");
  g_autofree char *key = confab_megolm_outbound_dup_key (pair->out);
  g_autofree char *after = encrypt (pair, "after");
  g_autoptr (ConfabMegolmInbound) late = confab_megolm_inbound_new (key, NULL);

  g_assert_nonnull (late);
  g_assert_cmpuint (confab_megolm_inbound_get_first_index (pair->in), ==, 0);
  g_assert_cmpuint (confab_megolm_inbound_get_first_index (late), ==, 1);
  g_assert_cmpstr (confab_megolm_inbound_get_id (late),
                   ==,
                   confab_megolm_inbound_get_id (pair->in));
  assert_decrypts (late, after, "after", 1);
  assert_refused (late, before, CONFAB_CRYPTO_ERROR_UNKNOWN_KEY);
  assert_decrypts (late, after, "after", 1);
}

static void
test_pickles (Pair *pair, gconstpointer data)
{
  g_autoptr (GBytes) key = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);
  g_autoptr (GBytes) other = g_bytes_new_static ("another key, of thirty-two bytes", 32);
  g_autoptr (GBytes) short_key = g_bytes_new_static ("short", 5);
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
  g_autofree char *one = encrypt (pair, "one");
  g_autoptr (GBytes) out_pickle = confab_megolm_outbound_pickle (pair->out, key, NULL);
  g_autoptr (GBytes) in_pickle = confab_megolm_inbound_pickle (pair->in, key, NULL);
  GBytes *const wrong_keys[] = { other, short_key };
  g_autofree char *two = NULL;

  g_assert_finalize_object (pair->out);
  g_assert_finalize_object (pair->in);
  pair->out = confab_megolm_outbound_unpickle (out_pickle, key, NULL);
  pair->in = confab_megolm_inbound_unpickle (in_pickle, key, NULL);
  g_assert_nonnull (pair->out);
  g_assert_nonnull (pair->in);
  /* The ratchet goes on where it was. */
  g_assert_cmpuint (confab_megolm_outbound_get_index (pair->out), ==, 1);
  two = encrypt (pair, "two");
  assert_decrypts (pair->in, one, "one", 0);
  assert_decrypts (pair->in, two, "two", 1);

  for (guint i = 0; i < G_N_ELEMENTS (wrong_keys); i++) {
    g_autoptr (GError) out_error = NULL;
    g_autoptr (GError) in_error = NULL;
    g_assert_null (confab_megolm_outbound_unpickle (out_pickle, wrong_keys[i], &out_error));
    g_assert_error (out_error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_PICKLE);
    g_assert_null (confab_megolm_inbound_unpickle (in_pickle, wrong_keys[i], &in_error));
    g_assert_error (in_error, CONFAB_CRYPTO_ERROR, CONFAB_CRYPTO_ERROR_BAD_PICKLE);
  }
  g_assert_null (confab_megolm_outbound_unpickle (nothing, key, NULL));
  g_assert_null (confab_megolm_inbound_unpickle (nothing, key, NULL));
  g_assert_null (confab_megolm_outbound_pickle (pair->out, short_key, NULL));
  g_assert_null (confab_megolm_inbound_pickle (pair->in, short_key, NULL));
}

static void
flip (char *text, gsize at)
{
  text[at] = text[at] == 'A' ? 'B' : 'A';
}

static void
test_bad_messages (Pair *pair, gconstpointer data)
{
  static const char *const bad[] = { "", "A", "AAAA", "not base64!", "AwgAEg" };
  g_autofree char *body = encrypt (pair, "text");
  g_autoptr (ConfabMegolmOutbound) stranger = confab_megolm_outbound_new (NULL);
  g_autofree char *foreign = confab_megolm_outbound_encrypt (stranger, "text", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_refused (pair->in, bad[i], CONFAB_CRYPTO_ERROR_BAD_MESSAGE);
  /* Another session's. */
  assert_refused (pair->in, foreign, CONFAB_CRYPTO_ERROR_BAD_SIGNATURE);
  /* A letter of the signature, at the end: everybody in the room could make the rest. */
  {
    g_autofree char *forged = g_strdup (body);
    flip (forged, strlen (forged) - 20);
    assert_refused (pair->in, forged, CONFAB_CRYPTO_ERROR_BAD_SIGNATURE);
  }
  assert_decrypts (pair->in, body, "text", 0);
}

static void
assert_no_key (const char *key, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (confab_megolm_inbound_new (key, &error));
  g_assert_error (error, CONFAB_CRYPTO_ERROR, code);
}

static void
test_bad_keys (Pair *pair, gconstpointer data)
{
  g_autofree char *key = confab_megolm_outbound_dup_key (pair->out);
  g_autofree char *longer = g_strconcat (key, "AAAA", NULL);
  g_autofree char *forged = g_strdup (key);
  g_autofree char *odd = g_strdup (key);

  assert_no_key (NULL, CONFAB_CRYPTO_ERROR_BAD_KEY);
  assert_no_key ("", CONFAB_CRYPTO_ERROR_BAD_KEY);
  assert_no_key (longer, CONFAB_CRYPTO_ERROR_BAD_KEY);
  odd[10] = '*';
  assert_no_key (odd, CONFAB_CRYPTO_ERROR_BAD_KEY);
  flip (forged, 100);
  assert_no_key (forged, CONFAB_CRYPTO_ERROR_BAD_SIGNATURE);
}

#define ADD(name, func) g_test_add ("/megolm/" name, Pair, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("talk", test_talk);
  ADD ("late", test_late);
  ADD ("pickles", test_pickles);
  ADD ("bad-messages", test_bad_messages);
  ADD ("bad-keys", test_bad_keys);
  return g_test_run ();
}
