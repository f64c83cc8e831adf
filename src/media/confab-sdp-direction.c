/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-sdp.h"

#include "confab-sdp-private.h"

#include <string.h>

/* RFC 8866 section 6.7; without a line it is both. */
static gboolean
is_directed (const char *text, const char *mid, const char *against, const char *along)
{
  g_auto (GStrv) lines = confab_sdp_split_lines (text);
  const int wanted = confab_sdp_find_mline (text, mid);
  gboolean directed = TRUE;
  int mline = -1;

  for (guint i = 0; wanted >= 0 && lines[i] != NULL && mline <= wanted; i++) {
    mline += g_str_has_prefix (lines[i], "m=");
    if (mline >= 0 && mline != wanted)
      continue;
    if (strcmp (lines[i], "a=inactive") == 0 || strcmp (lines[i], against) == 0)
      directed = FALSE;
    else if (strcmp (lines[i], "a=sendrecv") == 0 || strcmp (lines[i], along) == 0)
      directed = TRUE;
  }
  return wanted >= 0 && directed;
}

/**
 * confab_sdp_receives:
 * @text: a description
 * @mid: an m-section
 *
 * Returns: whether who wrote it takes what is sent in that m-section
 */
gboolean
confab_sdp_receives (const char *text, const char *mid)
{
  return is_directed (text, mid, "a=sendonly", "a=recvonly");
}

/**
 * confab_sdp_sends:
 * @text: a description
 * @mid: an m-section
 *
 * Returns: whether who wrote it sends in that m-section
 */
gboolean
confab_sdp_sends (const char *text, const char *mid)
{
  return is_directed (text, mid, "a=recvonly", "a=sendonly");
}

/* Whether an m-section of that kind came before. */
static gboolean
is_second (const char *line, GHashTable *kinds)
{
  const char *kind = confab_sdp_value_of (line, "m=");

  return !g_hash_table_add (kinds, g_strndup (kind, strcspn (kind, " ")));
}

/**
 * confab_sdp_expect_known:
 * @text: an offer of ours
 * @remote: (nullable): the other side's description in force
 *
 * Takes back that we receive, beside microphone and camera, where the other side does not send. For a browser (libwebrtc)
 * may send as soon as it has made an offer, before we have it, in each m-section in which we said that we receive; and
 * webrtcbin takes packets that it does not know the SSRC of for those of the first m-section, for good.
 *
 * Returns: (transfer full): @text with `sendonly` in place of `sendrecv`, and `inactive` in place of `recvonly`, there
 */
char *
confab_sdp_expect_known (const char *text, const char *remote)
{
  g_auto (GStrv) lines = confab_sdp_split_lines (text);
  g_autoptr (GPtrArray) mids = confab_sdp_list_mids (text);
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gboolean takes_back = FALSE;
  int mline = -1;

  for (guint i = 0; lines[i] != NULL; i++) {
    const char *line = lines[i];

    if (g_str_has_prefix (line, "m=")) {
      mline++;
      takes_back = is_second (line, kinds) &&
                   (remote == NULL || !confab_sdp_sends (remote, mids->pdata[mline]));
    }
    if (takes_back && strcmp (line, "a=sendrecv") == 0)
      line = "a=sendonly";
    else if (takes_back && strcmp (line, "a=recvonly") == 0)
      line = "a=inactive";
    g_ptr_array_add (out, g_strdup (line));
  }
  return confab_sdp_join_lines (out);
}
