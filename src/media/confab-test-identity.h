/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ConfabTestIdentity:
 * @rgb: the mean colour of the test picture, 0 to 255 each
 * @screen_rgb: the mean colour of the test picture that stands for a shared screen
 * @tone_hz: the pitch of the test tone
 *
 * What a user's test picture and test tone are like, so that a receiver can tell whose they are.
 */
typedef struct {
  guint8 rgb[3];
  guint8 screen_rgb[3];
  guint tone_hz;
} ConfabTestIdentity;

ConfabTestIdentity confab_test_identity_for_user (const char *user_id);

G_END_DECLS
