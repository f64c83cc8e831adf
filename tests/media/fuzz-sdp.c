/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-ice-uri.h"
#include "confab-sdp-private.h"
#include "confab-sdp.h"

#include <gst/gst.h>
#include <stdint.h>
#include <string.h>

#define CANDIDATE "candidate:1 1 UDP 2015363327 192.0.2.7 40000 typ host"
#define END "\r\n--\r\n"
#define MAX_MLINES 32

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  gst_init (NULL, NULL);
  return 0;
}

/* What stands in for a refused m-section is as good as any, and keeps its place. */
static void
fill (const char *text)
{
  g_auto (GStrv) refused = NULL;
  g_auto (GStrv) refused_answer = NULL;
  g_autofree char *offer = confab_sdp_fill_refused (text, NULL, &refused, NULL);
  g_autofree char *answer = confab_sdp_fill_refused (text, text, &refused_answer, NULL);
  g_autofree char *back = offer != NULL ? confab_sdp_refuse (offer, (const char *const *) refused)
                                        : NULL;

  g_assert_true (confab_sdp_check_follows (text, text, TRUE, NULL));
  g_assert_true (offer == NULL || (confab_sdp_check (offer, NULL) &&
                                   confab_sdp_check_follows (offer, text, TRUE, NULL)));
  g_assert_true (answer == NULL || confab_sdp_check_follows (answer, text, TRUE, NULL));
  g_assert_true (back == NULL || confab_sdp_check_follows (back, text, TRUE, NULL));
}

/* The first line that differs; -1 where there is none. */
static int
find_difference (const char *const *lines, const char *const *others)
{
  for (int i = 0; lines[i] != NULL || others[i] != NULL; i++) {
    if (g_strcmp0 (lines[i], others[i]) != 0)
      return i;
  }
  return -1;
}

/* One line more, at the end of that m-section, and the rest as it was; where there is no such m-section, none. */
static void
insert_candidate (const char *text, int mline_index, gboolean exists)
{
  g_autofree char *changed = confab_sdp_insert_candidate (text, mline_index, CANDIDATE);
  g_auto (GStrv) before = confab_sdp_split_lines (text);
  g_auto (GStrv) after = confab_sdp_split_lines (changed);
  const int at = find_difference ((const char *const *) before, (const char *const *) after);
  int mline = -1;

  if (!exists) {
    g_assert_cmpint (at, ==, -1);
    return;
  }
  g_assert_cmpint (at, >, 0);
  g_assert_cmpstr (after[at], ==, "a=" CANDIDATE);
  g_assert_true (after[at + 1] == NULL || g_str_has_prefix (after[at + 1], "m="));
  g_assert_true (
    g_strv_equal ((const char *const *) before + at, (const char *const *) after + at + 1));
  for (int i = 0; i < at; i++)
    mline += g_str_has_prefix (after[i], "m=");
  g_assert_cmpint (mline, ==, mline_index);
}

/* What is sent stays, nothing is received that was not, and only the words for that are other ones. */
static void
expect_known (const char *text, const char *remote)
{
  g_autofree char *expecting = confab_sdp_expect_known (text, remote);
  g_autofree char *again = confab_sdp_expect_known (expecting, remote);
  g_auto (GStrv) before = confab_sdp_split_lines (text);
  g_auto (GStrv) after = confab_sdp_split_lines (expecting);
  g_autoptr (GPtrArray) mids = confab_sdp_list_mids (text);
  g_autoptr (GHashTable) kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gboolean takes_back = FALSE;
  int mline = -1;

  g_assert_cmpstr (expecting, ==, again);
  g_assert_cmpuint (g_strv_length (before), ==, g_strv_length (after));
  for (guint i = 0; before[i] != NULL; i++) {
    if (g_str_has_prefix (before[i], "m=")) {
      mline++;
      takes_back = !g_hash_table_add (kinds, g_strndup (before[i], strcspn (before[i], " "))) &&
                   (remote == NULL || !confab_sdp_sends (remote, mids->pdata[mline]));
    }
    if (takes_back && strcmp (before[i], "a=sendrecv") == 0)
      g_assert_cmpstr (after[i], ==, "a=sendonly");
    else if (takes_back && strcmp (before[i], "a=recvonly") == 0)
      g_assert_cmpstr (after[i], ==, "a=inactive");
    else
      g_assert_cmpstr (after[i], ==, before[i]);
  }
  for (guint i = 0; i < MIN (mids->len, 8); i++) {
    const char *mid = mids->pdata[i];

    g_assert_true (confab_sdp_sends (text, mid) == confab_sdp_sends (expecting, mid));
    g_assert_true (confab_sdp_receives (text, mid) || !confab_sdp_receives (expecting, mid));
  }
}

/* An input may be two descriptions: ours, and after a line `--` the other side's. */
static void
munge (const char *text)
{
  const char *end = strstr (text, END);
  g_autofree char *own = end != NULL ? g_strndup (text, end - text) : g_strdup (text);
  g_autoptr (GPtrArray) mids = confab_sdp_list_mids (own);
  const int n = mids->len;

  expect_known (own, NULL);
  if (n <= MAX_MLINES)
    expect_known (own, end != NULL ? end + strlen (END) : own);
  if (n > 0)
    insert_candidate (own, 0, TRUE);
  if (n > 1)
    insert_candidate (own, n - 1, TRUE);
  insert_candidate (own, n, FALSE);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autofree char *mid = confab_sdp_get_mid (text, 0);
  g_autofree char *stream_id = confab_sdp_find_stream_id (text, mid != NULL ? mid : "0");
  g_autofree char *setup = confab_sdp_get_setup (text);
  g_autofree char *changed = confab_sdp_set_setup (text, "passive");
  g_autofree char *with_msid = confab_sdp_insert_msid (text, "cfb-0");
  g_autofree char *again = confab_sdp_insert_msid (with_msid, "cfb-0");
  g_autofree char *stun = confab_ice_uri_to_stun (text);
  g_autofree char *turn = confab_ice_uri_to_turn (text, "user", "secret");

  confab_sdp_find_payload (text, "video", "VP8");
  confab_sdp_receives (text, mid != NULL ? mid : "0");
  confab_ice_candidate_is_usable (text);
  munge (text);
  g_assert_cmpstr (with_msid, ==, again); /* what is there is not put in twice */
  if (confab_sdp_check (text, NULL))
    fill (text);
  return 0;
}
