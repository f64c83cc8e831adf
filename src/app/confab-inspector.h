/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-media-engine.h"
#include "confab-session.h"
#include "confab-session-view-model.h"

G_BEGIN_DECLS

/**
 * ConfabInspector:
 *
 * Lets tests look into the application over D-Bus (`confab --inspect`): interface `app.confab.Confab.Inspector` on
 * the application's object. What it returns is JSON in the shapes of confab-bot (see its manual page): `State`,
 * `Members`, `Stats`, `Tracks`. `Screenshot` draws the window into a PNG file. It only looks.
 */
#define CONFAB_TYPE_INSPECTOR (confab_inspector_get_type ())
G_DECLARE_FINAL_TYPE (ConfabInspector, confab_inspector, CONFAB, INSPECTOR, GObject)

ConfabInspector *
confab_inspector_new (ConfabSession *session, ConfabSessionViewModel *model, ConfabClock *clock)
  G_GNUC_WARN_UNUSED_RESULT;
void confab_inspector_set_engine (ConfabInspector *self, ConfabMediaEngine *engine);
gboolean confab_inspector_export (ConfabInspector *self,
                                  GDBusConnection *connection,
                                  const char *object_path,
                                  GError **error);
void confab_inspector_unexport (ConfabInspector *self);

G_END_DECLS
