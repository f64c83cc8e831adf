/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-census.h"
#include "confab-call-enums.h"
#include "confab-call-view-model.h"

G_BEGIN_DECLS

/* What the header and the banner of a call follow from. */
typedef struct {
  ConfabCallState state;
  ConfabCallCount others;
  gboolean was_active; /* this device has been in the call */
  gboolean offline;    /* the homeserver does not answer */
  gboolean signed_out; /* it takes this device's token no more */
  gboolean microphone_lost;
  gboolean camera_lost;
  gboolean clear_room; /* not encrypted */
  gboolean unread; /* something was sent in the room that cannot be read, and nobody has seen why */
  gboolean unsure; /* or that may not be from whom it says */
  gboolean replaced; /* the room was upgraded: people meet in another one from now on */
} ConfabCallFacts;

/* Pure functions of those facts. */
ConfabCallPageState confab_call_words_find_state (const ConfabCallFacts *facts);
char *confab_call_words_make_banner (const ConfabCallFacts *facts) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the banner is about what was sent in the room: that is told elsewhere. */
gboolean confab_call_words_has_details (const ConfabCallFacts *facts);
char *confab_call_words_make_subtitle (ConfabCallPageState state,
                                       guint n_people,
                                       const char *duration,
                                       gboolean narrow) G_GNUC_WARN_UNUSED_RESULT;
char *confab_call_words_make_link (const char *room_id) G_GNUC_WARN_UNUSED_RESULT;

/* With so few nobody wonders who is there, or who speaks. */
#define CONFAB_CALL_FEW_PEOPLE 2

G_END_DECLS
