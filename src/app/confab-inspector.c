/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab"

#include "config.h"

#include "confab-inspector.h"

#include <gtk/gtk.h>

#include "confab-call-report.h"
#include "confab-call-timing.h"
#include "confab-json.h"

struct _ConfabInspector {
  GObject parent_instance;

  ConfabSession *session;
  ConfabSessionViewModel *model;
  ConfabClock *clock;
  ConfabMediaEngine *engine;
  ConfabCallTiming *timing; /* of the call that this device is in */
  char *said;               /* (nullable): the last toast */
  gboolean offers_rejoin;   /* in it */
  GDBusConnection *connection;
  guint registration;
};

G_DEFINE_FINAL_TYPE (ConfabInspector, confab_inspector, G_TYPE_OBJECT)

static const char
  interface_xml[] = "<node><interface name='app.confab.Confab.Inspector'>"
                    "<method name='State'><arg name='json' type='s' direction='out'/></method>"
                    "<method name='Members'><arg name='json' type='s' direction='out'/></method>"
                    "<method name='Stats'><arg name='json' type='s' direction='out'/></method>"
                    "<method name='Tracks'><arg name='json' type='s' direction='out'/></method>"
                    "<method name='Screenshot'><arg name='path' type='s' direction='in'/></method>"
                    "</interface></node>";

static void
call_cb (ConfabInspector *self)
{
  ConfabCallViewModel *call = confab_session_view_model_get_call (self->model);

  g_clear_object (&self->timing);
  self->offers_rejoin &= call == NULL;
  if (call != NULL)
    self->timing = confab_call_timing_new (confab_call_view_model_get_call (call),
                                           self->clock,
                                           confab_clock_get_time (self->clock));
}

static void
toast_cb (ConfabInspector *self, const char *text)
{
  g_set_str (&self->said, text);
}

static void
offer_rejoin_cb (ConfabInspector *self, const char *text)
{
  toast_cb (self, text);
  self->offers_rejoin = TRUE;
}

static void
return_json (GDBusMethodInvocation *invocation, JsonNode *node)
{
  g_autofree char *text = json_to_string (node, FALSE);

  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", text));
}

static void
return_object (GDBusMethodInvocation *invocation, JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_set_object (node, object);
  return_json (invocation, node);
}

static void
return_array (GDBusMethodInvocation *invocation, JsonArray *array)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);

  json_node_set_array (node, array);
  return_json (invocation, node);
}

static DexFuture *
report_cb (DexFuture *future, gpointer data)
{
  GDBusMethodInvocation *invocation = data;
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (future, &error);

  if (value == NULL)
    g_dbus_method_invocation_return_gerror (g_object_ref (invocation), error);
  else if (G_VALUE_HOLDS (value, JSON_TYPE_OBJECT))
    return_object (g_object_ref (invocation), g_value_get_boxed (value));
  else
    return_array (g_object_ref (invocation), g_value_get_boxed (value));
  return NULL;
}

/* Whether somebody is choosing and sees themselves: a paintable has a size from its first frame on. */
static gboolean
has_preview (ConfabInspector *self)
{
  ConfabSelectCallMediaViewModel *select = confab_session_view_model_get_select_media (self->model);
  g_autoptr (GdkPaintable) paintable = NULL;

  if (select != NULL)
    g_object_get (select, "paintable", &paintable, NULL);
  return paintable != NULL && gdk_paintable_get_intrinsic_width (paintable) > 0;
}

/* What the page of the open room shows of what is sent there. */
static JsonArray *
describe_notices (ConfabInspector *self)
{
  ConfabRoomNotices *notices = confab_session_view_model_get_notices (self->model);
  GListModel *list = notices != NULL ? confab_room_notices_get_list (notices) : NULL;
  JsonArray *array = json_array_new ();

  for (guint i = 0; list != NULL && i < g_list_model_get_n_items (list); i++) {
    g_autoptr (ConfabRoomNotice) notice = g_list_model_get_item (list, i);
    JsonObject *object = json_object_new ();

    json_object_set_string_member (object, "userId", confab_room_notice_get_user_id (notice));
    json_object_set_string_member (object, "reason", confab_room_notice_get_reason (notice));
    json_object_set_int_member (object, "count", confab_room_notice_get_count (notice));
    json_object_set_string_member (object, "title", confab_room_notice_get_title (notice));
    json_object_set_string_member (object, "text", confab_room_notice_get_text (notice));
    json_array_add_object_element (array, object);
  }
  return array;
}

/* Whose account it is, which page is shown, and what its test picture and tone are. */
static JsonObject *
describe_state (ConfabInspector *self)
{
  static const char *const pages[] = { "loading", "sign-in", "problem", "rooms" };
  ConfabCallViewModel *call = confab_session_view_model_get_call (self->model);
  JsonObject *state = json_object_new ();
  JsonArray *rgb = json_array_new ();
  guint8 mean[3] = { 0, 0, 0 };

  if (self->engine != NULL)
    confab_media_engine_get_mean_rgb (self->engine, mean);
  for (guint i = 0; i < G_N_ELEMENTS (mean); i++)
    json_array_add_int_element (rgb, mean[i]);
  json_object_set_string_member (state, "userId", confab_session_get_user_id (self->session));
  json_object_set_string_member (state, "deviceId", confab_session_get_device_id (self->session));
  json_object_set_boolean_member (
    state, "online", confab_session_get_state (self->session) == CONFAB_SESSION_STATE_ONLINE);
  json_object_set_string_member (state,
                                 "page",
                                 pages[confab_session_view_model_get_page (self->model)]);
  json_object_set_boolean_member (state, "media", self->engine != NULL);
  json_object_set_boolean_member (state, "inCall", self->timing != NULL);
  json_object_set_int_member (state,
                              "toneHz",
                              self->engine != NULL ? confab_media_engine_get_tone_hz (self->engine)
                                                   : 0);
  json_object_set_array_member (state, "meanRgb", rgb);
  json_object_set_boolean_member (state, "preview", has_preview (self));
  json_object_set_string_member (state, "said", self->said);
  json_object_set_boolean_member (state, "offersRejoin", self->offers_rejoin);
  json_object_set_array_member (state, "notices", describe_notices (self));
  json_object_set_string_member (state,
                                 "callBanner",
                                 call != NULL ? confab_call_view_model_get_banner (call) : NULL);
  return state;
}

static gboolean
save_window (GtkWidget *window, const char *path, GError **error)
{
  int width = gtk_widget_get_width (window), height = gtk_widget_get_height (window);
  g_autoptr (GdkPaintable) live = gtk_widget_paintable_new (window);
  g_autoptr (GdkPaintable) image = gdk_paintable_get_current_image (live);
  g_autoptr (GtkSnapshot) snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;

  gdk_paintable_snapshot (image, snapshot, width, height);
  node = gtk_snapshot_to_node (snapshot);
  if (node != NULL)
    texture = gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (window)),
                                           node,
                                           &GRAPHENE_RECT_INIT (0, 0, width, height));
  if (texture == NULL || !gdk_texture_save_to_png (texture, path)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: the window cannot be saved", path);
    return FALSE;
  }
  return TRUE;
}

/* A picture that is asked for, until the next frame. */
typedef struct {
  GDBusMethodInvocation *invocation;
  char *path;
  GtkWidget *window;
  gulong handler;
} Shot;

static void
shot_free (gpointer data, GClosure *closure)
{
  Shot *shot = data;

  /* The window went away with its frame clock. */
  if (shot->invocation != NULL)
    g_dbus_method_invocation_return_error (g_steal_pointer (&shot->invocation),
                                           G_IO_ERROR,
                                           G_IO_ERROR_CLOSED,
                                           "the window was closed");
  g_free (shot->path);
  g_free (shot);
}

static void
after_paint_cb (GdkFrameClock *frame_clock, Shot *shot)
{
  GDBusMethodInvocation *invocation = g_steal_pointer (&shot->invocation);
  g_autoptr (GError) error = NULL;

  if (!save_window (shot->window, shot->path, &error))
    g_dbus_method_invocation_return_gerror (invocation, error);
  else
    g_dbus_method_invocation_return_value (invocation, NULL);
  g_signal_handler_disconnect (frame_clock, shot->handler);
}

/* What was done before is in the picture: it is taken after the next frame, laid out and drawn. */
static void
take_screenshot (GDBusMethodInvocation *invocation, GVariant *parameters)
{
  GtkApplication *application = GTK_APPLICATION (g_application_get_default ());
  GtkWindow *window = gtk_application_get_active_window (application);
  GdkFrameClock *frame_clock = NULL;
  Shot *shot = NULL;
  const char *path;

  g_variant_get (parameters, "(&s)", &path);
  if (window == NULL || !gtk_widget_get_mapped (GTK_WIDGET (window))) {
    g_dbus_method_invocation_return_error (invocation,
                                           G_IO_ERROR,
                                           G_IO_ERROR_NOT_FOUND,
                                           "there is no window");
    return;
  }
  frame_clock = gtk_widget_get_frame_clock (GTK_WIDGET (window));
  shot = g_new0 (Shot, 1);
  shot->invocation = invocation;
  shot->path = g_strdup (path);
  shot->window = GTK_WIDGET (window);
  shot->handler = g_signal_connect_data (
    frame_clock, "after-paint", G_CALLBACK (after_paint_cb), shot, shot_free, 0);
  gtk_widget_queue_draw (GTK_WIDGET (window));
}

static void
inspect_call (ConfabInspector *self, GDBusMethodInvocation *invocation, const char *method)
{
  ConfabCall *call = confab_call_timing_get_call (self->timing);
  DexFuture *future;

  if (g_str_equal (method, "Members")) {
    g_autoptr (JsonArray) members = confab_call_report_members (call);

    return_array (invocation, members);
    return;
  }
  if (g_str_equal (method, "Stats"))
    future = confab_call_report_stats (self->timing);
  else
    future = confab_call_report_tracks (call);
  dex_future_disown (dex_future_finally (future, report_cb, invocation, g_object_unref));
}

static void
method_call_cb (GDBusConnection *connection,
                const char *sender,
                const char *object_path,
                const char *interface_name,
                const char *method,
                GVariant *parameters,
                GDBusMethodInvocation *invocation,
                gpointer data)
{
  ConfabInspector *self = CONFAB_INSPECTOR (data);

  if (g_str_equal (method, "State")) {
    g_autoptr (JsonObject) state = describe_state (self);

    return_object (invocation, state);
  } else if (g_str_equal (method, "Screenshot")) {
    take_screenshot (invocation, parameters);
  } else if (self->timing == NULL) {
    g_dbus_method_invocation_return_error (invocation,
                                           G_IO_ERROR,
                                           G_IO_ERROR_NOT_FOUND,
                                           "not in a call");
  } else {
    inspect_call (self, invocation, method);
  }
}

static void
confab_inspector_dispose (GObject *object)
{
  ConfabInspector *self = CONFAB_INSPECTOR (object);

  confab_inspector_unexport (self);
  g_clear_object (&self->timing);
  g_clear_pointer (&self->said, g_free);
  g_clear_object (&self->engine);
  g_clear_object (&self->model);
  g_clear_object (&self->session);
  g_clear_object (&self->clock);

  G_OBJECT_CLASS (confab_inspector_parent_class)->dispose (object);
}

static void
confab_inspector_class_init (ConfabInspectorClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_inspector_dispose;
}

static void
confab_inspector_init (ConfabInspector *self)
{
}

ConfabInspector *
confab_inspector_new (ConfabSession *session, ConfabSessionViewModel *model, ConfabClock *clock)
{
  ConfabInspector *self = g_object_new (CONFAB_TYPE_INSPECTOR, NULL);

  self->session = g_object_ref (session);
  self->model = g_object_ref (model);
  self->clock = g_object_ref (clock);
  g_signal_connect_object (model, "toast", G_CALLBACK (toast_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    model, "offer-rejoin", G_CALLBACK (offer_rejoin_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (model, "notify::call", G_CALLBACK (call_cb), self, G_CONNECT_SWAPPED);
  call_cb (self);
  return self;
}

void
confab_inspector_set_engine (ConfabInspector *self, ConfabMediaEngine *engine)
{
  g_return_if_fail (CONFAB_IS_INSPECTOR (self));

  g_set_object (&self->engine, engine);
}

gboolean
confab_inspector_export (ConfabInspector *self,
                         GDBusConnection *connection,
                         const char *object_path,
                         GError **error)
{
  static const GDBusInterfaceVTable vtable = { .method_call = method_call_cb };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (interface_xml, NULL);

  g_return_val_if_fail (self->registration == 0, FALSE);

  self->registration = g_dbus_connection_register_object (
    connection, object_path, node->interfaces[0], &vtable, self, NULL, error);
  if (self->registration == 0)
    return FALSE;
  self->connection = g_object_ref (connection);
  return TRUE;
}

void
confab_inspector_unexport (ConfabInspector *self)
{
  if (self->registration != 0)
    g_dbus_connection_unregister_object (self->connection, self->registration);
  self->registration = 0;
  g_clear_object (&self->connection);
}
