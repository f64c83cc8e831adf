/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-ed25519.h"
#include "confab-olm-account.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* A stranger's Olm message, through every way in that there is: as a first message, as one of a session that
 * exists, and as a signature. The first byte is the message's type; the rest is taken as base64 text, and as
 * bytes that are base64-encoded first, so that mutations reach the protobuf within. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static ConfabOlmAccount *alice, *bob;
  static ConfabOlmSession *session;
  g_autofree char *text = NULL;
  g_autofree char *encoded = NULL;

  if (alice == NULL) {
    g_autoptr (GHashTable) keys = NULL;
    GHashTableIter iter;
    gpointer key = NULL;
    alice = confab_olm_account_new (NULL);
    bob = confab_olm_account_new (NULL);
    confab_olm_account_generate_one_time_keys (bob, 1, NULL);
    keys = confab_olm_account_dup_one_time_keys (bob);
    g_hash_table_iter_init (&iter, keys);
    g_hash_table_iter_next (&iter, NULL, &key);
    session = confab_olm_account_create_outbound (alice,
                                                  confab_olm_account_get_curve25519 (bob),
                                                  key,
                                                  NULL);
  }
  if (size < 2)
    return 0;
  text = g_strndup ((const char *) data + 1, size - 1);
  encoded = g_base64_encode (data + 1, size - 1);
  for (gsize i = 0; encoded[i] != '\0'; i++) {
    if (encoded[i] == '=')
      encoded[i] = '\0';
  }
  for (guint i = 0; i < 2; i++) {
    const char *body = i == 0 ? text : encoded;
    const char *sender = confab_olm_account_get_curve25519 (alice);
    g_autoptr (ConfabOlmSession) inbound = confab_olm_account_create_inbound (bob, sender, body, NULL);
    g_autofree char *first = inbound != NULL
                               ? confab_olm_session_decrypt (inbound, 0, body, NULL, NULL)
                               : NULL;
    g_autofree char *plain = confab_olm_session_decrypt (session, data[0] % 3, body, NULL, NULL);
    confab_olm_session_matches (session, sender, body);
    confab_ed25519_verify (confab_olm_account_get_ed25519 (alice), "{}", body, NULL);
  }
  return 0;
}
