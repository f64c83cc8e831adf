/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum {
  CONFAB_OLM_MESSAGE_PRE_KEY = 0,
  CONFAB_OLM_MESSAGE_NORMAL = 1,
} ConfabOlmMessageType;

/**
 * ConfabOlmSession:
 *
 * One Olm session with one device: two ratchets. Whoever encrypts or decrypts with it stores its pickle before the
 * result leaves the process: a ratchet that goes back breaks the session and gives keys away. Any thread, one at a
 * time.
 */
#define CONFAB_TYPE_OLM_SESSION (confab_olm_session_get_type ())
G_DECLARE_FINAL_TYPE (ConfabOlmSession, confab_olm_session, CONFAB, OLM_SESSION, GObject)

ConfabOlmSession *confab_olm_session_unpickle (GBytes *pickle, GBytes *pickle_key, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
GBytes *confab_olm_session_pickle (ConfabOlmSession *self, GBytes *pickle_key, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
const char *confab_olm_session_get_id (ConfabOlmSession *self);
gboolean confab_olm_session_has_received (ConfabOlmSession *self);
gboolean
confab_olm_session_matches (ConfabOlmSession *self, const char *their_curve25519, const char *body);
char *confab_olm_session_encrypt (ConfabOlmSession *self,
                                  const char *text,
                                  ConfabOlmMessageType *type,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *confab_olm_session_decrypt (ConfabOlmSession *self,
                                  gint64 type,
                                  const char *body,
                                  gsize *length,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
