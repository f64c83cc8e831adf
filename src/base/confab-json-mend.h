/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * confab_json_mend:
 * @data: JSON, UTF-8
 * @length: how many bytes
 *
 * A reply of a homeserver is one text, in which strangers have written: what none of them may do is to make the whole of it
 * unreadable. What JSON-GLib cannot read, or would read as something that cannot be written again, is taken out value by
 * value: what is nested deeper than %CONFAB_JSON_MAX_DEPTH (JSON-GLib recurses once a level, on a fiber's stack of 128 KiB),
 * and numbers that are no finite double, or endless, become null; half a surrogate pair and U+0000 in a string become
 * U+FFFD. All else stays as it is, mistakes of the server's own included. Any thread.
 *
 * Returns: (transfer full) (nullable): the text without that, %NULL where nothing is to be mended
 */
GString *confab_json_mend (const char *data, gsize length) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
