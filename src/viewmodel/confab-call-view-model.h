/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-room-notices.h"
#include "confab-stream-tile-model.h"

G_BEGIN_DECLS

typedef enum {
  CONFAB_CALL_PAGE_JOINING,
  CONFAB_CALL_PAGE_JOINED,
  CONFAB_CALL_PAGE_RECONNECTING, /* joined; the homeserver is away, or everybody's connection is lost */
  CONFAB_CALL_PAGE_ENDED,        /* this device is out of the call */
} ConfabCallPageState;
#define CONFAB_TYPE_CALL_PAGE_STATE (confab_call_page_state_get_type ())
GType confab_call_page_state_get_type (void);

typedef struct _ConfabCall ConfabCall;
typedef struct _ConfabRoom ConfabRoom;
typedef struct _ConfabSession ConfabSession;

/**
 * ConfabCallViewModel:
 *
 * What the call page shows and can do. Properties (all notify): `tiles`, `own-tile`, `title`, `subtitle`,
 * `subtitle-narrow`, `n-people`, `alone`, `microphone-muted` and `camera-muted` (writable), `microphone-problem`,
 * `camera-problem`, `microphone-level`, `state`, `banner`, `has-details` (whether `notices` tell more of it), `link`, `shown` (writable).
 * Main thread only.
 *
 * Signal `announce` (text): to be spoken by a screen reader.
 */
#define CONFAB_TYPE_CALL_VIEW_MODEL (confab_call_view_model_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallViewModel, confab_call_view_model, CONFAB, CALL_VIEW_MODEL, GObject)

ConfabCallViewModel *
confab_call_view_model_new (ConfabCall *call, ConfabRoom *room, ConfabSession *session)
  G_GNUC_WARN_UNUSED_RESULT;
ConfabCallViewModel *
confab_call_view_model_new_with_clock (ConfabCall *call,
                                       ConfabRoom *room,
                                       ConfabSession *session,
                                       ConfabClock *clock) G_GNUC_WARN_UNUSED_RESULT;

ConfabCall *confab_call_view_model_get_call (ConfabCallViewModel *self);
GListModel *confab_call_view_model_get_tiles (ConfabCallViewModel *self);
ConfabCallPageState confab_call_view_model_get_state (ConfabCallViewModel *self);
const char *confab_call_view_model_get_title (ConfabCallViewModel *self);
const char *confab_call_view_model_get_subtitle (ConfabCallViewModel *self);
const char *confab_call_view_model_get_banner (ConfabCallViewModel *self);
const char *confab_call_view_model_get_link (ConfabCallViewModel *self);
gboolean confab_call_view_model_get_has_details (ConfabCallViewModel *self);
/* (nullable): what is to be known of what is sent in the room. */
ConfabRoomNotices *confab_call_view_model_get_notices (ConfabCallViewModel *self);
void confab_call_view_model_set_notices (ConfabCallViewModel *self, ConfabRoomNotices *notices);
gboolean confab_call_view_model_get_alone (ConfabCallViewModel *self);
guint confab_call_view_model_get_n_people (ConfabCallViewModel *self);
gboolean confab_call_view_model_get_microphone_muted (ConfabCallViewModel *self);
gboolean confab_call_view_model_get_camera_muted (ConfabCallViewModel *self);

void confab_call_view_model_set_microphone_muted (ConfabCallViewModel *self, gboolean muted);
void confab_call_view_model_set_camera_muted (ConfabCallViewModel *self, gboolean muted);
void confab_call_view_model_toggle_microphone (ConfabCallViewModel *self);
void confab_call_view_model_toggle_camera (ConfabCallViewModel *self);
void confab_call_view_model_leave (ConfabCallViewModel *self);
void confab_call_view_model_set_shown (ConfabCallViewModel *self, gboolean shown);

G_END_DECLS
