/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-olm-session.h"

#include <olm/olm.h>

G_BEGIN_DECLS

#define CONFAB_OLM_MAX_BODY (128 * 1024) /* characters; an event is at most 64 KiB */

ConfabOlmSession *confab_olm_session_new_empty (void) G_GNUC_WARN_UNUSED_RESULT;
OlmSession *confab_olm_session_get_olm (ConfabOlmSession *self);
void confab_olm_session_read_id (ConfabOlmSession *self);
gboolean confab_olm_check_body (const char *body, GError **error);

G_END_DECLS
