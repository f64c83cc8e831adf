/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-megolm-machine.h"
#include "olm-world.h"

#define ROOM "!r:x"

/* A room of that homeserver, with people who talk in it. */
typedef struct {
  World *world;
  GStrv members;         /* who is in it, as the server says */
  const char *algorithm; /* NULL: it is not encrypted */
  guint n_messages;      /* rotation_period_msgs; 0: not said */
  gint64 period_ms;      /* rotation_period_ms; 0: not said */
  GPtrArray *timeline;   /* JsonObject: its events */
  GHashTable *txns;      /* “name txn”: events that were taken */
  GPtrArray *puts;       /* the path of each request for sending, repeated ones too */
  guint fail_puts;       /* the next ones are answered with 502 */
  guint fail_members;    /* the next times who is in it cannot be had */
} Room;

typedef struct {
  Room *room;
  Device *device;
  ConfabMegolmMachine *megolm;
  guint position; /* in the timeline */
  guint n_syncs;
  GString *heard;   /* “sender|device|type|body or key or withheld code|trust ” of each event */
  JsonObject *last; /* (nullable): the content of the last one */
} Person;

/* Three people in a room, a device each, who know of each other. */
typedef struct {
  Room *room;
  Person *alice;
  Person *bob;
  Person *carol; /* may be taken away */
} Fixture;

void fixture_set_up (Fixture *self, gconstpointer data);
void fixture_tear_down (Fixture *self, gconstpointer data);
/* Turns the clock whenever nothing else is to be done. */
void fixture_turn_until_done (Fixture *self, DexFuture *future);

Room *room_new (void);
void room_free (Room *self);
void room_set_members (Room *self, const char *members); /* comma-separated */
/* The next event in its timeline, as somebody with a token or a server of their own puts it there. */
void
room_add (Room *self, const char *sender, const char *event_id, gint64 ts, JsonObject *content);
JsonObject *room_get_content (Room *self, guint index); /* as it was sent */
const char *room_get_session (Room *self, guint index); /* that it is in */

Person *person_new (Room *room, const char *name, const char *path);
void person_free (Person *self);
/* One sync: who is in the room, what was said in it, and device messages. */
void person_sync (Person *self, const char *changed);
/* Without what the store's rows say being shown: a sync that has only just been stored. */
void person_sync_unseen (Person *self, const char *changed);
void person_show (Person *self);
DexFuture *person_send (Person *self, const char *type, const char *content);
void person_say (Person *self, const char *body); /* until it is sent */
/* A device message through Olm, of whatever type. */
void person_whisper (
  Person *self, const char *user_id, const char *device_id, const char *type, JsonObject *content);
/* What a message that is as it should be is heard as, and can be shown to come from the device. */
#define SAID(user, device, body) "@" user ":x|" device "|m.room.message|" body "|DEVICE "
void person_assert_heard (Person *self, const char *expected);
void person_assert_warned (Person *self, const char *expected);
void
person_set_blocked (Person *self, const char *user_id, const char *device_id, gboolean blocked);
