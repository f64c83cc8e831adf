/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call-content.h"

#include "confab-json.h"

/**
 * confab_call_content_new:
 * @intent: ring, prompt or room
 * @type: how it starts
 * @name: (nullable): its name
 *
 * Returns: (transfer full): the content of a call that begins
 */
JsonObject *
confab_call_content_new (ConfabCallIntent intent, ConfabCallType type, const char *name)
{
  JsonObject *content = json_object_new ();

  json_object_set_string_member (content,
                                 "m.intent",
                                 confab_enum_nick (CONFAB_TYPE_CALL_INTENT, intent));
  json_object_set_string_member (content, "m.type", confab_enum_nick (CONFAB_TYPE_CALL_TYPE, type));
  if (name != NULL)
    json_object_set_string_member (content, "m.name", name);
  return content;
}

/**
 * confab_call_content_terminate:
 * @content: of a call
 *
 * Returns: (transfer full): the same, over
 */
JsonObject *
confab_call_content_terminate (JsonObject *content)
{
  JsonObject *terminated = confab_json_copy_object (content);

  json_object_set_boolean_member (terminated, "m.terminated", TRUE);
  return terminated;
}

/* JavaScript's truth: hydrogen writes true, js-sdk a string. */
static gboolean
is_true (JsonNode *node)
{
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return FALSE;
  if (!JSON_NODE_HOLDS_VALUE (node))
    return TRUE;
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return *json_node_get_string (node) != '\0';
  if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    return json_node_get_boolean (node);
  return json_node_get_double (node) != 0;
}

/**
 * confab_call_content_is_over:
 * @content: of a call
 *
 * Returns: whether the call is over: terminated, or redacted
 */
gboolean
confab_call_content_is_over (JsonObject *content)
{
  return is_true (json_object_get_member (content, "m.terminated")) ||
         (!json_object_has_member (content, "m.intent") &&
          !json_object_has_member (content, "m.type"));
}

/**
 * confab_call_content_is_over_sfu:
 * @content: of a call
 *
 * Returns: whether it is js-sdk's early hybrid with LiveKit: there is no mesh, then
 */
gboolean
confab_call_content_is_over_sfu (JsonObject *content)
{
  return json_object_has_member (content, "io.element.livekit_service_url");
}

/**
 * confab_call_content_get_intent:
 * @content: of a call
 *
 * Returns: its intent; an unknown one is taken for the one that disturbs nobody and promises nothing: prompt
 */
ConfabCallIntent
confab_call_content_get_intent (JsonObject *content)
{
  const char *intent = confab_json_peek_string (content, "m.intent");

  if (g_strcmp0 (intent, "m.ring") == 0)
    return CONFAB_CALL_INTENT_RING;
  return g_strcmp0 (intent, "m.room") == 0 ? CONFAB_CALL_INTENT_ROOM : CONFAB_CALL_INTENT_PROMPT;
}

/**
 * confab_call_content_dup_name:
 * @content: of a call
 *
 * Returns: (transfer full) (nullable): its name, of at most %CONFAB_CALL_CONTENT_MAX_NAME characters
 */
char *
confab_call_content_dup_name (JsonObject *content)
{
  const char *name = confab_json_peek_string (content, "m.name");

  return name != NULL
           ? g_utf8_substring (name,
                               0,
                               MIN (g_utf8_strlen (name, -1), CONFAB_CALL_CONTENT_MAX_NAME))
           : NULL;
}

/**
 * confab_call_content_get_call_type:
 * @content: of a call
 *
 * Returns: how it starts; video when that is not known
 */
ConfabCallType
confab_call_content_get_call_type (JsonObject *content)
{
  return g_strcmp0 (confab_json_peek_string (content, "m.type"), "m.voice") == 0
           ? CONFAB_CALL_TYPE_VOICE
           : CONFAB_CALL_TYPE_VIDEO;
}
