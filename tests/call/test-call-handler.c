/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call-lab.h"
#include "confab-json.h"

/* Stories of ConfabCallHandler: what goes where, what waits for its place (protocol/mesh-calls.md section 9.3). */

/* The invite comes before the member event that says who that is. */
static void
test_early (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  lab_receive_as (&lab, "@a:x", "A", TRUE, "S", "m.call.invite", "c1", 0, OFFER);
  lab_sync_end (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  assert_member (&lab, "connecting");
  lab_finish (&lab);
}

static void
test_early_too_old (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  lab_receive_as (&lab, "@a:x", "A", TRUE, "S", "m.call.invite", "c1", 0, OFFER);
  lab_advance (&lab, 57000); /* lifetime less 3 s */
  lab_member (&lab, "@a:x", "A", "S");
  assert_member (&lab, "waiting");
  lab_finish (&lab);
}

static void
test_wrong_session (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  lab_receive_as (&lab, "@a:x", "A", TRUE, "other", "m.call.invite", "c1", 0, OFFER);
  assert_member (&lab, "waiting");
  lab_member (&lab, "@a:x", "A", "other");
  assert_member (&lab, "connecting"); /* it was kept */
  lab_finish (&lab);
}

static void
test_wrong_device (void)
{
  Lab lab = { 0 };
  g_autoptr (JsonObject) content = confab_json_parse_object (
    "{\"conf_id\":\"conf\",\"call_id\":\"c\",\"device_id\":\"A\"}", -1, NULL);

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  confab_call_handler_handle_to_device (lab.handler, "@a:x", "EVIL", "m.call.hangup", content);
  g_assert_cmpint (confab_call_member_get_last_signalling_at (lab_peek_member (&lab)), ==, 0);
  lab_finish (&lab);
}

/* A real hydrogen's signalling, as its peer got it. */
static void
test_hydrogen (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "call", "data", "hh-e2ee.json", NULL);
  g_autofree char *text = NULL;
  g_autoptr (JsonObject) root = NULL;
  JsonArray *entries;
  Lab lab = { 0 };
  JsonObject *hydrogen;
  const char *user;
  const char *device;
  const char *session = NULL;

  lab_start (&lab);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  root = confab_json_parse_object (text, -1, NULL);
  hydrogen = json_array_get_object_element (confab_json_peek_array (root, "peers"), 0);
  user = json_object_get_string_member (hydrogen, "userId");
  device = json_object_get_string_member (hydrogen, "deviceId");
  entries = confab_json_peek_array (root, "entries");
  for (guint i = 0; i < json_array_get_length (entries) && session == NULL; i++) {
    JsonObject *content = json_object_get_object_member (json_array_get_object_element (entries, i),
                                                         "content");
    session = confab_json_peek_string (content, "sender_session_id");
  }
  lab_member (&lab, "@a:x", device, session); /* under a name that makes it the inviter here, too */
  lab_join (&lab);
  for (guint i = 0; i < json_array_get_length (entries); i++) {
    JsonObject *entry = json_array_get_object_element (entries, i);
    const char *type = json_object_get_string_member (entry, "type");
    g_autoptr (JsonObject) content = confab_json_copy_object (
      json_object_get_object_member (entry, "content"));

    if (!g_str_equal (json_object_get_string_member (entry, "by"), user) ||
        !g_str_has_prefix (type, "m.call."))
      continue;
    json_object_set_string_member (content, "conf_id", "conf");
    json_object_set_string_member (content,
                                   "dest_session_id",
                                   confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab.call)));
    confab_call_handler_handle_to_device (lab.handler, "@a:x", device, type, content);
    lab_sync_end (&lab);
    lab_advance (&lab, 300);
    if (g_str_equal (type, "m.call.candidates"))
      break;
  }
  assert_log (&lab, "MEMBER answer ");
  g_assert_nonnull (
    strstr (confab_fake_peer_connection_get_log (confab_fake_local_media_get_last (lab.media)),
            "[candidate:"));
  lab_finish (&lab);
}

#define TEST(name, func) g_test_add_func ("/call-handler/" name, func)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  TEST ("early", test_early);
  TEST ("early-too-old", test_early_too_old);
  TEST ("wrong-session", test_wrong_session);
  TEST ("wrong-device", test_wrong_device);
  TEST ("hydrogen", test_hydrogen);
  return g_test_run ();
}
