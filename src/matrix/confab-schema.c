/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-schema.h"

/* Version 1. What each table is for:
 *
 * meta            one value a key: user_id, device_id, base_url, since (the sync token), synced_at (when that came, µs
 *                 since the epoch), display_name, avatar_url
 * rooms           joined rooms, with what /sync says of them outside of events
 * state           the room state that calls and the room list need (latest event of each type and key)
 * members         members that came by (lazy loading): heroes, callers, those who wrote
 * calls           group calls that are on, so that the next start need not scan rooms
 * account_data    global account data that is needed (m.direct)
 *
 * olm_account     one row: the pickled account
 * olm_sessions    one row a session; of those with the same sender_key the last used is taken for sending
 * olm_seen        hashes of messages that were decrypted: a copy is refused
 * olm_waiting     decrypted messages whose sender's device is not known yet
 * device_users    whose devices are followed; stale: the list must be asked for again
 * devices         their devices, with keys that were checked
 * outbox          to-device messages that the server has not taken yet, in order of id
 * inbox           to-device messages, decrypted, that were not handed to the calls yet, in order of id
 */
static const char version_1[] =
  "CREATE TABLE meta ("
  "  key TEXT PRIMARY KEY,"
  "  value TEXT"
  ") WITHOUT ROWID;"
  "CREATE TABLE rooms ("
  "  room_id TEXT PRIMARY KEY,"
  "  n_joined INTEGER NOT NULL DEFAULT 0,"
  "  n_invited INTEGER NOT NULL DEFAULT 0,"
  "  heroes TEXT," /* JSON array of user ids */
  "  favourite INTEGER NOT NULL DEFAULT 0,"
  "  last_activity INTEGER NOT NULL DEFAULT 0," /* ms since epoch */
  "  members_loaded INTEGER NOT NULL DEFAULT 0"
  ") WITHOUT ROWID;"
  "CREATE TABLE state ("
  "  room_id TEXT NOT NULL REFERENCES rooms ON DELETE CASCADE,"
  "  type TEXT NOT NULL,"
  "  state_key TEXT NOT NULL,"
  "  sender TEXT NOT NULL,"
  "  origin_server_ts INTEGER NOT NULL,"
  "  content TEXT NOT NULL,"
  "  PRIMARY KEY (room_id, type, state_key)"
  ") WITHOUT ROWID;"
  "CREATE TABLE members ("
  "  room_id TEXT NOT NULL REFERENCES rooms ON DELETE CASCADE,"
  "  user_id TEXT NOT NULL,"
  "  membership TEXT NOT NULL,"
  "  display_name TEXT,"
  "  avatar_url TEXT,"
  "  PRIMARY KEY (room_id, user_id)"
  ") WITHOUT ROWID;"
  "CREATE TABLE calls ("
  "  room_id TEXT NOT NULL REFERENCES rooms ON DELETE CASCADE,"
  "  call_id TEXT NOT NULL,"
  "  PRIMARY KEY (room_id, call_id)"
  ") WITHOUT ROWID;"
  "CREATE TABLE account_data ("
  "  type TEXT PRIMARY KEY,"
  "  content TEXT NOT NULL"
  ") WITHOUT ROWID;"

  "CREATE TABLE olm_account ("
  "  id INTEGER PRIMARY KEY CHECK (id = 1),"
  "  pickle BLOB NOT NULL,"
  "  shared INTEGER NOT NULL DEFAULT 0" /* the device keys were uploaded */
  ");"
  "CREATE TABLE olm_sessions ("
  "  sender_key TEXT NOT NULL,"
  "  session_id TEXT NOT NULL,"
  "  pickle BLOB NOT NULL,"
  "  created_at INTEGER NOT NULL DEFAULT 0," /* ms since epoch */
  "  last_used INTEGER NOT NULL,"            /* ms since epoch */
  "  PRIMARY KEY (sender_key, session_id)"
  ") WITHOUT ROWID;"
  "CREATE TABLE olm_seen ("
  "  hash BLOB PRIMARY KEY,"
  "  seen_at INTEGER NOT NULL" /* ms since epoch */
  ") WITHOUT ROWID;"
  "CREATE INDEX olm_seen_by_age ON olm_seen (seen_at);"
  "CREATE TABLE olm_waiting ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  sender TEXT NOT NULL,"
  "  sender_key TEXT NOT NULL,"
  "  payload TEXT NOT NULL,"
  "  received_at INTEGER NOT NULL" /* ms since epoch */
  ");"
  "CREATE TABLE device_users ("
  "  user_id TEXT PRIMARY KEY,"
  "  tracked INTEGER NOT NULL DEFAULT 1,"
  "  stale INTEGER NOT NULL DEFAULT 1,"
  "  stale_since INTEGER NOT NULL DEFAULT 0" /* counts up with each change; a reply to an older one leaves it stale */
  ") WITHOUT ROWID;"
  "CREATE TABLE devices ("
  "  user_id TEXT NOT NULL,"
  "  device_id TEXT NOT NULL,"
  "  curve25519 TEXT NOT NULL,"
  "  ed25519 TEXT NOT NULL,"
  "  json TEXT NOT NULL,"
  "  blocked INTEGER NOT NULL DEFAULT 0,"
  "  unwedged_at INTEGER NOT NULL DEFAULT 0," /* ms since epoch: when a broken session was last replaced */
  "  PRIMARY KEY (user_id, device_id)"
  ") WITHOUT ROWID;"
  "CREATE INDEX devices_by_key ON devices (curve25519);"
  "CREATE TABLE outbox ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  room_id TEXT,"
  "  user_id TEXT NOT NULL,"
  "  device_id TEXT NOT NULL,"
  "  type TEXT NOT NULL,"
  "  content TEXT NOT NULL,"
  "  security INTEGER NOT NULL,"
  "  state INTEGER NOT NULL DEFAULT 0,"
  "  wire_type TEXT,"    /* once encrypted: what goes out, */
  "  wire_content TEXT," /* byte for byte, whenever it is sent again */
  "  txn_id TEXT,"
  "  created_at INTEGER NOT NULL" /* ms since epoch */
  ");"
  "CREATE TABLE inbox ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  sender TEXT NOT NULL,"
  "  device_id TEXT," /* NULL: came in clear */
  "  type TEXT NOT NULL,"
  "  content TEXT NOT NULL,"
  "  encrypted INTEGER NOT NULL,"
  "  received_at INTEGER NOT NULL DEFAULT 0" /* ms since epoch */
  ");";

/* When a membership was written: one that a sync tells late does not replace a newer one. */
static const char version_2[] = "ALTER TABLE members ADD COLUMN origin_server_ts INTEGER NOT NULL "
                                "DEFAULT 0;"; /* ms since epoch */

/* Which event a state is, so that a redaction finds it; NULL where an older version has written it. */
static const char version_3[] = "ALTER TABLE state ADD COLUMN event_id TEXT;";

/* Megolm.
 *
 * megolm_inbound  group sessions of others, and our own: whose, and from which index on they can be read
 * megolm_seen     which event was at which index: another one at the same is a replay
 * megolm_withheld who keeps which key from us, and why; room and session are empty when it is all of a device's
 * megolm_outbound the group session that is used for sending in a room; expired: the next message begins another one
 * megolm_shares   who has its key, and from which index on; state: 0 given, 1 withheld, 2 has it, or may have, and is to get it again,
 *                 3 may have it, and does not get it any more
 * megolm_no_olm   devices that were told that no Olm session can be had with them
 * room_events     events of rooms, as they came; state: 0 waits for its key, 1 to be handed on in order of id
 */
static const char version_4[] =
  "CREATE TABLE megolm_inbound ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  room_id TEXT NOT NULL,"
  "  session_id TEXT NOT NULL,"
  "  sender_key TEXT NOT NULL,"
  "  user_id TEXT NOT NULL,"
  "  device_id TEXT NOT NULL,"
  "  ed25519 TEXT NOT NULL," /* what the device signs with, when the key came */
  "  pickle BLOB NOT NULL,"
  "  first_index INTEGER NOT NULL,"
  "  received_at INTEGER NOT NULL," /* ms since epoch */
  "  UNIQUE (room_id, session_id, sender_key)"
  ");"
  "CREATE INDEX megolm_inbound_by_sender ON megolm_inbound (sender_key);"
  "CREATE TABLE megolm_seen ("
  "  inbound_id INTEGER NOT NULL REFERENCES megolm_inbound ON DELETE CASCADE,"
  "  message_index INTEGER NOT NULL,"
  "  event_id TEXT NOT NULL,"
  "  origin_server_ts INTEGER NOT NULL,"
  "  PRIMARY KEY (inbound_id, message_index)"
  ") WITHOUT ROWID;"
  "CREATE TABLE megolm_withheld ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  user_id TEXT NOT NULL,"
  "  sender_key TEXT NOT NULL,"
  "  room_id TEXT NOT NULL,"
  "  session_id TEXT NOT NULL,"
  "  code TEXT NOT NULL,"
  "  received_at INTEGER NOT NULL," /* ms since epoch */
  "  UNIQUE (user_id, sender_key, room_id, session_id)"
  ");"
  "CREATE TABLE megolm_outbound ("
  "  room_id TEXT PRIMARY KEY REFERENCES rooms ON DELETE CASCADE,"
  "  session_id TEXT NOT NULL,"
  "  pickle BLOB NOT NULL,"
  "  created_at INTEGER NOT NULL," /* ms since epoch */
  "  expired INTEGER NOT NULL DEFAULT 0"
  ") WITHOUT ROWID;"
  "CREATE TABLE megolm_shares ("
  "  room_id TEXT NOT NULL REFERENCES megolm_outbound ON DELETE CASCADE,"
  "  user_id TEXT NOT NULL,"
  "  device_id TEXT NOT NULL,"
  "  curve25519 TEXT NOT NULL,"
  "  message_index INTEGER NOT NULL,"
  "  state INTEGER NOT NULL,"
  "  PRIMARY KEY (room_id, user_id, device_id)"
  ") WITHOUT ROWID;"
  "CREATE TABLE megolm_no_olm ("
  "  user_id TEXT NOT NULL,"
  "  device_id TEXT NOT NULL,"
  "  PRIMARY KEY (user_id, device_id)"
  ") WITHOUT ROWID;"
  "CREATE TABLE room_events ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
  "  room_id TEXT NOT NULL REFERENCES rooms ON DELETE CASCADE,"
  "  event_id TEXT NOT NULL,"
  "  sender TEXT NOT NULL,"
  "  origin_server_ts INTEGER NOT NULL,"
  "  type TEXT NOT NULL,"
  "  content TEXT NOT NULL,"
  "  session_id TEXT," /* NULL: not encrypted */
  "  withheld TEXT," /* the code, where that is what is handed on; of one that waits: where that was */
  "  state INTEGER NOT NULL"
  ");"
  "CREATE INDEX room_events_by_session ON room_events (room_id, session_id);";

/* Rooms that were seen encrypted. They stay here when they are left: whoever comes in again finds them encrypted. */
static const char
  version_5[] = "CREATE TABLE encrypted_rooms ("
                "  room_id TEXT PRIMARY KEY,"
                "  content TEXT NOT NULL" /* of the m.room.encryption that was seen last */
                ") WITHOUT ROWID;"
                "INSERT INTO encrypted_rooms SELECT room_id, content FROM state WHERE type = "
                "'m.room.encryption';";

/* blocked_devices  devices that the person does not want to talk to: kept apart, so that a list in which one is missing
 *                  for a while does not bring it back unblocked
 * refused_devices  devices in somebody's list whose keys are not as they have to be */
static const char version_6[] =
  "CREATE TABLE blocked_devices ("
  "  user_id TEXT NOT NULL,"
  "  device_id TEXT NOT NULL,"
  "  PRIMARY KEY (user_id, device_id)"
  ") WITHOUT ROWID;"
  "INSERT INTO blocked_devices SELECT user_id, device_id FROM devices WHERE blocked;"
  "ALTER TABLE devices DROP COLUMN blocked;"
  "CREATE TABLE refused_devices ("
  "  user_id TEXT NOT NULL,"
  "  device_id TEXT NOT NULL,"
  "  PRIMARY KEY (user_id, device_id)"
  ") WITHOUT ROWID;"
  "ALTER TABLE megolm_no_olm ADD COLUMN tried_at INTEGER NOT NULL DEFAULT 0;"; /* ms since epoch */

/* room_outbox: events that somebody wants to say in a room and that the server has not taken yet, in order of id. What
 * they say is a message in a session of its own, whose key is pickled: without the pickle key it says nothing. */
static const char
  version_7[] = "CREATE TABLE room_outbox ("
                "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
                "  room_id TEXT NOT NULL REFERENCES rooms ON DELETE CASCADE,"
                "  type TEXT NOT NULL,"
                "  key BLOB NOT NULL,"
                "  content TEXT NOT NULL,"
                "  txn_id TEXT NOT NULL,"
                "  wire_type TEXT," /* as what it was tried: it stays that, */
                "  wire TEXT,"      /* and this, byte for byte; NULL: it was tried in clear */
                "  created_at INTEGER NOT NULL" /* ms since epoch */
                ");";

/* room_account_data: what this user's devices have said to each other about a room, as far as calls need it */
static const char version_8[] = "CREATE TABLE room_account_data ("
                                "  room_id TEXT NOT NULL REFERENCES rooms ON DELETE CASCADE,"
                                "  type TEXT NOT NULL,"
                                "  content TEXT NOT NULL,"
                                "  PRIMARY KEY (room_id, type)"
                                ") WITHOUT ROWID;";

/* silenced_calls: calls that need not ring on this device (any more): it has declined or answered them, or they rang out */
static const char version_9[] = "CREATE TABLE silenced_calls ("
                                "  room_id TEXT NOT NULL REFERENCES rooms ON DELETE CASCADE,"
                                "  call_id TEXT NOT NULL,"
                                "  PRIMARY KEY (room_id, call_id)"
                                ") WITHOUT ROWID;";

/* A device says that it could not read what it was sent: its keys are found in all rooms. */
static const char version_10[] = "CREATE INDEX megolm_shares_by_device ON megolm_shares "
                                 "(user_id, device_id);";

/* refusals: so often in a row the server has not taken the key for the device */
static const char version_11[] = "ALTER TABLE megolm_shares ADD COLUMN refusals INTEGER NOT NULL "
                                 "DEFAULT 0;";

/* call_member_dates: those of the last member events of each user, newest last: one that comes again is known by it. Of
 * earlier ones than what they have now an older build has kept nothing. */
static const char
  version_12[] = "CREATE TABLE call_member_dates ("
                 "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
                 "  room_id TEXT NOT NULL REFERENCES rooms ON DELETE CASCADE,"
                 "  user_id TEXT NOT NULL,"
                 "  origin_server_ts INTEGER NOT NULL," /* ms since epoch */
                 "  UNIQUE (room_id, user_id, origin_server_ts)"
                 ");"
                 "INSERT INTO call_member_dates (room_id, user_id, origin_server_ts) "
                 "SELECT room_id, state_key, origin_server_ts FROM state "
                 "WHERE type = 'org.matrix.msc3401.call.member' AND state_key = sender;";

const char *const confab_schema_migrations[] = { version_1, version_2,  version_3,  version_4,
                                                 version_5, version_6,  version_7,  version_8,
                                                 version_9, version_10, version_11, version_12,
                                                 NULL };
