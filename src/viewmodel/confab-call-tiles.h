/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-stream-tile-model.h"

G_BEGIN_DECLS

typedef struct _ConfabRoom ConfabRoom;
typedef struct _ConfabSession ConfabSession;

/**
 * ConfabCallTiles:
 *
 * The tiles of a call as one list: the others, longest in the call first, and at the end one's own, while this
 * device is in the call.
 */
#define CONFAB_TYPE_CALL_TILES (confab_call_tiles_get_type ())
G_DECLARE_FINAL_TYPE (ConfabCallTiles, confab_call_tiles, CONFAB, CALL_TILES, GObject)

ConfabCallTiles *confab_call_tiles_new (ConfabClock *clock,
                                        GListModel *participants,
                                        ConfabRoom *room,
                                        ConfabSession *session) G_GNUC_WARN_UNUSED_RESULT;
GListModel *confab_call_tiles_get_list (ConfabCallTiles *self);
ConfabStreamTileModel *confab_call_tiles_get_own (ConfabCallTiles *self);
void confab_call_tiles_set_own_stream (ConfabCallTiles *self, ConfabStream *stream);
void confab_call_tiles_set_rings (ConfabCallTiles *self, gboolean rings);

G_END_DECLS
