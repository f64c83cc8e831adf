/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-member-pile.h"

#include "confab-room-faces.h"
#include "confab-room.h"

#include <libdex.h>

#define MAX_FACES 50

struct _ConfabMemberPile {
  GObject parent_instance;

  ConfabRoom *room;
  ConfabRoomFaces *faces;
  gboolean asked;
};

G_DEFINE_FINAL_TYPE (ConfabMemberPile, confab_member_pile, G_TYPE_OBJECT)

enum {
  SIGNAL_CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static DexFuture *
load_fiber (gpointer data)
{
  ConfabMemberPile *self = CONFAB_MEMBER_PILE (data);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) ids = NULL;

  if (!dex_await (confab_room_load_some (self->room), &error)) {
    /* Only the pile stays empty; asked again when the page is opened next. */
    g_info ("Members of %s: %s", confab_room_get_id (self->room), error->message);
    self->asked = FALSE;
    return dex_future_new_false ();
  }
  ids = confab_room_dup_joined_user_ids (self->room);
  for (guint i = 0; ids != NULL && ids[i] != NULL; i++)
    if (i >= MAX_FACES)
      g_clear_pointer (&ids[i], g_free);
  if (ids != NULL)
    confab_room_faces_set_user_ids (self->faces, (const char *const *) ids);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
  return dex_future_new_true ();
}

static void
confab_member_pile_dispose (GObject *object)
{
  ConfabMemberPile *self = CONFAB_MEMBER_PILE (object);

  g_clear_object (&self->room);
  g_clear_object (&self->faces);

  G_OBJECT_CLASS (confab_member_pile_parent_class)->dispose (object);
}

static void
confab_member_pile_class_init (ConfabMemberPileClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_member_pile_dispose;

  signals[SIGNAL_CHANGED] = g_signal_new (
    "changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_member_pile_init (ConfabMemberPile *self)
{
}

/**
 * confab_member_pile_new:
 * @room: whose members
 * @session: whose pictures can be fetched
 *
 * Returns: (transfer full): nobody yet
 */
ConfabMemberPile *
confab_member_pile_new (ConfabRoom *room, ConfabSession *session)
{
  ConfabMemberPile *self = NULL;

  g_return_val_if_fail (CONFAB_IS_ROOM (room), NULL);

  self = g_object_new (CONFAB_TYPE_MEMBER_PILE, NULL);
  self->room = g_object_ref (room);
  self->faces = confab_room_faces_new (room, session);
  return self;
}

/**
 * confab_member_pile_load:
 * @self: a pile
 *
 * Once: only an opened room pays for its members.
 */
void
confab_member_pile_load (ConfabMemberPile *self)
{
  g_return_if_fail (CONFAB_IS_MEMBER_PILE (self));

  if (self->asked)
    return;
  self->asked = TRUE;
  dex_future_disown (
    dex_scheduler_spawn (NULL, 0, load_fiber, g_object_ref (self), g_object_unref));
}

/**
 * confab_member_pile_get_list:
 * @self: a pile
 *
 * Returns: (transfer none): a model of #ConfabAvatarModel; the same all the time
 */
GListModel *
confab_member_pile_get_list (ConfabMemberPile *self)
{
  g_return_val_if_fail (CONFAB_IS_MEMBER_PILE (self), NULL);

  return confab_room_faces_get_list (self->faces);
}

/**
 * confab_member_pile_dup_more:
 * @self: a pile
 *
 * The number is the homeserver's: of a large room Confab knows only some.
 *
 * Returns: (transfer full): “+8”, or empty where nobody is left out, or no face is there to count from
 */
char *
confab_member_pile_dup_more (ConfabMemberPile *self)
{
  guint n_shown = 0;
  guint n_joined = 0;

  g_return_val_if_fail (CONFAB_IS_MEMBER_PILE (self), NULL);

  n_shown = MIN (confab_room_faces_get_n (self->faces), CONFAB_MEMBER_PILE_SHOWN);
  n_joined = confab_room_get_n_joined (self->room);
  if (n_shown == 0 || n_joined <= n_shown)
    return g_strdup ("");
  /* From left to right in an isolate: between words from right to left it would become “8+”. */
  return g_strdup_printf ("\342\201\246+%u\342\201\251", n_joined - n_shown);
}
