/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-ice-uri.h"
#include "confab-sdp.h"

#include <gst/gst.h>
#include <stdint.h>

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
  g_assert_cmpstr (with_msid, ==, again); /* what is there is not put in twice */
  if (confab_sdp_check (text, NULL))
    fill (text);
  return 0;
}
