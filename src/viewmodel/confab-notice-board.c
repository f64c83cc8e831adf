/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-notice-board.h"

#include "confab-room-notice-words.h"
#include "confab-room-notices-private.h"

struct _ConfabNoticeBoard {
  GObject parent_instance;

  ConfabSession *session;
  ConfabClock *clock;
  gint64 since_ms;    /* real time */
  GListModel *rooms;  /* (nullable): changes with the account */
  GHashTable *living; /* room id → ConfabRoomNotices that somebody has; not owned */
  GQueue
    kept; /* ConfabRoomNotices in which something is remembered; where it was last is the last */
};

G_DEFINE_FINAL_TYPE (ConfabNoticeBoard, confab_notice_board, G_TYPE_OBJECT)

static ConfabRoom *
lookup_room (ConfabNoticeBoard *self, const char *room_id)
{
  return self->rooms != NULL ? confab_room_list_lookup (CONFAB_ROOM_LIST (self->rooms), room_id)
                             : NULL;
}

static gboolean
is_room (ConfabNoticeBoard *self, ConfabRoom *room)
{
  return lookup_room (self, confab_room_get_id (room)) == room;
}

static gboolean
is_finalized (gpointer key, gpointer value, gpointer object)
{
  return value == object;
}

static void
finalized_cb (gpointer data, GObject *object)
{
  ConfabNoticeBoard *self = data;

  g_hash_table_foreach_remove (self->living, is_finalized, object);
}

static ConfabRoomNotices *
ensure_notices (ConfabNoticeBoard *self, ConfabRoom *room)
{
  ConfabRoomNotices *notices = g_hash_table_lookup (self->living, confab_room_get_id (room));

  /* A room that was left and joined again is another one. */
  if (notices != NULL && confab_room_notices_get_room (notices) == room)
    return g_object_ref (notices);
  notices = confab_room_notices_new (room, self->session, self->clock);
  g_hash_table_insert (self->living, g_strdup (confab_room_get_id (room)), notices);
  g_object_weak_ref (G_OBJECT (notices), finalized_cb, self);
  return notices;
}

static void
drop (ConfabNoticeBoard *self, ConfabRoomNotices *notices)
{
  if (g_queue_remove (&self->kept, notices))
    g_object_unref (notices);
}

static void
keep (ConfabNoticeBoard *self, ConfabRoomNotices *notices)
{
  if (!g_queue_remove (&self->kept, notices))
    g_object_ref (notices);
  g_queue_push_tail (&self->kept, notices);
  if (self->kept.length > CONFAB_NOTICE_BOARD_MAX_ROOMS) {
    g_autoptr (ConfabRoomNotices) oldest = g_queue_pop_head (&self->kept);

    confab_room_notices_forget (oldest);
  }
}

/* Clear is what others sent before the room was encrypted, too: a room that was just joined brings such things. */
static gboolean
is_worth (ConfabNoticeBoard *self, ConfabRoom *room, ConfabRoomEvent *event)
{
  ConfabRoomNoticeKind kind = confab_room_notice_words_find_kind (event);

  if (kind == CONFAB_ROOM_NOTICE_CLEAR)
    return confab_room_get_encrypted (room) && event->origin_server_ts >= self->since_ms;
  return kind != CONFAB_ROOM_NOTICE_NONE;
}

static void
room_event_cb (ConfabNoticeBoard *self, ConfabRoomEvent *event)
{
  ConfabRoom *room = lookup_room (self, event->room_id);
  g_autoptr (ConfabRoomNotices) notices = NULL;

  if (room == NULL)
    return;
  if (is_worth (self, room, event))
    notices = ensure_notices (self, room);
  else if (event->trust == CONFAB_ROOM_EVENT_TRUST_DEVICE &&
           g_hash_table_contains (self->living, event->room_id))
    notices = ensure_notices (self, room);
  else
    return;
  confab_room_notices_take (notices, event);
  if (confab_room_notices_get_n_people (notices) > 0)
    keep (self, notices);
  else
    drop (self, notices);
}

static void
rooms_changed_cb (ConfabNoticeBoard *self)
{
  GList *next = NULL;

  for (GList *l = self->kept.head; l != NULL; l = next) {
    g_autoptr (ConfabRoomNotices) notices = g_object_ref (l->data);

    next = l->next;
    if (is_room (self, confab_room_notices_get_room (notices)))
      continue;
    confab_room_notices_forget (notices);
    drop (self, notices);
  }
}

/* Rooms come and go with the account, and only its state tells. */
static void
state_cb (ConfabNoticeBoard *self)
{
  GListModel *rooms = (GListModel *) confab_session_get_rooms (self->session);

  if (rooms == self->rooms)
    return;
  if (self->rooms != NULL)
    g_signal_handlers_disconnect_by_data (self->rooms, self);
  g_set_object (&self->rooms, rooms);
  if (rooms != NULL)
    g_signal_connect_object (
      rooms, "items-changed", G_CALLBACK (rooms_changed_cb), self, G_CONNECT_SWAPPED);
  rooms_changed_cb (self);
}

static void
confab_notice_board_dispose (GObject *object)
{
  ConfabNoticeBoard *self = CONFAB_NOTICE_BOARD (object);
  GHashTableIter iter;
  gpointer notices = NULL;

  g_hash_table_iter_init (&iter, self->living);
  while (g_hash_table_iter_next (&iter, NULL, &notices)) {
    g_object_weak_unref (notices, finalized_cb, self);
    g_hash_table_iter_remove (&iter);
  }
  g_queue_clear_full (&self->kept, g_object_unref);
  g_clear_object (&self->rooms);
  g_clear_object (&self->session);
  g_clear_object (&self->clock);

  G_OBJECT_CLASS (confab_notice_board_parent_class)->dispose (object);
}

static void
confab_notice_board_finalize (GObject *object)
{
  g_hash_table_unref (CONFAB_NOTICE_BOARD (object)->living);

  G_OBJECT_CLASS (confab_notice_board_parent_class)->finalize (object);
}

static void
confab_notice_board_class_init (ConfabNoticeBoardClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_notice_board_dispose;
  G_OBJECT_CLASS (klass)->finalize = confab_notice_board_finalize;
}

static void
confab_notice_board_init (ConfabNoticeBoard *self)
{
  self->living = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&self->kept);
}

/**
 * confab_notice_board_new:
 * @session: an account
 * @clock: time
 *
 * Returns: (transfer full): hears what is said from now on
 */
ConfabNoticeBoard *
confab_notice_board_new (ConfabSession *session, ConfabClock *clock)
{
  ConfabNoticeBoard *self = NULL;

  g_return_val_if_fail (CONFAB_IS_SESSION (session), NULL);
  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_NOTICE_BOARD, NULL);
  self->session = g_object_ref (session);
  self->clock = g_object_ref (clock);
  self->since_ms = confab_clock_get_real_time (clock) / 1000;
  g_signal_connect_object (
    session, "room-event", G_CALLBACK (room_event_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    session, "notify::state", G_CALLBACK (state_cb), self, G_CONNECT_SWAPPED);
  state_cb (self);
  return self;
}

ConfabRoomNotices *
confab_notice_board_get (ConfabNoticeBoard *self, const char *room_id)
{
  ConfabRoom *room = NULL;

  g_return_val_if_fail (CONFAB_IS_NOTICE_BOARD (self), NULL);
  g_return_val_if_fail (room_id != NULL, NULL);

  room = lookup_room (self, room_id);
  return room != NULL ? ensure_notices (self, room) : NULL;
}
