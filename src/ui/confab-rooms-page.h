/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "confab-session-view-model.h"

G_BEGIN_DECLS

/**
 * ConfabRoomsPage:
 *
 * The list of rooms; its property `model` is a #ConfabSessionViewModel. 
 * confab_rooms_page_set_collapsed() says whether the list stands alone, so that a click opens a room.
 *
 * Signal `room-activated`: the chosen room should be in front.
 */
#define CONFAB_TYPE_ROOMS_PAGE (confab_rooms_page_get_type ())
G_DECLARE_FINAL_TYPE (ConfabRoomsPage, confab_rooms_page, CONFAB, ROOMS_PAGE, AdwNavigationPage)

void confab_rooms_page_set_collapsed (ConfabRoomsPage *self, gboolean collapsed);
void confab_rooms_page_search (ConfabRoomsPage *self);

G_END_DECLS
