/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-test-identity.h"

#include <math.h>

/* The picture's bars are BAR_CONTRAST brighter and darker than the mean: no channel may reach an end. */
#define CHROMA 62.0

#define TONE_MIN_HZ 300
#define TONE_STEP_HZ 20
#define N_TONES 61 /* up to 1500 Hz */

/**
 * confab_test_identity_for_user:
 * @user_id: whose
 *
 * The same for the same id, and as different as a hash makes it for others.
 *
 * Returns: colour and pitch
 */
ConfabTestIdentity
confab_test_identity_for_user (const char *user_id)
{
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, user_id, -1);
  g_autofree char *low = g_strndup (digest, 8);
  g_autofree char *high = g_strndup (digest + 8, 8);
  const guint hue_bits = g_ascii_strtoull (low, NULL, 16);
  const guint tone_bits = g_ascii_strtoull (high, NULL, 16);
  const double hue = hue_bits / (double) G_MAXUINT32 * 2 * G_PI;
  ConfabTestIdentity identity = { .tone_hz = TONE_MIN_HZ + tone_bits % N_TONES * TONE_STEP_HZ };

  for (guint i = 0; i < 3; i++) {
    const double share = cos (hue - i * 2 * G_PI / 3);

    identity.rgb[i] = lround (128 + CHROMA * share);
    identity.screen_rgb[i] = lround (128 - CHROMA * share); /* the opposite hue */
  }
  return identity;
}
