/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-participant-tiles.h"

#include "confab-avatar-model.h"
#include "confab-clock.h"
#include "confab-participant.h"
#include "confab-room-member.h"
#include "confab-stream.h"

struct _ConfabParticipantTiles {
  GObject parent_instance;

  ConfabClock *clock;
  ConfabParticipant *participant;
  ConfabRoomMember *member;
  ConfabAvatarModel *avatar;
  GListModel *streams;
  ConfabStreamTileModel *person;
  GPtrArray *extra;         /* ConfabStreamTileModel: before the person */
  GPtrArray *extra_streams; /* their ConfabStream, same order */
};

static void list_model_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabParticipantTiles,
                               confab_participant_tiles,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_iface_init))

static GType
confab_participant_tiles_get_item_type (GListModel *model)
{
  return CONFAB_TYPE_STREAM_TILE_MODEL;
}

static guint
confab_participant_tiles_get_n_items (GListModel *model)
{
  ConfabParticipantTiles *self = CONFAB_PARTICIPANT_TILES (model);

  return self->extra->len + (self->person != NULL ? 1 : 0);
}

static gpointer
confab_participant_tiles_get_item (GListModel *model, guint position)
{
  ConfabParticipantTiles *self = CONFAB_PARTICIPANT_TILES (model);

  if (position < self->extra->len)
    return g_object_ref (g_ptr_array_index (self->extra, position));
  if (position == self->extra->len && self->person != NULL)
    return g_object_ref (self->person);
  return NULL;
}

static void
list_model_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = confab_participant_tiles_get_item_type;
  iface->get_n_items = confab_participant_tiles_get_n_items;
  iface->get_item = confab_participant_tiles_get_item;
}

static gboolean
has_stream (ConfabParticipantTiles *self, ConfabStream *stream)
{
  for (guint i = 0; i < g_list_model_get_n_items (self->streams); i++) {
    g_autoptr (ConfabStream) item = g_list_model_get_item (self->streams, i);

    if (item == stream)
      return TRUE;
  }
  return FALSE;
}

static void
drop_extra (ConfabParticipantTiles *self, ConfabStream *keep_as_person)
{
  for (guint i = self->extra->len; i-- > 0;) {
    ConfabStream *stream = g_ptr_array_index (self->extra_streams, i);

    if (has_stream (self, stream) && stream != keep_as_person)
      continue;
    g_ptr_array_remove_index (self->extra, i);
    g_ptr_array_remove_index (self->extra_streams, i);
    g_list_model_items_changed (G_LIST_MODEL (self), i, 1, 0);
  }
}

static void
add_extra (ConfabParticipantTiles *self, ConfabStream *stream)
{
  ConfabStreamTileModel *tile = NULL;

  if (g_ptr_array_find (self->extra_streams, stream, NULL))
    return;
  tile = confab_stream_tile_model_new (self->clock, self->participant, self->member);
  confab_stream_tile_model_set_avatar (tile, self->avatar);
  confab_stream_tile_model_set_stream (tile, stream);
  g_ptr_array_add (self->extra, tile);
  g_ptr_array_add (self->extra_streams, g_object_ref (stream));
  g_list_model_items_changed (G_LIST_MODEL (self), self->extra->len - 1, 0, 1);
}

/* The first stream that is no screen is the person's. */
static void
update (ConfabParticipantTiles *self)
{
  g_autoptr (ConfabStream) person = NULL;

  for (guint i = 0; i < g_list_model_get_n_items (self->streams) && person == NULL; i++) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (self->streams, i);

    if (confab_stream_get_purpose (stream) != CONFAB_STREAM_PURPOSE_SCREENSHARE)
      person = g_steal_pointer (&stream);
  }
  confab_stream_tile_model_set_stream (self->person, person);
  drop_extra (self, person);
  for (guint i = 0; i < g_list_model_get_n_items (self->streams); i++) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (self->streams, i);

    g_signal_handlers_disconnect_by_func (stream, update, self);
    g_signal_connect_object (
      stream, "notify::purpose", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
    if (stream != person)
      add_extra (self, stream);
  }
}

static void
confab_participant_tiles_dispose (GObject *object)
{
  ConfabParticipantTiles *self = CONFAB_PARTICIPANT_TILES (object);

  g_clear_object (&self->clock);
  g_clear_object (&self->participant);
  g_clear_object (&self->member);
  g_clear_object (&self->avatar);
  g_clear_object (&self->streams);
  g_clear_object (&self->person);
  g_ptr_array_set_size (self->extra, 0);
  g_ptr_array_set_size (self->extra_streams, 0);
  G_OBJECT_CLASS (confab_participant_tiles_parent_class)->dispose (object);
}

static void
confab_participant_tiles_finalize (GObject *object)
{
  ConfabParticipantTiles *self = CONFAB_PARTICIPANT_TILES (object);

  g_ptr_array_unref (self->extra);
  g_ptr_array_unref (self->extra_streams);
  G_OBJECT_CLASS (confab_participant_tiles_parent_class)->finalize (object);
}

static void
confab_participant_tiles_class_init (ConfabParticipantTilesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_participant_tiles_dispose;
  G_OBJECT_CLASS (klass)->finalize = confab_participant_tiles_finalize;
}

static void
confab_participant_tiles_init (ConfabParticipantTiles *self)
{
  self->extra = g_ptr_array_new_with_free_func (g_object_unref);
  self->extra_streams = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * confab_participant_tiles_new:
 * @clock: for the tiles
 * @participant: whose tiles
 * @member: (nullable): their name
 * @avatar: (nullable): their avatar
 *
 * Returns: (transfer full): the tiles, one at least
 */
ConfabParticipantTiles *
confab_participant_tiles_new (ConfabClock *clock,
                              ConfabParticipant *participant,
                              ConfabRoomMember *member,
                              ConfabAvatarModel *avatar)
{
  ConfabParticipantTiles *self = NULL;

  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);
  g_return_val_if_fail (CONFAB_IS_PARTICIPANT (participant), NULL);

  self = g_object_new (CONFAB_TYPE_PARTICIPANT_TILES, NULL);
  self->clock = g_object_ref (clock);
  self->participant = g_object_ref (participant);
  g_set_object (&self->member, member);
  g_set_object (&self->avatar, avatar);
  self->person = confab_stream_tile_model_new (clock, participant, member);
  confab_stream_tile_model_set_avatar (self->person, avatar);
  self->streams = g_object_ref (confab_participant_get_streams (participant));
  g_signal_connect_object (
    self->streams, "items-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return self;
}

ConfabStreamTileModel *
confab_participant_tiles_get_person (ConfabParticipantTiles *self)
{
  g_return_val_if_fail (CONFAB_IS_PARTICIPANT_TILES (self), NULL);

  return self->person;
}
