/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-sdp.h"

G_BEGIN_DECLS

/* For the files that read and write session descriptions. */
GStrv confab_sdp_split_lines (const char *text) G_GNUC_WARN_UNUSED_RESULT;
char *confab_sdp_join_lines (GPtrArray *lines) G_GNUC_WARN_UNUSED_RESULT;
const char *confab_sdp_value_of (const char *line, const char *prefix);

GPtrArray *confab_sdp_list_mids (const char *text) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
