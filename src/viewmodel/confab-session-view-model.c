/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-session-view-model.h"
#include "confab-session-view-model-private.h"

#include "confab-call.h"
#include "confab-error-text.h"
#include "confab-media-choice.h"
#include "confab-room-words.h"
#include "confab-session-banner.h"
#include "confab-settings.h"

#include <glib/gi18n.h>

G_DEFINE_FINAL_TYPE (ConfabSessionViewModel, confab_session_view_model, G_TYPE_OBJECT)

static GParamSpec *properties[CONFAB_SESSION_PROP_PROBLEM_TEXT + 1];

enum {
  SIGNAL_TOAST,
  SIGNAL_SHOW_CALL,
  SIGNAL_SUSPENDED,
  SIGNAL_OFFER_REJOIN,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

void
confab_session_view_model_notify (ConfabSessionViewModel *self, ConfabSessionProperty property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

void
confab_session_view_model_toast (ConfabSessionViewModel *self, const char *text)
{
  g_signal_emit (self, signals[SIGNAL_TOAST], 0, text);
}

void
confab_session_view_model_show_call (ConfabSessionViewModel *self)
{
  g_signal_emit (self, signals[SIGNAL_SHOW_CALL], 0);
}

void
confab_session_view_model_suspended (ConfabSessionViewModel *self)
{
  g_signal_emit (self, signals[SIGNAL_SUSPENDED], 0);
}

void
confab_session_view_model_offer_rejoin (ConfabSessionViewModel *self,
                                        const char *text,
                                        const char *room_id,
                                        gboolean audio,
                                        gboolean video)
{
  g_signal_emit (self, signals[SIGNAL_OFFER_REJOIN], 0, text, room_id, audio, video);
}

/* The server ended the session while there is a call, which needs none: it stays in sight until the person leaves. */
static gboolean
outlives_session (ConfabSessionViewModel *self)
{
  return self->call != NULL &&
         confab_session_get_state (self->session) == CONFAB_SESSION_STATE_LOGGED_OUT;
}

static ConfabSessionPage
page_of (ConfabSessionViewModel *self)
{
  if (self->restore_error != NULL)
    return CONFAB_SESSION_PAGE_PROBLEM;
  if (outlives_session (self))
    return CONFAB_SESSION_PAGE_ROOMS;
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

static void
leave_rooms (ConfabSessionViewModel *self)
{
  confab_session_view_model_drop_request (self);
  confab_session_view_model_forget_slept (self);
  confab_session_view_model_cancel_prepare (self);
  confab_session_view_model_open_room (self, NULL);
  /* Nobody would see any more that the camera is on. */
  confab_session_view_model_end_call (self);
}

static void
refresh (ConfabSessionViewModel *self)
{
  ConfabSessionPage page = page_of (self);
  g_autofree char *banner = confab_session_banner_make (self->session,
                                                        self->clock,
                                                        outlives_session (self));

  if (outlives_session (self)) {
    /* No other call can be had, and no camera stays on for it. */
    confab_session_view_model_drop_request (self);
    confab_session_view_model_cancel_prepare (self);
  }
  if (g_set_str (&self->banner, banner)) {
    confab_session_view_model_notify (self, CONFAB_SESSION_PROP_BANNER);
    confab_session_view_model_notify (self, CONFAB_SESSION_PROP_CAN_RETRY);
  }
  if (page != self->page) {
    if (self->page == CONFAB_SESSION_PAGE_ROOMS)
      leave_rooms (self);
    self->page = page;
    if (page == CONFAB_SESSION_PAGE_SIGN_IN)
      confab_sign_in_view_model_show (self->sign_in);
    confab_session_view_model_notify (self, CONFAB_SESSION_PROP_PROBLEM_TITLE);
    confab_session_view_model_notify (self, CONFAB_SESSION_PROP_PROBLEM_TEXT);
    confab_session_view_model_notify (self, CONFAB_SESSION_PROP_PAGE);
  }
}

void
confab_session_view_model_call_dropped (ConfabSessionViewModel *self)
{
  if (confab_session_get_state (self->session) == CONFAB_SESSION_STATE_LOGGED_OUT)
    refresh (self);
}

/* Who left a room, or was taken out of it, has nothing more to see there. */
static void
rooms_cb (ConfabSessionViewModel *self)
{
  const char *id = NULL;

  if (self->room != NULL) {
    id = confab_room_view_model_get_id (self->room);
    if (confab_room_list_view_model_lookup (self->room_list, id) == NULL)
      confab_session_view_model_open_room (self, NULL);
  }
  if (self->select_media != NULL) {
    id = confab_room_view_model_get_id (
      confab_select_call_media_view_model_get_room (self->select_media));
    if (confab_room_list_view_model_lookup (self->room_list, id) == NULL) {
      confab_session_view_model_cancel_prepare (self);
      confab_session_view_model_toast (self, _ ("You are no longer in that room."));
    }
  }
}

/* The repository of pictures comes with the session's homeserver. */
static void
repository_cb (ConfabSessionViewModel *self)
{
  g_clear_object (&self->own_avatar);
  self->own_avatar = confab_avatar_model_new (G_OBJECT (self->session),
                                              "display-name",
                                              confab_session_get_media_repository (self->session));
  confab_session_view_model_notify (self, CONFAB_SESSION_PROP_OWN_AVATAR);
}

static void
user_id_cb (ConfabSessionViewModel *self)
{
  confab_session_view_model_notify (self, CONFAB_SESSION_PROP_USER_ID);
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
    confab_session_view_model_toast (self, _ ("Signing out did not work. Try again."));
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

  switch ((ConfabSessionProperty) prop_id) {
  case CONFAB_SESSION_PROP_PAGE:
    g_value_set_uint (value, self->page);
    break;
  case CONFAB_SESSION_PROP_SIGN_IN:
    g_value_set_object (value, self->sign_in);
    break;
  case CONFAB_SESSION_PROP_ROOM_LIST:
    g_value_set_object (value, self->room_list);
    break;
  case CONFAB_SESSION_PROP_ROOM:
    g_value_set_object (value, self->room);
    break;
  case CONFAB_SESSION_PROP_NOTICES:
    g_value_set_object (value, self->notices);
    break;
  case CONFAB_SESSION_PROP_SELECT_MEDIA:
    g_value_set_object (value, self->select_media);
    break;
  case CONFAB_SESSION_PROP_CALL:
    g_value_set_object (value, self->call);
    break;
  case CONFAB_SESSION_PROP_CALL_ROOM:
    g_value_set_object (value, self->call_room);
    break;
  case CONFAB_SESSION_PROP_OWN_AVATAR:
    g_value_set_object (value, self->own_avatar);
    break;
  case CONFAB_SESSION_PROP_USER_ID:
    g_value_set_string (value, confab_session_get_user_id (self->session));
    break;
  case CONFAB_SESSION_PROP_BANNER:
    g_value_set_string (value, self->banner);
    break;
  case CONFAB_SESSION_PROP_CAN_RETRY:
    g_value_set_boolean (value, *self->banner != '\0' && !outlives_session (self));
    break;
  case CONFAB_SESSION_PROP_PROBLEM_TITLE:
    g_value_set_string (
      value, self->restore_error != NULL ? confab_error_title_for_start (self->restore_error) : "");
    break;
  case CONFAB_SESSION_PROP_PROBLEM_TEXT:
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

  confab_session_view_model_drop_request (self);
  confab_session_view_model_forget_slept (self);
  if (self->select_media != NULL)
    confab_select_call_media_view_model_close (self->select_media);
  if (self->call != NULL)
    g_signal_handlers_disconnect_by_data (confab_call_view_model_get_call (self->call), self);
  g_clear_object (&self->call);
  g_clear_object (&self->call_room);
  g_clear_object (&self->select_media);
  g_clear_object (&self->room);
  g_clear_object (&self->notices);
  g_clear_object (&self->board);
  g_clear_object (&self->room_list);
  g_clear_object (&self->sign_in);
  g_clear_object (&self->own_avatar);
  g_clear_object (&self->devices);
  g_clear_object (&self->settings);
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
  /**
   * ConfabSessionViewModel:page:
   *
   * A #ConfabSessionPage: what fills the window.
   */
  properties[CONFAB_SESSION_PROP_PAGE] = g_param_spec_uint (
    "page", NULL, NULL, 0, G_MAXUINT, 0, flags);
  /**
   * ConfabSessionViewModel:sign-in:
   *
   * The sign-in page; the same all the time.
   */
  properties[CONFAB_SESSION_PROP_SIGN_IN] = g_param_spec_object (
    "sign-in", NULL, NULL, CONFAB_TYPE_SIGN_IN_VIEW_MODEL, flags);
  /**
   * ConfabSessionViewModel:room-list:
   *
   * The list of rooms; the same all the time.
   */
  properties[CONFAB_SESSION_PROP_ROOM_LIST] = g_param_spec_object (
    "room-list", NULL, NULL, CONFAB_TYPE_ROOM_LIST_VIEW_MODEL, flags);
  /**
   * ConfabSessionViewModel:room:
   *
   * The room that is open, or %NULL.
   */
  properties[CONFAB_SESSION_PROP_ROOM] = g_param_spec_object (
    "room", NULL, NULL, CONFAB_TYPE_ROOM_VIEW_MODEL, flags);
  /**
   * ConfabSessionViewModel:notices:
   *
   * What is to be known of what is sent in `room`, or %NULL.
   */
  properties[CONFAB_SESSION_PROP_NOTICES] = g_param_spec_object (
    "notices", NULL, NULL, CONFAB_TYPE_ROOM_NOTICES, flags);
  /**
   * ConfabSessionViewModel:select-media:
   *
   * The choice of media, while somebody chooses, or %NULL.
   */
  properties[CONFAB_SESSION_PROP_SELECT_MEDIA] = g_param_spec_object (
    "select-media", NULL, NULL, CONFAB_TYPE_SELECT_CALL_MEDIA_VIEW_MODEL, flags);
  /**
   * ConfabSessionViewModel:call:
   *
   * The call that this device is in, or on its way into, or %NULL.
   */
  properties[CONFAB_SESSION_PROP_CALL] = g_param_spec_object (
    "call", NULL, NULL, CONFAB_TYPE_CALL_VIEW_MODEL, flags);
  /**
   * ConfabSessionViewModel:call-room:
   *
   * The room of `call`, or %NULL.
   */
  properties[CONFAB_SESSION_PROP_CALL_ROOM] = g_param_spec_object (
    "call-room", NULL, NULL, CONFAB_TYPE_ROOM_VIEW_MODEL, flags);
  /**
   * ConfabSessionViewModel:own-avatar:
   *
   * The person at this device.
   */
  properties[CONFAB_SESSION_PROP_OWN_AVATAR] = g_param_spec_object (
    "own-avatar", NULL, NULL, CONFAB_TYPE_AVATAR_MODEL, flags);
  /**
   * ConfabSessionViewModel:user-id:
   *
   * The full Matrix id, or %NULL while nobody is signed in.
   */
  properties[CONFAB_SESSION_PROP_USER_ID] = g_param_spec_string (
    "user-id", NULL, NULL, NULL, flags);
  /**
   * ConfabSessionViewModel:banner:
   *
   * What is wrong with the connection, for as long as it is; else empty.
   */
  properties[CONFAB_SESSION_PROP_BANNER] = g_param_spec_string ("banner", NULL, NULL, "", flags);
  /**
   * ConfabSessionViewModel:can-retry:
   *
   * Whether confab_session_view_model_try_now() may help against what the banner says.
   */
  properties[CONFAB_SESSION_PROP_CAN_RETRY] = g_param_spec_boolean (
    "can-retry", NULL, NULL, FALSE, flags);
  /**
   * ConfabSessionViewModel:problem-title:
   *
   * On the problem page: what is wrong.
   */
  properties[CONFAB_SESSION_PROP_PROBLEM_TITLE] = g_param_spec_string (
    "problem-title", NULL, NULL, "", flags);
  /**
   * ConfabSessionViewModel:problem-text:
   *
   * On the problem page: what to do.
   */
  properties[CONFAB_SESSION_PROP_PROBLEM_TEXT] = g_param_spec_string (
    "problem-text", NULL, NULL, "", flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  /**
   * ConfabSessionViewModel::toast:
   * @text: a sentence
   *
   * Something passed that should be said once.
   */
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
  /**
   * ConfabSessionViewModel::show-call:
   *
   * The call page should be in front.
   */
  signals[SIGNAL_SHOW_CALL] = g_signal_new (
    "show-call", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * ConfabSessionViewModel::suspended:
   *
   * The machine may sleep: nobody is seen in a call here any more, or the server did not answer in time.
   */
  signals[SIGNAL_SUSPENDED] = g_signal_new (
    "suspended", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * ConfabSessionViewModel::offer-rejoin:
   * @text: a sentence
   * @room_id: where the call is
   * @audio: whether the microphone was on
   * @video: whether the camera was on
   *
   * A call was left that the person did not mean to leave, and it is still on; confab_session_view_model_request_call()
   * leads back.
   */
  signals[SIGNAL_OFFER_REJOIN] = g_signal_new ("offer-rejoin",
                                               G_TYPE_FROM_CLASS (klass),
                                               G_SIGNAL_RUN_LAST,
                                               0,
                                               NULL,
                                               NULL,
                                               NULL,
                                               G_TYPE_NONE,
                                               4,
                                               G_TYPE_STRING,
                                               G_TYPE_STRING,
                                               G_TYPE_BOOLEAN,
                                               G_TYPE_BOOLEAN);
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

  confab_room_name_set_words (&confab_room_words);
  self->session = g_object_ref (session);
  self->settings = confab_settings_new ();
  confab_session_view_model_set_devices (self, devices);
  self->clock = g_object_ref (clock);
  self->sign_in = confab_sign_in_view_model_new (session, clock);
  self->room_list = confab_room_list_view_model_new (session, clock);
  self->board = confab_notice_board_new (session, clock);
  repository_cb (self);
  g_signal_connect_object (session, "notify::state", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    session, "notify::last-sync-at", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "notify::error", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->room_list, "rooms-changed", G_CALLBACK (rooms_cb), self, G_CONNECT_SWAPPED);
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

  confab_session_view_model_drop_request (self);
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

  if (!g_set_object (&self->devices, devices) || devices == NULL)
    return;
  confab_media_choice_apply (self->settings, devices);
  if (self->to_prepare.room != NULL) {
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

ConfabRoomNotices *
confab_session_view_model_get_notices (ConfabSessionViewModel *self)
{
  return self->notices;
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
      confab_session_view_model_toast (self,
                                       confab_session_get_state (self->session) ==
                                           CONFAB_SESSION_STATE_ONLINE
                                         ? _ ("You are not in that room.")
                                         : _ ("Your rooms are not all here yet. Try again in a "
                                              "moment."));
      return FALSE;
    }
    confab_room_view_model_load_people (room);
  }
  if (g_set_object (&self->room, room)) {
    g_clear_object (&self->notices);
    if (room != NULL)
      self->notices = confab_notice_board_get (self->board, confab_room_view_model_get_id (room));
    confab_session_view_model_notify (self, CONFAB_SESSION_PROP_ROOM);
    confab_session_view_model_notify (self, CONFAB_SESSION_PROP_NOTICES);
  }
  return TRUE;
}
