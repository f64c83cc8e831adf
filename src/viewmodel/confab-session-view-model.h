/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-view-model.h"
#include "confab-room-list-view-model.h"
#include "confab-select-call-media-view-model.h"
#include "confab-sign-in-view-model.h"

G_BEGIN_DECLS

/* What the whole window is about. */
typedef enum {
  CONFAB_SESSION_PAGE_LOADING, /* the kept session is being restored */
  CONFAB_SESSION_PAGE_SIGN_IN,
  CONFAB_SESSION_PAGE_PROBLEM, /* it cannot be restored now: `problem-title`, `problem-text`, try again */
  CONFAB_SESSION_PAGE_ROOMS,
} ConfabSessionPage;

/**
 * ConfabSessionViewModel:
 *
 * The window: which page, which room, which call. Properties (notify): `page` (#ConfabSessionPage), `sign-in`,
 * `room-list`, `room` (the opened one, or %NULL), `notices` (#ConfabRoomNotices of it), `select-media` (while a person chooses), `call` (the call this
 * device is in), `call-room`, `own-avatar`, `user-id`, `banner` (empty for none), `problem-title`, `problem-text`.
 * Main thread only.
 *
 * Signal `toast` (text): something passed that should be said once.
 * Signal `show-call`: the call page should be in front.
 * Signal `suspended`: what confab_session_view_model_suspend() began is done.
 * Signal `offer-rejoin` (text, room id, microphone on, camera on): a call was left that the person did not mean to leave.
 */
#define CONFAB_TYPE_SESSION_VIEW_MODEL (confab_session_view_model_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabSessionViewModel, confab_session_view_model, CONFAB, SESSION_VIEW_MODEL, GObject)

ConfabSessionViewModel *
confab_session_view_model_new (ConfabSession *session,
                               ConfabMediaDevices *devices,
                               ConfabClock *clock) G_GNUC_WARN_UNUSED_RESULT;
/* Restores the kept session, or asks to sign in. Also the “Try Again” of the problem page. */
void confab_session_view_model_start (ConfabSessionViewModel *self);
void confab_session_view_model_sign_out (ConfabSessionViewModel *self);
/* “Try Again” of the banner. */
void confab_session_view_model_try_now (ConfabSessionViewModel *self);
/* @devices may come later than the first frame; what was asked for before is done then. */
void
confab_session_view_model_set_devices (ConfabSessionViewModel *self, ConfabMediaDevices *devices);

ConfabSessionPage confab_session_view_model_get_page (ConfabSessionViewModel *self);
ConfabSignInViewModel *confab_session_view_model_get_sign_in (ConfabSessionViewModel *self);
ConfabRoomListViewModel *confab_session_view_model_get_room_list (ConfabSessionViewModel *self);
ConfabRoomViewModel *confab_session_view_model_get_room (ConfabSessionViewModel *self);
ConfabRoomNotices *confab_session_view_model_get_notices (ConfabSessionViewModel *self);
ConfabRoomViewModel *confab_session_view_model_get_call_room (ConfabSessionViewModel *self);
ConfabSelectCallMediaViewModel *
confab_session_view_model_get_select_media (ConfabSessionViewModel *self);
ConfabCallViewModel *confab_session_view_model_get_call (ConfabSessionViewModel *self);
const char *confab_session_view_model_get_banner (ConfabSessionViewModel *self);

/* By id, or by a matrix: link of a room; %FALSE when this account is not in it. NULL or "" closes the room. */
gboolean confab_session_view_model_open_room (ConfabSessionViewModel *self, const char *room_id);

void confab_session_view_model_prepare_call (ConfabSessionViewModel *self,
                                             ConfabRoomViewModel *room,
                                             gboolean sound_only,
                                             ConfabStartMode mode);
void confab_session_view_model_cancel_prepare (ConfabSessionViewModel *self);
void confab_session_view_model_request_call (ConfabSessionViewModel *self,
                                             const char *room_id,
                                             gboolean start,
                                             gboolean audio,
                                             gboolean video);
void confab_session_view_model_take_call (ConfabSessionViewModel *self, ConfabCall *call);
void confab_session_view_model_leave_call (ConfabSessionViewModel *self);
/* Stops the ringing of a call; one that does not ring, or is over, is none. */
void confab_session_view_model_decline_call (ConfabSessionViewModel *self,
                                             const char *room_id,
                                             const char *call_id,
                                             gboolean everywhere);

/* The machine is about to sleep: leaves the call; `suspended` says when the others were told, within 2 s. */
void confab_session_view_model_suspend (ConfabSessionViewModel *self);
void confab_session_view_model_resume (ConfabSessionViewModel *self);

G_END_DECLS
