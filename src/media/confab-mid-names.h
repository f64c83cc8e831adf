/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ConfabMidNames:
 *
 * What the m-sections of one connection are called here and at the other side, where that is not the same: both may have added
 * one at the same time, and webrtcbin (1.26) keeps to the name that it gave. A name that is not listed is the same for both.
 */
typedef struct _ConfabMidNames ConfabMidNames;

ConfabMidNames *confab_mid_names_new (void) G_GNUC_WARN_UNUSED_RESULT;
void confab_mid_names_free (ConfabMidNames *self);
gboolean confab_mid_names_reconcile (ConfabMidNames *self, const char *theirs, const char *ours);
const char *confab_mid_names_to_ours (ConfabMidNames *self, const char *mid);
const char *confab_mid_names_to_theirs (ConfabMidNames *self, const char *mid);
char *
confab_mid_names_sdp_to_ours (ConfabMidNames *self, const char *text) G_GNUC_WARN_UNUSED_RESULT;
char *
confab_mid_names_sdp_to_theirs (ConfabMidNames *self, const char *text) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
