/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct _ConfabHomeserver ConfabHomeserver;
typedef struct _ConfabSession ConfabSession;

/**
 * ConfabSignInAttempts:
 *
 * Attempts to sign in, one after the other: the session does one thing at a time, and one that was stopped may take a
 * while to end. Main thread only.
 *
 * Signal `ended` (GError, %NULL for signed in): the last attempt did; not of one that was stopped.
 */
#define CONFAB_TYPE_SIGN_IN_ATTEMPTS (confab_sign_in_attempts_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabSignInAttempts, confab_sign_in_attempts, CONFAB, SIGN_IN_ATTEMPTS, GObject)

ConfabSignInAttempts *
confab_sign_in_attempts_new (ConfabSession *session) G_GNUC_WARN_UNUSED_RESULT;
void confab_sign_in_attempts_begin (ConfabSignInAttempts *self,
                                    ConfabHomeserver *homeserver,
                                    const char *user,
                                    const char *password);
void confab_sign_in_attempts_stop (ConfabSignInAttempts *self);

G_END_DECLS
