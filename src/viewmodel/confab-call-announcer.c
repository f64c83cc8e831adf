/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-call-announcer.h"

#include "confab-clock.h"
#include "confab-format.h"
#include "confab-stream-tile-model.h"

#include <glib/gi18n.h>

#define PAUSE_MS 2000
#define MAX_WAITING 8

struct _ConfabCallAnnouncer {
  GObject parent_instance;

  ConfabClock *clock;
  GListModel *tiles;
  GPtrArray *known;  /* ConfabStreamTileModel: the tiles as they were last */
  GPtrArray *joined; /* names, not said yet */
  GPtrArray *left;
  GPtrArray *waiting; /* sentences, not said yet */
  gboolean lost;
  guint timeout; /* while the pause lasts */
};

G_DEFINE_FINAL_TYPE (ConfabCallAnnouncer, confab_call_announcer, G_TYPE_OBJECT)

enum {
  SIGNAL_ANNOUNCE,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

/* One sentence for all in @names; empties it. */
static char *
take_people (GPtrArray *names, const char *one, const char *many)
{
  g_autofree char *text = NULL;

  if (names->len == 1) {
    g_autofree char *name = confab_format_name (g_ptr_array_index (names, 0));
    g_auto (GStrv) parts = g_strsplit (one, "%s", 2);

    text = g_strjoinv (name, parts);
  } else {
    g_autofree char *count = g_strdup_printf ("%u", names->len);
    g_auto (GStrv) parts = g_strsplit (many, "%u", 2);

    text = g_strjoinv (count, parts);
  }
  g_ptr_array_set_size (names, 0);
  return g_steal_pointer (&text);
}

static char *
take_next (ConfabCallAnnouncer *self)
{
  if (self->waiting->len > 0)
    return g_ptr_array_steal_index (self->waiting, 0);
  if (self->joined->len > 0)
    /* Translators: %s is a name */
    return take_people (self->joined,
                        _ ("%s joined"),
                        ngettext ("%u person joined", "%u people joined", self->joined->len));
  if (self->left->len > 0)
    /* Translators: %s is a name */
    return take_people (self->left,
                        _ ("%s left"),
                        ngettext ("%u person left", "%u people left", self->left->len));
  return NULL;
}

static void timeout_cb (gpointer data);

static void
say_next (ConfabCallAnnouncer *self)
{
  g_autofree char *text = NULL;

  if (self->timeout != 0)
    return;
  text = take_next (self);
  if (text == NULL)
    return;
  self->timeout = confab_clock_add_timeout (self->clock, PAUSE_MS, timeout_cb, self);
  g_signal_emit (self, signals[SIGNAL_ANNOUNCE], 0, text);
}

static void
timeout_cb (gpointer data)
{
  ConfabCallAnnouncer *self = CONFAB_CALL_ANNOUNCER (data);

  self->timeout = 0;
  say_next (self);
}

static gboolean
counts (ConfabStreamTileModel *tile)
{
  return !confab_stream_tile_model_get_own (tile) && !confab_stream_tile_model_get_screen (tile);
}

static void
tiles_changed_cb (
  GListModel *tiles, guint position, guint n_removed, guint n_added, ConfabCallAnnouncer *self)
{
  for (guint i = 0; i < n_removed; i++) {
    ConfabStreamTileModel *tile = g_ptr_array_index (self->known, position);
    gboolean stays = FALSE;

    for (guint k = 0; k < n_added && !stays; k++) {
      g_autoptr (ConfabStreamTileModel) added = g_list_model_get_item (tiles, position + k);
      stays = added == tile;
    }
    if (!stays && counts (tile))
      g_ptr_array_add (self->left, g_strdup (confab_stream_tile_model_get_name (tile)));
    g_ptr_array_remove_index (self->known, position);
  }
  for (guint i = 0; i < n_added; i++) {
    ConfabStreamTileModel *tile = g_list_model_get_item (tiles, position + i);

    g_ptr_array_insert (self->known, (int) (position + i), tile);
    if (counts (tile))
      g_ptr_array_add (self->joined, g_strdup (confab_stream_tile_model_get_name (tile)));
  }
  say_next (self);
}

static void
confab_call_announcer_dispose (GObject *object)
{
  ConfabCallAnnouncer *self = CONFAB_CALL_ANNOUNCER (object);

  if (self->clock != NULL)
    confab_clock_clear (self->clock, &self->timeout);
  g_clear_object (&self->clock);
  g_clear_object (&self->tiles);
  g_ptr_array_set_size (self->known, 0);
  G_OBJECT_CLASS (confab_call_announcer_parent_class)->dispose (object);
}

static void
confab_call_announcer_finalize (GObject *object)
{
  ConfabCallAnnouncer *self = CONFAB_CALL_ANNOUNCER (object);

  g_ptr_array_unref (self->known);
  g_ptr_array_unref (self->joined);
  g_ptr_array_unref (self->left);
  g_ptr_array_unref (self->waiting);
  G_OBJECT_CLASS (confab_call_announcer_parent_class)->finalize (object);
}

static void
confab_call_announcer_class_init (ConfabCallAnnouncerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_call_announcer_dispose;
  G_OBJECT_CLASS (klass)->finalize = confab_call_announcer_finalize;

  signals[SIGNAL_ANNOUNCE] = g_signal_new ("announce",
                                           G_TYPE_FROM_CLASS (klass),
                                           G_SIGNAL_RUN_LAST,
                                           0,
                                           NULL,
                                           NULL,
                                           NULL,
                                           G_TYPE_NONE,
                                           1,
                                           G_TYPE_STRING);
}

static void
confab_call_announcer_init (ConfabCallAnnouncer *self)
{
  self->known = g_ptr_array_new_with_free_func (g_object_unref);
  self->joined = g_ptr_array_new_with_free_func (g_free);
  self->left = g_ptr_array_new_with_free_func (g_free);
  self->waiting = g_ptr_array_new_with_free_func (g_free);
}

ConfabCallAnnouncer *
confab_call_announcer_new (ConfabClock *clock, GListModel *tiles)
{
  ConfabCallAnnouncer *self = NULL;

  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);
  g_return_val_if_fail (G_IS_LIST_MODEL (tiles), NULL);

  self = g_object_new (CONFAB_TYPE_CALL_ANNOUNCER, NULL);
  self->clock = g_object_ref (clock);
  self->tiles = g_object_ref (tiles);
  for (guint i = 0; i < g_list_model_get_n_items (tiles); i++)
    g_ptr_array_add (self->known, g_list_model_get_item (tiles, i));
  g_signal_connect_object (
    tiles, "items-changed", G_CALLBACK (tiles_changed_cb), self, G_CONNECT_DEFAULT);
  return self;
}

/**
 * confab_call_announcer_say:
 * @self: an announcer
 * @text: a sentence, said as soon as the pause is over; the same one waits only once
 */
void
confab_call_announcer_say (ConfabCallAnnouncer *self, const char *text)
{
  g_return_if_fail (CONFAB_IS_CALL_ANNOUNCER (self));
  g_return_if_fail (text != NULL);

  if (self->clock == NULL ||
      g_ptr_array_find_with_equal_func (self->waiting, text, g_str_equal, NULL))
    return;
  if (self->waiting->len == MAX_WAITING)
    g_ptr_array_remove_index (self->waiting, 0);
  g_ptr_array_add (self->waiting, g_strdup (text));
  say_next (self);
}

/**
 * confab_call_announcer_set_lost:
 * @self: an announcer
 * @lost: whether the connection is lost
 */
void
confab_call_announcer_set_lost (ConfabCallAnnouncer *self, gboolean lost)
{
  g_return_if_fail (CONFAB_IS_CALL_ANNOUNCER (self));

  if (self->lost == lost)
    return;
  self->lost = lost;
  confab_call_announcer_say (self,
                             lost ? _ ("Connection lost, trying again")
                                  : _ ("The connection is back"));
}
