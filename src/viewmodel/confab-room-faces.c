/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-room-faces.h"

#include "confab-format.h"
#include "confab-session.h"

#include <glib/gi18n.h>

struct _ConfabRoomFaces {
  GObject parent_instance;

  ConfabRoom *room;
  ConfabSession *session;
  GListStore *list;    /* ConfabAvatarModel */
  GPtrArray *user_ids; /* of list, in order */
};

G_DEFINE_FINAL_TYPE (ConfabRoomFaces, confab_room_faces, G_TYPE_OBJECT)

enum {
  SIGNAL_NAMED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
name_cb (ConfabRoomFaces *self)
{
  g_signal_emit (self, signals[SIGNAL_NAMED], 0);
}

static ConfabAvatarModel *
make_face (ConfabRoomFaces *self, const char *user_id)
{
  g_autoptr (ConfabRoomMember) member = confab_room_get_member (self->room, user_id);
  ConfabAvatarModel *face = confab_avatar_model_new (
    G_OBJECT (member), "name", confab_session_get_media_repository (self->session));

  g_signal_connect_object (face, "notify::name", G_CALLBACK (name_cb), self, G_CONNECT_SWAPPED);
  return face;
}

/* (transfer full) */
static ConfabAvatarModel *
find_face (ConfabRoomFaces *self, const char *user_id)
{
  guint position = 0;

  if (g_ptr_array_find_with_equal_func (self->user_ids, user_id, g_str_equal, &position))
    return g_list_model_get_item (G_LIST_MODEL (self->list), position);
  return make_face (self, user_id);
}

static void
confab_room_faces_dispose (GObject *object)
{
  ConfabRoomFaces *self = CONFAB_ROOM_FACES (object);

  g_clear_object (&self->room);
  g_clear_object (&self->session);
  g_clear_object (&self->list);
  g_clear_pointer (&self->user_ids, g_ptr_array_unref);

  G_OBJECT_CLASS (confab_room_faces_parent_class)->dispose (object);
}

static void
confab_room_faces_class_init (ConfabRoomFacesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_room_faces_dispose;

  signals[SIGNAL_NAMED] = g_signal_new (
    "named", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_room_faces_init (ConfabRoomFaces *self)
{
  self->list = g_list_store_new (CONFAB_TYPE_AVATAR_MODEL);
  self->user_ids = g_ptr_array_new_with_free_func (g_free);
}

/**
 * confab_room_faces_new:
 * @room: where they are
 * @session: whose pictures can be fetched
 *
 * Returns: (transfer full): nobody yet
 */
ConfabRoomFaces *
confab_room_faces_new (ConfabRoom *room, ConfabSession *session)
{
  ConfabRoomFaces *self = NULL;

  g_return_val_if_fail (CONFAB_IS_ROOM (room), NULL);
  g_return_val_if_fail (CONFAB_IS_SESSION (session), NULL);

  self = g_object_new (CONFAB_TYPE_ROOM_FACES, NULL);
  self->room = g_object_ref (room);
  self->session = g_object_ref (session);
  return self;
}

/* How many are the same at the beginning of what is and what will be. */
static guint
count_same (ConfabRoomFaces *self, const char *const *user_ids)
{
  guint n = 0;

  while (n < self->user_ids->len && user_ids[n] != NULL &&
         g_str_equal (self->user_ids->pdata[n], user_ids[n]))
    n++;
  return n;
}

/**
 * confab_room_faces_set_user_ids:
 * @self: faces
 * @user_ids: (array zero-terminated=1): whose; each one once
 */
void
confab_room_faces_set_user_ids (ConfabRoomFaces *self, const char *const *user_ids)
{
  g_autoptr (GPtrArray) faces = g_ptr_array_new_with_free_func (g_object_unref);
  guint same = 0;
  guint n_old = 0;

  g_return_if_fail (CONFAB_IS_ROOM_FACES (self));
  g_return_if_fail (user_ids != NULL);

  same = count_same (self, user_ids);
  n_old = self->user_ids->len - same;
  for (guint i = same; user_ids[i] != NULL; i++)
    g_ptr_array_add (faces, find_face (self, user_ids[i]));
  if (n_old == 0 && faces->len == 0)
    return;
  g_ptr_array_set_size (self->user_ids, (int) same);
  for (guint i = same; user_ids[i] != NULL; i++)
    g_ptr_array_add (self->user_ids, g_strdup (user_ids[i]));
  g_list_store_splice (self->list, same, n_old, faces->pdata, faces->len);
}

/**
 * confab_room_faces_get_list:
 * @self: faces
 *
 * Returns: (transfer none): a model of #ConfabAvatarModel; the same all the time
 */
GListModel *
confab_room_faces_get_list (ConfabRoomFaces *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_FACES (self), NULL);

  return G_LIST_MODEL (self->list);
}

guint
confab_room_faces_get_n (ConfabRoomFaces *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_FACES (self), 0);

  return self->user_ids->len;
}

static char *
dup_name (ConfabRoomFaces *self, guint position)
{
  g_autoptr (ConfabAvatarModel) face = g_list_model_get_item (G_LIST_MODEL (self->list), position);

  return face != NULL ? confab_format_name (confab_avatar_model_get_name (face)) : NULL;
}

/**
 * confab_room_faces_dup_text:
 * @self: faces
 *
 * Returns: (transfer full): “Ana, Ben and 3 more are here”; the direction of the line is the interface's
 */
char *
confab_room_faces_dup_text (ConfabRoomFaces *self)
{
  guint n = confab_room_faces_get_n (self);
  g_autofree char *a = dup_name (self, 0);
  g_autofree char *b = dup_name (self, 1);
  g_autofree char *text = NULL;

  if (n == 0)
    text = g_strdup (_ ("You will be the first."));
  else if (n == 1)
    /* Translators: %s is a person’s name */
    text = g_strdup_printf (_ ("%s is here"), a);
  else if (n == 2)
    /* Translators: two people’s names */
    text = g_strdup_printf (_ ("%s and %s are here"), a, b);
  else
    /* Translators: two people’s names and how many others */
    text = g_strdup_printf (
      ngettext ("%s, %s and %u more are here", "%s, %s and %u more are here", n - 2), a, b, n - 2);
  return confab_format_line (text);
}
