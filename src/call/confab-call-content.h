/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "confab-call-enums.h"

G_BEGIN_DECLS

/* A stranger names a call, and it may become a title. */
#define CONFAB_CALL_CONTENT_MAX_NAME 255

#define CONFAB_CALL_CONTENT_TYPE "org.matrix.msc3401.call"

/* The state event that is a group call: protocol/mesh-calls.md section 7.1. @content is a stranger's. */
JsonObject *confab_call_content_new (ConfabCallIntent intent, ConfabCallType type, const char *name)
  G_GNUC_WARN_UNUSED_RESULT;
JsonObject *confab_call_content_terminate (JsonObject *content) G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_call_content_is_over (JsonObject *content);
gboolean confab_call_content_is_over_sfu (JsonObject *content);
ConfabCallIntent confab_call_content_get_intent (JsonObject *content);
char *confab_call_content_dup_name (JsonObject *content) G_GNUC_WARN_UNUSED_RESULT;
ConfabCallType confab_call_content_get_call_type (JsonObject *content);

G_END_DECLS
