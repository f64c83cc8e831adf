/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct {
  guint n;
  guint n_connected;
  guint n_lost;  /* were connected */
  guint n_clear; /* connected, not encrypted */
  guint n_users; /* different people, without oneself */
} ConfabCallCount;

/**
 * ConfabCallCensus:
 *
 * Follows who else is in a call and how their connections are. Signal `changed`: count again.
 */
#define CONFAB_TYPE_CALL_CENSUS (confab_call_census_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallCensus, confab_call_census, CONFAB, CALL_CENSUS, GObject)

ConfabCallCensus *confab_call_census_new (GListModel *participants) G_GNUC_WARN_UNUSED_RESULT;
ConfabCallCount confab_call_census_count (ConfabCallCensus *self, const char *own_id);

G_END_DECLS
