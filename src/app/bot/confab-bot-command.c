/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-bot"

#include "config.h"

#include "confab-bot-command.h"

#include <string.h>

#include "confab-call-enums.h"
#include "confab-json.h"

#define MAX_ID 255 /* bytes; Matrix specification, appendices, “Common identifier format” */
#define MAX_INVITES 200
#define MAX_KINDS 50
#define MAX_TIMEOUT_MS (60 * 60 * 1000)
#define MAX_ARGUMENTS 8

typedef enum {
  TYPE_BOOLEAN,
  TYPE_CALL_ID,
  TYPE_CALL_INTENT,
  TYPE_CALL_TYPE,
  TYPE_INT,
  TYPE_KINDS,
  TYPE_NAME,
  TYPE_OBJECT,
  TYPE_ROOM_ID,
  TYPE_USER_ID,
  TYPE_USER_IDS,
} ArgumentType;

typedef struct {
  const char *name;
  ArgumentType type;
  gboolean required;
  gint64 min; /* of TYPE_INT */
  gint64 max;
} Argument;

#define MAY(name, type) { name, TYPE_##type, FALSE, 0, 0 }
#define MUST(name, type) { name, TYPE_##type, TRUE, 0, 0 }
#define MAY_INT(name, min, max) { name, TYPE_INT, FALSE, min, max }

static const struct {
  const char *name;
  ConfabBotVerb verb;
  Argument arguments[MAX_ARGUMENTS];
} commands[] = {
  { "answer", CONFAB_BOT_VERB_ANSWER, { MAY ("roomId", ROOM_ID) } },
  { "block-device",
    CONFAB_BOT_VERB_BLOCK_DEVICE,
    { MUST ("userId", USER_ID), MUST ("deviceId", NAME), MUST ("on", BOOLEAN) } },
  { "calls", CONFAB_BOT_VERB_CALLS, {} },
  { "create-call",
    CONFAB_BOT_VERB_CREATE_CALL,
    { MUST ("roomId", ROOM_ID),
      MAY ("intent", CALL_INTENT),
      MAY ("type", CALL_TYPE),
      MAY ("name", NAME) } },
  { "create-room",
    CONFAB_BOT_VERB_CREATE_ROOM,
    { MAY ("name", NAME),
      MAY ("encrypted", BOOLEAN),
      MAY ("invite", USER_IDS),
      MAY ("open", BOOLEAN) } },
  { "decline", CONFAB_BOT_VERB_DECLINE, { MAY ("everywhere", BOOLEAN) } },
  { "invite", CONFAB_BOT_VERB_INVITE, { MUST ("roomId", ROOM_ID), MUST ("userId", USER_ID) } },
  { "join-call",
    CONFAB_BOT_VERB_JOIN_CALL,
    { MUST ("roomId", ROOM_ID),
      MAY ("callId", CALL_ID),
      MAY ("audio", BOOLEAN),
      MAY ("video", BOOLEAN),
      MAY ("screen", BOOLEAN),
      MAY_INT ("timeout", 0, MAX_TIMEOUT_MS) } },
  { "join-room", CONFAB_BOT_VERB_JOIN_ROOM, { MUST ("roomId", ROOM_ID) } },
  { "leave", CONFAB_BOT_VERB_LEAVE, {} },
  { "leave-room", CONFAB_BOT_VERB_LEAVE_ROOM, { MUST ("roomId", ROOM_ID) } },
  { "members", CONFAB_BOT_VERB_MEMBERS, {} },
  { "mute", CONFAB_BOT_VERB_MUTE, { MAY ("mic", BOOLEAN), MAY ("cam", BOOLEAN) } },
  { "place-call",
    CONFAB_BOT_VERB_PLACE_CALL,
    { MUST ("roomId", ROOM_ID), MAY ("userId", USER_ID) } },
  { "quit", CONFAB_BOT_VERB_QUIT, {} },
  { "reject", CONFAB_BOT_VERB_REJECT, { MAY ("roomId", ROOM_ID) } },
  { "rooms", CONFAB_BOT_VERB_ROOMS, {} },
  { "screen", CONFAB_BOT_VERB_SCREEN, { MUST ("on", BOOLEAN) } },
  { "send-event",
    CONFAB_BOT_VERB_SEND_EVENT,
    { MUST ("roomId", ROOM_ID), MUST ("type", NAME), MUST ("content", OBJECT) } },
  { "speaker", CONFAB_BOT_VERB_SPEAKER, {} },
  { "stats", CONFAB_BOT_VERB_STATS, {} },
  { "terminate", CONFAB_BOT_VERB_TERMINATE, {} },
  { "tracks", CONFAB_BOT_VERB_TRACKS, {} },
  { "transfer",
    CONFAB_BOT_VERB_TRANSFER,
    { MAY ("roomId", ROOM_ID), MAY ("userId", USER_ID), MUST ("target", USER_ID) } },
  { "wait-media",
    CONFAB_BOT_VERB_WAIT_MEDIA,
    { MAY_INT ("members", 0, 1000),
      MAY_INT ("frames", 0, G_MAXUINT32),
      MAY_INT ("audioBytes", 0, G_MAXUINT32),
      MAY_INT ("timeout", 0, MAX_TIMEOUT_MS) } },
  { "wire",
    CONFAB_BOT_VERB_WIRE,
    { MAY_INT ("since", -G_MAXINT32, G_MAXINT32), MAY ("kinds", KINDS) } },
};

#undef MAY
#undef MUST
#undef MAY_INT

static gboolean
is_id (const char *text, char sigil)
{
  const char *colon;
  gsize length = strlen (text);

  if (text[0] != sigil || length > MAX_ID || strpbrk (text, " \t\r\n") != NULL)
    return FALSE;
  if (sigil == '!') /* room version 12: the id names no server */
    return length > 1;
  colon = strchr (text, ':');
  return colon != NULL && colon > text + 1 && colon[1] != '\0';
}

gboolean
confab_bot_command_is_room_id (const char *text)
{
  return is_id (text, '!');
}

gboolean
confab_bot_command_is_user_id (const char *text)
{
  return is_id (text, '@');
}

gboolean
confab_bot_command_is_call_id (const char *text)
{
  return text[0] != '\0' && strlen (text) <= MAX_ID;
}

static const char *
get_string (JsonNode *node)
{
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}

static gboolean
check_strings (JsonNode *node, guint max, gboolean (*check) (const char *text))
{
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;
  array = json_node_get_array (node);
  if (json_array_get_length (array) > max)
    return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++) {
    const char *text = get_string (json_array_get_element (array, i));
    if (text == NULL || !check (text))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_enum (const char *text, GType type)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);

  return text != NULL && g_enum_get_value_by_nick (klass, text) != NULL;
}

/* Returns: what the argument must be, NULL when it is */
static const char *
check_argument (const Argument *argument, JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, argument->name);
  const char *text = get_string (node);
  gint64 number;

  switch (argument->type) {
  case TYPE_BOOLEAN:
    if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_BOOLEAN)
      return NULL;
    return "true or false";
  case TYPE_INT:
    if (confab_json_get_int (object, argument->name, &number, NULL) && number >= argument->min &&
        number <= argument->max)
      return NULL;
    return "a whole number within bounds";
  case TYPE_NAME:
    return text != NULL && strlen (text) <= MAX_ID ? NULL : "a text of at most 255 bytes";
  case TYPE_OBJECT:
    return JSON_NODE_HOLDS_OBJECT (node) ? NULL : "an object";
  case TYPE_CALL_ID:
    return text != NULL && confab_bot_command_is_call_id (text) ? NULL : "a call id";
  case TYPE_ROOM_ID:
    return text != NULL && confab_bot_command_is_room_id (text) ? NULL : "a room id";
  case TYPE_USER_ID:
    return text != NULL && confab_bot_command_is_user_id (text) ? NULL : "a user id";
  case TYPE_USER_IDS:
    return check_strings (node, MAX_INVITES, confab_bot_command_is_user_id) ? NULL
                                                                            : "a list of user ids";
  case TYPE_KINDS:
    return check_strings (node, MAX_KINDS, confab_bot_command_is_call_id) ? NULL
                                                                          : "a list of event types";
  case TYPE_CALL_INTENT:
    return check_enum (text, CONFAB_TYPE_CALL_INTENT) ? NULL : "m.ring, m.prompt or m.room";
  case TYPE_CALL_TYPE:
    return check_enum (text, CONFAB_TYPE_CALL_TYPE) ? NULL : "m.video or m.voice";
  default:
    g_assert_not_reached ();
  }
}

static const Argument *
find_argument (const Argument *arguments, const char *name)
{
  for (guint i = 0; i < MAX_ARGUMENTS && arguments[i].name != NULL; i++) {
    if (g_str_equal (arguments[i].name, name))
      return &arguments[i];
  }
  return NULL;
}

static gboolean
check_arguments (const Argument *arguments, JsonObject *object, GError **error)
{
  JsonObjectIter iter;
  const char *name;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, NULL)) {
    if (!g_str_equal (name, "id") && !g_str_equal (name, "cmd") &&
        find_argument (arguments, name) == NULL) {
      g_set_error (error,
                   CONFAB_BOT_ERROR,
                   CONFAB_BOT_ERROR_BAD_ARGUMENT,
                   "“%s” is no argument of this command",
                   name);
      return FALSE;
    }
  }
  for (guint i = 0; i < MAX_ARGUMENTS && arguments[i].name != NULL; i++) {
    const char *expected = NULL;
    if (json_object_has_member (object, arguments[i].name))
      expected = check_argument (&arguments[i], object);
    else if (arguments[i].required)
      expected = "there";
    if (expected != NULL) {
      g_set_error (error,
                   CONFAB_BOT_ERROR,
                   CONFAB_BOT_ERROR_BAD_ARGUMENT,
                   "“%s” must be %s",
                   arguments[i].name,
                   expected);
      return FALSE;
    }
  }
  return TRUE;
}

/* Rules about two arguments at once. */
static gboolean
check_together (ConfabBotVerb verb, JsonObject *object, GError **error)
{
  if (verb == CONFAB_BOT_VERB_MUTE && !json_object_has_member (object, "mic") &&
      !json_object_has_member (object, "cam")) {
    g_set_error_literal (error,
                         CONFAB_BOT_ERROR,
                         CONFAB_BOT_ERROR_BAD_ARGUMENT,
                         "“mic” or “cam” must be there");
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_id (ConfabBotCommand *self, GError **error)
{
  JsonNode *node = json_object_get_member (self->arguments, "id");
  GType type = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : 0;

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (type != G_TYPE_STRING && type != G_TYPE_INT64 && type != G_TYPE_DOUBLE) {
    g_set_error_literal (error,
                         CONFAB_BOT_ERROR,
                         CONFAB_BOT_ERROR_BAD_ARGUMENT,
                         "“id” must be a text or a number");
    return FALSE;
  }
  self->id = json_node_ref (node);
  return TRUE;
}

static gboolean
read_command (ConfabBotCommand *self, GError **error)
{
  const char *name = confab_json_peek_string (self->arguments, "cmd");

  /* Both are read first, so that a reply repeats what it can. */
  self->name = g_strdup (name);
  if (!read_id (self, error))
    return FALSE;
  if (name == NULL) {
    g_set_error_literal (error,
                         CONFAB_BOT_ERROR,
                         CONFAB_BOT_ERROR_BAD_ARGUMENT,
                         "“cmd” must be the name of a command");
    return FALSE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (!g_str_equal (commands[i].name, name))
      continue;
    self->verb = commands[i].verb;
    return check_arguments (commands[i].arguments, self->arguments, error) &&
           check_together (self->verb, self->arguments, error);
  }
  g_set_error (error, CONFAB_BOT_ERROR, CONFAB_BOT_ERROR_UNKNOWN_COMMAND, "no command “%s”", name);
  return FALSE;
}

/**
 * confab_bot_command_parse:
 * @line: bytes from anywhere, without the end of the line
 * @length: how many
 *
 * design/bot.md, “Lines”. Whatever the line is, there is something to answer to: see its error.
 *
 * Returns: (transfer full): the command
 */
ConfabBotCommand *
confab_bot_command_parse (const char *line, gsize length)
{
  g_autoptr (ConfabBotCommand) self = g_new0 (ConfabBotCommand, 1);
  g_autoptr (GError) error = NULL;

  if (length > CONFAB_BOT_COMMAND_MAX_LINE) {
    g_set_error (&self->error,
                 CONFAB_BOT_ERROR,
                 CONFAB_BOT_ERROR_BAD_JSON,
                 "a line has at most %d bytes",
                 CONFAB_BOT_COMMAND_MAX_LINE);
    return g_steal_pointer (&self);
  }
  self->arguments = confab_json_parse_object (line, length, &error);
  if (self->arguments == NULL)
    g_set_error_literal (&self->error, CONFAB_BOT_ERROR, CONFAB_BOT_ERROR_BAD_JSON, error->message);
  else
    (void) read_command (self, &self->error);
  return g_steal_pointer (&self);
}

/**
 * confab_bot_command_new_join:
 * @room_id: a room
 * @call_id: (nullable): a call
 *
 * Returns: (transfer full): a `join-call`
 */
ConfabBotCommand *
confab_bot_command_new_join (const char *room_id, const char *call_id)
{
  ConfabBotCommand *self = g_new0 (ConfabBotCommand, 1);

  self->verb = CONFAB_BOT_VERB_JOIN_CALL;
  self->name = g_strdup ("join-call");
  self->arguments = json_object_new ();
  json_object_set_string_member (self->arguments, "roomId", room_id);
  if (call_id != NULL)
    json_object_set_string_member (self->arguments, "callId", call_id);
  return self;
}

void
confab_bot_command_free (ConfabBotCommand *self)
{
  g_clear_pointer (&self->id, json_node_unref);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->arguments, json_object_unref);
  g_clear_error (&self->error);
  g_free (self);
}
