/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-clock.h"
#include "confab-session.h"

G_BEGIN_DECLS

char *confab_session_banner_make (ConfabSession *session, ConfabClock *clock, gboolean outlived)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
