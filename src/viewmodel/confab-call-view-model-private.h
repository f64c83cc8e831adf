/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-view-model.h"

#include "confab-call-announcer.h"
#include "confab-call-census.h"
#include "confab-call-duration.h"
#include "confab-call-tiles.h"
#include "confab-call.h"
#include "confab-own-media.h"
#include "confab-room-notices.h"
#include "confab-room.h"
#include "confab-session.h"

G_BEGIN_DECLS

/**
 * ConfabCallViewModel:
 *
 * Every decision about what the call page shows, over a #ConfabCall, its room and the session. The room and the
 * session may be missing (a call of fakes). Commands are echoed at once and then follow what the call says.
 *
 * Design: ui.md sections 7, 8, 13, 14.
 */
struct _ConfabCallViewModel {
  GObject parent_instance;

  ConfabCall *call;
  ConfabRoom *room;
  ConfabSession *session; /* read through its properties only */
  ConfabClock *clock;
  ConfabOwnMedia *media;
  ConfabCallCensus *census;
  ConfabCallTiles *tiles;
  ConfabCallDuration *duration;
  ConfabCallAnnouncer *announcer;
  ConfabRoomNotices *notices; /* (nullable): of the room */

  ConfabCallPageState state;
  char *title;
  char *subtitle;
  char *subtitle_narrow;
  char *banner;
  gboolean has_details;
  char *link;
  guint n_people;
  gboolean was_active;
  gboolean shown;
  gint64 joined_at; /* µs since the epoch; the start when the call does not know its own */
};

/* All that follows from the call, its people and the session. */
void confab_call_view_model_update (ConfabCallViewModel *self);

G_END_DECLS
