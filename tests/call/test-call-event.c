/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call-event.h"
#include "confab-call-membership.h"
#include "confab-json.h"

static JsonObject *
json (const char *text)
{
  g_autoptr (GError) error = NULL;
  JsonObject *object = confab_json_parse_object (text, -1, &error);

  g_assert_no_error (error);
  return object;
}

/* Whatever real clients sent is read, and comes out of the printer as it went in, as far as it is understood. */
static void
test_transcript (gconstpointer data)
{
  g_autofree char *name = g_strconcat (data, ".json", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "call", "data", name, NULL);
  g_autofree char *text = NULL;
  g_autoptr (JsonObject) root = NULL;
  JsonArray *entries;
  guint n = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  root = json (text);
  entries = confab_json_peek_array (root, "entries");
  for (guint i = 0; i < json_array_get_length (entries); i++) {
    JsonObject *entry = json_array_get_object_element (entries, i);
    JsonObject *content = json_object_get_object_member (entry, "content");
    const char *type = json_object_get_string_member (entry, "type");
    g_autoptr (GError) error = NULL;
    g_autoptr (ConfabCallEvent) event = NULL;
    g_autoptr (ConfabCallEvent) again = NULL;
    g_autoptr (JsonObject) printed = NULL;

    if (strstr (type, "msc3401") != NULL)
      continue;
    event = confab_call_event_parse (type, content, &error);
    g_assert_no_error (error);
    printed = confab_call_event_print (event);
    again = confab_call_event_parse (confab_call_event_get_name (event), printed, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (again->sdp, ==, event->sdp);
    g_assert_cmpint (again->seq, ==, event->seq);
    g_assert_cmpstr (json_object_get_string_member (printed, "version"), ==, "1");
    g_assert_true ((again->candidates != NULL ? again->candidates->len : 0) ==
                   (event->candidates != NULL ? event->candidates->len : 0));
    if (event->sdp != NULL || event->type == CONFAB_CALL_EVENT_METADATA_CHANGED)
      g_assert_nonnull (event->metadata);
    n++;
  }
  g_assert_cmpuint (n, >=, 3);
}

static const char *const transcripts[] = {
  "hh-e2ee",         "hh-plain",       "hj-latest-e2ee",  "hj-latest-plain",
  "hj-legacy",       "jh-latest-e2ee", "jh-legacy",       "jj-latest-e2ee",
  "jj-latest-plain", "jj-legacy-e2ee", "jj-legacy-plain",
};

static const struct {
  const char *type;
  const char *content;
  gboolean good;
} cases[] = {
  { "m.call.hangup", "{\"call_id\":\"c\",\"version\":0}", TRUE },
  { "m.call.hangup", "{\"call_id\":\"c\",\"reason\":\"something new\"}", TRUE },
  { "m.call.hangup", "{\"call_id\":\"c\",\"reason\":7}", FALSE },
  { "m.call.hangup", "{}", FALSE },
  { "m.call.hangup", "{\"call_id\":\"\"}", FALSE },
  { "m.call.hangup", "{\"call_id\":\"a b\"}", FALSE },
  { "m.call.hangup", "{\"call_id\":\"c\",\"seq\":-1}", FALSE },
  { "m.call.hangup", "{\"call_id\":\"c\",\"seq\":\"0\"}", FALSE },
  { "m.call.hangup", "{\"call_id\":\"c\",\"seq\":1e300}", FALSE },
  { "m.call.invite", "{\"call_id\":\"c\",\"offer\":{\"sdp\":\"v=0\"}}", TRUE },
  { "m.call.invite", "{\"call_id\":\"c\",\"offer\":{\"sdp\":\"v=0\",\"type\":\"answer\"}}", FALSE },
  { "m.call.invite", "{\"call_id\":\"c\",\"offer\":{\"sdp\":\"\"}}", FALSE },
  { "m.call.invite", "{\"call_id\":\"c\",\"offer\":\"v=0\"}", FALSE },
  { "m.call.answer", "{\"call_id\":\"c\",\"answer\":{\"sdp\":\"v=0\",\"type\":\"offer\"}}", TRUE },
  { "m.call.answer",
    "{\"call_id\":\"c\",\"answer\":{\"sdp\":\"v=0\",\"type\":\"rollback\"}}",
    FALSE },
  { "m.call.negotiate", "{\"call_id\":\"c\",\"description\":{\"sdp\":\"v=0\"}}", FALSE },
  { "m.call.negotiate",
    "{\"call_id\":\"c\",\"description\":{\"type\":\"offer\",\"sdp\":\"v=0\"}}",
    TRUE },
  { "m.call.candidates", "{\"call_id\":\"c\",\"candidates\":[{\"candidate\":\"\"}]}", TRUE },
  { "m.call.candidates",
    "{\"call_id\":\"c\",\"candidates\":[{\"candidate\":\"x\",\"sdpMid\":null}]}",
    TRUE },
  { "m.call.candidates", "{\"call_id\":\"c\",\"candidates\":[7]}", FALSE },
  { "m.call.candidates", "{\"call_id\":\"c\",\"candidates\":{}}", FALSE },
  { "m.call.sdp_stream_metadata_changed", "{\"call_id\":\"c\",\"sdp_stream_metadata\":{}}", TRUE },
  { "org.matrix.call.sdp_stream_metadata_changed",
    "{\"call_id\":\"c\",\"org.matrix.msc3077.sdp_stream_metadata\":{\"s\":{\"purpose\":\"m.new\"}}"
    "}",
    TRUE },
  { "m.call.sdp_stream_metadata_changed", "{\"call_id\":\"c\"}", FALSE },
  { "m.call.sdp_stream_metadata_changed", "{\"call_id\":\"c\",\"sdp_stream_metadata\":[]}", FALSE },
  { "m.call.select_answer", "{\"call_id\":\"c\",\"selected_party_id\":\"P\"}", TRUE },
  { "m.call.select_answer", "{\"call_id\":\"c\"}", FALSE },
  { "m.call.reject", "{\"call_id\":\"c\"}", TRUE },
  { "m.call.replaces", "{\"call_id\":\"c\"}", FALSE },
};

static void
test_cases (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (JsonObject) content = json (cases[i].content);
    g_autoptr (GError) error = NULL;
    g_autoptr (ConfabCallEvent) event = confab_call_event_parse (cases[i].type, content, &error);

    if ((event != NULL) != cases[i].good || (event == NULL) != (error != NULL))
      g_error ("%s %s: %s",
               cases[i].type,
               cases[i].content,
               error != NULL ? error->message : "taken");
  }
}

static void
test_bounds (void)
{
  g_autofree char *sdp = g_strnfill (CONFAB_CALL_EVENT_MAX_SDP + 1, 'a');
  g_autofree char *text = g_strdup_printf ("{\"call_id\":\"c\",\"offer\":{\"sdp\":\"%s\"}}", sdp);
  g_autoptr (JsonObject) invite = json (text);
  g_autoptr (GString) many = g_string_new ("{\"call_id\":\"c\",\"candidates\":[");
  g_autoptr (GString) streams = g_string_new ("{\"call_id\":\"c\",\"sdp_stream_metadata\":{");
  g_autoptr (JsonObject) candidates = NULL;
  g_autoptr (JsonObject) metadata = NULL;

  for (guint i = 0; i <= CONFAB_CALL_EVENT_MAX_CANDIDATES; i++)
    g_string_append_printf (many, "%s{\"candidate\":\"\"}", i > 0 ? "," : "");
  for (guint i = 0; i <= CONFAB_STREAM_METADATA_MAX_STREAMS; i++)
    g_string_append_printf (streams,
                            "%s\"s%u\":{\"purpose\":\"m.usermedia\"}",
                            i > 0 ? "," : "",
                            i);
  candidates = json (g_string_append (many, "]}")->str);
  metadata = json (g_string_append (streams, "}}")->str);
  g_assert_null (confab_call_event_parse ("m.call.invite", invite, NULL));
  g_assert_null (confab_call_event_parse ("m.call.candidates", candidates, NULL));
  g_assert_null (confab_call_event_parse ("m.call.sdp_stream_metadata_changed", metadata, NULL));
}

/* @format has one “%s”: what is longest in it. */
static const struct {
  const char *type;
  const char *format;
  gsize longest;
} longest[] = {
  { "m.call.hangup", "{\"call_id\":\"%s\"}", 255 },
  { "m.call.hangup", "{\"call_id\":\"c\",\"party_id\":\"%s\"}", 255 },
  { "m.call.hangup", "{\"call_id\":\"c\",\"conf_id\":\"%s\"}", 255 },
  { "m.call.hangup", "{\"call_id\":\"c\",\"device_id\":\"%s\"}", 255 },
  { "m.call.hangup", "{\"call_id\":\"c\",\"sender_session_id\":\"%s\"}", 255 },
  { "m.call.hangup", "{\"call_id\":\"c\",\"dest_session_id\":\"%s\"}", 255 },
  { "m.call.invite", "{\"call_id\":\"c\",\"invitee\":\"%s\",\"offer\":{\"sdp\":\"v=0\"}}", 255 },
  { "m.call.select_answer", "{\"call_id\":\"c\",\"selected_party_id\":\"%s\"}", 255 },
  { "m.call.candidates",
    "{\"call_id\":\"c\",\"candidates\":[{\"candidate\":\"x\",\"sdpMid\":\"%s\"}]}",
    255 },
  { "m.call.candidates", "{\"call_id\":\"c\",\"candidates\":[{\"candidate\":\"%s\"}]}", 2048 },
  { "m.call.sdp_stream_metadata_changed",
    "{\"call_id\":\"c\",\"sdp_stream_metadata\":{\"%s\":{\"purpose\":\"m.usermedia\"}}}",
    256 },
};

static void
test_longest (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (longest); i++) {
    for (guint more = 0; more < 2; more++) {
      g_autofree char *fill = g_strnfill (longest[i].longest + more, 'x');
      g_auto (GStrv) parts = g_strsplit (longest[i].format, "%s", 2);
      g_autofree char *text = g_strjoinv (fill, parts);
      g_autoptr (JsonObject) content = json (text);
      g_autoptr (ConfabCallEvent) event = confab_call_event_parse (longest[i].type, content, NULL);

      if ((event != NULL) != (more == 0))
        g_error ("%s of %" G_GSIZE_FORMAT, longest[i].format, longest[i].longest + more);
    }
  }
}

/* A reason that nobody made up is kept, a longer one is none. */
static void
test_longest_reason (void)
{
  for (guint length = 64; length <= 65; length++) {
    g_autofree char *fill = g_strnfill (length, 'x');
    g_autofree char *text = g_strdup_printf ("{\"call_id\":\"c\",\"reason\":\"%s\"}", fill);
    g_autoptr (JsonObject) content = json (text);
    g_autoptr (ConfabCallEvent) event = confab_call_event_parse ("m.call.hangup", content, NULL);

    g_assert_nonnull (event);
    g_assert_cmpstr (event->reason, ==, length == 64 ? fill : "unknown_error");
  }
}

/* What waits is bounded by its size, so whatever a stranger makes long counts. */
static void
test_size (void)
{
  g_autoptr (ConfabCallEvent) event = confab_call_event_new (CONFAB_CALL_EVENT_INVITE, "c");
  g_autofree char *fill = g_strnfill (255, 'x');
  gsize size = confab_call_event_get_size (event);

  event->sdp = g_strdup (fill);
  g_assert_cmpuint (confab_call_event_get_size (event), >=, size + 255);
  size = confab_call_event_get_size (event);
  confab_call_event_add_candidate (event, fill, NULL, 0);
  g_assert_cmpuint (confab_call_event_get_size (event), >=, size + 255);
  size = confab_call_event_get_size (event);
  confab_call_event_add_candidate (event, "", fill, 0);
  g_assert_cmpuint (confab_call_event_get_size (event), >=, size + 255);
  size = confab_call_event_get_size (event);
  event->metadata = confab_stream_metadata_new ();
  confab_stream_metadata_add (event->metadata, fill, CONFAB_STREAM_PURPOSE_USERMEDIA, FALSE, FALSE);
  g_assert_cmpuint (confab_call_event_get_size (event), >=, size + 255);
}

static const struct {
  const char *lifetime;
  guint ms;
} lifetimes[] = {
  { "", 60000 },
  { ",\"lifetime\":null", 60000 },
  { ",\"lifetime\":\"9\"", 60000 },
  { ",\"lifetime\":90000", 90000 },
  { ",\"lifetime\":600000", 600000 },
  { ",\"lifetime\":600001", 600000 },
  { ",\"lifetime\":1e300", 60000 },
  { ",\"lifetime\":0", 0 },
  { ",\"lifetime\":-1", 0 },
};

/* An invite is not to ring for hours, whatever it says. */
static void
test_lifetime (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (lifetimes); i++) {
    g_autofree char *text = g_strdup_printf ("{\"call_id\":\"c\",\"offer\":{\"sdp\":\"v=0\"}%s}",
                                             lifetimes[i].lifetime);
    g_autoptr (JsonObject) content = json (text);
    g_autoptr (ConfabCallEvent) event = confab_call_event_parse ("m.call.invite", content, NULL);

    g_test_message ("%s", lifetimes[i].lifetime);
    g_assert_nonnull (event);
    g_assert_cmpuint (event->lifetime_ms, ==, lifetimes[i].ms);
  }
}

/* Both keys, both flags; a flag that is left out keeps its value; a stream that is left out is gone. */
static void
test_metadata (void)
{
  g_autoptr (JsonObject) first = json ("{\"org.matrix.msc3077.sdp_stream_metadata\":{\"a\":{\"purpose\":\"m."
                            "usermedia\",\"audio_muted\":true},"
                            "\"b\":{\"purpose\":\"m.screenshare\"}}}");
  g_autoptr (JsonObject) second = json (
    "{\"sdp_stream_metadata\":{\"a\":{\"purpose\":\"m.usermedia\",\"video_muted\":true}}}");
  g_autoptr (JsonObject) printed = json_object_new ();
  g_autoptr (ConfabStreamMetadata) old = NULL;
  g_autoptr (ConfabStreamMetadata) update = NULL;
  g_autoptr (ConfabStreamMetadata) merged = NULL;
  g_autofree char *text = NULL;

  g_assert_true (confab_stream_metadata_parse (first, &old, NULL));
  g_assert_true (confab_stream_metadata_parse (second, &update, NULL));
  merged = confab_stream_metadata_merge (old, update);
  confab_stream_metadata_print (merged, printed);
  text = confab_json_to_canonical (printed, NULL);
  g_assert_cmpstr (text,
                   ==,
                   "{\"org.matrix.msc3077.sdp_stream_metadata\":{\"a\":{\"audio_muted\":true,"
                   "\"purpose\":\"m.usermedia\",\"video_muted\":true}},"
                   "\"sdp_stream_metadata\":{\"a\":{\"audio_muted\":true,"
                   "\"purpose\":\"m.usermedia\",\"video_muted\":true}}}");
}

static void
check_merge (const char *before, const char *call_id, const char *after)
{
  g_autoptr (JsonObject) old = before != NULL ? json (before) : NULL;
  g_autoptr (GPtrArray) own = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_call_membership_free);
  g_autoptr (JsonObject) merged = NULL;
  g_autofree char *text = NULL;

  if (call_id != NULL) {
    ConfabCallMembership *membership = g_new0 (ConfabCallMembership, 1);
    membership->call_id = g_strdup (call_id);
    membership->session_id = g_strdup ("S");
    membership->expires_ts = 9;
    g_ptr_array_add (own, membership);
  }
  merged = confab_call_membership_merge (old, "ME", own, 4000000);
  text = confab_json_to_canonical (merged, NULL);
  g_assert_cmpstr (text, ==, after);
}

#define OWN                                                                                        \
  "{\"device_id\":\"ME\",\"expires_ts\":9,\"feeds\":[{\"purpose\":\"m.usermedia\"}],\"session_"    \
  "id\":\"S\"}"

static void
test_membership (void)
{
  static const char
    rtc[] = "{\"application\":\"m.call\",\"device_id\":\"D\",\"focus_active\":{},\"m.calls\":[]}";
  g_autoptr (JsonObject) rtc_content = json (rtc);
  g_autoptr (JsonObject) empty = json ("{}");

  check_merge (NULL, NULL, "{\"m.calls\":[]}");
  check_merge (NULL, "c", "{\"m.calls\":[{\"m.call_id\":\"c\",\"m.devices\":[" OWN "]}]}");
  /* Foci go, other keys stay. */
  check_merge (
    "{\"x\":1,\"m.calls\":[{\"m.call_id\":\"c\",\"y\":2,\"m.devices\":[{\"device_id\":\"ME\","
    "\"m.foci.active\":[{}]}]}]}",
    "c",
    "{\"m.calls\":[{\"m.call_id\":\"c\",\"m.devices\":[" OWN "],\"y\":2}],\"x\":1}");
  /* Other calls and devices stay, long dead ones and this device's stale entries go. */
  check_merge (
    "{\"m.calls\":[{\"m.call_id\":\"d\",\"m.devices\":[{\"device_id\":\"A\",\"expires_ts\":400001},"
    "{\"device_id\":\"B\",\"expires_ts\":400000},{\"device_id\":\"ME\",\"expires_ts\":5000000}]},"
    "{\"m.call_id\":\"e\",\"m.devices\":[{\"device_id\":\"ME\"}]}]}",
    "c",
    "{\"m.calls\":[{\"m.call_id\":\"d\",\"m.devices\":[{\"device_id\":\"A\",\"expires_ts\":400001}]"
    "},"
    "{\"m.call_id\":\"c\",\"m.devices\":[" OWN "]}]}");
  g_assert_cmpint (confab_call_membership_get_kind ("_@a:x_D", "@a:x", rtc_content),
                   ==,
                   CONFAB_CALL_MEMBERSHIP_RTC);
  g_assert_cmpint (confab_call_membership_get_kind ("@a:x", "@a:x", rtc_content),
                   ==,
                   CONFAB_CALL_MEMBERSHIP_MESH);
  g_assert_cmpint (confab_call_membership_get_kind ("@a:x", "@a:x", empty),
                   ==,
                   CONFAB_CALL_MEMBERSHIP_NONE);
}

static guint
count_parsed (guint n_calls, guint n_devices, gsize id_length)
{
  g_autofree char *id = g_strnfill (id_length, 'x');
  g_autoptr (GString) text = g_string_new ("{\"m.calls\":[");
  g_autoptr (JsonObject) content = NULL;
  g_autoptr (GPtrArray) found = NULL;

  for (guint i = 0; i < n_calls; i++) {
    g_string_append_printf (text, "%s{\"m.call_id\":\"%s\",\"m.devices\":[", i > 0 ? "," : "", id);
    for (guint j = 0; j < n_devices; j++)
      g_string_append_printf (text,
                              "%s{\"device_id\":\"D\",\"session_id\":\"S\"}",
                              j > 0 ? "," : "");
    g_string_append (text, "]}");
  }
  content = json (g_string_append (text, "]}")->str);
  found = confab_call_membership_parse (content);
  return found->len;
}

/* What strangers write of themselves is bounded; what is malformed in it is left out. */
static void
test_membership_bounds (void)
{
  static const char *const devices[] = {
    "7",
    "{}",
    "{\"device_id\":\"D\"}",
    "{\"session_id\":\"S\"}",
    "{\"device_id\":\"\",\"session_id\":\"S\"}",
    "{\"device_id\":7,\"session_id\":\"S\"}",
    /* No message names these: such a device would be called, and never be heard. */
    "{\"device_id\":\"D E\",\"session_id\":\"S\"}",
    "{\"device_id\":\"E\",\"session_id\":\"\\u0001\"}",
  };
  g_autoptr (JsonObject) strange = json ("{\"m.calls\":[7,{},{\"m.call_id\":\"c\"}]}");
  g_autoptr (JsonObject) ancient = json (
    "{\"m.calls\":[{\"m.call_id\":\"c\",\"m.devices\":[{\"device_id\":\"D\",\"session_id\":\"S\","
    "\"expires_ts\":-9223372036854775808}]}]}");
  g_autoptr (GPtrArray) none = confab_call_membership_parse (strange);
  g_autoptr (GPtrArray) expired = confab_call_membership_parse (ancient);
  g_autoptr (GPtrArray) nothing = confab_call_membership_parse (NULL);

  g_assert_cmpuint (none->len + nothing->len, ==, 0);
  g_assert_cmpuint (expired->len, ==, 1);
  g_assert_cmpint (((ConfabCallMembership *) expired->pdata[0])->expires_ts, ==, 0);
  g_assert_cmpuint (count_parsed (120, 1, 5), ==, 100);
  g_assert_cmpuint (count_parsed (1, 120, 5), ==, 100);
  g_assert_cmpuint (count_parsed (1, 1, 255), ==, 1);
  g_assert_cmpuint (count_parsed (1, 1, 256), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (devices); i++) {
    g_autofree char *text = NULL;
    g_autoptr (JsonObject) content = NULL;
    g_autoptr (GPtrArray) found = NULL;

    text = g_strdup_printf ("{\"m.calls\":[{\"m.call_id\":\"c\",\"m.devices\":[%s,"
                            "{\"device_id\":\"D\",\"session_id\":\"S\",\"expires_ts\":1.5}]}]}",
                            devices[i]);
    content = json (text);
    found = confab_call_membership_parse (content);
    g_assert_cmpuint (found->len, ==, 1);
  }
}

static void
add_membership (GPtrArray *memberships, guint call, guint device, gint64 expires_ts)
{
  ConfabCallMembership *membership = g_new0 (ConfabCallMembership, 1);

  membership->call_id = g_strdup_printf ("c%u", call);
  membership->device_id = g_strdup_printf ("D%u", device);
  membership->session_id = g_strdup ("S");
  membership->expires_ts = expires_ts;
  g_ptr_array_add (memberships, membership);
}

static GPtrArray *
new_memberships (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) confab_call_membership_free);
}

/* As many as are read of an event: of each is seen what became of it. */
static void
test_membership_changes (void)
{
  g_autoptr (GPtrArray) before = new_memberships ();
  g_autoptr (GPtrArray) after = new_memberships ();
  g_auto (GStrv) none = NULL;
  g_auto (GStrv) renewed = NULL;

  for (guint call = 0; call < 100; call++) {
    for (guint device = 0; device < 100; device++) {
      add_membership (before, call, device, 5);
      add_membership (after, call, device, call == 99 && device == 7 ? 6 : 5);
    }
  }
  add_membership (before, 0, 3, 1); /* twice: the first counts */
  none = confab_call_membership_list_renewed (before, before);
  g_assert_cmpuint (g_strv_length (none), ==, 0);
  renewed = confab_call_membership_list_renewed (after, before);
  g_assert_cmpstrv (renewed, ((const char *const[]) { "D7", NULL }));
  g_assert_false (confab_call_membership_lacks (after, before));
  g_ptr_array_remove_index (after, after->len - 1);
  g_assert_true (confab_call_membership_lacks (after, before));
  g_assert_false (confab_call_membership_lacks (before, after));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (transcripts); i++) {
    g_autofree char *path = g_strconcat ("/call-event/transcript/", transcripts[i], NULL);
    g_test_add_data_func (path, transcripts[i], test_transcript);
  }
  g_test_add_func ("/call-event/cases", test_cases);
  g_test_add_func ("/call-event/bounds", test_bounds);
  g_test_add_func ("/call-event/longest", test_longest);
  g_test_add_func ("/call-event/longest-reason", test_longest_reason);
  g_test_add_func ("/call-event/size", test_size);
  g_test_add_func ("/call-event/lifetime", test_lifetime);
  g_test_add_func ("/call-event/metadata", test_metadata);
  g_test_add_func ("/call-event/membership", test_membership);
  g_test_add_func ("/call-event/membership-bounds", test_membership_bounds);
  g_test_add_func ("/call-event/membership-changes", test_membership_changes);
  return g_test_run ();
}
