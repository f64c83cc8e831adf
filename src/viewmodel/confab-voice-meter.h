/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct _ConfabClock ConfabClock;
typedef struct _ConfabStream ConfabStream;

typedef enum {
  CONFAB_HEARING_NOTHING, /* too early to say */
  CONFAB_HEARING_VOICE,   /* for 200 ms and more, and not silent for 4 s since */
  CONFAB_HEARING_SILENCE, /* no voice for 4 s */
} ConfabHearing;

/**
 * ConfabVoiceMeter:
 *
 * Tells whether a microphone hears somebody (design/ui.md section 6). Properties (notify): `level`, `hearing`
 * (#ConfabHearing). Main thread only.
 */
#define CONFAB_TYPE_VOICE_METER (confab_voice_meter_get_type ())
G_DECLARE_FINAL_TYPE (ConfabVoiceMeter, confab_voice_meter, CONFAB, VOICE_METER, GObject)

ConfabVoiceMeter *confab_voice_meter_new (ConfabClock *clock) G_GNUC_WARN_UNUSED_RESULT;
void confab_voice_meter_listen (ConfabVoiceMeter *self, ConfabStream *stream);
double confab_voice_meter_get_level (ConfabVoiceMeter *self);
ConfabHearing confab_voice_meter_get_hearing (ConfabVoiceMeter *self);

G_END_DECLS
