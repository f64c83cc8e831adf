/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-room-words.h"

#include <glib/gi18n.h>

static char *
join_list (const char *names, const char *name)
{
  /* Translators: people in a room without a name; more follow. The first %s is one or more names */
  return g_strdup_printf (_ ("%s, %s"), names, name);
}

static char *
join_last (const char *names, const char *name)
{
  /* Translators: people in a room without a name. The first %s is one or more names, the second is the last */
  return g_strdup_printf (_ ("%s and %s"), names, name);
}

static char *
join_others (const char *names, guint n_others)
{
  /* Translators: people in a room without a name. %s is one or more names */
  return g_strdup_printf (ngettext ("%s and %u other", "%s and %u others", n_others),
                          names,
                          n_others);
}

static char *
name_empty (const char *names)
{
  if (names == NULL)
    return g_strdup (_ ("Empty room"));
  /* Translators: a room that everybody left. %s is who was in it, as in “Anna and Ben” */
  return g_strdup_printf (_ ("Empty room (was %s)"), names);
}

static char *
name_crowd (guint n_others)
{
  /* Translators: a room without a name, of whose people nothing is known but how many there are */
  return g_strdup_printf (ngettext ("Room with %u other", "Room with %u others", n_others),
                          n_others);
}

const ConfabRoomNameWords confab_room_words = {
  .list = join_list,
  .last = join_last,
  .others = join_others,
  .empty = name_empty,
  .crowd = name_crowd,
};
