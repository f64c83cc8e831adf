/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-room-notice-words.h"

#include "confab-format.h"

#include <glib/gi18n.h>
#include <string.h>

#define MAX_CODE 48 /* of one that is shown */

/* Spec: Client-Server API, “Reporting that decryption keys are withheld”. */
static const struct {
  const char *code;
  ConfabRoomNoticeKind kind;
} codes[] = {
  { "m.blacklisted", CONFAB_ROOM_NOTICE_BLACKLISTED },
  { "m.unverified", CONFAB_ROOM_NOTICE_UNVERIFIED },
  { "m.unauthorised", CONFAB_ROOM_NOTICE_UNAUTHORISED },
  { "m.unavailable", CONFAB_ROOM_NOTICE_UNAVAILABLE },
  { "m.no_olm", CONFAB_ROOM_NOTICE_NO_OLM },
};

/* Each begins with a name. “Their messages” are what a person sends to the room in writing: a call's sound and pictures
 * go another way. */
static const struct {
  const char *title;
  const char *text;     /* of somebody else */
  const char *own_text; /* of another device of one's own */
} words[] = {
  [CONFAB_ROOM_NOTICE_BLACKLISTED] = {
    /* Translators: %s is a name, or “Another device of yours” */
    N_ ("%s has blocked this device"),
    /* Translators: %s is the name of this device, as in “GHTYAJCE” */
    N_ ("Their messages and reactions here cannot be read. Ask them to unblock this device, “%s”. "
        "Or sign out and in again: that makes a new device."),
    N_ ("What you send with it here cannot be read. Unblock this device, “%s”, over there."),
  },
  [CONFAB_ROOM_NOTICE_UNVERIFIED] = {
    N_ ("%s sends only to verified devices"),
    N_ ("Their messages and reactions here cannot be read. Ask them to verify this device, “%s”, by "
        "hand, or to send to devices that are not verified, too. Confab cannot compare emoji yet."),
    N_ ("What you send with it here cannot be read. Verify this device, “%s”, by hand over there, or "
        "let it send to devices that are not verified, too. Confab cannot compare emoji yet."),
  },
  [CONFAB_ROOM_NOTICE_UNAUTHORISED] = {
    N_ ("%s sent something that is not for this device"),
    N_ ("It may have been sent before you joined, or only to others. If you should be able to read "
        "it, ask them to send it again."),
    N_ ("It may have been sent before this device was there. If you need it here, send it again."),
  },
  [CONFAB_ROOM_NOTICE_UNAVAILABLE] = {
    N_ ("%s no longer has a key that is needed"),
    N_ ("What they sent with it cannot be read here. Ask them to send it again."),
    N_ ("What you sent with it cannot be read here. If you need it here, send it again."),
  },
  [CONFAB_ROOM_NOTICE_NO_OLM] = {
    N_ ("%s has no secure connection to this device"),
    N_ ("Their messages and reactions here cannot be read. Confab tries to make a new connection by "
        "itself. When this goes away, ask them to send again what you missed."),
    N_ ("What you send with it here cannot be read. Confab tries to make a new connection by "
        "itself."),
  },
  [CONFAB_ROOM_NOTICE_WITHHELD] = {
    N_ ("%s keeps something from this device"),
    N_ ("Their messages and reactions here cannot be read, for a reason that Confab does not know. "
        "Ask them whether they have blocked this device, “%s”."),
    N_ ("What you send with it here cannot be read, for a reason that Confab does not know. See "
        "there whether this device, “%s”, is blocked."),
  },
  [CONFAB_ROOM_NOTICE_CLEAR] = {
    N_ ("%s sent something that is not encrypted"),
    N_ ("All else in this room is encrypted. A homeserver could have read this, or made it up. "
        "Before you rely on it, ask them whether they sent it."),
    N_ ("All else in this room is encrypted. A homeserver could have read this, or made it up."),
  },
  [CONFAB_ROOM_NOTICE_DEVICE_GONE] = {
    N_ ("%s sent something from a device that is gone"),
    N_ ("They have signed out there since. Before you rely on it, ask them whether they sent it."),
    N_ ("You have signed out there since. If it was not you, change your password."),
  },
};

/**
 * confab_room_notice_words_find_kind:
 * @event: of an encrypted room
 *
 * Returns: what a person should know of it
 */
ConfabRoomNoticeKind
confab_room_notice_words_find_kind (const ConfabRoomEvent *event)
{
  switch (event->trust) {
  case CONFAB_ROOM_EVENT_TRUST_WITHHELD:
    for (guint i = 0; i < G_N_ELEMENTS (codes); i++) {
      if (g_strcmp0 (event->withheld_code, codes[i].code) == 0)
        return codes[i].kind;
    }
    return CONFAB_ROOM_NOTICE_WITHHELD;
  case CONFAB_ROOM_EVENT_TRUST_CLEAR:
    /* A redaction is never encrypted, and other clients leave reactions in clear as well. */
    if (g_str_equal (event->type, "m.room.redaction") || g_str_equal (event->type, "m.reaction"))
      return CONFAB_ROOM_NOTICE_NONE;
    return CONFAB_ROOM_NOTICE_CLEAR;
  case CONFAB_ROOM_EVENT_TRUST_DEVICE_GONE:
    return CONFAB_ROOM_NOTICE_DEVICE_GONE;
  case CONFAB_ROOM_EVENT_TRUST_DEVICE:
  default:
    return CONFAB_ROOM_NOTICE_NONE;
  }
}

gboolean
confab_room_notice_words_is_unread (ConfabRoomNoticeKind kind)
{
  return kind <= CONFAB_ROOM_NOTICE_WITHHELD;
}

/* @pattern with @value for its “%s”, if it has one. */
static char *
fill_in (const char *pattern, const char *value)
{
  g_auto (GStrv) parts = g_strsplit (pattern, "%s", 2);

  return g_strjoinv (value, parts);
}

char *
confab_room_notice_words_make_title (ConfabRoomNoticeKind kind, const char *name)
{
  g_autofree char *isolated = NULL;
  g_autofree char *title = NULL;

  g_return_val_if_fail (kind < G_N_ELEMENTS (words), NULL);

  if (name == NULL)
    /* Translators: stands for the name in “%s has blocked this device” and the like */
    return fill_in (_ (words[kind].title), _ ("Another device of yours"));
  isolated = confab_format_name (name);
  title = fill_in (_ (words[kind].title), isolated);
  return confab_format_line (title);
}

/* A reason is shown only where it looks like one: it is a stranger's. */
static gboolean
is_plain (const char *code)
{
  gsize length = strlen (code);

  return length > 0 && length <= MAX_CODE &&
         strspn (code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
           length;
}

char *
confab_room_notice_words_make_text (ConfabRoomNoticeKind kind,
                                    gboolean own,
                                    const char *device_id,
                                    const char *code)
{
  g_autofree char *device = confab_format_name (device_id);
  g_autofree char *text = NULL;
  g_autofree char *isolated = NULL;

  g_return_val_if_fail (kind < G_N_ELEMENTS (words), NULL);

  text = fill_in (_ (own ? words[kind].own_text : words[kind].text), device);
  if (kind != CONFAB_ROOM_NOTICE_WITHHELD || code == NULL || !is_plain (code))
    return g_steal_pointer (&text);
  isolated = confab_format_name (code);
  /* Translators: first some whole sentences, then the technical name of a reason, as in “org.example.quota” */
  return g_strdup_printf (_ ("%1$s The reason: “%2$s”."), text, isolated);
}

char *
confab_room_notice_words_make_times (guint count, gint64 last, gint64 now)
{
  g_autofree char *moment = confab_format_moment (last, now);

  if (moment == NULL)
    return g_strdup ("");
  if (count <= 1)
    return g_steal_pointer (&moment);
  /* Translators: how often something was sent, and when last, as in “14:02” or “24 November, 14:02” */
  return g_strdup_printf (ngettext ("%1$u time, last: %2$s", "%1$u times, last: %2$s", count),
                          count,
                          moment);
}
