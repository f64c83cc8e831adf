/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-page.h"
#include "confab-fake-call.h"
#include "confab-manual-clock.h"
#include "confab-shot-helper.h"

G_BEGIN_DECLS

/* A window with a call page over a call of fakes, and a clock that stands at 12:04 of the call. */
typedef struct {
  ConfabManualClock *clock;
  ConfabFakeCall *call;
  ConfabCallViewModel *model;
  GtkWidget *page;
  GtkWindow *window;
  GSimpleActionGroup *actions;
  guint n_fullscreen; /* how often win.fullscreen was asked for */
} ConfabCallStand;

void confab_call_stand_open (ConfabCallStand *stand, guint n_people, const ConfabShot *shot);
void confab_call_stand_close (ConfabCallStand *stand);
void confab_shot_call_pages (const char *folder, const char *const *names);
void confab_shot_call_in_high_contrast (const char *folder, const char *const *names);

G_END_DECLS
