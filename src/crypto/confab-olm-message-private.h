/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-olm-session.h"

G_BEGIN_DECLS

gboolean confab_olm_check_message (ConfabOlmMessageType type, const char *body, GError **error);

G_END_DECLS
