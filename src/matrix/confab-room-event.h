/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum {
  CONFAB_ROOM_EVENT_TRUST_CLEAR,       /* it was not encrypted: the homeserver's word */
  CONFAB_ROOM_EVENT_TRUST_DEVICE,      /* encrypted by a device that is in the sender's list */
  CONFAB_ROOM_EVENT_TRUST_DEVICE_GONE, /* by one that was in it when its key came, and is no more */
  CONFAB_ROOM_EVENT_TRUST_WITHHELD, /* it cannot be read: its sender keeps the key from this device */
} ConfabRoomEventTrust;
#define CONFAB_TYPE_ROOM_EVENT_TRUST (confab_room_event_trust_get_type ())
GType confab_room_event_trust_get_type (void);

/**
 * ConfabRoomEvent:
 * @room_id: the room
 * @event_id: the event
 * @sender: who sent it
 * @device_id: (nullable): on which device; %NULL unless it was encrypted
 * @type: what it is; `m.room.encrypted` when it is withheld
 * @content: its content; empty when it is withheld
 * @withheld_code: (nullable): why it is withheld, `m.blacklisted` for one
 * @origin_server_ts: ms since epoch, as the sender's homeserver says
 * @trust: how far it is the sender's
 *
 * What somebody said in a room: a message, a reaction, an event of a 1:1 call, a redaction (`redacts` in its content).
 * Immutable.
 */
typedef struct {
  gatomicrefcount ref_count;
  char *room_id;
  char *event_id;
  char *sender;
  char *device_id;
  char *type;
  JsonObject *content;
  char *withheld_code;
  gint64 origin_server_ts;
  ConfabRoomEventTrust trust;
} ConfabRoomEvent;

#define CONFAB_TYPE_ROOM_EVENT (confab_room_event_get_type ())
GType confab_room_event_get_type (void);
ConfabRoomEvent *confab_room_event_new (void) G_GNUC_WARN_UNUSED_RESULT;
ConfabRoomEvent *confab_room_event_ref (ConfabRoomEvent *self) G_GNUC_WARN_UNUSED_RESULT;
void confab_room_event_unref (ConfabRoomEvent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabRoomEvent, confab_room_event_unref)

G_END_DECLS
