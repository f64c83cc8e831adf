/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a person can do next, from an error's domain and code: whole translated sentences, with a full stop. */
char *
confab_error_text_for_server (const GError *error, const char *server) G_GNUC_WARN_UNUSED_RESULT;
char *confab_error_text_for_account (const GError *error) G_GNUC_WARN_UNUSED_RESULT;
const char *confab_error_title_for_start (const GError *error);
const char *confab_error_text_for_start (const GError *error);
const char *confab_error_text_for_banner (const GError *error);
char *confab_error_text_for_call (const GError *error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
