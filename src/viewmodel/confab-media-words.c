/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-media-words.h"

#include <glib/gi18n.h>

/**
 * confab_media_words_join:
 * @creating: whether the call begins with that
 * @sound: whether others will hear something
 * @picture: whether others will see something
 *
 * Returns: (transfer none): what the one button does
 */
const char *
confab_media_words_join (gboolean creating, gboolean sound, gboolean picture)
{
  if (picture)
    return creating ? _ ("Start with Camera") : _ ("Join with Camera");
  if (sound)
    return creating ? _ ("Start with Sound Only") : _ ("Join with Sound Only");
  return creating ? _ ("Start and Just Listen") : _ ("Just Listen");
}

/**
 * confab_media_words_level:
 * @problem: of the microphone
 * @microphone_on: whether it is switched on
 * @hearing: what it hears
 *
 * Returns: (transfer none): what stands beside the meter
 */
const char *
confab_media_words_level (ConfabDeviceProblem problem,
                          gboolean microphone_on,
                          ConfabHearing hearing)
{
  if (!microphone_on)
    return _ ("Microphone is off");
  switch (problem) {
  case CONFAB_DEVICE_PROBLEM_MISSING:
    return _ ("No microphone");
  case CONFAB_DEVICE_PROBLEM_BUSY:
    return _ ("The microphone is in use");
  case CONFAB_DEVICE_PROBLEM_DENIED:
    return _ ("Microphone not allowed");
  case CONFAB_DEVICE_PROBLEM_FAILED:
    return _ ("The microphone gives no sound");
  case CONFAB_DEVICE_PROBLEM_NONE:
  default:
    break;
  }
  switch (hearing) {
  case CONFAB_HEARING_VOICE:
    return _ ("We hear you");
  case CONFAB_HEARING_SILENCE:
    return _ ("No sound yet. Is this the right microphone?");
  case CONFAB_HEARING_NOTHING:
  default:
    return "";
  }
}

/**
 * confab_media_words_device:
 * @kind: a microphone or a camera
 * @problem: what is the matter with it in a call
 *
 * Returns: (transfer none): what its button is called, while others hear or see nothing although it is on
 */
const char *
confab_media_words_device (ConfabDeviceKind kind, ConfabDeviceProblem problem)
{
  gboolean camera = kind == CONFAB_DEVICE_KIND_CAMERA;

  switch (problem) {
  case CONFAB_DEVICE_PROBLEM_MISSING:
    return camera ? _ ("No camera found") : _ ("No microphone found");
  case CONFAB_DEVICE_PROBLEM_BUSY:
    return camera ? _ ("The camera is in use") : _ ("The microphone is in use");
  case CONFAB_DEVICE_PROBLEM_DENIED:
    return camera ? _ ("Confab may not use the camera") : _ ("Confab may not use the microphone");
  case CONFAB_DEVICE_PROBLEM_FAILED:
    return camera ? _ ("The camera gives no picture") : _ ("The microphone gives no sound");
  case CONFAB_DEVICE_PROBLEM_NONE:
  default:
    return "";
  }
}

/**
 * confab_media_words_problem_title:
 * @camera: what is the matter with the camera
 *
 * Returns: (transfer none): what stands in the place of the picture
 */
const char *
confab_media_words_problem_title (ConfabDeviceProblem camera)
{
  switch (camera) {
  case CONFAB_DEVICE_PROBLEM_MISSING:
    return _ ("No Camera Found");
  case CONFAB_DEVICE_PROBLEM_BUSY:
    return _ ("The Camera Is in Use");
  case CONFAB_DEVICE_PROBLEM_DENIED:
    return _ ("Confab May Not Use the Camera");
  case CONFAB_DEVICE_PROBLEM_FAILED:
    return _ ("The Camera Gives No Picture");
  case CONFAB_DEVICE_PROBLEM_NONE:
  default:
    return "";
  }
}

/**
 * confab_media_words_problem_text:
 * @camera: what is the matter with the camera
 *
 * Returns: (transfer none): what to do about it
 */
const char *
confab_media_words_problem_text (ConfabDeviceProblem camera)
{
  switch (camera) {
  case CONFAB_DEVICE_PROBLEM_MISSING:
    return _ ("You can join with sound only.");
  case CONFAB_DEVICE_PROBLEM_BUSY:
    return _ ("Close the other program that uses it.");
  case CONFAB_DEVICE_PROBLEM_DENIED:
    return _ ("Allow it in the system's settings.");
  case CONFAB_DEVICE_PROBLEM_FAILED:
    return _ ("Unplug it and plug it in again, or choose another.");
  case CONFAB_DEVICE_PROBLEM_NONE:
  default:
    return "";
  }
}

/**
 * confab_media_words_banner:
 * @microphone: what is the matter with the microphone
 * @encrypted: whether the call will be
 *
 * Returns: (transfer none): what stands above all
 */
const char *
confab_media_words_banner (ConfabDeviceProblem microphone, gboolean encrypted)
{
  if (microphone == CONFAB_DEVICE_PROBLEM_DENIED)
    return _ ("Confab may not use the microphone");
  return encrypted ? "" : _ ("This call is not encrypted. The homeserver could listen.");
}
