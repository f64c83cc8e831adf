/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _ConfabClock ConfabClock;

/**
 * ConfabCallAnnouncer:
 *
 * What a screen reader is to say about a call: who came and went, whether the connection holds. At most one
 * announcement every two seconds; a burst of people becomes one sentence.
 *
 * Signal `announce` (text).
 */
#define CONFAB_TYPE_CALL_ANNOUNCER (confab_call_announcer_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallAnnouncer, confab_call_announcer, CONFAB, CALL_ANNOUNCER, GObject)

/* @tiles: a model of ConfabStreamTileModel; those who are in it now are not announced. */
ConfabCallAnnouncer *
confab_call_announcer_new (ConfabClock *clock, GListModel *tiles) G_GNUC_WARN_UNUSED_RESULT;
void confab_call_announcer_say (ConfabCallAnnouncer *self, const char *text);
void confab_call_announcer_set_lost (ConfabCallAnnouncer *self, gboolean lost);

G_END_DECLS
