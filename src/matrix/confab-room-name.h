/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ConfabRoomNameWords:
 * @list: “A, B”
 * @last: “A and B”; @names may be a list
 * @others: “A, B and 7 others”
 * @empty: “Empty room”, or “Empty room (was A and B)”; @names is %NULL or who was in it
 * @crowd: “Room with 7 others”
 *
 * The words that names of rooms are made with; each returns (transfer full). A person's language is not this room's
 * business: without others the words are English.
 */
typedef struct {
  char *(*list) (const char *names, const char *name);
  char *(*last) (const char *names, const char *name);
  char *(*others) (const char *names, guint n_others);
  char *(*empty) (const char *names);
  char *(*crowd) (guint n_others);
} ConfabRoomNameWords;

/* For all rooms that are named afterwards; @words (nullable) stays the caller's, and there. */
void confab_room_name_set_words (const ConfabRoomNameWords *words);

char *confab_room_name_compute (const char *name,
                                const char *canonical_alias,
                                const char *const *heroes,
                                guint n_joined,
                                guint n_invited) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
