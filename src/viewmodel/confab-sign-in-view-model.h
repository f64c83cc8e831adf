/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct _ConfabClock ConfabClock;
typedef struct _ConfabSession ConfabSession;

typedef enum {
  CONFAB_SERVER_NONE,    /* nothing typed, or not looked up yet */
  CONFAB_SERVER_LOOKING, /* the question is on its way */
  CONFAB_SERVER_FOUND,
  CONFAB_SERVER_WRONG, /* see `server-error` */
} ConfabServerState;

/**
 * ConfabSignInViewModel:
 *
 * The sign-in page (design/ui.md section 3). Properties (notify): `homeserver`, `user` (writable), `server-state`,
 * `server-error` and `account-error` (sentences, empty for none), `busy`, `can-sign-in`, `show-account`,
 * `password-wrong`, `portal-uri`. The homeserver is looked up 600 ms after the last key; a full Matrix id in `user`
 * fills it in. The password is no property, and is wiped once it has been used. Main thread only.
 *
 * Signal `focus-wanted` (“homeserver”, “password” or “sign-in”): where to go on.
 */
#define CONFAB_TYPE_SIGN_IN_VIEW_MODEL (confab_sign_in_view_model_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabSignInViewModel, confab_sign_in_view_model, CONFAB, SIGN_IN_VIEW_MODEL, GObject)

ConfabSignInViewModel *confab_sign_in_view_model_new (ConfabSession *session, ConfabClock *clock)
  G_GNUC_WARN_UNUSED_RESULT;
const char *confab_sign_in_view_model_get_homeserver (ConfabSignInViewModel *self);
const char *confab_sign_in_view_model_get_user (ConfabSignInViewModel *self);
const char *confab_sign_in_view_model_get_server_error (ConfabSignInViewModel *self);
const char *confab_sign_in_view_model_get_account_error (ConfabSignInViewModel *self);
const char *confab_sign_in_view_model_get_banner (ConfabSignInViewModel *self);
ConfabServerState confab_sign_in_view_model_get_server_state (ConfabSignInViewModel *self);
gboolean confab_sign_in_view_model_get_busy (ConfabSignInViewModel *self);
gboolean confab_sign_in_view_model_get_can_sign_in (ConfabSignInViewModel *self);
void confab_sign_in_view_model_set_homeserver (ConfabSignInViewModel *self, const char *homeserver);
void confab_sign_in_view_model_set_user (ConfabSignInViewModel *self, const char *user);
void confab_sign_in_view_model_set_password (ConfabSignInViewModel *self, const char *password);
void confab_sign_in_view_model_show (ConfabSignInViewModel *self);
void confab_sign_in_view_model_sign_in (ConfabSignInViewModel *self);
void confab_sign_in_view_model_cancel (ConfabSignInViewModel *self);

G_END_DECLS
