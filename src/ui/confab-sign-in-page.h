/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

#include "confab-sign-in-view-model.h"

G_BEGIN_DECLS

/**
 * ConfabSignInPage:
 *
 * Homeserver, user name, password, on one page; its property `model` is a #ConfabSignInViewModel.
 */
#define CONFAB_TYPE_SIGN_IN_PAGE (confab_sign_in_page_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabSignInPage, confab_sign_in_page, CONFAB, SIGN_IN_PAGE, AdwNavigationPage)

/* The first row that is empty. */
void confab_sign_in_page_focus_first (ConfabSignInPage *self);

G_END_DECLS
