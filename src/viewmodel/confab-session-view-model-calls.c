/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-session-view-model-private.h"

#include "confab-error-text.h"
#include "confab-room-view-model-private.h"

/* ---- the call that this device is in ---- */

void
confab_session_view_model_drop_call (ConfabSessionViewModel *self)
{
  if (self->call == NULL)
    return;
  g_signal_handlers_disconnect_by_data (confab_call_view_model_get_call (self->call), self);
  g_clear_object (&self->call);
  g_clear_object (&self->call_room);
  confab_session_view_model_notify (self, CONFAB_SESSION_PROP_CALL);
  confab_session_view_model_notify (self, CONFAB_SESSION_PROP_CALL_ROOM);
  confab_session_view_model_call_dropped (self);
}

void
confab_session_view_model_end_call (ConfabSessionViewModel *self)
{
  g_autoptr (ConfabCall) call = NULL;

  if (self->call == NULL)
    return;
  call = g_object_ref (confab_call_view_model_get_call (self->call));
  confab_session_view_model_drop_call (self);
  confab_call_leave (call);
}

static void
call_state_cb (ConfabSessionViewModel *self, GParamSpec *pspec, ConfabCall *call)
{
  /* Local echo: whoever leaves is out at once. */
  if (!confab_call_is_active (call))
    confab_session_view_model_drop_call (self);
}

static void
call_failed_cb (ConfabSessionViewModel *self, const GError *error, ConfabCall *call)
{
  g_autofree char *text = NULL;

  /* While the call goes on, the call page says what is wrong with it. */
  if (confab_call_is_active (call))
    return;
  text = confab_error_text_for_call (error);
  confab_session_view_model_drop_call (self);
  confab_session_view_model_toast (self, text);
}

/* First who listens, then the command: a failure may come at once. @room is NULL for a call in no room. */
static void
watch_call (ConfabSessionViewModel *self, ConfabCall *call, ConfabRoomViewModel *room)
{
  g_autoptr (ConfabRoomNotices) notices = NULL;

  /* One call at a time. */
  if (self->call != NULL && confab_call_view_model_get_call (self->call) != call)
    confab_session_view_model_end_call (self);
  confab_session_view_model_drop_call (self);
  self->call = confab_call_view_model_new_with_clock (
    call, room != NULL ? confab_room_view_model_get_room (room) : NULL, self->session, self->clock);
  g_set_object (&self->call_room, room);
  if (room != NULL)
    notices = confab_notice_board_get (self->board, confab_room_view_model_get_id (room));
  confab_call_view_model_set_notices (self->call, notices);
  g_signal_connect_object (call, "failed", G_CALLBACK (call_failed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    call, "notify::state", G_CALLBACK (call_state_cb), self, G_CONNECT_SWAPPED);
  confab_session_view_model_notify (self, CONFAB_SESSION_PROP_CALL_ROOM);
  confab_session_view_model_notify (self, CONFAB_SESSION_PROP_CALL);
}

static void
joined_cb (ConfabSessionViewModel *self, GObject *object, ConfabSelectCallMediaViewModel *select)
{
  g_autoptr (ConfabSelectCallMediaViewModel) kept = g_object_ref (select);

  watch_call (self, CONFAB_CALL (object), confab_select_call_media_view_model_get_room (select));
  confab_session_view_model_cancel_prepare (self);
  confab_session_view_model_show_call (self);
}

static void
enter_call (ConfabSessionViewModel *self, ConfabRoomViewModel *room, gboolean audio, gboolean video)
{
  g_autoptr (ConfabCall) call = confab_room_view_model_ensure_call (room,
                                                         CONFAB_CALL_INTENT_PROMPT,
                                                         video ? CONFAB_CALL_TYPE_VIDEO
                                                               : CONFAB_CALL_TYPE_VOICE);
  g_autoptr (ConfabLocalMedia) media = NULL;

  confab_session_view_model_cancel_prepare (self);
  watch_call (self, call, room);
  confab_session_view_model_show_call (self);
  media = confab_media_devices_open (self->devices, !audio, !video);
  confab_call_join (call, media);
}

static void
open_select_media (ConfabSessionViewModel *self,
                   ConfabRoomViewModel *room,
                   gboolean sound_only,
                   ConfabStartMode mode)
{
  /* Asked for once more: the camera stays open. */
  if (self->select_media == NULL ||
      confab_select_call_media_view_model_get_room (self->select_media) != room) {
    confab_session_view_model_cancel_prepare (self);
    self->select_media = confab_select_call_media_view_model_new (room,
                                                                  self->devices,
                                                                  self->own_avatar,
                                                                  self->clock);
    g_signal_connect_object (
      self->select_media, "joined", G_CALLBACK (joined_cb), self, G_CONNECT_SWAPPED);
  }
  confab_select_call_media_view_model_set_mode (self->select_media, mode);
  if (sound_only)
    confab_select_call_media_view_model_set_camera_on (self->select_media, FALSE);
  confab_select_call_media_view_model_open (self->select_media);
  confab_session_view_model_notify (self, CONFAB_SESSION_PROP_SELECT_MEDIA);
}

void
confab_session_view_model_drop_request (ConfabSessionViewModel *self)
{
  g_clear_object (&self->to_prepare.room);
  if (self->request != NULL)
    g_signal_handlers_disconnect_by_data (self->request, self);
  g_clear_object (&self->request);
}

static void
request_ready_cb (ConfabSessionViewModel *self,
                  ConfabRoomViewModel *room,
                  ConfabCallRequest *request)
{
  g_autoptr (ConfabCallRequest) kept = g_object_ref (request);

  confab_session_view_model_drop_request (self);
  if (confab_room_view_model_get_action (room) != CONFAB_ROOM_ACTION_RETURN)
    enter_call (self,
                room,
                confab_call_request_get_audio (request),
                confab_call_request_get_video (request));
  else if (self->call != NULL)
    confab_session_view_model_show_call (self);
}

static void
request_failed_cb (ConfabSessionViewModel *self, const char *text)
{
  confab_session_view_model_drop_request (self);
  confab_session_view_model_toast (self, text);
}

/**
 * confab_session_view_model_prepare_call:
 * @self: the window
 * @room: where
 * @sound_only: whether the camera stays off, whatever was chosen last
 * @mode: how a new call asks for attention
 *
 * Opens the screen before joining or starting, in `select-media`, as soon as there are devices; for the room's call
 * that this device is in, shows that.
 */
void
confab_session_view_model_prepare_call (ConfabSessionViewModel *self,
                                        ConfabRoomViewModel *room,
                                        gboolean sound_only,
                                        ConfabStartMode mode)
{
  g_autofree char *reason = NULL;

  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));
  g_return_if_fail (CONFAB_IS_ROOM_VIEW_MODEL (room));

  if (confab_room_view_model_get_action (room) == CONFAB_ROOM_ACTION_RETURN) {
    if (self->call != NULL)
      confab_session_view_model_show_call (self);
    return;
  }
  if (!confab_room_view_model_get_can_act (room)) {
    g_object_get (room, "reason", &reason, NULL);
    confab_session_view_model_toast (self, reason);
    return;
  }
  confab_session_view_model_drop_request (self);
  if (self->devices != NULL) {
    open_select_media (self, room, sound_only, mode);
    return;
  }
  self->to_prepare.room = g_object_ref (room);
  self->to_prepare.sound_only = sound_only;
  self->to_prepare.mode = mode;
}

/**
 * confab_session_view_model_cancel_prepare:
 * @self: the window
 *
 * Lets go of `select-media`, and of the devices, unless the call has them.
 */
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
  confab_session_view_model_notify (self, CONFAB_SESSION_PROP_SELECT_MEDIA);
}

/**
 * confab_session_view_model_request_call:
 * @self: the window
 * @room_id: where; it need not be known yet
 * @start: to start a call of one's own, else to join the room's
 * @audio: whether the microphone is on
 * @video: whether the camera is on
 *
 * Without the screen before, with these switches, as soon as it can be done (#ConfabCallRequest): for actions from
 * outside, which may come before the account is online. What does not come about is said with ::toast; whatever is
 * done about calls meanwhile takes its place.
 */
void
confab_session_view_model_request_call (
  ConfabSessionViewModel *self, const char *room_id, gboolean start, gboolean audio, gboolean video)
{
  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));
  g_return_if_fail (room_id != NULL);

  confab_session_view_model_drop_request (self);
  self->request = confab_call_request_new (
    self->session, self->room_list, self->clock, room_id, start, audio, video);
  g_signal_connect_object (
    self->request, "ready", G_CALLBACK (request_ready_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    self->request, "failed", G_CALLBACK (request_failed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->request,
                           "waiting",
                           G_CALLBACK (confab_session_view_model_toast),
                           self,
                           G_CONNECT_SWAPPED);
  confab_call_request_set_devices (self->request, self->devices);
}

/**
 * confab_session_view_model_leave_call:
 * @self: the window
 *
 * Out at once; others are told in the background. What was asked for and has not come about is given up.
 */
void
confab_session_view_model_leave_call (ConfabSessionViewModel *self)
{
  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));

  confab_session_view_model_drop_request (self);
  if (self->call != NULL)
    confab_call_view_model_leave (self->call);
}

/**
 * confab_session_view_model_decline_call:
 * @self: the window
 * @room_id: where
 * @call_id: which
 * @everywhere: on all devices of this user, else only on this one
 *
 * Stops the ringing. For what does not ring (any more) it does nothing: notifications are pressed late.
 */
void
confab_session_view_model_decline_call (ConfabSessionViewModel *self,
                                        const char *room_id,
                                        const char *call_id,
                                        gboolean everywhere)
{
  ConfabCallHandler *handler = NULL;
  ConfabCall *call = NULL;

  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));

  handler = confab_session_get_call_handler (self->session);
  if (handler != NULL)
    call = confab_call_handler_lookup (handler, room_id, call_id);
  if (call != NULL && confab_call_get_ringing (call))
    confab_call_decline (call, everywhere ? CONFAB_DECLINE_EVERYWHERE : CONFAB_DECLINE_HERE);
}

/**
 * confab_session_view_model_take_call:
 * @self: the window
 * @call: a call that this device is in already, and that is in no room of the account
 *
 * Shows @call: a call of fakes needs no account.
 */
void
confab_session_view_model_take_call (ConfabSessionViewModel *self, ConfabCall *call)
{
  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));
  g_return_if_fail (confab_call_is_active (call));

  confab_session_view_model_drop_request (self);
  confab_session_view_model_cancel_prepare (self);
  watch_call (self, call, NULL);
  confab_session_view_model_show_call (self);
}
