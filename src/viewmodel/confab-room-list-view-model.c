/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-room-list-view-model.h"

#include "confab-clock.h"
#include "confab-session.h"

#define SEARCH_DELAY_MS 100
#define AT_ONCE 25 /* rooms that are made in one turn of the main loop: some ms */

struct _ConfabRoomListViewModel {
  GObject parent_instance;

  ConfabSession *session;
  ConfabClock *clock;
  GListModel *source; /* (nullable): ConfabRoom; changes with the account */
  GListStore *all; /* ConfabRoomViewModel, in the order of source; the last may be missing still */
  GtkSorter *sorter;
  GtkSorter *section_sorter;
  GtkFilter *filter;
  GtkFilterListModel *filtered;
  GtkSortListModel *sorted;
  ConfabRoomListState state;
  char *search_text;
  char *search_key; /* what is filtered by now; empty for none */
  guint search_timeout;
  guint sort_timeout;
  guint fill_timeout;
};

G_DEFINE_FINAL_TYPE (ConfabRoomListViewModel, confab_room_list_view_model, G_TYPE_OBJECT)

typedef enum {
  PROP_ROOMS = 1,
  PROP_STATE,
  PROP_SEARCH_TEXT,
} Property;
static GParamSpec *properties[PROP_SEARCH_TEXT + 1];

enum {
  SIGNAL_ROOMS_CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static int
compare_sections (gconstpointer a, gconstpointer b, gpointer data)
{
  guint first = confab_room_view_model_get_section ((ConfabRoomViewModel *) a);
  guint second = confab_room_view_model_get_section ((ConfabRoomViewModel *) b);

  return (int) first - (int) second;
}

/* Calls: the longest known first, so that a new one never pushes a row from under the pointer. */
static int
compare_rooms (gconstpointer a, gconstpointer b, gpointer data)
{
  ConfabRoomViewModel *first = (ConfabRoomViewModel *) a;
  ConfabRoomViewModel *second = (ConfabRoomViewModel *) b;
  gint64 first_start = confab_room_view_model_get_call_started_at (first);
  gint64 second_start = confab_room_view_model_get_call_started_at (second);
  int order = 0;

  if (first_start != second_start && confab_room_view_model_get_has_call (first) &&
      confab_room_view_model_get_has_call (second)) {
    if (first_start == 0 || second_start == 0)
      return first_start == 0 ? 1 : -1;
    return first_start < second_start ? -1 : 1;
  }
  order = g_strcmp0 (confab_room_view_model_get_sort_key (first),
                     confab_room_view_model_get_sort_key (second));
  return order != 0 ? order
                    : g_strcmp0 (confab_room_view_model_get_id (first),
                                 confab_room_view_model_get_id (second));
}

static gboolean
match_room (gpointer item, gpointer data)
{
  ConfabRoomListViewModel *self = data;

  return strstr (confab_room_view_model_get_search_key (item), self->search_key) != NULL;
}

static guint
count_missing (ConfabRoomListViewModel *self)
{
  guint n_source = self->source != NULL ? g_list_model_get_n_items (self->source) : 0;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->all));

  return n_source > n ? n_source - n : 0; /* fewer, before it is heard that one went */
}

static void
refresh_state (ConfabRoomListViewModel *self)
{
  ConfabSessionState session_state = confab_session_get_state (self->session);
  gboolean loading = session_state == CONFAB_SESSION_STATE_FIRST_SYNC ||
                     session_state == CONFAB_SESSION_STATE_RESTORING ||
                     session_state == CONFAB_SESSION_STATE_SIGNING_IN;
  ConfabRoomListState state = CONFAB_ROOM_LIST_ROOMS;

  if (g_list_model_get_n_items (G_LIST_MODEL (self->all)) == 0)
    state = loading ? CONFAB_ROOM_LIST_LOADING : CONFAB_ROOM_LIST_EMPTY;
  else if (g_list_model_get_n_items (G_LIST_MODEL (self->sorted)) == 0 && count_missing (self) == 0)
    state = CONFAB_ROOM_LIST_NO_HIT;
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

static void
search_cb (gpointer data)
{
  ConfabRoomListViewModel *self = data;
  g_autofree char *normal = g_utf8_normalize (self->search_text, -1, G_NORMALIZE_ALL);

  self->search_timeout = 0;
  g_free (self->search_key);
  self->search_key = g_strstrip (g_utf8_casefold (normal != NULL ? normal : "", -1));
  /* Without a search nothing is asked of a filter. */
  gtk_filter_list_model_set_filter (self->filtered,
                                    *self->search_key != '\0' ? self->filter : NULL);
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
  refresh_state (self);
}

static void
sort_cb (gpointer data)
{
  ConfabRoomListViewModel *self = data;

  self->sort_timeout = 0;
  gtk_sorter_changed (self->section_sorter, GTK_SORTER_CHANGE_DIFFERENT);
  gtk_sorter_changed (self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
}

static void
room_changed_cb (ConfabRoomListViewModel *self, GParamSpec *pspec)
{
  gboolean renamed = g_str_equal (pspec->name, "name");

  /* Once for all that one sync changes: each time costs milliseconds. */
  if (self->sort_timeout == 0)
    self->sort_timeout = confab_clock_add_timeout (self->clock, 0, sort_cb, self);
  if (renamed && *self->search_key != '\0' && self->search_timeout == 0)
    self->search_timeout = confab_clock_add_timeout (self->clock, 0, search_cb, self);
}

/* Rooms @position… of the source, in place of @removed ones. */
static void
splice (ConfabRoomListViewModel *self, guint position, guint removed, guint added)
{
  g_autoptr (GPtrArray) rooms = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < added; i++) {
    g_autoptr (ConfabRoom) room = g_list_model_get_item (self->source, position + i);
    ConfabRoomViewModel *model = confab_room_view_model_new (room, self->session, self->clock);

    g_signal_connect_object (
      model, "notify::section", G_CALLBACK (room_changed_cb), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (
      model, "notify::name", G_CALLBACK (room_changed_cb), self, G_CONNECT_SWAPPED);
    g_ptr_array_add (rooms, model);
  }
  if (removed > 0 || added > 0)
    g_list_store_splice (self->all, position, removed, rooms->pdata, rooms->len);
}

static void
fill_cb (gpointer data)
{
  ConfabRoomListViewModel *self = data;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->all));

  self->fill_timeout = 0;
  splice (self, n, 0, MIN (count_missing (self), AT_ONCE));
  if (count_missing (self) > 0)
    self->fill_timeout = confab_clock_add_timeout (self->clock, 0, fill_cb, self);
  refresh_state (self);
  g_signal_emit (self, signals[SIGNAL_ROOMS_CHANGED], 0);
}

static void
source_changed_cb (ConfabRoomListViewModel *self, guint position, guint removed, guint added)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->all));

  /* What comes at the end is made in turns; the first of them is now. */
  if (position < n)
    splice (self, position, MIN (removed, n - position), removed < n - position ? added : 0);
  if (self->fill_timeout == 0)
    fill_cb (self);
}

static void
rooms_cb (ConfabRoomListViewModel *self)
{
  GListModel *source = (GListModel *) confab_session_get_rooms (self->session);

  if (source == self->source)
    return;
  if (self->source != NULL)
    g_signal_handlers_disconnect_by_data (self->source, self);
  confab_clock_clear (self->clock, &self->fill_timeout);
  g_list_store_remove_all (self->all);
  g_set_object (&self->source, source);
  if (source != NULL) {
    g_signal_connect_object (
      source, "items-changed", G_CALLBACK (source_changed_cb), self, G_CONNECT_SWAPPED);
    fill_cb (self);
    return;
  }
  refresh_state (self);
  g_signal_emit (self, signals[SIGNAL_ROOMS_CHANGED], 0);
}

static void
session_state_cb (ConfabRoomListViewModel *self)
{
  /* Signed out, the rooms are gone, and nobody says so. */
  rooms_cb (self);
  refresh_state (self);
}

static void
confab_room_list_view_model_get_property (GObject *object,
                                          guint prop_id,
                                          GValue *value,
                                          GParamSpec *pspec)
{
  ConfabRoomListViewModel *self = CONFAB_ROOM_LIST_VIEW_MODEL (object);

  switch ((Property) prop_id) {
  case PROP_ROOMS:
    g_value_set_object (value, self->sorted);
    break;
  case PROP_STATE:
    g_value_set_uint (value, self->state);
    break;
  case PROP_SEARCH_TEXT:
    g_value_set_string (value, self->search_text);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_room_list_view_model_set_property (GObject *object,
                                          guint prop_id,
                                          const GValue *value,
                                          GParamSpec *pspec)
{
  ConfabRoomListViewModel *self = CONFAB_ROOM_LIST_VIEW_MODEL (object);

  if (prop_id == PROP_SEARCH_TEXT)
    confab_room_list_view_model_set_search_text (self, g_value_get_string (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
confab_room_list_view_model_dispose (GObject *object)
{
  ConfabRoomListViewModel *self = CONFAB_ROOM_LIST_VIEW_MODEL (object);

  if (self->clock != NULL) {
    confab_clock_clear (self->clock, &self->search_timeout);
    confab_clock_clear (self->clock, &self->sort_timeout);
    confab_clock_clear (self->clock, &self->fill_timeout);
  }
  if (self->filtered != NULL)
    gtk_filter_list_model_set_filter (self->filtered, NULL);
  g_clear_object (&self->sorted);
  g_clear_object (&self->filtered);
  g_clear_object (&self->filter);
  g_clear_object (&self->sorter);
  g_clear_object (&self->section_sorter);
  g_clear_object (&self->all);
  g_clear_object (&self->source);
  g_clear_object (&self->session);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->search_text, g_free);
  g_clear_pointer (&self->search_key, g_free);

  G_OBJECT_CLASS (confab_room_list_view_model_parent_class)->dispose (object);
}

static void
confab_room_list_view_model_class_init (ConfabRoomListViewModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_room_list_view_model_get_property;
  object_class->set_property = confab_room_list_view_model_set_property;
  object_class->dispose = confab_room_list_view_model_dispose;
  /**
   * ConfabRoomListViewModel:rooms:
   *
   * A sorted, sectioned and filtered model of #ConfabRoomViewModel; the same all the time.
   */
  properties[PROP_ROOMS] = g_param_spec_object (
    "rooms", NULL, NULL, G_TYPE_LIST_MODEL, flags | G_PARAM_READABLE);
  /**
   * ConfabRoomListViewModel:state:
   *
   * A #ConfabRoomListState.
   */
  properties[PROP_STATE] = g_param_spec_uint (
    "state", NULL, NULL, 0, G_MAXUINT, 0, flags | G_PARAM_READABLE);
  /**
   * ConfabRoomListViewModel:search-text:
   *
   * What the name of a room must hold to be shown, however it is cased or accented; empty for all. Takes effect 100 ms
   * after the last change.
   */
  properties[PROP_SEARCH_TEXT] = g_param_spec_string (
    "search-text", NULL, NULL, "", flags | G_PARAM_READWRITE);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  /**
   * ConfabRoomListViewModel::rooms-changed:
   *
   * confab_room_list_view_model_lookup() may answer otherwise: a room came or went.
   */
  signals[SIGNAL_ROOMS_CHANGED] = g_signal_new ("rooms-changed",
                                                G_TYPE_FROM_CLASS (klass),
                                                G_SIGNAL_RUN_LAST,
                                                0,
                                                NULL,
                                                NULL,
                                                NULL,
                                                G_TYPE_NONE,
                                                0);
}

static void
confab_room_list_view_model_init (ConfabRoomListViewModel *self)
{
  self->search_text = g_strdup ("");
  self->search_key = g_strdup ("");
  self->all = g_list_store_new (CONFAB_TYPE_ROOM_VIEW_MODEL);
  self->filter = GTK_FILTER (gtk_custom_filter_new (match_room, self, NULL));
  self->filtered = gtk_filter_list_model_new (G_LIST_MODEL (g_object_ref (self->all)), NULL);
  self->sorter = GTK_SORTER (gtk_custom_sorter_new (compare_rooms, NULL, NULL));
  self->section_sorter = GTK_SORTER (gtk_custom_sorter_new (compare_sections, NULL, NULL));
  self->sorted = gtk_sort_list_model_new (G_LIST_MODEL (g_object_ref (self->filtered)),
                                          g_object_ref (self->sorter));
  gtk_sort_list_model_set_section_sorter (self->sorted, self->section_sorter);
  g_signal_connect_object (
    self->sorted, "items-changed", G_CALLBACK (refresh_state), self, G_CONNECT_SWAPPED);
}

/**
 * confab_room_list_view_model_new:
 * @session: whose rooms; those of the next account, too
 * @clock: time
 *
 * Returns: (transfer full): the rooms
 */
ConfabRoomListViewModel *
confab_room_list_view_model_new (ConfabSession *session, ConfabClock *clock)
{
  ConfabRoomListViewModel *self = NULL;

  g_return_val_if_fail (CONFAB_IS_SESSION (session), NULL);
  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_ROOM_LIST_VIEW_MODEL, NULL);
  self->session = g_object_ref (session);
  self->clock = g_object_ref (clock);
  g_signal_connect_object (
    session, "notify::rooms", G_CALLBACK (rooms_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    session, "notify::state", G_CALLBACK (session_state_cb), self, G_CONNECT_SWAPPED);
  rooms_cb (self);
  refresh_state (self);
  return self;
}

GListModel *
confab_room_list_view_model_get_rooms (ConfabRoomListViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_LIST_VIEW_MODEL (self), NULL);

  return G_LIST_MODEL (self->sorted);
}

ConfabRoomListState
confab_room_list_view_model_get_state (ConfabRoomListViewModel *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_LIST_VIEW_MODEL (self), CONFAB_ROOM_LIST_EMPTY);

  return self->state;
}

void
confab_room_list_view_model_set_search_text (ConfabRoomListViewModel *self, const char *text)
{
  g_return_if_fail (CONFAB_IS_ROOM_LIST_VIEW_MODEL (self));

  if (!g_set_str (&self->search_text, text != NULL ? text : ""))
    return;
  confab_clock_clear (self->clock, &self->search_timeout);
  self->search_timeout = confab_clock_add_timeout (self->clock, SEARCH_DELAY_MS, search_cb, self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SEARCH_TEXT]);
}

/* (transfer none): the list keeps it */
static ConfabRoomViewModel *
find (ConfabRoomListViewModel *self, ConfabRoom *room)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->all)); i++) {
    g_autoptr (ConfabRoomViewModel) model = g_list_model_get_item (G_LIST_MODEL (self->all), i);

    if (confab_room_view_model_get_room (model) == room)
      return model;
  }
  return NULL;
}

/**
 * confab_room_list_view_model_lookup:
 * @self: the rooms
 * @room_id: the id of one
 *
 * Whatever is searched for.
 *
 * Returns: (transfer none) (nullable): the room, %NULL when this account is not in it
 */
ConfabRoomViewModel *
confab_room_list_view_model_lookup (ConfabRoomListViewModel *self, const char *room_id)
{
  ConfabRoomList *rooms = NULL;
  ConfabRoom *room = NULL;
  ConfabRoomViewModel *model = NULL;

  g_return_val_if_fail (CONFAB_IS_ROOM_LIST_VIEW_MODEL (self), NULL);

  rooms = (ConfabRoomList *) self->source;
  if (rooms != NULL && room_id != NULL)
    room = confab_room_list_lookup (rooms, room_id);
  if (room == NULL)
    return NULL;
  /* It may be one of those that are missing still. */
  model = find (self, room);
  if (model == NULL) {
    splice (self, g_list_model_get_n_items (G_LIST_MODEL (self->all)), 0, count_missing (self));
    model = find (self, room);
  }
  return model;
}
