/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-session-view-model.h"

#include "confab-call-request.h"
#include "confab-call.h"
#include "confab-clock.h"
#include "confab-error-text.h"
#include "confab-media-devices.h"
#include "confab-session.h"

#include <glib/gi18n.h>

struct _ConfabSessionViewModel {
  GObject parent_instance;

  ConfabSession *session;
  ConfabMediaDevices *devices;
  ConfabClock *clock;
  ConfabSignInViewModel *sign_in;
  ConfabRoomListViewModel *room_list;
  ConfabRoomViewModel *room;
  ConfabRoomViewModel *call_room;
  ConfabSelectCallMediaViewModel *select_media;
  struct {
    ConfabRoomViewModel *room; /* NULL: nothing */
    gboolean sound_only;
    ConfabStartMode mode;
  } to_prepare;               /* asked for before there were devices */
  ConfabCallRequest *request; /* a call that was asked for and cannot be had yet, or NULL */
  ConfabCallViewModel *call;
  ConfabAvatarModel *own_avatar;
  ConfabSessionPage page;
  gboolean restoring;
  GError *restore_error;
  char *banner;
};

G_DEFINE_FINAL_TYPE (ConfabSessionViewModel, confab_session_view_model, G_TYPE_OBJECT)

typedef enum {
  PROP_PAGE = 1,
  PROP_SIGN_IN,
  PROP_ROOM_LIST,
  PROP_ROOM,
  PROP_SELECT_MEDIA,
  PROP_CALL,
  PROP_CALL_ROOM,
  PROP_OWN_AVATAR,
  PROP_USER_ID,
  PROP_BANNER,
  PROP_PROBLEM_TITLE,
  PROP_PROBLEM_TEXT,
} Property;
static GParamSpec *properties[PROP_PROBLEM_TEXT + 1];

enum {
  SIGNAL_TOAST,
  SIGNAL_SHOW_CALL,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
notify (ConfabSessionViewModel *self, Property property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static char *
banner_text (ConfabSessionViewModel *self)
{
  gint64 last_sync_at = 0;
  g_autoptr (GDateTime) time = NULL;
  g_autofree char *clock_time = NULL;

  if (confab_session_get_state (self->session) != CONFAB_SESSION_STATE_OFFLINE)
    return g_strdup ("");
  g_object_get (self->session, "last-sync-at", &last_sync_at, NULL);
  if (last_sync_at > 0)
    time = g_date_time_new_from_unix_local (last_sync_at / G_USEC_PER_SEC);
  if (time == NULL)
    return g_strdup (_ ("You are offline."));
  clock_time = g_date_time_format (time, "%H:%M");
  /* Translators: %s is a time of day, as in 14:02 */
  return g_strdup_printf (_ ("You are offline. Rooms as of %s."), clock_time);
}

static ConfabSessionPage
page_of (ConfabSessionViewModel *self)
{
  if (self->restore_error != NULL)
    return CONFAB_SESSION_PAGE_PROBLEM;
  switch (confab_session_get_state (self->session)) {
  case CONFAB_SESSION_STATE_FIRST_SYNC:
  case CONFAB_SESSION_STATE_ONLINE:
  case CONFAB_SESSION_STATE_OFFLINE:
    return CONFAB_SESSION_PAGE_ROOMS;
  case CONFAB_SESSION_STATE_RESTORING:
    return CONFAB_SESSION_PAGE_LOADING;
  case CONFAB_SESSION_STATE_SIGNED_OUT:
  case CONFAB_SESSION_STATE_SIGNING_IN:
  case CONFAB_SESSION_STATE_LOGGED_OUT:
  default:
    return self->restoring ? CONFAB_SESSION_PAGE_LOADING : CONFAB_SESSION_PAGE_SIGN_IN;
  }
}

/* Whatever a person does next about calls counts, not what was asked before. */
static void
drop_request (ConfabSessionViewModel *self)
{
  g_clear_object (&self->to_prepare.room);
  if (self->request != NULL)
    g_signal_handlers_disconnect_by_data (self->request, self);
  g_clear_object (&self->request);
}

static void
drop_call (ConfabSessionViewModel *self)
{
  if (self->call == NULL)
    return;
  g_signal_handlers_disconnect_by_data (confab_call_view_model_get_call (self->call), self);
  g_clear_object (&self->call);
  g_clear_object (&self->call_room);
  notify (self, PROP_CALL);
  notify (self, PROP_CALL_ROOM);
}

static void
refresh (ConfabSessionViewModel *self)
{
  ConfabSessionPage page = page_of (self);
  g_autofree char *banner = banner_text (self);

  if (g_set_str (&self->banner, banner))
    notify (self, PROP_BANNER);
  if (page == self->page)
    return;
  if (self->page == CONFAB_SESSION_PAGE_ROOMS) {
    confab_session_view_model_cancel_prepare (self);
    confab_session_view_model_open_room (self, NULL);
    drop_call (self);
    if (confab_session_get_state (self->session) == CONFAB_SESSION_STATE_LOGGED_OUT)
      g_signal_emit (self,
                     signals[SIGNAL_TOAST],
                     0,
                     _ ("Your homeserver signed you out. Sign in again."));
  }
  self->page = page;
  notify (self, PROP_PAGE);
  notify (self, PROP_PROBLEM_TITLE);
  notify (self, PROP_PROBLEM_TEXT);
}

/* The repository of pictures comes with the session's homeserver. */
static void
repository_cb (ConfabSessionViewModel *self)
{
  g_clear_object (&self->own_avatar);
  self->own_avatar = confab_avatar_model_new (G_OBJECT (self->session),
                                              "display-name",
                                              confab_session_get_media_repository (self->session));
  notify (self, PROP_OWN_AVATAR);
}

static void
user_id_cb (ConfabSessionViewModel *self)
{
  notify (self, PROP_USER_ID);
}

static void
call_state_cb (ConfabSessionViewModel *self)
{
  ConfabCall *call = confab_call_view_model_get_call (self->call);

  /* Local echo: whoever leaves is out at once. */
  if (!confab_call_is_active (call))
    drop_call (self);
}

static void
call_failed_cb (ConfabSessionViewModel *self, const GError *error)
{
  g_autofree char *text = confab_error_text_for_call (error);

  g_info ("The call failed: %s", error->message);
  g_signal_emit (self, signals[SIGNAL_TOAST], 0, text);
}

static void
watch_call (ConfabSessionViewModel *self, ConfabCall *call, ConfabRoomViewModel *room)
{
  drop_call (self);
  self->call = confab_call_view_model_new_with_clock (call,
                                                      confab_room_view_model_get_room (room),
                                                      self->session,
                                                      self->clock);
  self->call_room = g_object_ref (room);
  g_signal_connect_object (call, "failed", G_CALLBACK (call_failed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    call, "notify::state", G_CALLBACK (call_state_cb), self, G_CONNECT_SWAPPED);
}

static void
joined_cb (ConfabSessionViewModel *self, GObject *object, ConfabSelectCallMediaViewModel *select)
{
  g_autoptr (ConfabSelectCallMediaViewModel) kept = g_object_ref (select);

  watch_call (self, CONFAB_CALL (object), confab_select_call_media_view_model_get_room (select));
  notify (self, PROP_CALL_ROOM);
  notify (self, PROP_CALL);
  confab_session_view_model_cancel_prepare (self);
  g_signal_emit (self, signals[SIGNAL_SHOW_CALL], 0);
}

static void
join_room (ConfabSessionViewModel *self, ConfabRoomViewModel *room, gboolean audio, gboolean video)
{
  confab_session_view_model_prepare_call (self, room, !video, CONFAB_START_QUIETLY);
  if (self->select_media == NULL)
    return;
  confab_select_call_media_view_model_set_microphone_on (self->select_media, audio);
  confab_select_call_media_view_model_set_camera_on (self->select_media, video);
  confab_select_call_media_view_model_join (self->select_media);
}

static void
request_ready_cb (ConfabSessionViewModel *self,
                  ConfabRoomViewModel *room,
                  ConfabCallRequest *request)
{
  g_autoptr (ConfabCallRequest) kept = g_object_ref (request);

  drop_request (self);
  join_room (self,
             room,
             confab_call_request_get_audio (request),
             confab_call_request_get_video (request));
}

static void
request_failed_cb (ConfabSessionViewModel *self, const char *text)
{
  drop_request (self);
  g_signal_emit (self, signals[SIGNAL_TOAST], 0, text);
}

static DexFuture *
start_fiber (gpointer data)
{
  ConfabSessionViewModel *self = CONFAB_SESSION_VIEW_MODEL (data);
  g_autoptr (GError) error = NULL;

  (void) dex_await_boolean (confab_session_restore (self->session), &error);
  self->restoring = FALSE;
  if (error != NULL) {
    g_info ("Restoring the session: %s", error->message);
    self->restore_error = g_steal_pointer (&error);
  }
  refresh (self);
  return dex_future_new_true ();
}

static DexFuture *
sign_out_fiber (gpointer data)
{
  ConfabSessionViewModel *self = CONFAB_SESSION_VIEW_MODEL (data);
  g_autoptr (GError) error = NULL;

  if (!dex_await (confab_session_sign_out (self->session), &error)) {
    g_info ("Signing out: %s", error->message);
    g_signal_emit (self, signals[SIGNAL_TOAST], 0, _ ("Signing out did not work. Try again."));
  }
  return dex_future_new_true ();
}

static void
confab_session_view_model_get_property (GObject *object,
                                        guint prop_id,
                                        GValue *value,
                                        GParamSpec *pspec)
{
  ConfabSessionViewModel *self = CONFAB_SESSION_VIEW_MODEL (object);

  switch ((Property) prop_id) {
  case PROP_PAGE:
    g_value_set_uint (value, self->page);
    break;
  case PROP_SIGN_IN:
    g_value_set_object (value, self->sign_in);
    break;
  case PROP_ROOM_LIST:
    g_value_set_object (value, self->room_list);
    break;
  case PROP_ROOM:
    g_value_set_object (value, self->room);
    break;
  case PROP_SELECT_MEDIA:
    g_value_set_object (value, self->select_media);
    break;
  case PROP_CALL:
    g_value_set_object (value, self->call);
    break;
  case PROP_CALL_ROOM:
    g_value_set_object (value, self->call_room);
    break;
  case PROP_OWN_AVATAR:
    g_value_set_object (value, self->own_avatar);
    break;
  case PROP_USER_ID:
    g_value_set_string (value, confab_session_get_user_id (self->session));
    break;
  case PROP_BANNER:
    g_value_set_string (value, self->banner);
    break;
  case PROP_PROBLEM_TITLE:
    g_value_set_string (
      value, self->restore_error != NULL ? confab_error_title_for_start (self->restore_error) : "");
    break;
  case PROP_PROBLEM_TEXT:
    g_value_set_string (
      value, self->restore_error != NULL ? confab_error_text_for_start (self->restore_error) : "");
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_session_view_model_dispose (GObject *object)
{
  ConfabSessionViewModel *self = CONFAB_SESSION_VIEW_MODEL (object);

  if (self->select_media != NULL)
    confab_select_call_media_view_model_close (self->select_media);
  drop_request (self);
  if (self->call != NULL)
    g_signal_handlers_disconnect_by_data (confab_call_view_model_get_call (self->call), self);
  g_clear_object (&self->call);
  g_clear_object (&self->call_room);
  g_clear_object (&self->select_media);
  g_clear_object (&self->room);
  g_clear_object (&self->room_list);
  g_clear_object (&self->sign_in);
  g_clear_object (&self->own_avatar);
  g_clear_object (&self->devices);
  g_clear_object (&self->clock);
  g_clear_object (&self->session);
  g_clear_error (&self->restore_error);
  g_clear_pointer (&self->banner, g_free);

  G_OBJECT_CLASS (confab_session_view_model_parent_class)->dispose (object);
}

static void
confab_session_view_model_class_init (ConfabSessionViewModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_session_view_model_get_property;
  object_class->dispose = confab_session_view_model_dispose;
  properties[PROP_PAGE] = g_param_spec_uint ("page", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_SIGN_IN] = g_param_spec_object (
    "sign-in", NULL, NULL, CONFAB_TYPE_SIGN_IN_VIEW_MODEL, flags);
  properties[PROP_ROOM_LIST] = g_param_spec_object (
    "room-list", NULL, NULL, CONFAB_TYPE_ROOM_LIST_VIEW_MODEL, flags);
  properties[PROP_ROOM] = g_param_spec_object (
    "room", NULL, NULL, CONFAB_TYPE_ROOM_VIEW_MODEL, flags);
  properties[PROP_SELECT_MEDIA] = g_param_spec_object (
    "select-media", NULL, NULL, CONFAB_TYPE_SELECT_CALL_MEDIA_VIEW_MODEL, flags);
  properties[PROP_CALL] = g_param_spec_object (
    "call", NULL, NULL, CONFAB_TYPE_CALL_VIEW_MODEL, flags);
  properties[PROP_CALL_ROOM] = g_param_spec_object (
    "call-room", NULL, NULL, CONFAB_TYPE_ROOM_VIEW_MODEL, flags);
  properties[PROP_OWN_AVATAR] = g_param_spec_object (
    "own-avatar", NULL, NULL, CONFAB_TYPE_AVATAR_MODEL, flags);
  properties[PROP_USER_ID] = g_param_spec_string ("user-id", NULL, NULL, NULL, flags);
  properties[PROP_BANNER] = g_param_spec_string ("banner", NULL, NULL, "", flags);
  properties[PROP_PROBLEM_TITLE] = g_param_spec_string ("problem-title", NULL, NULL, "", flags);
  properties[PROP_PROBLEM_TEXT] = g_param_spec_string ("problem-text", NULL, NULL, "", flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  signals[SIGNAL_TOAST] = g_signal_new ("toast",
                                        G_TYPE_FROM_CLASS (klass),
                                        G_SIGNAL_RUN_LAST,
                                        0,
                                        NULL,
                                        NULL,
                                        NULL,
                                        G_TYPE_NONE,
                                        1,
                                        G_TYPE_STRING);
  signals[SIGNAL_SHOW_CALL] = g_signal_new (
    "show-call", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_session_view_model_init (ConfabSessionViewModel *self)
{
  self->banner = g_strdup ("");
}

/**
 * confab_session_view_model_new:
 * @session: the account
 * @devices: (nullable): microphones and cameras, when they are known already
 * @clock: time
 *
 * Returns: (transfer full): the new view model; nothing happens before confab_session_view_model_start()
 */
ConfabSessionViewModel *
confab_session_view_model_new (ConfabSession *session,
                               ConfabMediaDevices *devices,
                               ConfabClock *clock)
{
  ConfabSessionViewModel *self = g_object_new (CONFAB_TYPE_SESSION_VIEW_MODEL, NULL);

  self->session = g_object_ref (session);
  g_set_object (&self->devices, devices);
  self->clock = g_object_ref (clock);
  self->sign_in = confab_sign_in_view_model_new (session, clock);
  self->room_list = confab_room_list_view_model_new (session, clock);
  repository_cb (self);
  g_signal_connect_object (session, "notify::state", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    session, "notify::last-sync-at", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    session, "notify::media-repository", G_CALLBACK (repository_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    session, "notify::user-id", G_CALLBACK (user_id_cb), self, G_CONNECT_SWAPPED);
  self->page = page_of (self);
  return self;
}

void
confab_session_view_model_start (ConfabSessionViewModel *self)
{
  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));

  if (self->restoring)
    return;
  self->restoring = TRUE;
  g_clear_error (&self->restore_error);
  refresh (self);
  dex_future_disown (
    dex_scheduler_spawn (NULL, 0, start_fiber, g_object_ref (self), g_object_unref));
}

void
confab_session_view_model_sign_out (ConfabSessionViewModel *self)
{
  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));

  drop_request (self);
  dex_future_disown (
    dex_scheduler_spawn (NULL, 0, sign_out_fiber, g_object_ref (self), g_object_unref));
}

void
confab_session_view_model_try_now (ConfabSessionViewModel *self)
{
  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));

  confab_session_try_now (self->session);
}

void
confab_session_view_model_set_devices (ConfabSessionViewModel *self, ConfabMediaDevices *devices)
{
  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));

  g_set_object (&self->devices, devices);
  if (devices != NULL && self->to_prepare.room != NULL) {
    g_autoptr (ConfabRoomViewModel) room = g_steal_pointer (&self->to_prepare.room);

    confab_session_view_model_prepare_call (self,
                                            room,
                                            self->to_prepare.sound_only,
                                            self->to_prepare.mode);
  }
  if (self->request != NULL)
    confab_call_request_set_devices (self->request, devices);
}

ConfabSessionPage
confab_session_view_model_get_page (ConfabSessionViewModel *self)
{
  return self->page;
}

ConfabSignInViewModel *
confab_session_view_model_get_sign_in (ConfabSessionViewModel *self)
{
  return self->sign_in;
}

ConfabRoomListViewModel *
confab_session_view_model_get_room_list (ConfabSessionViewModel *self)
{
  return self->room_list;
}

ConfabRoomViewModel *
confab_session_view_model_get_room (ConfabSessionViewModel *self)
{
  return self->room;
}

ConfabRoomViewModel *
confab_session_view_model_get_call_room (ConfabSessionViewModel *self)
{
  return self->call_room;
}

ConfabSelectCallMediaViewModel *
confab_session_view_model_get_select_media (ConfabSessionViewModel *self)
{
  return self->select_media;
}

ConfabCallViewModel *
confab_session_view_model_get_call (ConfabSessionViewModel *self)
{
  return self->call;
}

const char *
confab_session_view_model_get_banner (ConfabSessionViewModel *self)
{
  return self->banner;
}

/* matrix:roomid/abc:example.org (spec, appendices, “matrix: URI scheme”); NULL for other kinds. */
static char *
room_id_from_link (const char *link)
{
  g_autofree char *path = NULL;

  if (!g_str_has_prefix (link, "matrix:roomid/"))
    return NULL;
  path = g_strdup (link + strlen ("matrix:roomid/"));
  path[strcspn (path, "?#/")] = '\0';
  g_autofree char *decoded = g_uri_unescape_string (path, NULL);

  return decoded != NULL && *decoded != '\0' ? g_strconcat ("!", decoded, NULL) : NULL;
}

gboolean
confab_session_view_model_open_room (ConfabSessionViewModel *self, const char *room_id)
{
  g_autofree char *linked = NULL;
  ConfabRoomViewModel *room = NULL;

  g_return_val_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self), FALSE);

  if (room_id != NULL && g_str_has_prefix (room_id, "matrix:")) {
    linked = room_id_from_link (room_id);
    room_id = linked != NULL ? linked : room_id;
  }
  if (room_id != NULL && *room_id != '\0') {
    room = confab_room_list_view_model_lookup (self->room_list, room_id);
    if (room == NULL) {
      g_signal_emit (self, signals[SIGNAL_TOAST], 0, _ ("You are not in that room."));
      return FALSE;
    }
    confab_room_view_model_load_people (room);
  }
  if (g_set_object (&self->room, room))
    notify (self, PROP_ROOM);
  return TRUE;
}

void
confab_session_view_model_prepare_call (ConfabSessionViewModel *self,
                                        ConfabRoomViewModel *room,
                                        gboolean sound_only,
                                        ConfabStartMode mode)
{
  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));
  g_return_if_fail (CONFAB_IS_ROOM_VIEW_MODEL (room));

  if (confab_room_view_model_get_action (room) == CONFAB_ROOM_ACTION_RETURN) {
    if (self->call != NULL)
      g_signal_emit (self, signals[SIGNAL_SHOW_CALL], 0);
    return;
  }
  if (!confab_room_view_model_get_can_act (room))
    return;
  drop_request (self);
  if (self->devices == NULL) {
    self->to_prepare.room = g_object_ref (room);
    self->to_prepare.sound_only = sound_only;
    self->to_prepare.mode = mode;
    return;
  }
  confab_session_view_model_cancel_prepare (self);
  self->select_media = confab_select_call_media_view_model_new (
    room, self->session, self->devices, self->own_avatar, self->clock);
  confab_select_call_media_view_model_set_mode (self->select_media, mode);
  if (sound_only)
    confab_select_call_media_view_model_set_camera_on (self->select_media, FALSE);
  g_signal_connect_object (
    self->select_media, "joined", G_CALLBACK (joined_cb), self, G_CONNECT_SWAPPED);
  notify (self, PROP_SELECT_MEDIA);
}

void
confab_session_view_model_cancel_prepare (ConfabSessionViewModel *self)
{
  g_autoptr (ConfabSelectCallMediaViewModel) select = NULL;

  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));

  select = g_steal_pointer (&self->select_media);
  if (select == NULL)
    return;
  confab_select_call_media_view_model_close (select);
  g_signal_handlers_disconnect_by_data (select, self);
  notify (self, PROP_SELECT_MEDIA);
}

void
confab_session_view_model_request_call (
  ConfabSessionViewModel *self, const char *room_id, gboolean start, gboolean audio, gboolean video)
{
  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));
  g_return_if_fail (room_id != NULL);

  drop_request (self);
  self->request = confab_call_request_new (
    self->session, self->room_list, self->clock, room_id, start, audio, video);
  g_signal_connect_object (
    self->request, "ready", G_CALLBACK (request_ready_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->request, "failed", G_CALLBACK (request_failed_cb), self, G_CONNECT_SWAPPED);
  confab_call_request_set_devices (self->request, self->devices);
}

void
confab_session_view_model_leave_call (ConfabSessionViewModel *self)
{
  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));

  drop_request (self);
  if (self->call != NULL)
    confab_call_view_model_leave (self->call);
}
