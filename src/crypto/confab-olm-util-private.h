/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <olm/olm.h>

G_BEGIN_DECLS

#define CONFAB_OLM_PICKLE_KEY_SIZE 32
#define CONFAB_OLM_KEY_LENGTH 43       /* 32 bytes in unpadded base64 */
#define CONFAB_OLM_SIGNATURE_LENGTH 86 /* 64 bytes in unpadded base64 */

gpointer confab_olm_random (gsize length) G_GNUC_WARN_UNUSED_RESULT;
void confab_olm_wipe_free (gpointer memory, gsize length);
gboolean confab_olm_is_base64 (const char *text, gsize length);
gboolean confab_olm_check_key (const char *key, GError **error);
gboolean confab_olm_check_pickle_key (GBytes *key, GError **error);
gboolean confab_olm_fail (enum OlmErrorCode code, const char *what, GError **error);

G_END_DECLS
