/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call-event.h"
#include "confab-call-handler.h"
#include "confab-fake-local-media.h"
#include "confab-fake-signalling.h"
#include "confab-group-call.h"
#include "confab-json.h"
#include "confab-manual-clock.h"

/* Lines: the first byte says what the rest is: a type's letter and JSON, for a handler that is in a call. */

#define ROOM "!r:x"

static const char *const types[] = {
  "m.call.invite", "m.call.answer",        "m.call.candidates",
  "m.call.hangup", "m.call.negotiate",     "m.call.sdp_stream_metadata_changed",
  "m.call.reject", "m.call.select_answer",
};

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
feed (ConfabCallHandler *handler, ConfabManualClock *clock, const char *line)
{
  guint kind = (guchar) *line;
  g_autoptr (JsonObject) content = confab_json_parse_object (line + 1, -1, NULL);

  if (content == NULL)
    return;
  if (kind % 16 < G_N_ELEMENTS (types)) {
    const char *session = confab_json_peek_string (content, "dest_session_id");
    ConfabCall *call = confab_call_handler_lookup (handler, ROOM, "conf");
    g_autoptr (JsonObject) copy = confab_json_copy_object (content);

    /* The fuzzer cannot guess the session. */
    if (session != NULL && call != NULL &&
        confab_group_call_get_session_id (CONFAB_GROUP_CALL (call)) != NULL)
      json_object_set_string_member (copy,
                                     "dest_session_id",
                                     confab_group_call_get_session_id (CONFAB_GROUP_CALL (call)));
    confab_call_handler_handle_to_device (
      handler, kind & 16 ? "@a:x" : "@c:x", NULL, types[kind % 16], copy);
  } else if (kind % 16 < 12) {
    confab_call_handler_handle_state (handler,
                                      ROOM,
                                      "org.matrix.msc3401.call.member",
                                      kind & 16 ? "@a:x" : "@b:x",
                                      kind & 16 ? "@a:x" : "@b:x",
                                      kind,
                                      content);
  } else {
    confab_call_handler_handle_state (handler,
                                      ROOM,
                                      "org.matrix.msc3401.call",
                                      kind & 16 ? "conf" : "other",
                                      "@a:x",
                                      kind,
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
  g_auto (GStrv) lines = g_strsplit (text, "\n", 20);

  feed (handler, clock, "\x1c{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  confab_call_join (confab_call_handler_lookup (handler, ROOM, "conf"), CONFAB_LOCAL_MEDIA (media));
  feed (handler,
        clock,
        "\x18{\"m.calls\":[{\"m.call_id\":\"conf\",\"m.devices\":[{\"device_id\":\"A\","
        "\"session_id\":\"S\",\"expires_ts\":9000000}]}]}");
  confab_manual_clock_advance (clock, 10);
  for (guint i = 0; lines[i] != NULL; i++) {
    if (*lines[i] != '\0')
      feed (handler, clock, lines[i]);
  }
  g_assert_finalize_object (g_steal_pointer (&handler));
  g_assert_finalize_object (g_steal_pointer (&signalling));
  return 0;
}
