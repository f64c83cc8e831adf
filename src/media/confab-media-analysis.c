/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-media-analysis.h"

#include <math.h>
#include <stdlib.h>

#define CHANGE_THRESHOLD 8
#define WINDOW 4096
#define MIN_HZ 60
#define MAX_HZ 4000

static double
mean_of_block (const GstVideoFrame *frame, guint component, guint x, guint y)
{
  const guint8 *data = GST_VIDEO_FRAME_COMP_DATA (frame, component);
  const gint stride = GST_VIDEO_FRAME_COMP_STRIDE (frame, component);
  const guint width = GST_VIDEO_FRAME_COMP_WIDTH (frame, component);
  const guint height = GST_VIDEO_FRAME_COMP_HEIGHT (frame, component);
  const guint left = x * width / CONFAB_ANALYSIS_SIDE;
  const guint right = MAX ((x + 1) * width / CONFAB_ANALYSIS_SIDE, left + 1);
  const guint top = y * height / CONFAB_ANALYSIS_SIDE;
  const guint bottom = MAX ((y + 1) * height / CONFAB_ANALYSIS_SIDE, top + 1);
  guint64 sum = 0;

  for (guint row = top; row < bottom; row++) {
    for (guint column = left; column < right; column++)
      sum += data[(gsize) row * stride + column];
  }
  return (double) sum / ((right - left) * (bottom - top));
}

/**
 * confab_small_picture_from_frame:
 * @self: (out caller-allocates): the picture
 * @frame: an I420 frame of any size
 *
 * Returns: %FALSE if the frame is of another format
 */
gboolean
confab_small_picture_from_frame (ConfabSmallPicture *self, const GstVideoFrame *frame)
{
  if (GST_VIDEO_FRAME_FORMAT (frame) != GST_VIDEO_FORMAT_I420)
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (self->rgb); i++) {
    const guint x = i % CONFAB_ANALYSIS_SIDE, y = i / CONFAB_ANALYSIS_SIDE;
    const double luma = 1.1644 * (mean_of_block (frame, 0, x, y) - 16);
    const double u = mean_of_block (frame, 1, x, y) - 128;
    const double v = mean_of_block (frame, 2, x, y) - 128;

    /* BT.601, limited range: what VP8 is */
    self->rgb[i][0] = lround (CLAMP (luma + 1.5960 * v, 0, 255));
    self->rgb[i][1] = lround (CLAMP (luma - 0.3918 * u - 0.8130 * v, 0, 255));
    self->rgb[i][2] = lround (CLAMP (luma + 2.0172 * u, 0, 255));
  }
  return TRUE;
}

void
confab_small_picture_get_mean (const ConfabSmallPicture *self, double mean[3])
{
  for (guint c = 0; c < 3; c++) {
    double sum = 0;

    for (guint i = 0; i < G_N_ELEMENTS (self->rgb); i++)
      sum += self->rgb[i][c];
    mean[c] = sum / G_N_ELEMENTS (self->rgb);
  }
}

/**
 * confab_small_picture_compare:
 * @self: a picture
 * @other: another
 *
 * Returns: the share of pixels that differ by more than 8 of 255 in a channel
 */
double
confab_small_picture_compare (const ConfabSmallPicture *self, const ConfabSmallPicture *other)
{
  guint n_changed = 0;

  for (guint i = 0; i < G_N_ELEMENTS (self->rgb); i++) {
    gboolean changed = FALSE;

    for (guint c = 0; c < 3; c++)
      changed |= abs (self->rgb[i][c] - other->rgb[i][c]) > CHANGE_THRESHOLD;
    n_changed += changed;
  }
  return (double) n_changed / G_N_ELEMENTS (self->rgb);
}

static double
rms_of (const gint16 *samples, gsize n_samples)
{
  double sum = 0;

  for (gsize i = 0; i < n_samples; i++)
    sum += (double) samples[i] * samples[i];
  return n_samples > 0 ? sqrt (sum / n_samples) / 32768 : 0;
}

/* Goertzel's algorithm: the power at one frequency, in cycles a window. */
static double
power_at (const double *window, double cycles)
{
  const double coefficient = 2 * cos (2 * G_PI * cycles / WINDOW);
  double s1 = 0, s2 = 0;

  for (gsize i = 0; i < WINDOW; i++) {
    double s0 = window[i] + coefficient * s1 - s2;

    s2 = s1;
    s1 = s0;
  }
  return s1 * s1 + s2 * s2 - coefficient * s1 * s2;
}

/**
 * confab_sound_get_peak_hz:
 * @samples: mono
 * @n_samples: how many
 * @rate: samples a second
 * @rms: (out): loudness of the loudest window, 0 to 1
 *
 * Returns: the strongest pitch of the loudest window of some 85 ms, 0 for silence or too few samples
 */
double
confab_sound_get_peak_hz (const gint16 *samples, gsize n_samples, guint rate, double *rms)
{
  g_autofree double *window = g_new (double, WINDOW);
  const gint16 *loudest = NULL;
  double best_power = 0, best = 0;

  *rms = 0;
  for (gsize begin = 0; begin + WINDOW <= n_samples; begin += WINDOW / 2) {
    double loudness = rms_of (samples + begin, WINDOW);

    if (loudness > *rms) {
      *rms = loudness;
      loudest = samples + begin;
    }
  }
  if (loudest == NULL)
    return 0;

  for (gsize i = 0; i < WINDOW; i++) /* von Hann */
    window[i] = loudest[i] * (0.5 - 0.5 * cos (2 * G_PI * i / WINDOW));
  for (double cycles = ceil ((double) MIN_HZ * WINDOW / rate);
       cycles < (double) MAX_HZ * WINDOW / rate;
       cycles++) {
    double power = power_at (window, cycles);

    if (power > best_power) {
      best_power = power;
      best = cycles;
    }
  }
  for (double step = 0.5; step > 0.02; step /= 2) {
    for (int side = -1; side <= 1; side += 2) {
      double power = power_at (window, best + side * step);

      if (power > best_power) {
        best_power = power;
        best += side * step;
      }
    }
  }
  return best * rate / WINDOW;
}
