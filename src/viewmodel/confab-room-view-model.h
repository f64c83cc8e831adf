/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-avatar-model.h"

G_BEGIN_DECLS

typedef struct _ConfabCall ConfabCall;
typedef struct _ConfabClock ConfabClock;
typedef struct _ConfabRoom ConfabRoom;
typedef struct _ConfabSession ConfabSession;

/* In the order of the list. */
typedef enum {
  CONFAB_ROOM_SECTION_CALLS,
  CONFAB_ROOM_SECTION_FAVOURITES,
  CONFAB_ROOM_SECTION_ROOMS,
  CONFAB_ROOM_SECTION_PEOPLE,
} ConfabRoomSection;

/* What the one obvious button of a room does. */
typedef enum {
  CONFAB_ROOM_ACTION_START,
  CONFAB_ROOM_ACTION_JOIN,
  CONFAB_ROOM_ACTION_RETURN,
} ConfabRoomAction;

/**
 * ConfabRoomViewModel:
 *
 * A room as the list and the room page show it. Properties (all notify): `id`, `name`, `topic`, `avatar`
 * (#ConfabAvatarModel), `subtitle`, `encrypted`, `encrypted-title`, `encrypted-subtitle`, `people-text`, `people`
 * (GListModel of #ConfabAvatarModel, filled by confab_room_view_model_load_people()), `more-people` (“+8”: how many
 * there are beside the first #CONFAB_MEMBER_PILE_SHOWN), `section`, `section-title`,
 * `has-call`, `in-call`, `participants` (GListModel of #ConfabAvatarModel), `n-participants`, `duration`,
 * `call-line`, `call-text`, `ongoing-text`, `header-text`, `who-text`, `join-label`, `action`, `can-act`, `reason`.
 * The duration ticks only while somebody looks (confab_room_view_model_show()). Main thread only.
 */
#define CONFAB_TYPE_ROOM_VIEW_MODEL (confab_room_view_model_get_type ())
G_DECLARE_FINAL_TYPE (ConfabRoomViewModel, confab_room_view_model, CONFAB, ROOM_VIEW_MODEL, GObject)

ConfabRoomViewModel *
confab_room_view_model_new (ConfabRoom *room, ConfabSession *session, ConfabClock *clock)
  G_GNUC_WARN_UNUSED_RESULT;
const char *confab_room_view_model_get_id (ConfabRoomViewModel *self);
const char *confab_room_view_model_get_name (ConfabRoomViewModel *self);
const char *confab_room_view_model_get_section_title (ConfabRoomViewModel *self);
ConfabRoomSection confab_room_view_model_get_section (ConfabRoomViewModel *self);
ConfabRoomAction confab_room_view_model_get_action (ConfabRoomViewModel *self);
gboolean confab_room_view_model_get_can_act (ConfabRoomViewModel *self);
gboolean confab_room_view_model_get_encrypted (ConfabRoomViewModel *self);
gboolean confab_room_view_model_get_has_call (ConfabRoomViewModel *self);
void confab_room_view_model_show (ConfabRoomViewModel *self);
void confab_room_view_model_hide (ConfabRoomViewModel *self);
void confab_room_view_model_load_people (ConfabRoomViewModel *self);

/* For other view models. */
ConfabRoom *confab_room_view_model_get_room (ConfabRoomViewModel *self);
ConfabCall *confab_room_view_model_get_call (ConfabRoomViewModel *self);
GListModel *confab_room_view_model_get_participants (ConfabRoomViewModel *self);
const char *confab_room_view_model_get_search_key (ConfabRoomViewModel *self);
const char *confab_room_view_model_get_sort_key (ConfabRoomViewModel *self);
gint64 confab_room_view_model_get_call_started_at (ConfabRoomViewModel *self);

G_END_DECLS
