/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-clock.h"
#include "confab-signalling.h"

G_BEGIN_DECLS

/**
 * ConfabFakeSignalling:
 *
 * Notes what is sent, and answers after a millisecond of its clock. ::to-device (user id, device id, type,
 * content, clear) and ::state (room id, type, state key, content) tell what the server has taken.
 */
#define CONFAB_TYPE_FAKE_SIGNALLING (confab_fake_signalling_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabFakeSignalling, confab_fake_signalling, CONFAB, FAKE_SIGNALLING, GObject)

ConfabFakeSignalling *confab_fake_signalling_new (ConfabClock *clock);
void confab_fake_signalling_delay (ConfabFakeSignalling *self, const char *type, guint ms);
void confab_fake_signalling_hold (ConfabFakeSignalling *self, gboolean held);
void confab_fake_signalling_hold_type (ConfabFakeSignalling *self, const char *type);
void
confab_fake_signalling_fail (ConfabFakeSignalling *self, const char *type, int code, guint times);
void confab_fake_signalling_set_servers_fresh (ConfabFakeSignalling *self, gint64 fresh_ms);
guint confab_fake_signalling_get_n_asked (ConfabFakeSignalling *self);
const char *confab_fake_signalling_get_log (ConfabFakeSignalling *self);
void confab_fake_signalling_clear_log (ConfabFakeSignalling *self);
JsonObject *confab_fake_signalling_peek_last (ConfabFakeSignalling *self, const char *type);

G_END_DECLS
