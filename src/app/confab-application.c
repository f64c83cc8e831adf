/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-app"

#include "config.h"

#include "confab-application.h"

#if defined(CONFAB_FAKE_MEDIA)
#include "confab-fake-call.h"
#endif
#include "confab-call-guard.h"
#include "confab-inspector.h"
#include "confab-logout-watch.h"
#include "confab-media-engine.h"
#include "confab-media-loader.h"
#include "confab-session-view-model.h"
#include "confab-session.h"
#include "confab-shortcuts-dialog.h"
#include "confab-system-clock.h"
#include "confab-window.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <libdex.h>

struct _ConfabApplication {
  AdwApplication parent_instance;

  char *profile_dir;      /* --profile-dir, or NULL */
  char *insecure_secrets; /* --insecure-secrets, or NULL */
  char *homeserver;       /* --homeserver, or NULL */
  gboolean test_media;
  char *test_picture; /* a file to send in place of the test picture */
  gboolean inspect;
  ConfabInspector *inspector; /* NULL without --inspect */
  ConfabClock *clock;
  ConfabSession *session;
  ConfabMediaEngine *engine; /* NULL before the first frame */
  ConfabSessionViewModel *model;
  ConfabWindow *window;
  ConfabCallGuard *guard;
  ConfabLogoutWatch *logout; /* NULL without a session bus */
  char *room_to_open;        /* asked for before the rooms were there */
  GVariant
    *sign_in_parameter; /* of app.sign-in, asked for before it was known that nobody is signed in */
  gboolean stopping;
  guint signal_sources[2];
};

G_DEFINE_FINAL_TYPE (ConfabApplication, confab_application, ADW_TYPE_APPLICATION)

static char *
data_dir (ConfabApplication *self)
{
  if (self->profile_dir != NULL)
    return g_build_filename (self->profile_dir, "data", NULL);
  return g_build_filename (g_get_user_data_dir (), "confab", NULL);
}

static char *
cache_dir (ConfabApplication *self)
{
  if (self->profile_dir != NULL)
    return g_build_filename (self->profile_dir, "cache", NULL);
  return g_build_filename (g_get_user_cache_dir (), "confab", NULL);
}

/* The test picture and tone name the user: others can tell who is seen and heard. */
static void
user_id_cb (ConfabApplication *self)
{
  const char *user_id = confab_session_get_user_id (self->session);

  if (self->engine != NULL && self->test_media && user_id != NULL)
    confab_media_engine_set_test_identity (self->engine, user_id);
}

static void
media_loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ConfabApplication) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!confab_media_load_finish (result, &error)) {
    g_warning ("There are no calls without GStreamer: %s", error->message);
    return;
  }
  if (self->stopping || self->model == NULL)
    return;

  self->engine = confab_media_engine_new (self->test_media ? CONFAB_MEDIA_SOURCE_TEST
                                                           : CONFAB_MEDIA_SOURCE_DEVICES);
  if (self->test_picture != NULL &&
      !confab_media_engine_set_test_picture (self->engine, self->test_picture, &error))
    g_warning ("--test-picture: %s", error->message);
  /* The window has been drawn, and so has its renderer. */
  if (self->window != NULL &&
      GSK_IS_CAIRO_RENDERER (gtk_native_get_renderer (GTK_NATIVE (self->window))))
    confab_media_engine_set_drawing (self->engine, CONFAB_DRAWING_BY_CAIRO);
  user_id_cb (self);
  confab_session_view_model_set_devices (self->model, CONFAB_MEDIA_DEVICES (self->engine));
  if (self->inspector != NULL)
    confab_inspector_set_engine (self->inspector, self->engine);
}

/* After the first frame: loading GStreamer and asking for devices would hold the window up. */
static gboolean
start_media_cb (gpointer data)
{
  ConfabApplication *self = data;

  if (!self->stopping)
    confab_media_load_async (media_loaded_cb, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

static void
first_frame_cb (GdkFrameClock *frame_clock, ConfabApplication *self)
{
  g_signal_handlers_disconnect_by_func (frame_clock, first_frame_cb, self);
  g_idle_add_full (G_PRIORITY_LOW, start_media_cb, g_object_ref (self), g_object_unref);
}

static void
realize_cb (GtkWidget *window, ConfabApplication *self)
{
  GdkFrameClock *frame_clock = gtk_widget_get_frame_clock (window);

  g_signal_connect_object (frame_clock, "after-paint", G_CALLBACK (first_frame_cb), self, 0);
}

static gboolean
knows_rooms (ConfabApplication *self)
{
  return confab_session_view_model_get_page (self->model) == CONFAB_SESSION_PAGE_ROOMS &&
         confab_session_get_state (self->session) != CONFAB_SESSION_STATE_FIRST_SYNC;
}

static void
open_room (ConfabApplication *self, const char *room)
{
  if (!knows_rooms (self)) {
    g_set_str (&self->room_to_open, room);
    return;
  }
  if (confab_session_view_model_open_room (self->model, room))
    confab_window_show_room (self->window);
}

static void
sign_in (ConfabApplication *self, GVariant *parameter)
{
  ConfabSignInViewModel *sign_in = confab_session_view_model_get_sign_in (self->model);
  const char *homeserver = NULL;
  const char *user = NULL;
  const char *password = NULL;

  g_variant_get (parameter, "(&s&s&s)", &homeserver, &user, &password);
  /* First the name: when it is a full Matrix id it fills in a homeserver, and what is said explicitly wins. */
  confab_sign_in_view_model_set_user (sign_in, user);
  if (*homeserver != '\0')
    confab_sign_in_view_model_set_homeserver (sign_in, homeserver);
  confab_sign_in_view_model_set_password (sign_in, password);
  if (*password != '\0')
    confab_sign_in_view_model_sign_in (sign_in);
}

/* Does what was asked for too early. */
static void
state_cb (ConfabApplication *self)
{
  ConfabSessionPage page = confab_session_view_model_get_page (self->model);
  g_autofree char *room = NULL;
  g_autoptr (GVariant) parameter = NULL;

  if (page == CONFAB_SESSION_PAGE_SIGN_IN || page == CONFAB_SESSION_PAGE_ROOMS)
    parameter = g_steal_pointer (&self->sign_in_parameter);
  if (page == CONFAB_SESSION_PAGE_SIGN_IN && parameter != NULL)
    sign_in (self, parameter);
  else if (parameter != NULL)
    g_info ("app.sign-in: signed in already");
  if (knows_rooms (self))
    room = g_steal_pointer (&self->room_to_open);
  if (room != NULL)
    open_room (self, room);
}

static void
sign_in_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ConfabApplication *self = data;

  g_clear_pointer (&self->sign_in_parameter, g_variant_unref);
  self->sign_in_parameter = g_variant_ref (parameter);
  state_cb (self);
}

static void
open_room_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  open_room (data, g_variant_get_string (parameter, NULL));
}

static void
open_rooms_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ConfabApplication *self = data;

  confab_window_show_rooms (self->window);
  gtk_window_present (GTK_WINDOW (self->window));
}

static void
shortcuts_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  confab_window_show_shortcuts (CONFAB_APPLICATION (data)->window);
}

static void
about_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  confab_window_show_about (CONFAB_APPLICATION (data)->window);
}

static DexFuture *
stop_fiber (gpointer data)
{
  ConfabApplication *self = CONFAB_APPLICATION (data);
  g_autoptr (GError) error = NULL;

  /* Leaves the call properly: others see it at once instead of after a time-out. */
  if (!dex_await (confab_session_stop (self->session), &error))
    g_info ("Stopping: %s", error->message);
  if (self->logout != NULL)
    confab_logout_watch_answer (self->logout);
  g_application_release (G_APPLICATION (self));
  g_application_quit (G_APPLICATION (self));
  return dex_future_new_true ();
}

static void
stop (ConfabApplication *self)
{
  if (self->stopping)
    return;
  self->stopping = TRUE;
  g_application_hold (G_APPLICATION (self));
  if (self->window != NULL)
    gtk_widget_set_visible (GTK_WIDGET (self->window), FALSE);
  dex_future_disown (
    dex_scheduler_spawn (NULL, 0, stop_fiber, g_object_ref (self), g_object_unref));
}

static void
quit_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  stop (data);
}

static gboolean
signal_cb (gpointer data)
{
  stop (data);
  return G_SOURCE_CONTINUE;
}

static gboolean
close_request_cb (ConfabApplication *self)
{
  stop (self);
  return GDK_EVENT_STOP;
}

static void
make_session (ConfabApplication *self)
{
  g_autoptr (ConfabSecrets) secrets = NULL;
  g_autofree char *data = data_dir (self);
  g_autofree char *cache = cache_dir (self);

  self->clock = confab_system_clock_new ();
  secrets = self->insecure_secrets != NULL ? confab_file_secrets_new (self->insecure_secrets)
                                           : confab_keyring_new ();
  self->session = confab_session_new (self->clock, secrets, data, cache);
  self->model = confab_session_view_model_new (self->session, NULL, self->clock);
  g_signal_connect_object (
    self->session, "notify::user-id", G_CALLBACK (user_id_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->model, "notify::page", G_CALLBACK (state_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->session, "notify::state", G_CALLBACK (state_cb), self, G_CONNECT_SWAPPED);
  if (self->homeserver != NULL)
    confab_sign_in_view_model_set_homeserver (confab_session_view_model_get_sign_in (self->model),
                                              self->homeserver);
}

/* The desktop's session ends: it waits until the others have heard that we left. */
static void
watch_logout (ConfabApplication *self)
{
  GDBusConnection *connection = g_application_get_dbus_connection (G_APPLICATION (self));

  if (connection == NULL)
    return;
  self->logout = confab_logout_watch_new (connection, CONFAB_APP_ID);
  g_signal_connect_object (self->logout, "ending", G_CALLBACK (stop), self, G_CONNECT_SWAPPED);
}

/* Other programs look into the call only when whoever started this one said so. */
static void
start_inspector (ConfabApplication *self)
{
  GDBusConnection *connection = g_application_get_dbus_connection (G_APPLICATION (self));
  const char *path = g_application_get_dbus_object_path (G_APPLICATION (self));
  g_autoptr (GError) error = NULL;

  self->inspector = confab_inspector_new (self->session, self->model, self->clock);
  if (connection == NULL || !confab_inspector_export (self->inspector, connection, path, &error))
    g_warning ("--inspect: %s", error != NULL ? error->message : "no session bus");
}

/* CONFAB_FAKE_CALL=8: a call of eight who are not there, for whoever works on the call page. No account is touched. */
static gboolean
show_fake_call (ConfabApplication *self)
{
#if defined(CONFAB_FAKE_MEDIA)
  const char *text = g_getenv ("CONFAB_FAKE_CALL");
  g_autoptr (
  ConfabFakeCall) call = NULL;
  g_autoptr (
  GError) error = NULL;
  guint64 n_people = 0;

  if (text == NULL)
    return FALSE;
  if (!g_ascii_string_to_unsigned (text, 10, 0, CONFAB_FAKE_CALL_MAX_PEOPLE, &n_people, &error)) {
    g_printerr ("confab: CONFAB_FAKE_CALL: %s\n", error->message);
    return FALSE;
  }
  call = confab_fake_call_new ((guint) n_people);
  confab_fake_call_set_started_at (call, confab_clock_get_real_time (self->clock));
  confab_session_view_model_take_call (self->model, CONFAB_CALL (call));
  return TRUE;
#else
  return FALSE;
#endif
}

static void
confab_application_activate (GApplication *application)
{
  ConfabApplication *self = CONFAB_APPLICATION (application);

  if (self->stopping)
    return;
  if (self->window == NULL) {
    make_session (self);
    if (self->inspect)
      start_inspector (self);
    self->window = confab_window_new (GTK_APPLICATION (self), self->model);
    g_object_add_weak_pointer (G_OBJECT (self->window), (gpointer *) &self->window);
    g_signal_connect_object (
      self->window, "close-request", G_CALLBACK (close_request_cb), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (self->window, "realize", G_CALLBACK (realize_cb), self, 0);
    self->guard = confab_call_guard_new (GTK_APPLICATION (self), self->model);
    watch_logout (self);
    if (!show_fake_call (self))
      confab_session_view_model_start (self->model);
  }
  gtk_window_present (GTK_WINDOW (self->window));
}

static void
confab_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  g_autofree char *uri = NULL;

  g_application_activate (application);
  if (n_files == 0)
    return;
  uri = g_file_get_uri (files[0]);
  open_room (CONFAB_APPLICATION (application), uri);
}

static void
confab_application_startup (GApplication *application)
{
  static const GActionEntry entries[] = {
    { "sign-in", sign_in_action, "(sss)", NULL, NULL },
    { "open-room", open_room_action, "s", NULL, NULL },
    { "open-rooms", open_rooms_action, NULL, NULL, NULL },
    { "shortcuts", shortcuts_action, NULL, NULL, NULL },
    { "about", about_action, NULL, NULL, NULL },
    { "quit", quit_action, NULL, NULL, NULL },
  };
  ConfabApplication *self = CONFAB_APPLICATION (application);

  G_APPLICATION_CLASS (confab_application_parent_class)->startup (application);
  gtk_window_set_default_icon_name (CONFAB_APP_ID);
  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  confab_shortcuts_install (GTK_APPLICATION (self));
  self->signal_sources[0] = g_unix_signal_add (SIGTERM, signal_cb, self);
  self->signal_sources[1] = g_unix_signal_add (SIGINT, signal_cb, self);
}

static void
confab_application_shutdown (GApplication *application)
{
  ConfabApplication *self = CONFAB_APPLICATION (application);

  for (guint i = 0; i < G_N_ELEMENTS (self->signal_sources); i++)
    g_clear_handle_id (&self->signal_sources[i], g_source_remove);
  if (self->window != NULL)
    gtk_window_destroy (GTK_WINDOW (self->window));
  if (self->inspector != NULL)
    confab_inspector_unexport (self->inspector);
  g_clear_object (&self->inspector);
  g_clear_object (&self->guard);
  g_clear_object (&self->logout);
  g_clear_object (&self->model);
  if (self->engine != NULL)
    confab_media_engine_close (self->engine);
  g_clear_object (&self->engine);
  g_clear_object (&self->session);
  g_clear_object (&self->clock);

  G_APPLICATION_CLASS (confab_application_parent_class)->shutdown (application);
}

static int
confab_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  if (g_variant_dict_contains (options, "version")) {
    g_print ("confab %s\n", CONFAB_VERSION);
    return 0;
  }
#if !defined(CONFAB_FAKE_MEDIA)
  if (CONFAB_APPLICATION (application)->test_media) {
    g_printerr ("confab: --test-media: this build has no test media (-Dfake_media=true)\n");
    return 2;
  }
#endif
  return -1;
}

static void
confab_application_finalize (GObject *object)
{
  ConfabApplication *self = CONFAB_APPLICATION (object);

  g_free (self->profile_dir);
  g_free (self->test_picture);
  g_free (self->insecure_secrets);
  g_free (self->homeserver);
  g_free (self->room_to_open);
  g_clear_pointer (&self->sign_in_parameter, g_variant_unref);

  G_OBJECT_CLASS (confab_application_parent_class)->finalize (object);
}

static void
confab_application_class_init (ConfabApplicationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  object_class->finalize = confab_application_finalize;
  application_class->activate = confab_application_activate;
  application_class->open = confab_application_open;
  application_class->startup = confab_application_startup;
  application_class->shutdown = confab_application_shutdown;
  application_class->handle_local_options = confab_application_handle_local_options;
}

static void
confab_application_init (ConfabApplication *self)
{
  const GOptionEntry entries[] = {
    { "profile-dir",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &self->profile_dir,
      N_ ("Keep data and cache in DIR instead of the home directory"),
      N_ ("DIR") },
    { "homeserver",
      0,
      0,
      G_OPTION_ARG_STRING,
      &self->homeserver,
      N_ ("Fill in this homeserver"),
      N_ ("NAME") },
    { "test-media",
      0,
      0,
      G_OPTION_ARG_NONE,
      &self->test_media,
      N_ ("For tests: a test picture and tone instead of camera and microphone"),
      NULL },
    { "test-picture",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &self->test_picture,
      N_ ("For tests: with --test-media, send this 4:2:0 file, again and again, as the camera"),
      N_ ("FILE.y4m") },
    { "inspect",
      0,
      0,
      G_OPTION_ARG_NONE,
      &self->inspect,
      N_ ("For tests: let other programs look into the call over D-Bus"),
      NULL },
    { "insecure-secrets",
      0,
      0,
      G_OPTION_ARG_FILENAME,
      &self->insecure_secrets,
      N_ ("For tests only: keep tokens and keys in files in DIR, unprotected, instead of the "
          "keyring"),
      N_ ("DIR") },
    { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Show the version and end"), NULL },
    { NULL },
  };

  g_application_add_main_option_entries (G_APPLICATION (self), entries);
}

ConfabApplication *
confab_application_new (void)
{
  return g_object_new (CONFAB_TYPE_APPLICATION,
                       "application-id",
                       CONFAB_APP_ID,
                       "resource-base-path",
                       "/app/confab/Confab",
                       "flags",
                       G_APPLICATION_HANDLES_OPEN,
                       NULL);
}
