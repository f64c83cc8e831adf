/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-crypto-error.h"
#include "confab-olm-session.h"

G_BEGIN_DECLS

/**
 * ConfabOlmAccount:
 *
 * A device's own keys: identity keys (Curve25519, Ed25519), one-time keys and the fallback key. Whoever changes it
 * stores its pickle before the change is announced. Any thread, one at a time.
 */
#define CONFAB_TYPE_OLM_ACCOUNT (confab_olm_account_get_type ())
G_DECLARE_FINAL_TYPE (ConfabOlmAccount, confab_olm_account, CONFAB, OLM_ACCOUNT, GObject)

ConfabOlmAccount *confab_olm_account_new (GError **error) G_GNUC_WARN_UNUSED_RESULT;
ConfabOlmAccount *confab_olm_account_unpickle (GBytes *pickle, GBytes *pickle_key, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
GBytes *confab_olm_account_pickle (ConfabOlmAccount *self, GBytes *pickle_key, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
const char *confab_olm_account_get_curve25519 (ConfabOlmAccount *self);
const char *confab_olm_account_get_ed25519 (ConfabOlmAccount *self);
char *
confab_olm_account_sign (ConfabOlmAccount *self, const char *message) G_GNUC_WARN_UNUSED_RESULT;

guint confab_olm_account_get_max_one_time_keys (ConfabOlmAccount *self);
gboolean
confab_olm_account_generate_one_time_keys (ConfabOlmAccount *self, guint n, GError **error);
GHashTable *confab_olm_account_dup_one_time_keys (ConfabOlmAccount *self) G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_olm_account_generate_fallback_key (ConfabOlmAccount *self, GError **error);
GHashTable *confab_olm_account_dup_fallback_key (ConfabOlmAccount *self) G_GNUC_WARN_UNUSED_RESULT;
void confab_olm_account_forget_old_fallback_key (ConfabOlmAccount *self);
void confab_olm_account_mark_published (ConfabOlmAccount *self);

ConfabOlmSession *confab_olm_account_create_outbound (ConfabOlmAccount *self,
                                                      const char *their_curve25519,
                                                      const char *their_one_time_key,
                                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
ConfabOlmSession *confab_olm_account_create_inbound (ConfabOlmAccount *self,
                                                     const char *their_curve25519,
                                                     const char *body,
                                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void confab_olm_account_remove_one_time_keys (ConfabOlmAccount *self, ConfabOlmSession *session);

G_END_DECLS
