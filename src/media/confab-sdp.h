/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is wrong with a stranger's session description. */
typedef enum {
  CONFAB_SDP_ERROR_INVALID,   /* not SDP, or beyond a sane size */
  CONFAB_SDP_ERROR_UNUSABLE,  /* SDP, but not of a WebRTC session */
  CONFAB_SDP_ERROR_MISMATCHED /* does not fit the description that it answers or follows */
} ConfabSdpError;
#define CONFAB_SDP_ERROR (confab_sdp_error_quark ())
GQuark confab_sdp_error_quark (void);

gboolean confab_sdp_check (const char *text, GError **error);
gboolean
confab_sdp_check_follows (const char *text, const char *before, gboolean is_answer, GError **error);
char *confab_sdp_find_stream_id (const char *text, const char *mid) G_GNUC_WARN_UNUSED_RESULT;
char *confab_sdp_get_mid (const char *text, int mline_index) G_GNUC_WARN_UNUSED_RESULT;
int confab_sdp_find_mline (const char *text, const char *mid);
int confab_sdp_find_payload (const char *text, const char *media, const char *encoding);
char *confab_sdp_get_setup (const char *text) G_GNUC_WARN_UNUSED_RESULT;
char *confab_sdp_set_setup (const char *text, const char *setup) G_GNUC_WARN_UNUSED_RESULT;
char *confab_sdp_insert_msid (const char *text, const char *stream_id) G_GNUC_WARN_UNUSED_RESULT;
char *confab_sdp_insert_candidate (const char *text, int mline_index, const char *candidate)
  G_GNUC_WARN_UNUSED_RESULT;

/* confab-sdp-direction.c */
gboolean confab_sdp_receives (const char *text, const char *mid);
gboolean confab_sdp_sends (const char *text, const char *mid);
char *confab_sdp_expect_known (const char *text, const char *remote) G_GNUC_WARN_UNUSED_RESULT;

/* confab-sdp-refusal.c */
char *confab_sdp_fill_refused (const char *text, const char *offer, GStrv *refused, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
char *confab_sdp_refuse (const char *text, const char *const *mids) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
