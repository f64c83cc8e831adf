/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-page-stand.h"
#include "confab-room-event.h"

G_BEGIN_DECLS

/* A page in one of its states, as its picture shows it. */
typedef struct {
  const char *name;
  ConfabWorld world;
  void (*act) (ConfabPageStand *stand); /* NULL: as it opens */
  gboolean special; /* its picture is also taken small, with large text, and from right to left */
} ConfabPageScene;

const ConfabPageScene *confab_page_scenes_get (guint *n_scenes);
/* Opens @stand and does what leads there; confab_page_stand_close() ends it. */
void confab_page_scene_open (ConfabPageStand *stand,
                             const ConfabPageScene *scene,
                             const ConfabShot *shot);
void
confab_page_scene_open_by_name (ConfabPageStand *stand, const char *name, const ConfabShot *shot);
/* The homeserver fails from now on; comes back when that is known. */
void confab_page_go_offline (ConfabPageStand *stand);
/* Enters @text into the search of the rooms, and waits for its hits. */
/* Somebody sent something in a room, @age_s ago; @code (nullable): why it is withheld. */
void confab_page_tell (ConfabPageStand *stand,
                       const char *room_id,
                       const char *sender,
                       ConfabRoomEventTrust trust,
                       const char *code,
                       guint age_s);
/* The homeserver takes the token no more. */
void confab_page_log_out (ConfabPageStand *stand);
void confab_page_search (ConfabPageStand *stand, const char *text);

G_END_DECLS
