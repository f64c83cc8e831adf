/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-manual-clock.h"
#include "confab-page-world.h"
#include "confab-session-view-model.h"
#include "confab-shot-helper.h"
#include "confab-window.h"
#include "fake-devices.h"
#include "fake-secrets.h"

G_BEGIN_DECLS

/* The application's window over a real session, which talks to a homeserver in this process; its clock is turned by
 * hand, its devices are not there. */
typedef struct {
  ConfabManualClock *clock;
  FakeAccount *account;
  FakeDevices *devices;
  FakeSecrets *secrets;
  ConfabSession *session;
  ConfabSessionViewModel *model;
  GtkWindow *window;
  char *dir;
} ConfabPageStand;

/* With the window as in @shot; signed in and synced, unless @world says otherwise. */
void confab_page_stand_open (ConfabPageStand *stand, ConfabWorld world, const ConfabShot *shot);
/* Everything is let go of, and nothing is left. */
void confab_page_stand_close (ConfabPageStand *stand);
/* Waits until faces and the people of an open room have come, and all is drawn. */
void confab_page_stand_settle (ConfabPageStand *stand);

/* Every mapped widget of @type, in the order of the tree. */
GPtrArray *confab_page_stand_find_all (ConfabPageStand *stand, GType type);
/* The first of them whose text or tooltip is @text (NULL: any); NULL if there is none. */
GtkWidget *confab_page_stand_find (ConfabPageStand *stand, GType type, const char *text);
/* Opens the room and waits until it is shown. */
void confab_page_stand_open_room (ConfabPageStand *stand, const char *room_id);
/* Goes to the choice of media for the call of the room, or for a new one. */
void confab_page_stand_prepare (ConfabPageStand *stand, const char *room_id);
/* The microphone hears a voice for a while. */
void confab_page_stand_speak (ConfabPageStand *stand);

G_END_DECLS
