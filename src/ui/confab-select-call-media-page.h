/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "confab-select-call-media-view-model.h"

G_BEGIN_DECLS

/**
 * ConfabSelectCallMediaPage:
 *
 * Before a call: the own picture, the own sound, which devices, and who is there. Its property `model` is a
 * #ConfabSelectCallMediaViewModel. It needs `win.toggle-microphone` and `win.toggle-camera`.
 */
#define CONFAB_TYPE_SELECT_CALL_MEDIA_PAGE (confab_select_call_media_page_get_type ())
G_DECLARE_FINAL_TYPE (ConfabSelectCallMediaPage,
                      confab_select_call_media_page,
                      CONFAB,
                      SELECT_CALL_MEDIA_PAGE,
                      AdwNavigationPage)

G_END_DECLS
