/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-app"

#include "config.h"

#include "confab-call-report.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, name, text);
  else
    json_object_set_null_member (object, name);
}

/**
 * confab_call_report_call:
 * @call: a call
 *
 * Returns: (transfer full): it as in `calls`: `members` counts the devices in it, this one too; `since` is in
 *   ms since the epoch
 */
JsonObject *
confab_call_report_call (ConfabCall *call)
{
  JsonObject *object = json_object_new ();
  g_autofree char *call_id = confab_call_dup_id (call);
  g_autofree char *room_id = confab_call_dup_room_id (call);
  gint64 started_at = confab_call_get_started_at (call);

  set_text (object, "callId", call_id);
  set_text (object, "roomId", room_id);
  set_text (object,
            "intent",
            confab_enum_nick (CONFAB_TYPE_CALL_INTENT, confab_call_get_intent (call)));
  set_text (object,
            "type",
            confab_enum_nick (CONFAB_TYPE_CALL_TYPE, confab_call_get_call_type (call)));
  json_object_set_int_member (object,
                              "members",
                              g_list_model_get_n_items (confab_call_get_participants (call)) +
                                (confab_call_get_state (call) == CONFAB_CALL_STATE_JOINED));
  json_object_set_boolean_member (object, "ringing", confab_call_get_ringing (call));
  if (started_at > 0)
    json_object_set_int_member (object, "since", started_at / 1000);
  else
    json_object_set_null_member (object, "since");
  return object;
}

/**
 * confab_call_report_local_mute:
 * @call: a call
 *
 * Returns: (transfer full): `localMute`: null for both outside of the call
 */
JsonObject *
confab_call_report_local_mute (ConfabCall *call)
{
  g_autoptr (ConfabLocalMedia) media = confab_call_dup_local_media (call);
  JsonObject *object = json_object_new ();

  if (media != NULL) {
    ConfabStream *stream = confab_local_media_get_stream (media);
    json_object_set_boolean_member (object, "microphone", confab_stream_get_audio_muted (stream));
    json_object_set_boolean_member (object, "camera", confab_stream_get_video_muted (stream));
  } else {
    json_object_set_null_member (object, "microphone");
    json_object_set_null_member (object, "camera");
  }
  return object;
}

/**
 * confab_call_report_process:
 *
 * Returns: (transfer full): `process`: what this process used up
 */
JsonObject *
confab_call_report_process (void)
{
  JsonObject *object = json_object_new ();
  g_autofree char *stat = NULL;
  struct rusage usage;
  gint64 threads = 0, pages = 0;

  getrusage (RUSAGE_SELF, &usage);
  json_object_set_double_member (object,
                                 "cpuSeconds",
                                 usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
                                   (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
  /* proc(5): fields 20 and 24; the second is a name in brackets that may hold anything. */
  if (g_file_get_contents ("/proc/self/stat", &stat, NULL, NULL)) {
    const char *rest = strrchr (stat, ')');
    g_auto (GStrv) fields = g_strsplit (rest != NULL ? rest + 1 : "", " ", -1);
    if (g_strv_length (fields) > 22) {
      threads = g_ascii_strtoll (fields[18], NULL, 10);
      pages = g_ascii_strtoll (fields[22], NULL, 10);
    }
  }
  if (pages > 0)
    json_object_set_int_member (object, "rssBytes", pages * sysconf (_SC_PAGESIZE));
  else
    json_object_set_null_member (object, "rssBytes");
  if (threads > 0)
    json_object_set_int_member (object, "threads", threads);
  else
    json_object_set_null_member (object, "threads");
  return object;
}
