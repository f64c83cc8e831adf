/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-mid-names.h"

#include "confab-sdp-private.h"

#include <string.h>

struct _ConfabMidNames {
  GHashTable *ours;   /* by theirs */
  GHashTable *theirs; /* by ours */
};

ConfabMidNames *
confab_mid_names_new (void)
{
  ConfabMidNames *self = g_new (ConfabMidNames, 1);

  self->ours = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->theirs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
confab_mid_names_free (ConfabMidNames *self)
{
  g_hash_table_unref (self->ours);
  g_hash_table_unref (self->theirs);
  g_free (self);
}

static const char *
translate (GHashTable *names, const char *mid)
{
  const char *found = g_hash_table_lookup (names, mid);

  return found != NULL ? found : mid;
}

/* NULL for what is not there. */
const char *
confab_mid_names_to_ours (ConfabMidNames *self, const char *mid)
{
  return mid != NULL ? translate (self->ours, mid) : NULL;
}

const char *
confab_mid_names_to_theirs (ConfabMidNames *self, const char *mid)
{
  return mid != NULL ? translate (self->theirs, mid) : NULL;
}

static void
translate_line (GPtrArray *out, const char *line, GHashTable *names)
{
  const char *mid = confab_sdp_value_of (line, "a=mid:");
  const char *group = confab_sdp_value_of (line, "a=group:");
  g_auto (GStrv) words = NULL;
  g_autofree char *joined = NULL;

  if (mid != NULL) {
    g_ptr_array_add (out, g_strconcat ("a=mid:", translate (names, mid), NULL));
    return;
  }
  if (group == NULL) {
    g_ptr_array_add (out, g_strdup (line));
    return;
  }
  words = g_strsplit (group, " ", -1);
  for (guint i = 1; words[0] != NULL && words[i] != NULL; i++) {
    g_autofree char *before = words[i];

    words[i] = g_strdup (translate (names, before));
  }
  joined = g_strjoinv (" ", words);
  g_ptr_array_add (out, g_strconcat ("a=group:", joined, NULL));
}

static char *
translate_sdp (const char *text, GHashTable *names)
{
  g_auto (GStrv) lines = NULL;
  g_autoptr (GPtrArray) out = NULL;

  if (g_hash_table_size (names) == 0)
    return g_strdup (text);
  lines = confab_sdp_split_lines (text);
  out = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; lines[i] != NULL; i++)
    translate_line (out, lines[i], names);
  return confab_sdp_join_lines (out);
}

char *
confab_mid_names_sdp_to_ours (ConfabMidNames *self, const char *text)
{
  return translate_sdp (text, self->ours);
}

char *
confab_mid_names_sdp_to_theirs (ConfabMidNames *self, const char *text)
{
  return translate_sdp (text, self->theirs);
}

/* What each m-section carries, in order. */
static GPtrArray *
list_kinds (const char *text)
{
  g_auto (GStrv) lines = confab_sdp_split_lines (text);
  GPtrArray *kinds = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; lines[i] != NULL; i++) {
    const char *kind = confab_sdp_value_of (lines[i], "m=");

    if (kind != NULL)
      g_ptr_array_add (kinds, g_strndup (kind, strcspn (kind, " ")));
  }
  return kinds;
}

/**
 * confab_mid_names_reconcile:
 * @self: the names
 * @theirs: an offer, in our names as far as they are known
 * @ours: an offer of the same session that was made here and gives way
 *
 * Takes m-sections at the same place for the same one.
 *
 * Returns: whether that can be: %FALSE when they are of different kinds, or a name means another one already
 */
gboolean
confab_mid_names_reconcile (ConfabMidNames *self, const char *theirs, const char *ours)
{
  g_autoptr (GPtrArray) mids = confab_sdp_list_mids (theirs);
  g_autoptr (GPtrArray) our_mids = confab_sdp_list_mids (ours);
  g_autoptr (GPtrArray) kinds = list_kinds (theirs);
  g_autoptr (GPtrArray) our_kinds = list_kinds (ours);

  for (guint i = 0; i < MIN (mids->len, our_mids->len); i++) {
    const char *mid = mids->pdata[i];
    const char *our_mid = our_mids->pdata[i];

    if (strcmp (kinds->pdata[i], our_kinds->pdata[i]) != 0)
      return FALSE;
    if (strcmp (mid, our_mid) == 0)
      continue;
    if (g_ptr_array_find_with_equal_func (mids, our_mid, g_str_equal, NULL) ||
        g_ptr_array_find_with_equal_func (our_mids, mid, g_str_equal, NULL) ||
        g_hash_table_contains (self->ours, mid) || g_hash_table_contains (self->theirs, our_mid))
      return FALSE;
    g_hash_table_insert (self->ours, g_strdup (mid), g_strdup (our_mid));
    g_hash_table_insert (self->theirs, g_strdup (our_mid), g_strdup (mid));
  }
  return TRUE;
}
