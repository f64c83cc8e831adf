/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call-event.h"
#include "confab-call-handler.h"
#include "confab-declined-calls.h"
#include "confab-fake-local-media.h"
#include "confab-fake-signalling.h"
#include "confab-group-call.h"
#include "confab-json.h"
#include "confab-manual-clock.h"

/* What strangers say to a handler that is in a call: device messages and state, of the mesh and of MatrixRTC; and which
 * calls an own device has declined. Lines: in the first byte, the low four bits say what the rest, JSON, is; 16: from
 * @a:x, who invites this device, instead of @c:x, whom it invites; 32: Olm says from which device; 64: then a while
 * passes. */

#define ROOM "!r:x"
#define ENTRY(device)                                                                              \
  "{\"m.calls\":[{\"m.call_id\":\"conf\",\"m.devices\":[{\"device_id\":\"" device "\","            \
  "\"session_id\":\"S\",\"expires_ts\":9000000}]}]}"

static const char *const types[] = {
  "m.call.invite", "m.call.answer",        "m.call.candidates",
  "m.call.hangup", "m.call.negotiate",     "m.call.sdp_stream_metadata_changed",
  "m.call.reject", "m.call.select_answer", "org.matrix.call.sdp_stream_metadata_changed",
};

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define MEMBER 9
#define RTC 10
#define MEMBERSHIP 11
#define DECLINED 13

/* The fuzzer cannot guess the session. */
static void
say (ConfabCallHandler *handler, guint kind, JsonObject *content)
{
  const char *device = kind & 16 ? "A" : "C";
  ConfabCall *call = confab_call_handler_lookup (handler, ROOM, "conf");
  const char *session = call != NULL ? confab_group_call_get_session_id (CONFAB_GROUP_CALL (call))
                                     : NULL;
  g_autoptr (JsonObject) copy = confab_json_copy_object (content);

  if (session != NULL && confab_json_peek_string (content, "dest_session_id") != NULL)
    json_object_set_string_member (copy, "dest_session_id", session);
  confab_call_handler_handle_to_device (
    handler, kind & 16 ? "@a:x" : "@c:x", kind & 32 ? device : NULL, types[kind % 16], copy);
}

/* What was read is written, and reads the same. */
static void
read_back (const char *type, JsonObject *content)
{
  g_autoptr (ConfabCallEvent) message = confab_call_event_parse (type, content, NULL);
  g_autoptr (ConfabCallEvent) again = NULL;
  g_autoptr (JsonObject) printed = NULL;
  g_autoptr (JsonObject) reprinted = NULL;

  if (message == NULL)
    return;
  printed = confab_call_event_print (message);
  again = confab_call_event_parse (confab_call_event_get_name (message), printed, NULL);
  g_assert_nonnull (again);
  reprinted = confab_call_event_print (again);
  g_assert_true (json_object_equal (printed, reprinted));
}

static void
feed (ConfabCallHandler *handler, ConfabManualClock *clock, const char *line)
{
  guint kind = (guchar) *line;
  const char *user = kind & 16 ? "@a:x" : "@c:x";
  gint64 now_ms = confab_clock_get_real_time (CONFAB_CLOCK (clock)) / 1000;
  g_autoptr (JsonObject) content = confab_json_parse_object (line + 1, -1, NULL);

  if (content == NULL)
    return;
  if (kind % 16 < G_N_ELEMENTS (types)) {
    read_back (types[kind % 16], content);
    say (handler, kind, content);
  } else if (kind % 16 == MEMBERSHIP) {
    confab_call_handler_handle_membership (
      handler,
      ROOM,
      kind & 32 ? user : "@b:x",
      g_strcmp0 (confab_json_peek_string (content, "membership"), "join") == 0);
  } else if (kind % 16 == DECLINED) {
    confab_call_handler_handle_account_data (handler, ROOM, CONFAB_DECLINED_CALLS_TYPE, content);
  } else if (kind % 16 == MEMBER || kind % 16 == RTC) {
    g_autofree char *key = kind % 16 == RTC ? g_strdup_printf ("_%s_A_m.call", user) : NULL;

    confab_call_handler_handle_state (handler,
                                      ROOM,
                                      "org.matrix.msc3401.call.member",
                                      key != NULL ? key
                                      : kind & 32 ? user
                                                  : "@b:x",
                                      kind & 32 ? user : "@b:x",
                                      now_ms,
                                      content);
  } else {
    confab_call_handler_handle_state (handler,
                                      ROOM,
                                      "org.matrix.msc3401.call",
                                      kind & 16 ? "conf" : "other",
                                      "@a:x",
                                      now_ms,
                                      content);
  }
  confab_call_handler_end_sync (handler, kind & 32 ? 1 : 0);
  confab_manual_clock_advance (clock, (kind & 64) ? 250 : 1);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (ConfabManualClock) clock = confab_manual_clock_new (G_GINT64_CONSTANT (1000000));
  g_autoptr (ConfabFakeSignalling) signalling = confab_fake_signalling_new (CONFAB_CLOCK (clock));
  g_autoptr (ConfabFakeLocalMedia) media = confab_fake_local_media_new (CONFAB_CLOCK (clock), "local");
  g_autoptr (ConfabCallHandler) handler = confab_call_handler_new (CONFAB_SIGNALLING (signalling),
                                                        CONFAB_CLOCK (clock),
                                                        "@b:x",
                                                        "ME");
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 60);

  feed (handler, clock, "\x1c{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  confab_call_join (confab_call_handler_lookup (handler, ROOM, "conf"), CONFAB_LOCAL_MEDIA (media));
  feed (handler, clock, "\x39" ENTRY ("A"));
  feed (handler, clock, "\x29" ENTRY ("C"));
  confab_manual_clock_advance (clock, 10);
  for (guint i = 0; lines[i] != NULL; i++) {
    if (*lines[i] != '\0')
      feed (handler, clock, lines[i]);
  }
  g_assert_finalize_object (g_steal_pointer (&handler));
  g_assert_finalize_object (g_steal_pointer (&signalling));
  return 0;
}
