/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-room-view-model.h"

G_BEGIN_DECLS

typedef enum {
  CONFAB_ROOM_LIST_LOADING, /* the first sync is under way, and nothing has come */
  CONFAB_ROOM_LIST_EMPTY,   /* this account is in no room */
  CONFAB_ROOM_LIST_NO_HIT,  /* rooms, but none with the name that is searched */
  CONFAB_ROOM_LIST_ROOMS,
} ConfabRoomListState;

/**
 * ConfabRoomListViewModel:
 *
 * The rooms as they are shown: a sorted, sectioned and filtered GListModel of #ConfabRoomViewModel in `rooms`.
 * Properties (notify): `rooms`, `state` (#ConfabRoomListState), `search-text` (writable; takes effect 100 ms after
 * the last key, because hiding many rows at once is dear). Main thread only.
 */
#define CONFAB_TYPE_ROOM_LIST_VIEW_MODEL (confab_room_list_view_model_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabRoomListViewModel, confab_room_list_view_model, CONFAB, ROOM_LIST_VIEW_MODEL, GObject)

ConfabRoomListViewModel *
confab_room_list_view_model_new (ConfabSession *session, ConfabClock *clock)
  G_GNUC_WARN_UNUSED_RESULT;
GListModel *confab_room_list_view_model_get_rooms (ConfabRoomListViewModel *self);
ConfabRoomListState confab_room_list_view_model_get_state (ConfabRoomListViewModel *self);
void confab_room_list_view_model_set_search_text (ConfabRoomListViewModel *self, const char *text);
ConfabRoomViewModel *
confab_room_list_view_model_lookup (ConfabRoomListViewModel *self, const char *room_id);

G_END_DECLS
