/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-room-event.h"

G_BEGIN_DECLS

/* What a person should know of something that was sent in a room. Those up to CONFAB_ROOM_NOTICE_WITHHELD: it cannot be
 * read, by the code that says why. */
typedef enum {
  CONFAB_ROOM_NOTICE_BLACKLISTED,
  CONFAB_ROOM_NOTICE_UNVERIFIED,
  CONFAB_ROOM_NOTICE_UNAUTHORISED,
  CONFAB_ROOM_NOTICE_UNAVAILABLE,
  CONFAB_ROOM_NOTICE_NO_OLM,
  CONFAB_ROOM_NOTICE_WITHHELD,    /* a code that the spec does not have */
  CONFAB_ROOM_NOTICE_CLEAR,       /* not encrypted, in a room that is */
  CONFAB_ROOM_NOTICE_DEVICE_GONE, /* by a device that is not in its sender's list any more */
  CONFAB_ROOM_NOTICE_NONE,
} ConfabRoomNoticeKind;

/* What there is to know of an event in an encrypted room. */
ConfabRoomNoticeKind confab_room_notice_words_find_kind (const ConfabRoomEvent *event);
gboolean confab_room_notice_words_is_unread (ConfabRoomNoticeKind kind);

/* @name: (nullable): whose doing it is; %NULL for another device of one's own */
char *confab_room_notice_words_make_title (ConfabRoomNoticeKind kind, const char *name)
  G_GNUC_WARN_UNUSED_RESULT;
/* What it means, and what to do. @device_id: this device; @code: (nullable): the reason as it was given */
char *confab_room_notice_words_make_text (ConfabRoomNoticeKind kind,
                                          gboolean own,
                                          const char *device_id,
                                          const char *code) G_GNUC_WARN_UNUSED_RESULT;
/* How often, and when last; both in µs since the epoch */
char *confab_room_notice_words_make_times (guint count, gint64 last, gint64 now)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
