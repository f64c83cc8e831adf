/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-bot-command.h"
#include "confab-json.h"

typedef struct {
  const char *line;
  ConfabBotVerb verb;
} Good;

typedef struct {
  const char *line;
  int code;         /* a ConfabBotError */
  const char *says; /* part of the message */
} Bad;

static const Good good[] = {
  { "{\"cmd\":\"rooms\"}", CONFAB_BOT_VERB_ROOMS },
  { "{\"cmd\":\"create-room\"}", CONFAB_BOT_VERB_CREATE_ROOM },
  { "{\"cmd\":\"create-room\",\"name\":\"N\",\"encrypted\":true,\"invite\":[\"@a:b\"],\"open\":"
    "false}",
    CONFAB_BOT_VERB_CREATE_ROOM },
  { "{\"cmd\":\"create-room\",\"invite\":[]}", CONFAB_BOT_VERB_CREATE_ROOM },
  { "{\"cmd\":\"invite\",\"roomId\":\"!r:s\",\"userId\":\"@a:b\"}", CONFAB_BOT_VERB_INVITE },
  { "{\"cmd\":\"join-room\",\"roomId\":\"!abcdef\"}", CONFAB_BOT_VERB_JOIN_ROOM },
  { "{\"cmd\":\"leave-room\",\"roomId\":\"!r:s\"}", CONFAB_BOT_VERB_LEAVE_ROOM },
  { "{\"cmd\":\"create-call\",\"roomId\":\"!r:s\"}", CONFAB_BOT_VERB_CREATE_CALL },
  { "{\"cmd\":\"create-call\",\"roomId\":\"!r:s\",\"intent\":\"m.ring\",\"type\":\"m.voice\","
    "\"name\":"
    "\"\"}",
    CONFAB_BOT_VERB_CREATE_CALL },
  { "{\"cmd\":\"create-call\",\"roomId\":\"!r:s\",\"intent\":\"m.room\",\"type\":\"m.video\"}",
    CONFAB_BOT_VERB_CREATE_CALL },
  { "{\"cmd\":\"block-device\",\"userId\":\"@a:b\",\"deviceId\":\"D\",\"on\":true}",
    CONFAB_BOT_VERB_BLOCK_DEVICE },
  { "{\"cmd\":\"calls\"}", CONFAB_BOT_VERB_CALLS },
  { "{\"cmd\":\"join-call\",\"roomId\":\"!r:s\"}", CONFAB_BOT_VERB_JOIN_CALL },
  { "{\"cmd\":\"join-call\",\"roomId\":\"!r:s\",\"callId\":\"c\",\"audio\":false,\"video\":true,"
    "\"screen\":false,\"timeout\":0}",
    CONFAB_BOT_VERB_JOIN_CALL },
  { "{\"cmd\":\"leave\"}", CONFAB_BOT_VERB_LEAVE },
  { "{\"cmd\":\"terminate\"}", CONFAB_BOT_VERB_TERMINATE },
  { "{\"cmd\":\"decline\"}", CONFAB_BOT_VERB_DECLINE },
  { "{\"cmd\":\"decline\",\"everywhere\":false}", CONFAB_BOT_VERB_DECLINE },
  { "{\"cmd\":\"place-call\",\"roomId\":\"!r:s\",\"userId\":\"@a:b\"}",
    CONFAB_BOT_VERB_PLACE_CALL },
  { "{\"cmd\":\"answer\"}", CONFAB_BOT_VERB_ANSWER },
  { "{\"cmd\":\"reject\"}", CONFAB_BOT_VERB_REJECT },
  { "{\"cmd\":\"transfer\",\"target\":\"@a:b\"}", CONFAB_BOT_VERB_TRANSFER },
  { "{\"cmd\":\"mute\",\"mic\":true}", CONFAB_BOT_VERB_MUTE },
  { "{\"cmd\":\"mute\",\"cam\":false}", CONFAB_BOT_VERB_MUTE },
  { "{\"cmd\":\"mute\",\"mic\":false,\"cam\":true}", CONFAB_BOT_VERB_MUTE },
  { "{\"cmd\":\"screen\",\"on\":true}", CONFAB_BOT_VERB_SCREEN },
  { "{\"cmd\":\"members\"}", CONFAB_BOT_VERB_MEMBERS },
  { "{\"cmd\":\"stats\"}", CONFAB_BOT_VERB_STATS },
  { "{\"cmd\":\"tracks\"}", CONFAB_BOT_VERB_TRACKS },
  { "{\"cmd\":\"wait-media\"}", CONFAB_BOT_VERB_WAIT_MEDIA },
  { "{\"cmd\":\"wait-media\",\"members\":0,\"frames\":5.0,\"audioBytes\":1,\"timeout\":3600000}",
    CONFAB_BOT_VERB_WAIT_MEDIA },
  { "{\"cmd\":\"send-event\",\"roomId\":\"!r:s\",\"type\":\"m.reaction\",\"content\":{}}",
    CONFAB_BOT_VERB_SEND_EVENT },
  { "{\"cmd\":\"speaker\"}", CONFAB_BOT_VERB_SPEAKER },
  { "{\"cmd\":\"wire\"}", CONFAB_BOT_VERB_WIRE },
  { "{\"cmd\":\"wire\",\"since\":-5,\"kinds\":[\"m.call.invite\"]}", CONFAB_BOT_VERB_WIRE },
  { "{\"cmd\":\"quit\"}", CONFAB_BOT_VERB_QUIT },
  { " {\"id\":null,\"cmd\":\"quit\"} ", CONFAB_BOT_VERB_QUIT },
};

#define ROOM "\"roomId\":\"!r:s\""

static const Bad bad[] = {
  { "", CONFAB_BOT_ERROR_BAD_JSON, "" },
  { "quit", CONFAB_BOT_ERROR_BAD_JSON, "" },
  { "[]", CONFAB_BOT_ERROR_BAD_JSON, "object" },
  { "\"quit\"", CONFAB_BOT_ERROR_BAD_JSON, "object" },
  { "7", CONFAB_BOT_ERROR_BAD_JSON, "object" },
  { "{\"cmd\":\"quit\"}{}", CONFAB_BOT_ERROR_BAD_JSON, "" },
  { "{\"cmd\":\"quit\",}", CONFAB_BOT_ERROR_BAD_JSON, "" },
  { "{\"cmd\":\"\xff\"}", CONFAB_BOT_ERROR_BAD_JSON, "UTF-8" },
  { "{}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "cmd" },
  { "{\"cmd\":7}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "cmd" },
  { "{\"cmd\":null}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "cmd" },
  { "{\"id\":[],\"cmd\":\"quit\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "id" },
  { "{\"id\":{},\"cmd\":\"quit\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "id" },
  { "{\"id\":true,\"cmd\":\"quit\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "id" },
  { "{\"cmd\":\"\"}", CONFAB_BOT_ERROR_UNKNOWN_COMMAND, "" },
  { "{\"cmd\":\"Quit\"}", CONFAB_BOT_ERROR_UNKNOWN_COMMAND, "Quit" },
  { "{\"cmd\":\"hangup\",\"x\":1}", CONFAB_BOT_ERROR_UNKNOWN_COMMAND, "hangup" },
  { "{\"cmd\":\"create-room\",\"name\":7}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "name" },
  { "{\"cmd\":\"create-room\",\"name\":null}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "name" },
  { "{\"cmd\":\"create-room\",\"encrypted\":1}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "encrypted" },
  { "{\"cmd\":\"create-room\",\"open\":\"yes\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "open" },
  { "{\"cmd\":\"create-room\",\"invite\":\"@a:b\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "invite" },
  { "{\"cmd\":\"create-room\",\"invite\":[\"a\"]}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "invite" },
  { "{\"cmd\":\"create-room\",\"invite\":[\"@a:b\",1]}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "invite" },
  { "{\"cmd\":\"invite\",\"userId\":\"@a:b\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "roomId" },
  { "{\"cmd\":\"invite\"," ROOM "}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "userId" },
  { "{\"cmd\":\"invite\"," ROOM ",\"userId\":\"a:b\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "userId" },
  { "{\"cmd\":\"invite\"," ROOM ",\"userId\":\"@a\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "userId" },
  { "{\"cmd\":\"invite\"," ROOM ",\"userId\":\"@:b\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "userId" },
  { "{\"cmd\":\"invite\"," ROOM ",\"userId\":\"@a:\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "userId" },
  { "{\"cmd\":\"invite\"," ROOM ",\"userId\":\"@a b:c\"}",
    CONFAB_BOT_ERROR_BAD_ARGUMENT,
    "userId" },
  { "{\"cmd\":\"join-room\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "roomId" },
  { "{\"cmd\":\"join-room\",\"roomId\":\"!\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "roomId" },
  { "{\"cmd\":\"join-room\",\"roomId\":\"#r:s\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "roomId" },
  { "{\"cmd\":\"join-room\"," ROOM ",\"userId\":\"@a:b\"}",
    CONFAB_BOT_ERROR_BAD_ARGUMENT,
    "userId" },
  { "{\"cmd\":\"leave-room\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "roomId" },
  { "{\"cmd\":\"create-call\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "roomId" },
  { "{\"cmd\":\"create-call\"," ROOM ",\"intent\":\"ring\"}",
    CONFAB_BOT_ERROR_BAD_ARGUMENT,
    "intent" },
  { "{\"cmd\":\"create-call\"," ROOM ",\"intent\":7}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "intent" },
  { "{\"cmd\":\"create-call\"," ROOM ",\"type\":\"m.ring\"}",
    CONFAB_BOT_ERROR_BAD_ARGUMENT,
    "type" },
  { "{\"cmd\":\"create-call\"," ROOM ",\"name\":[]}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "name" },
  { "{\"cmd\":\"join-call\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "roomId" },
  { "{\"cmd\":\"join-call\",\"callId\":\"c\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "roomId" },
  { "{\"cmd\":\"join-call\"," ROOM ",\"callId\":\"\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "callId" },
  { "{\"cmd\":\"join-call\"," ROOM ",\"callId\":3}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "callId" },
  { "{\"cmd\":\"join-call\"," ROOM ",\"audio\":0}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "audio" },
  { "{\"cmd\":\"join-call\"," ROOM ",\"video\":null}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "video" },
  { "{\"cmd\":\"join-call\"," ROOM ",\"screen\":\"\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "screen" },
  { "{\"cmd\":\"join-call\"," ROOM ",\"timeout\":-1}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "timeout" },
  { "{\"cmd\":\"join-call\"," ROOM ",\"timeout\":1.5}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "timeout" },
  { "{\"cmd\":\"join-call\"," ROOM ",\"timeout\":\"1\"}",
    CONFAB_BOT_ERROR_BAD_ARGUMENT,
    "timeout" },
  { "{\"cmd\":\"join-call\"," ROOM ",\"timeout\":3600001}",
    CONFAB_BOT_ERROR_BAD_ARGUMENT,
    "timeout" },
  { "{\"cmd\":\"join-call\"," ROOM ",\"timeout\":1e300}",
    CONFAB_BOT_ERROR_BAD_ARGUMENT,
    "timeout" },
  { "{\"cmd\":\"leave\"," ROOM "}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "roomId" },
  { "{\"cmd\":\"terminate\",\"callId\":\"c\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "callId" },
  { "{\"cmd\":\"decline\",\"callId\":\"c\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "callId" },
  { "{\"cmd\":\"decline\",\"everywhere\":1}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "everywhere" },
  { "{\"cmd\":\"place-call\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "roomId" },
  { "{\"cmd\":\"place-call\"," ROOM ",\"userId\":7}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "userId" },
  { "{\"cmd\":\"answer\",\"target\":\"@a:b\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "target" },
  { "{\"cmd\":\"reject\",\"x\":1}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "x" },
  { "{\"cmd\":\"transfer\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "target" },
  { "{\"cmd\":\"mute\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "mic" },
  { "{\"cmd\":\"mute\",\"mic\":\"true\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "mic" },
  { "{\"cmd\":\"mute\",\"cam\":1}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "cam" },
  { "{\"cmd\":\"mute\",\"mic\":true,\"camera\":true}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "camera" },
  { "{\"cmd\":\"screen\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "on" },
  { "{\"cmd\":\"screen\",\"on\":\"on\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "on" },
  { "{\"cmd\":\"block-device\",\"userId\":\"@a:b\",\"on\":true}",
    CONFAB_BOT_ERROR_BAD_ARGUMENT,
    "deviceId" },
  { "{\"cmd\":\"send-event\"," ROOM ",\"type\":\"m.reaction\"}",
    CONFAB_BOT_ERROR_BAD_ARGUMENT,
    "content" },
  { "{\"cmd\":\"send-event\"," ROOM ",\"content\":{}}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "type" },
  { "{\"cmd\":\"send-event\"," ROOM ",\"type\":\"m.reaction\",\"content\":[]}",
    CONFAB_BOT_ERROR_BAD_ARGUMENT,
    "content" },
  { "{\"cmd\":\"wait-media\",\"members\":-1}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "members" },
  { "{\"cmd\":\"wait-media\",\"members\":1001}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "members" },
  { "{\"cmd\":\"wait-media\",\"frames\":\"5\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "frames" },
  { "{\"cmd\":\"wait-media\",\"audioBytes\":0.5}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "audioBytes" },
  { "{\"cmd\":\"wait-media\",\"timeout\":true}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "timeout" },
  { "{\"cmd\":\"wire\",\"since\":\"0\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "since" },
  { "{\"cmd\":\"wire\",\"kinds\":\"m.call.invite\"}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "kinds" },
  { "{\"cmd\":\"wire\",\"kinds\":[\"\"]}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "kinds" },
  { "{\"cmd\":\"wire\",\"kinds\":[{}]}", CONFAB_BOT_ERROR_BAD_ARGUMENT, "kinds" },
};

static void
test_good (void)
{
  gboolean seen[CONFAB_BOT_VERB_WIRE + 1] = { FALSE };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autoptr (ConfabBotCommand) command = confab_bot_command_parse (good[i].line, strlen (good[i].line));
    g_test_message ("%s", good[i].line);
    g_assert_no_error (command->error);
    g_assert_cmpint (command->verb, ==, good[i].verb);
    g_assert_cmpstr (command->name, ==, confab_json_peek_string (command->arguments, "cmd"));
    seen[command->verb] = TRUE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (seen); i++)
    g_assert_true (seen[i]);
}

static void
test_bad (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (ConfabBotCommand) command = confab_bot_command_parse (bad[i].line, strlen (bad[i].line));
    g_test_message ("%s", bad[i].line);
    g_assert_error (command->error, CONFAB_BOT_ERROR, bad[i].code);
    g_assert_nonnull (strstr (command->error->message, bad[i].says));
  }
}

/* No command takes an argument that it does not know, nor one twice the size of anything sane. */
static void
test_unknown_argument (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autofree char *line = g_strdup_printf ("{\"unheard-of\":1,%s",
                                             strchr (good[i].line, '{') + 1);
    g_autoptr (ConfabBotCommand) command = confab_bot_command_parse (line, strlen (line));
    g_assert_error (command->error, CONFAB_BOT_ERROR, CONFAB_BOT_ERROR_BAD_ARGUMENT);
    g_assert_nonnull (strstr (command->error->message, "unheard-of"));
  }
}

static void
test_bounds (void)
{
  g_autofree char *name = g_strnfill (255, 'n');
  g_autofree char *longer = g_strnfill (256, 'n');
  g_autofree char *blank = g_strnfill (CONFAB_BOT_COMMAND_MAX_LINE + 1, ' ');
  g_autoptr (GString) invites = g_string_new (NULL);
  const struct {
    const char *format;
    const char *text;
    gboolean ok;
  } cases[] = {
    { "{\"cmd\":\"create-room\",\"name\":\"%s\"}", name, TRUE },
    { "{\"cmd\":\"create-room\",\"name\":\"%s\"}", longer, FALSE },
    { "{\"cmd\":\"join-room\",\"roomId\":\"!%s\"}", name, FALSE },
    { "{\"cmd\":\"join-room\",\"roomId\":\"!%s\"}", name + 1, TRUE },
    { "{\"cmd\":\"join-call\"," ROOM ",\"callId\":\"%s\"}", name, TRUE },
    { "{\"cmd\":\"join-call\"," ROOM ",\"callId\":\"%s\"}", longer, FALSE },
  };
  g_autoptr (ConfabBotCommand) too_long = NULL;
  g_autoptr (ConfabBotCommand) too_many = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (GStrv) parts = g_strsplit (cases[i].format, "%s", 2);
    g_autofree char *line = g_strconcat (parts[0], cases[i].text, parts[1], NULL);
    g_autoptr (ConfabBotCommand) command = confab_bot_command_parse (line, strlen (line));
    g_assert_true ((command->error == NULL) == cases[i].ok);
  }

  memcpy (blank, "{\"cmd\":\"quit\"}", 14);
  too_long = confab_bot_command_parse (blank, strlen (blank));
  g_assert_error (too_long->error, CONFAB_BOT_ERROR, CONFAB_BOT_ERROR_BAD_JSON);

  g_string_append (invites, "{\"cmd\":\"create-room\",\"invite\":[\"@a:b\"");
  for (guint i = 0; i < 200; i++)
    g_string_append (invites, ",\"@a:b\"");
  g_string_append (invites, "]}");
  too_many = confab_bot_command_parse (invites->str, invites->len);
  g_assert_error (too_many->error, CONFAB_BOT_ERROR, CONFAB_BOT_ERROR_BAD_ARGUMENT);
}

/* A reply repeats what can be read of a line that is wrong otherwise. */
static void
test_repeats (void)
{
  static const char *const lines[] = {
    "{\"id\":\"a\",\"cmd\":\"nothing\"}",
    "{\"id\":\"a\",\"cmd\":\"mute\"}",
    "{\"id\":\"a\",\"cmd\":\"mute\",\"mic\":true}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autoptr (ConfabBotCommand) command = confab_bot_command_parse (lines[i], strlen (lines[i]));
    g_assert_cmpstr (json_node_get_string (command->id), ==, "a");
    g_assert_nonnull (command->name);
  }
}

static void
test_join (void)
{
  g_autoptr (ConfabBotCommand) command = confab_bot_command_new_join ("!r:s", "c");

  g_assert_no_error (command->error);
  g_assert_cmpint (command->verb, ==, CONFAB_BOT_VERB_JOIN_CALL);
  g_assert_cmpstr (confab_json_peek_string (command->arguments, "roomId"), ==, "!r:s");
  g_assert_cmpstr (confab_json_peek_string (command->arguments, "callId"), ==, "c");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bot-command/good", test_good);
  g_test_add_func ("/bot-command/bad", test_bad);
  g_test_add_func ("/bot-command/unknown-argument", test_unknown_argument);
  g_test_add_func ("/bot-command/bounds", test_bounds);
  g_test_add_func ("/bot-command/repeats", test_repeats);
  g_test_add_func ("/bot-command/join", test_join);
  return g_test_run ();
}
