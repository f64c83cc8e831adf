/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-session-view-model.h"

#include "confab-call-request.h"
#include "confab-clock.h"
#include "confab-media-devices.h"
#include "confab-notice-board.h"
#include "confab-session.h"

G_BEGIN_DECLS

struct _ConfabSessionViewModel {
  GObject parent_instance;

  ConfabSession *session;
  ConfabMediaDevices *devices; /* (nullable) */
  GSettings *settings;         /* (nullable) */
  ConfabClock *clock;
  ConfabSignInViewModel *sign_in;
  ConfabRoomListViewModel *room_list;
  ConfabNoticeBoard *board;
  ConfabRoomViewModel *room;                    /* (nullable) */
  ConfabRoomNotices *notices;                   /* (nullable): of it */
  ConfabRoomViewModel *call_room;               /* (nullable) */
  ConfabSelectCallMediaViewModel *select_media; /* (nullable) */
  ConfabCallViewModel *call;                    /* (nullable) */
  struct {
    ConfabRoomViewModel *room; /* (nullable) */
    gboolean sound_only;
    ConfabStartMode mode;
  } to_prepare;               /* asked for before there were devices */
  ConfabCallRequest *request; /* (nullable): a call that was asked for and cannot be had yet */
  struct {
    char *room_id; /* (nullable) */
    char *call_id;
    gboolean audio;
    gboolean video;
    gulong handler; /* until the server has said whether the call is still on */
  } slept;          /* the call that was left because the machine went to sleep */
  ConfabAvatarModel *own_avatar;
  ConfabSessionPage page;
  gboolean restoring;
  GError *restore_error; /* (nullable) */
  char *banner;
};

typedef enum {
  CONFAB_SESSION_PROP_PAGE = 1,
  CONFAB_SESSION_PROP_SIGN_IN,
  CONFAB_SESSION_PROP_ROOM_LIST,
  CONFAB_SESSION_PROP_ROOM,
  CONFAB_SESSION_PROP_NOTICES,
  CONFAB_SESSION_PROP_SELECT_MEDIA,
  CONFAB_SESSION_PROP_CALL,
  CONFAB_SESSION_PROP_CALL_ROOM,
  CONFAB_SESSION_PROP_OWN_AVATAR,
  CONFAB_SESSION_PROP_USER_ID,
  CONFAB_SESSION_PROP_BANNER,
  CONFAB_SESSION_PROP_CAN_RETRY,
  CONFAB_SESSION_PROP_PROBLEM_TITLE,
  CONFAB_SESSION_PROP_PROBLEM_TEXT,
} ConfabSessionProperty;

void
confab_session_view_model_notify (ConfabSessionViewModel *self, ConfabSessionProperty property);
void confab_session_view_model_toast (ConfabSessionViewModel *self, const char *text);
void confab_session_view_model_show_call (ConfabSessionViewModel *self);
void confab_session_view_model_suspended (ConfabSessionViewModel *self);
void confab_session_view_model_offer_rejoin (ConfabSessionViewModel *self,
                                             const char *text,
                                             const char *room_id,
                                             gboolean audio,
                                             gboolean video);
/* There is no call any more that would outlive the session. */
void confab_session_view_model_call_dropped (ConfabSessionViewModel *self);

/* Calls; see confab-session-view-model-calls.c. */
/* Whatever a person does next about calls counts, not what was asked before. */
void confab_session_view_model_drop_request (ConfabSessionViewModel *self);
/* Out of the call, devices closed. */
void confab_session_view_model_end_call (ConfabSessionViewModel *self);
/* What was left for a sleep is not offered any more; see confab-session-view-model-sleep.c. */
void confab_session_view_model_forget_slept (ConfabSessionViewModel *self);
/* Nobody is told of the call any more; it goes on. */
void confab_session_view_model_drop_call (ConfabSessionViewModel *self);

G_END_DECLS
