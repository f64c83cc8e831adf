/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "transcript.h"

#include "confab-json.h"

#include <string.h>

/* By its first membership: that lives for an hour. */
static gint64
find_start (Transcript *self)
{
  for (guint i = 0; i < json_array_get_length (self->entries); i++) {
    JsonObject *entry = transcript_get (self, i);
    JsonObject *content = json_object_get_object_member (entry, "content");
    JsonArray *calls = confab_json_peek_array (content, "m.calls");
    if (calls != NULL && json_array_get_length (calls) > 0) {
      JsonArray *devices = json_object_get_array_member (json_array_get_object_element (calls, 0),
                                                         "m.devices");
      return json_object_get_int_member (json_array_get_object_element (devices, 0), "expires_ts") -
             LIFETIME_MS - json_object_get_int_member (entry, "at");
    }
  }
  g_assert_not_reached ();
}

Transcript *
transcript_load (const char *scenario)
{
  g_autofree char *name = g_strconcat (scenario, ".json", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "call", "data", name, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  Transcript *self = g_new0 (Transcript, 1);

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  self->root = confab_json_parse_object (text, -1, &error);
  g_assert_no_error (error);
  self->entries = json_object_get_array_member (self->root, "entries");
  self->start = find_start (self);
  return self;
}

void
transcript_free (Transcript *self)
{
  json_object_unref (self->root);
  g_free (self);
}

JsonObject *
transcript_get (Transcript *self, guint i)
{
  return json_array_get_object_element (self->entries, i);
}

gboolean
transcript_is_hydrogen (Transcript *self, const char *user)
{
  JsonArray *sdks = json_object_get_array_member (self->root, "sdks");

  return g_str_has_prefix (json_array_get_string_element (sdks, user[1] - 'a'), "hydrogen");
}

const char *
transcript_word (const char *type, JsonObject *content)
{
  JsonObject *description = confab_json_peek_object (content, "description");

  if (g_str_has_suffix (type, "metadata_changed"))
    return "metadata ";
  if (description != NULL)
    return g_str_equal (json_object_get_string_member (description, "type"), "offer") ? "offer "
                                                                                      : "reply ";
  if (g_str_equal (type, "m.call.invite"))
    return "invite ";
  if (g_str_equal (type, "m.call.answer"))
    return "answer ";
  if (g_str_equal (type, "m.call.hangup"))
    return "hangup ";
  return NULL;
}

const char *
transcript_entry_word (JsonObject *content)
{
  g_autofree char *text = confab_json_to_string (content);

  if (json_array_get_length (json_object_get_array_member (content, "m.calls")) == 0)
    return "out ";
  return strstr (text, "m.screenshare") != NULL ? "screen " : "in ";
}

JsonObject *
transcript_peek_metadata (JsonObject *content)
{
  JsonObject *metadata = confab_json_peek_object (content, "sdp_stream_metadata");

  return metadata != NULL ? metadata : confab_json_peek_object (content, UNSTABLE_METADATA);
}

JsonObject *
transcript_find (Transcript *self, const char *by, const char *to, const char *word, guint nth)
{
  for (guint i = 0; i < json_array_get_length (self->entries); i++) {
    JsonObject *entry = transcript_get (self, i);
    const char *recipient = confab_json_peek_string (entry, "to");
    if (recipient == NULL || (to != NULL && !g_str_equal (recipient, to)) ||
        !g_str_equal (json_object_get_string_member (entry, "by"), by) ||
        g_strcmp0 (transcript_word (json_object_get_string_member (entry, "type"),
                                    json_object_get_object_member (entry, "content")),
                   word) != 0)
      continue;
    if (nth-- == 0)
      return entry;
  }
  return NULL;
}
