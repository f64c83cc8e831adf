/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-stream-tile-model.h"

G_BEGIN_DECLS

/**
 * ConfabTileConnection:
 *
 * How the connection to a tile's person is, in words: a #ConfabTileStatus, since when, and what to show for it.
 * Seconds are counted, and timers run for them, only while it is shown. Properties (all notify): `status`, `text`,
 * `busy`, `last-picture`.
 *
 * Design: ui.md section 9.
 */
#define CONFAB_TYPE_TILE_CONNECTION (confab_tile_connection_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabTileConnection, confab_tile_connection, CONFAB, TILE_CONNECTION, GObject)

ConfabTileConnection *
confab_tile_connection_new (ConfabClock *clock, ConfabParticipant *participant)
  G_GNUC_WARN_UNUSED_RESULT;
ConfabTileStatus confab_tile_connection_get_status (ConfabTileConnection *self);
gboolean confab_tile_connection_get_connected (ConfabTileConnection *self);
const char *confab_tile_connection_get_text (ConfabTileConnection *self);
const char *confab_tile_connection_get_icon (ConfabTileConnection *self);
const char *confab_tile_connection_get_description (ConfabTileConnection *self);
gboolean confab_tile_connection_get_busy (ConfabTileConnection *self);
gboolean confab_tile_connection_get_last_picture (ConfabTileConnection *self);
void confab_tile_connection_set_shown (ConfabTileConnection *self, gboolean shown);

G_END_DECLS
