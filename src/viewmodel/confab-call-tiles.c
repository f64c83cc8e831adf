/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-call-tiles.h"

#include "confab-avatar-model.h"
#include "confab-clock.h"
#include "confab-participant-tiles.h"
#include "confab-participant.h"
#include "confab-room.h"
#include "confab-session.h"
#include "confab-stream.h"

#include <gtk/gtk.h>

struct _ConfabCallTiles {
  GObject parent_instance;

  ConfabClock *clock;
  ConfabRoom *room;        /* NULL: names are those of the user ids */
  ConfabSession *session;  /* NULL, or read through its properties only */
  GtkMapListModel *groups; /* of ConfabParticipantTiles */
  ConfabStreamTileModel *own;
  GListStore *own_list; /* `own`, while this device is in the call */
  GListModel *list;
  gboolean rings;
};

G_DEFINE_FINAL_TYPE (ConfabCallTiles, confab_call_tiles, G_TYPE_OBJECT)

/* (transfer full) (nullable) */
static ConfabMediaRepository *
dup_repository (ConfabCallTiles *self)
{
  ConfabMediaRepository *repository = NULL;

  if (self->session != NULL)
    g_object_get (self->session, "media-repository", &repository, NULL);
  return repository;
}

static gpointer
map_participant (gpointer item, gpointer data)
{
  g_autoptr (ConfabParticipant) participant = CONFAB_PARTICIPANT (item);
  ConfabCallTiles *self = CONFAB_CALL_TILES (data);
  g_autoptr (ConfabMediaRepository) repository = dup_repository (self);
  g_autoptr (ConfabRoomMember) member = NULL;
  g_autoptr (ConfabAvatarModel) avatar = NULL;

  if (self->room != NULL) {
    member = confab_room_get_member (self->room, confab_participant_get_user_id (participant));
    avatar = confab_avatar_model_new (G_OBJECT (member), "name", repository);
  }
  return confab_participant_tiles_new (self->clock, participant, member, avatar);
}

static void
update_rings (ConfabCallTiles *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (self->list); i++) {
    g_autoptr (ConfabStreamTileModel) tile = g_list_model_get_item (self->list, i);

    confab_stream_tile_model_set_rings (tile, self->rings);
  }
}

static void
confab_call_tiles_dispose (GObject *object)
{
  ConfabCallTiles *self = CONFAB_CALL_TILES (object);

  /* Its map function holds a plain pointer to this object. */
  if (self->groups != NULL)
    gtk_map_list_model_set_model (self->groups, NULL);
  g_clear_object (&self->list);
  g_clear_object (&self->groups);
  g_clear_object (&self->own_list);
  g_clear_object (&self->own);
  g_clear_object (&self->room);
  g_clear_object (&self->session);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (confab_call_tiles_parent_class)->dispose (object);
}

static void
confab_call_tiles_class_init (ConfabCallTilesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_call_tiles_dispose;
}

static void
confab_call_tiles_init (ConfabCallTiles *self)
{
}

static void
make_own (ConfabCallTiles *self)
{
  self->own = confab_stream_tile_model_new (self->clock, NULL, NULL);
  self->own_list = g_list_store_new (CONFAB_TYPE_STREAM_TILE_MODEL);
  if (self->session != NULL) {
    g_autoptr (ConfabMediaRepository) repository = dup_repository (self);
    g_autoptr (ConfabAvatarModel) avatar = confab_avatar_model_new (G_OBJECT (self->session),
                                                         "display-name",
                                                         repository);

    confab_stream_tile_model_set_avatar (self->own, avatar);
  }
}

static void
make_list (ConfabCallTiles *self, GListModel *participants)
{
  GListStore *parts = g_list_store_new (G_TYPE_LIST_MODEL);
  g_autoptr (GListModel) others = NULL;

  self->groups = gtk_map_list_model_new (g_object_ref (participants), map_participant, self, NULL);
  others = G_LIST_MODEL (gtk_flatten_list_model_new (G_LIST_MODEL (g_object_ref (self->groups))));
  g_list_store_append (parts, others);
  g_list_store_append (parts, self->own_list);
  self->list = G_LIST_MODEL (gtk_flatten_list_model_new (G_LIST_MODEL (parts)));
  g_signal_connect_object (
    self->list, "items-changed", G_CALLBACK (update_rings), self, G_CONNECT_SWAPPED);
}

/**
 * confab_call_tiles_new:
 * @clock: for the tiles
 * @participants: of ConfabParticipant: the others' devices
 * @room: (nullable): where names and avatars come from
 * @session: (nullable): whose own avatar is shown
 *
 * Returns: (transfer full): the tiles
 */
ConfabCallTiles *
confab_call_tiles_new (ConfabClock *clock,
                       GListModel *participants,
                       ConfabRoom *room,
                       ConfabSession *session)
{
  ConfabCallTiles *self = NULL;

  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);
  g_return_val_if_fail (G_IS_LIST_MODEL (participants), NULL);

  self = g_object_new (CONFAB_TYPE_CALL_TILES, NULL);
  self->clock = g_object_ref (clock);
  g_set_object (&self->room, room);
  g_set_object (&self->session, session);
  make_own (self);
  make_list (self, participants);
  return self;
}

/**
 * confab_call_tiles_get_list:
 * @self: the tiles
 *
 * Returns: (transfer none): of ConfabStreamTileModel
 */
GListModel *
confab_call_tiles_get_list (ConfabCallTiles *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_TILES (self), NULL);

  return self->list;
}

ConfabStreamTileModel *
confab_call_tiles_get_own (ConfabCallTiles *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_TILES (self), NULL);

  return self->own;
}

/**
 * confab_call_tiles_set_own_stream:
 * @self: the tiles
 * @stream: (nullable): one's own camera and microphone; %NULL: this device is not in the call
 */
void
confab_call_tiles_set_own_stream (ConfabCallTiles *self, ConfabStream *stream)
{
  g_return_if_fail (CONFAB_IS_CALL_TILES (self));

  g_list_store_remove_all (self->own_list);
  confab_stream_tile_model_set_stream (self->own, stream);
  if (stream != NULL)
    g_list_store_append (self->own_list, self->own);
}

/**
 * confab_call_tiles_set_rings:
 * @self: the tiles
 * @rings: whether speaking shows as a ring, also on those that come later
 */
void
confab_call_tiles_set_rings (ConfabCallTiles *self, gboolean rings)
{
  g_return_if_fail (CONFAB_IS_CALL_TILES (self));

  if (self->rings == !!rings)
    return;
  self->rings = !!rings;
  update_rings (self);
}
