/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-room-name.h"

#define MAX_HEROES 5

/* “Anna”, “Anna and Ben”, “Anna, Ben and Cem”, “Anna, Ben and 7 others”. */
static char *
join_names (const char *const *heroes, guint n_heroes, guint n_others)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n_heroes; i++) {
    if (i > 0)
      g_string_append (text, i == n_heroes - 1 && n_others == 0 ? " and " : ", ");
    g_string_append (text, heroes[i]);
  }
  if (n_others > 0)
    g_string_append_printf (text, " and %u %s", n_others, n_others == 1 ? "other" : "others");
  return g_string_free (text, FALSE);
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
    return n_others > 0 ? g_strdup_printf ("Room with %" G_GINT64_FORMAT " %s",
                                           n_others,
                                           n_others == 1 ? "other" : "others")
                        : g_strdup ("Empty room");
  if (n_others <= 0) {
    names = join_names (heroes, n_heroes, 0);
    return g_strdup_printf ("Empty room (was %s)", names);
  }
  return join_names (heroes, n_heroes, n_others > n_heroes ? n_others - n_heroes : 0);
}
