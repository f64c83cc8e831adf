/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-tile-person.h"

#include "confab-participant.h"
#include "confab-room-member.h"

#include <glib/gi18n.h>
#include <string.h>

struct _ConfabTilePerson {
  GObject parent_instance;

  ConfabRoomMember *member;  /* (nullable) */
  ConfabAvatarModel *avatar; /* (nullable): none is known */
  char *name;
};

G_DEFINE_FINAL_TYPE (ConfabTilePerson, confab_tile_person, G_TYPE_OBJECT)

enum {
  SIGNAL_CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

/* “@ana:x” is “ana”, as long as nothing better is known. */
static char *
name_from_id (const char *user_id)
{
  const char *end = user_id != NULL ? strchr (user_id, ':') : NULL;

  if (user_id != NULL && user_id[0] == '@' && end != NULL && end > user_id + 1)
    return g_strndup (user_id + 1, (gsize) (end - user_id - 1));
  return g_strdup (user_id != NULL ? user_id : "");
}

static void
member_cb (ConfabTilePerson *self)
{
  const char *name = confab_room_member_get_name (self->member);

  if (g_set_str (&self->name, name != NULL ? name : ""))
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
avatar_cb (ConfabTilePerson *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
confab_tile_person_dispose (GObject *object)
{
  ConfabTilePerson *self = CONFAB_TILE_PERSON (object);

  g_clear_object (&self->member);
  g_clear_object (&self->avatar);

  G_OBJECT_CLASS (confab_tile_person_parent_class)->dispose (object);
}

static void
confab_tile_person_finalize (GObject *object)
{
  g_free (CONFAB_TILE_PERSON (object)->name);

  G_OBJECT_CLASS (confab_tile_person_parent_class)->finalize (object);
}

static void
confab_tile_person_class_init (ConfabTilePersonClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_tile_person_dispose;
  G_OBJECT_CLASS (klass)->finalize = confab_tile_person_finalize;

  signals[SIGNAL_CHANGED] = g_signal_new (
    "changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_tile_person_init (ConfabTilePerson *self)
{
}

/**
 * confab_tile_person_new:
 * @participant: (nullable): %NULL for oneself
 * @member: (nullable): their name; without it the user id's first part is shown
 *
 * Returns: (transfer full): whose tile it is
 */
ConfabTilePerson *
confab_tile_person_new (ConfabParticipant *participant, ConfabRoomMember *member)
{
  ConfabTilePerson *self = g_object_new (CONFAB_TYPE_TILE_PERSON, NULL);

  if (participant == NULL) {
    self->name = g_strdup (C_ ("own tile", "You"));
  } else if (member == NULL) {
    self->name = name_from_id (confab_participant_get_user_id (participant));
  } else {
    self->member = g_object_ref (member);
    g_signal_connect_object (
      member, "notify::name", G_CALLBACK (member_cb), self, G_CONNECT_SWAPPED);
    member_cb (self);
  }
  return self;
}

/**
 * confab_tile_person_set_avatar:
 * @self: a tile's person
 * @avatar: (nullable): loaded when it is first shown; %NULL for initials of the name
 */
void
confab_tile_person_set_avatar (ConfabTilePerson *self, ConfabAvatarModel *avatar)
{
  g_return_if_fail (CONFAB_IS_TILE_PERSON (self));

  if (self->avatar == avatar)
    return;
  if (self->avatar != NULL)
    g_signal_handlers_disconnect_by_func (self->avatar, avatar_cb, self);
  g_set_object (&self->avatar, avatar);
  if (avatar != NULL)
    g_signal_connect_object (avatar, "notify", G_CALLBACK (avatar_cb), self, G_CONNECT_SWAPPED);
  avatar_cb (self);
}

const char *
confab_tile_person_get_name (ConfabTilePerson *self)
{
  g_return_val_if_fail (CONFAB_IS_TILE_PERSON (self), NULL);

  return self->name;
}

/**
 * confab_tile_person_get_avatar_name:
 * @self: a tile's person
 *
 * One's own tile says “You”, but its initials and its colour are those of the name.
 *
 * Returns: (transfer none): what the initials are of
 */
const char *
confab_tile_person_get_avatar_name (ConfabTilePerson *self)
{
  const char *name = NULL;

  g_return_val_if_fail (CONFAB_IS_TILE_PERSON (self), NULL);

  name = self->avatar != NULL ? confab_avatar_model_get_name (self->avatar) : NULL;
  return name != NULL && name[0] != '\0' ? name : self->name;
}

/**
 * confab_tile_person_get_avatar:
 * @self: a tile's person
 *
 * Returns: (transfer none) (nullable): a picture; %NULL for initials
 */
GdkPaintable *
confab_tile_person_get_avatar (ConfabTilePerson *self)
{
  g_return_val_if_fail (CONFAB_IS_TILE_PERSON (self), NULL);

  return self->avatar != NULL ? confab_avatar_model_get_paintable (self->avatar) : NULL;
}

/**
 * confab_tile_person_get_color:
 * @self: a tile's person
 *
 * Returns: AdwAvatar's colour of the name: 1 to #CONFAB_TILE_PERSON_N_COLORS
 */
guint
confab_tile_person_get_color (ConfabTilePerson *self)
{
  g_return_val_if_fail (CONFAB_IS_TILE_PERSON (self), 1);

  return g_str_hash (confab_tile_person_get_avatar_name (self)) % CONFAB_TILE_PERSON_N_COLORS + 1;
}
