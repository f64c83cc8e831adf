/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "fake-account.h"

G_BEGIN_DECLS

/* 3 February 2026, 14:02:10 UTC: when it is in the pictures. */
#define CONFAB_WORLD_NOW (G_GINT64_CONSTANT (1770127330) * G_USEC_PER_SEC)
#define CONFAB_WORLD_USER "@anna:x" /* as FakeAccount has it */
#define CONFAB_WORLD_PASSWORD "secret"

typedef enum {
  CONFAB_WORLD_SIGNED_OUT,
  CONFAB_WORLD_LOCKED,     /* signed in once; now the keyring is locked */
  CONFAB_WORLD_FIRST_SYNC, /* the server does not answer the first sync */
  CONFAB_WORLD_EMPTY,      /* no room */
  CONFAB_WORLD_QUIET,      /* rooms, no call */
  CONFAB_WORLD_CALLS,      /* rooms, two with a call */
  CONFAB_WORLD_ELSEWHERE, /* and rooms whose people are elsewhere: in Element's call, in the next room */
} ConfabWorld;

/* Rooms of the world. */
#define CONFAB_ROOM_FIELD_SURVEY "!survey:x"     /* encrypted, a call of five since 12:04 */
#define CONFAB_ROOM_KITCHEN_TABLE "!kitchen:x"   /* a call of two since 1:31:20 */
#define CONFAB_ROOM_VILLAGE_COUNCIL "!council:x" /* a favourite, encrypted */
#define CONFAB_ROOM_REHEARSAL "!rehearsal:x"     /* not encrypted */
#define CONFAB_ROOM_ANNOUNCEMENTS "!notices:x"   /* calls only by moderators */
#define CONFAB_ROOM_WORKSHOP "!workshop:x" /* a call of Element's kind, others only by moderators */
#define CONFAB_ROOM_OLD_ARCHIVE "!archive:x" /* replaced by another room */

/* What @account answers from now on: invented people and rooms, and the drawn faces of the people. */
void confab_world_fill (FakeAccount *account, ConfabWorld world);
/* Whether the server has a picture for whoever is called @name. */
gboolean confab_world_has_picture (const char *name);

G_END_DECLS
