/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-page-stand.h"

#include <glib/gstdio.h>

#include "confab-fake-picture.h"
#include "confab-shortcuts-dialog.h"
#include "fake-discovery.h"

#define VOICE_DB (-27.0)

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *child = g_build_filename (path, name, NULL);

    remove_tree (child);
  }
  g_remove (path);
}

static void
show_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ConfabWindow *window = CONFAB_WINDOW (gtk_application_get_windows (data)->data);

  if (g_str_equal (g_action_get_name (G_ACTION (action)), "about"))
    confab_window_show_about (window);
  else
    confab_window_show_shortcuts (window);
}

static void
quit_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
}

/* What `app` adds to a window. There is one in a process. */
static GtkApplication *
get_application (void)
{
  static const GActionEntry entries[] = {
    { "shortcuts", show_action, NULL, NULL, NULL },
    { "about", show_action, NULL, NULL, NULL },
    { "quit", quit_action, NULL, NULL, NULL },
  };
  static GtkApplication *application;
  g_autoptr (GError) error = NULL;

  if (application != NULL)
    return application;
  application = g_object_new (
    ADW_TYPE_APPLICATION, "application-id", CONFAB_APP_ID, "flags", G_APPLICATION_NON_UNIQUE, NULL);
  g_application_register (G_APPLICATION (application), NULL, &error);
  g_assert_no_error (error);
  confab_shortcuts_install (application);
  g_action_map_add_action_entries (G_ACTION_MAP (application),
                                   entries,
                                   G_N_ELEMENTS (entries),
                                   application);
  return application;
}

static gboolean
is_synced (gpointer data)
{
  ConfabPageStand *stand = data;
  g_autofree char *name = NULL;

  g_object_get (stand->session, "display-name", &name, NULL);
  return name != NULL && confab_session_get_state (stand->session) == CONFAB_SESSION_STATE_ONLINE;
}

static gboolean
is_started (gpointer data)
{
  ConfabPageStand *stand = data;

  return confab_session_view_model_get_page (stand->model) != CONFAB_SESSION_PAGE_LOADING;
}

static void
make_session (ConfabPageStand *stand)
{
  stand->session = confab_session_new (CONFAB_CLOCK (stand->clock),
                                       CONFAB_SECRETS (stand->secrets),
                                       stand->dir,
                                       stand->dir);
}

static void
sign_in (ConfabPageStand *stand, ConfabWorld world)
{
  g_autoptr (ConfabHomeserver) homeserver = confab_homeserver_new (
    fake_homeserver_get_url (stand->account->server));

  test_expect (
    confab_session_sign_in (stand->session, homeserver, "anna", CONFAB_WORLD_PASSWORD, "Confab"));
  if (world != CONFAB_WORLD_FIRST_SYNC)
    test_until (is_synced, stand);
}

/* As at the next start, with a keyring that is locked. */
static void
lock_keyring (ConfabPageStand *stand)
{
  sign_in (stand, CONFAB_WORLD_LOCKED);
  test_expect (confab_session_stop (stand->session));
  test_settle ();
  g_assert_finalize_object (stand->session);
  fake_secrets_refuse (stand->secrets, CONFAB_MATRIX_ERROR_KEYRING_LOCKED);
  make_session (stand);
}

static GdkPaintable *
draw_own (void)
{
  return confab_fake_picture_new (CONFAB_FAKE_PICTURE_OWN, FALSE);
}

/* A laptop's, with a headset plugged in. */
static FakeDevices *
make_devices (ConfabClock *clock)
{
  FakeDevices *devices = fake_devices_new (clock);

  for (guint kind = CONFAB_DEVICE_KIND_MICROPHONE; kind <= CONFAB_DEVICE_KIND_CAMERA; kind++)
    fake_devices_remove_all (devices, kind);
  fake_devices_add (devices, CONFAB_DEVICE_KIND_MICROPHONE, "m1", "Built-in Microphone");
  fake_devices_add (devices, CONFAB_DEVICE_KIND_MICROPHONE, "m2", "Headset");
  fake_devices_add (devices, CONFAB_DEVICE_KIND_SPEAKER, "s1", "Headphones");
  fake_devices_add (devices, CONFAB_DEVICE_KIND_SPEAKER, "s2", "Built-in Speakers");
  fake_devices_add (devices, CONFAB_DEVICE_KIND_CAMERA, "c1", "Integrated Camera");
  fake_devices_set_picture_func (devices, draw_own);
  return devices;
}

void
confab_page_stand_open (ConfabPageStand *stand, ConfabWorld world, const ConfabShot *shot)
{
  g_autoptr (GError) error = NULL;

  confab_shot_prepare (shot);
  stand->clock = confab_manual_clock_new (CONFAB_WORLD_NOW);
  stand->account = fake_account_new ();
  stand->devices = make_devices (CONFAB_CLOCK (stand->clock));
  stand->secrets = fake_secrets_new ();
  stand->dir = g_dir_make_tmp ("confab-test-XXXXXX", &error);
  g_assert_no_error (error);
  confab_world_fill (stand->account, world);
  fake_discovery_set_url (fake_homeserver_get_url (stand->account->server));
  make_session (stand);
  if (world == CONFAB_WORLD_LOCKED)
    lock_keyring (stand);
  else if (world != CONFAB_WORLD_SIGNED_OUT)
    sign_in (stand, world);
  stand->model = confab_session_view_model_new (stand->session,
                                                CONFAB_MEDIA_DEVICES (stand->devices),
                                                CONFAB_CLOCK (stand->clock));
  if (world == CONFAB_WORLD_LOCKED || world == CONFAB_WORLD_SIGNED_OUT) {
    confab_session_view_model_start (stand->model);
    test_until (is_started, stand);
  }
  stand->window = GTK_WINDOW (confab_window_new (get_application (), stand->model));
  /* A picture is the same in every build. */
  gtk_widget_remove_css_class (GTK_WIDGET (stand->window), "devel");
  confab_shot_present (stand->window, shot);
}

static gboolean
is_let_go (gpointer session)
{
  return G_OBJECT (session)->ref_count == 1;
}

void
confab_page_stand_close (ConfabPageStand *stand)
{
  g_object_add_weak_pointer (G_OBJECT (stand->window), (gpointer *) &stand->window);
  gtk_window_destroy (stand->window);
  test_settle ();
  g_assert_null (stand->window);
  confab_sign_in_view_model_cancel (confab_session_view_model_get_sign_in (stand->model));
  fake_discovery_set_url (NULL);
  test_expect (confab_session_stop (stand->session));
  test_settle ();
  g_assert_finalize_object (stand->model);
  /* A sign-in that has shown its account may still have something to write. */
  test_until (is_let_go, stand->session);
  g_assert_finalize_object (stand->session);
  g_assert_finalize_object (stand->secrets);
  g_assert_finalize_object (stand->devices);
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (stand->clock), ==, 0);
  g_assert_finalize_object (stand->clock);
  fake_account_free (stand->account);
  remove_tree (stand->dir);
  g_clear_pointer (&stand->dir, g_free);
}

static void
collect (GtkWidget *root, GType type, GPtrArray *found)
{
  if (!gtk_widget_get_mapped (root))
    return;
  if (g_type_is_a (G_OBJECT_TYPE (root), type))
    g_ptr_array_add (found, root);
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect (child, type, found);
}

GPtrArray *
confab_page_stand_find_all (ConfabPageStand *stand, GType type)
{
  GPtrArray *found = g_ptr_array_new ();

  collect (GTK_WIDGET (stand->window), type, found);
  return found;
}

static gboolean
says (GtkWidget *widget, const char *text)
{
  static const char *const names[] = { "label", "title", "text" };

  if (g_strcmp0 (gtk_widget_get_tooltip_text (widget), text) == 0)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (widget), names[i]);
    g_autofree char *value = NULL;

    if (pspec == NULL || pspec->value_type != G_TYPE_STRING)
      continue;
    g_object_get (widget, names[i], &value, NULL);
    if (g_strcmp0 (value, text) == 0)
      return TRUE;
  }
  /* A button whose words are a widget of their own. */
  for (GtkWidget *child = GTK_IS_BUTTON (widget) ? gtk_widget_get_first_child (widget) : NULL;
       child != NULL;
       child = gtk_widget_get_next_sibling (child)) {
    for (GtkWidget *part = gtk_widget_get_first_child (child); part != NULL;
         part = gtk_widget_get_next_sibling (part)) {
      if (GTK_IS_LABEL (part) && says (part, text))
        return TRUE;
    }
  }
  return FALSE;
}

GtkWidget *
confab_page_stand_find (ConfabPageStand *stand, GType type, const char *text)
{
  g_autoptr (GPtrArray) found = confab_page_stand_find_all (stand, type);

  for (guint i = 0; i < found->len; i++) {
    if (text == NULL || says (found->pdata[i], text))
      return found->pdata[i];
  }
  return NULL;
}

static gboolean
is_settled (gpointer data)
{
  ConfabPageStand *stand = data;
  ConfabRoomViewModel *room = confab_session_view_model_get_room (stand->model);
  g_autoptr (GPtrArray) avatars = confab_page_stand_find_all (stand, ADW_TYPE_AVATAR);

  if (room != NULL) {
    g_autoptr (GListModel) faces = NULL;

    g_object_get (room, "people", &faces, NULL);
    if (g_list_model_get_n_items (faces) == 0)
      return FALSE;
  }
  for (guint i = 0; i < avatars->len; i++) {
    AdwAvatar *avatar = avatars->pdata[i];

    if (confab_world_has_picture (adw_avatar_get_text (avatar)) &&
        adw_avatar_get_custom_image (avatar) == NULL)
      return FALSE;
  }
  return TRUE;
}

void
confab_page_stand_settle (ConfabPageStand *stand)
{
  confab_manual_clock_advance (stand->clock,
                               0); /* rooms are sorted once for all that a sync changes */
  confab_shot_frames (stand->window, 2);
  test_until (is_settled, stand);
  confab_shot_frames (stand->window, 2);
}

void
confab_page_stand_open_room (ConfabPageStand *stand, const char *room_id)
{
  g_assert_true (confab_session_view_model_open_room (stand->model, room_id));
  confab_window_show_room (CONFAB_WINDOW (stand->window));
  confab_page_stand_settle (stand);
}

void
confab_page_stand_prepare (ConfabPageStand *stand, const char *room_id)
{
  gtk_widget_activate_action (GTK_WIDGET (stand->window), "win.prepare-call", "s", room_id);
  g_assert_nonnull (confab_session_view_model_get_select_media (stand->model));
  confab_page_stand_settle (stand);
}

void
confab_page_stand_speak (ConfabPageStand *stand)
{
  for (guint i = 0; i < 5; i++) {
    confab_manual_clock_advance (stand->clock, 100);
    fake_devices_set_level (stand->devices, VOICE_DB + i % 2);
  }
}
