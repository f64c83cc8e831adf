/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-room-name.h"

#define MAX_HEROES 5

static char *
english_list (const char *names, const char *name)
{
  return g_strdup_printf ("%s, %s", names, name);
}

static char *
english_last (const char *names, const char *name)
{
  return g_strdup_printf ("%s and %s", names, name);
}

static char *
english_others (const char *names, guint n_others)
{
  return g_strdup_printf ("%s and %u %s", names, n_others, n_others == 1 ? "other" : "others");
}

static char *
english_empty (const char *names)
{
  return names != NULL ? g_strdup_printf ("Empty room (was %s)", names) : g_strdup ("Empty room");
}

static char *
english_crowd (guint n_others)
{
  return g_strdup_printf ("Room with %u %s", n_others, n_others == 1 ? "other" : "others");
}

static const ConfabRoomNameWords english = {
  .list = english_list,
  .last = english_last,
  .others = english_others,
  .empty = english_empty,
  .crowd = english_crowd,
};
static const ConfabRoomNameWords *words = &english;

void
confab_room_name_set_words (const ConfabRoomNameWords *new_words)
{
  words = new_words != NULL ? new_words : &english;
}

/* “Anna”, “Anna and Ben”, “Anna, Ben and Cem”, “Anna, Ben and 7 others”. */
static char *
join_names (const char *const *heroes, guint n_heroes, guint n_others)
{
  char *names = g_strdup (heroes[0]);

  for (guint i = 1; i < n_heroes; i++) {
    g_autofree char *before = names;
    gboolean is_last = i == n_heroes - 1 && n_others == 0;
    names = is_last ? words->last (before, heroes[i]) : words->list (before, heroes[i]);
  }
  if (n_others > 0) {
    g_autofree char *before = names;
    names = words->others (before, n_others);
  }
  return names;
}

/**
 * confab_room_name_compute:
 * @name: (nullable): of `m.room.name`
 * @canonical_alias: (nullable): of `m.room.canonical_alias`
 * @heroes: (nullable) (array zero-terminated=1): how the heroes are called, disambiguated, without ourselves
 * @n_joined: people in the room, ourselves too
 * @n_invited: people invited to it
 *
 * Spec: Client-Server API, “Calculating the display name for a room”.
 *
 * Returns: (transfer full): the name to show
 */
char *
confab_room_name_compute (const char *name,
                          const char *canonical_alias,
                          const char *const *heroes,
                          guint n_joined,
                          guint n_invited)
{
  guint n_heroes = heroes != NULL ? MIN (g_strv_length ((GStrv) heroes), MAX_HEROES) : 0;
  gint64 n_others = (gint64) n_joined + n_invited - 1;
  g_autofree char *names = NULL;

  if (name != NULL && name[0] != '\0')
    return g_strdup (name);
  if (canonical_alias != NULL && canonical_alias[0] != '\0')
    return g_strdup (canonical_alias);
  if (n_heroes == 0)
    return n_others > 0 ? words->crowd (n_others) : words->empty (NULL);
  if (n_others <= 0) {
    names = join_names (heroes, n_heroes, 0);
    return words->empty (names);
  }
  return join_names (heroes, n_heroes, n_others > n_heroes ? n_others - n_heroes : 0);
}
