/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "confab-bot-error.h"

G_BEGIN_DECLS

#define CONFAB_BOT_COMMAND_MAX_LINE (256 * 1024) /* bytes */

typedef enum {
  CONFAB_BOT_VERB_ANSWER,
  CONFAB_BOT_VERB_BLOCK_DEVICE,
  CONFAB_BOT_VERB_CALLS,
  CONFAB_BOT_VERB_CREATE_CALL,
  CONFAB_BOT_VERB_CREATE_ROOM,
  CONFAB_BOT_VERB_DECLINE,
  CONFAB_BOT_VERB_INVITE,
  CONFAB_BOT_VERB_JOIN_CALL,
  CONFAB_BOT_VERB_JOIN_ROOM,
  CONFAB_BOT_VERB_LEAVE,
  CONFAB_BOT_VERB_LEAVE_ROOM,
  CONFAB_BOT_VERB_MEMBERS,
  CONFAB_BOT_VERB_MUTE,
  CONFAB_BOT_VERB_PLACE_CALL,
  CONFAB_BOT_VERB_QUIT,
  CONFAB_BOT_VERB_REJECT,
  CONFAB_BOT_VERB_ROOMS,
  CONFAB_BOT_VERB_SCREEN,
  CONFAB_BOT_VERB_SEND_EVENT,
  CONFAB_BOT_VERB_SPEAKER,
  CONFAB_BOT_VERB_STATS,
  CONFAB_BOT_VERB_TERMINATE,
  CONFAB_BOT_VERB_TRACKS,
  CONFAB_BOT_VERB_TRANSFER,
  CONFAB_BOT_VERB_WAIT_MEDIA,
  CONFAB_BOT_VERB_WIRE,
} ConfabBotVerb;

/**
 * ConfabBotCommand:
 * @id: (nullable): what the reply repeats: a string or a number
 * @name: (nullable): the command's name, as the line has it
 * @verb: which command, unless @error is set
 * @arguments: (nullable): the line's object; its arguments are of the right types, unless @error is set
 * @error: (nullable): a #ConfabBotError: why the line is no command
 *
 * One line that a bot was given. Immutable.
 */
typedef struct {
  JsonNode *id;
  char *name;
  ConfabBotVerb verb;
  JsonObject *arguments;
  GError *error;
} ConfabBotCommand;

ConfabBotCommand *
confab_bot_command_parse (const char *line, gsize length) G_GNUC_WARN_UNUSED_RESULT;
ConfabBotCommand *
confab_bot_command_new_join (const char *room_id, const char *call_id) G_GNUC_WARN_UNUSED_RESULT;
void confab_bot_command_free (ConfabBotCommand *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabBotCommand, confab_bot_command_free)

gboolean confab_bot_command_is_room_id (const char *text);
gboolean confab_bot_command_is_user_id (const char *text);
gboolean confab_bot_command_is_call_id (const char *text);

G_END_DECLS
