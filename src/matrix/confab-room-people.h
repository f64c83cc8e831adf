/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * ConfabRoomPeople:
 *
 * Those of a room's people who are known: heroes, callers, who came by in the timeline; everybody once the list of
 * members was loaded. Main thread.
 */
typedef struct _ConfabRoomPeople ConfabRoomPeople;

/**
 * ConfabPerson:
 * @name: (nullable): the display name
 * @avatar_url: (nullable): mxc
 *
 * What an `m.room.member` event says.
 */
typedef struct {
  char *name;
  char *avatar_url;
  gboolean joined;
  gboolean invited;
  guint age; /* how often the list of members had been asked for when it was said */
} ConfabPerson;

ConfabRoomPeople *confab_room_people_new (void) G_GNUC_WARN_UNUSED_RESULT;
void confab_room_people_free (ConfabRoomPeople *self);
void
confab_room_people_take_event (ConfabRoomPeople *self, const char *user_id, JsonObject *content);
const ConfabPerson *confab_room_people_lookup (ConfabRoomPeople *self, const char *user_id);
/* Spec: Client-Server API, “Calculating the display name for a user”. Of those who are known. */
char *confab_room_people_dup_display_name (ConfabRoomPeople *self, const char *user_id)
  G_GNUC_WARN_UNUSED_RESULT;
/* Whom an unnamed room is called after when the server names nobody: at most five who are in it or invited, or, when
 * nobody is, who were; without @own_user_id; ordered. */
GStrv confab_room_people_dup_heroes (ConfabRoomPeople *self, const char *own_user_id)
  G_GNUC_WARN_UNUSED_RESULT;
/* Who is in it, or invited. */
GStrv confab_room_people_dup_present (ConfabRoomPeople *self) G_GNUC_WARN_UNUSED_RESULT;
GStrv confab_room_people_dup_joined (ConfabRoomPeople *self) G_GNUC_WARN_UNUSED_RESULT;

/* The list of members, from a server: read by any thread, taken in piece by piece. What a sync says of somebody while
 * the list is on its way is newer than the list. */
typedef struct {
  char *user_id;
  char *membership;
  char *name;       /* (nullable) */
  char *avatar_url; /* (nullable) */
} ConfabListedMember;

GPtrArray *confab_room_people_read_list (GBytes *reply, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void confab_room_people_begin_load (ConfabRoomPeople *self);
void confab_room_people_take_listed (ConfabRoomPeople *self, const ConfabListedMember *member);
/* Whoever was not in the list is not in the room. */
void confab_room_people_end_load (ConfabRoomPeople *self);

G_END_DECLS
