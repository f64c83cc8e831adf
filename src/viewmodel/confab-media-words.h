/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-enums.h"
#include "confab-voice-meter.h"

G_BEGIN_DECLS

/* The words before a call (design/ui.md section 6), from facts; all are translated, and empty for nothing to say. */
const char *confab_media_words_join (gboolean creating, gboolean sound, gboolean picture);
const char *confab_media_words_level (ConfabDeviceProblem problem,
                                      gboolean microphone_on,
                                      ConfabHearing hearing);
const char *confab_media_words_device (ConfabDeviceKind kind, ConfabDeviceProblem problem);
const char *confab_media_words_problem_title (ConfabDeviceProblem camera);
const char *confab_media_words_problem_text (ConfabDeviceProblem camera);
const char *confab_media_words_banner (ConfabDeviceProblem microphone, gboolean encrypted);

G_END_DECLS
