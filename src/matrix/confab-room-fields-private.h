/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-homeserver.h"
#include "confab-room-people.h"
#include "confab-room-power.h"
#include "confab-room.h"

G_BEGIN_DECLS

/* For the files that make up ConfabRoom. */
struct _ConfabRoom {
  GObject parent_instance;

  char *id;
  char *own_user_id;
  ConfabHomeserver *homeserver;
  char *own_name; /* of m.room.name */
  char *alias;
  char *own_avatar_url; /* of m.room.avatar */
  GStrv heroes;
  guint n_joined;
  guint n_invited;
  ConfabRoomPower power;
  ConfabRoomPeople *people;
  GHashTable *members; /* user id → ConfabRoomMember, those that were asked for */
  gboolean members_loaded;
  guint n_gaps;
  DexFuture *loading; /* (nullable): the list of members is on its way */

  char *name;
  char *topic;
  char *avatar_url;
  gboolean encrypted;
  gboolean only_joined_see; /* who is invited does not see what was said before they came */
  gboolean direct;
  gboolean favourite;
  gboolean can_join_call;
  gboolean can_start_call;
  gint64 last_activity;
  guint n_rtc_users;
  gboolean replaced;
  GListStore *calls;
};

/* Names, and who may do what, may be others now. */
void confab_room_people_changed (ConfabRoom *self);
void confab_room_fetch_member (ConfabRoom *self, const char *user_id);

G_END_DECLS
