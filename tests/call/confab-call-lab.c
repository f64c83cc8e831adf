/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-lab.h"

#include "confab-json.h"

static const char *
lab_get_user (Lab *lab)
{
  return lab->user != NULL ? lab->user : "@b:x";
}

/* What @user has written with this device comes back in a sync of its own. */
void
lab_hear_own (ConfabCallHandler *handler,
              const char *user,
              const char *type,
              const char *state_key,
              gint64 origin_server_ts,
              JsonObject *content)
{
  confab_call_handler_handle_state (
    handler, ROOM, type, state_key, user, origin_server_ts, content);
  confab_call_handler_end_sync (handler, 0);
}

static void
echo_cb (ConfabFakeSignalling *signalling,
         const char *room,
         const char *type,
         const char *state_key,
         JsonObject *content,
         Lab *lab)
{
  if (lab->echo)
    lab_hear_own (lab->handler, lab_get_user (lab), type, state_key, NOW_MS, content);
}

static void
to_device_cb (ConfabFakeSignalling *signalling,
              const char *user,
              const char *device,
              const char *type,
              JsonObject *content,
              gboolean clear,
              Lab *lab)
{
  lab->clear = clear;
}

static void
failed_cb (ConfabCall *call, const GError *error, Lab *lab)
{
  g_string_append_printf (lab->failed, "%d ", error->code);
}

void
lab_state (Lab *lab, const char *type, const char *key, const char *sender, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) content = confab_json_parse_object (text, -1, &error);

  g_assert_no_error (error);
  confab_call_handler_handle_state (lab->handler, ROOM, type, key, sender, NOW_MS, content);
}

void
lab_sync_end (Lab *lab)
{
  confab_call_handler_end_sync (lab->handler, 0);
}

void
lab_member_until (
  Lab *lab, const char *user, const char *device, const char *session, gint64 expires_ms)
{
  g_autofree char *text = g_strdup_printf (
    "{\"m.calls\":[{\"m.call_id\":\"conf\",\"m.devices\":[{\"device_id\":\"%s\","
    "\"session_id\":\"%s\",\"expires_ts\":%" G_GINT64_FORMAT "}]}]}",
    device,
    session,
    expires_ms);

  lab_state (lab, MEMBER, user, user, text);
}

/* In the call that the lab goes on with. */
void
lab_member_of (Lab *lab, const char *user, const char *device)
{
  g_autofree char *id = confab_call_dup_id (lab->call);
  g_autofree char *text = g_strdup_printf (
    "{\"m.calls\":[{\"m.call_id\":\"%s\",\"m.devices\":[{\"device_id\":\"%s\","
    "\"session_id\":\"S\",\"expires_ts\":9000000000000}]}]}",
    id,
    device);

  lab_state (lab, MEMBER, user, user, text);
  lab_sync_end (lab);
}

void
lab_member (Lab *lab, const char *user, const char *device, const char *session)
{
  gint64 now_ms = confab_clock_get_real_time (CONFAB_CLOCK (lab->clock)) / 1000;

  lab_member_until (lab, user, device, session, now_ms + 3600000);
  lab_sync_end (lab);
}

void
lab_start_with (Lab *lab, const char *content)
{
  lab->clock = confab_manual_clock_new (NOW_MS * 1000);
  lab->signalling = confab_fake_signalling_new (CONFAB_CLOCK (lab->clock));
  lab->media = confab_fake_local_media_new (CONFAB_CLOCK (lab->clock), "local");
  lab->handler = confab_call_handler_new (CONFAB_SIGNALLING (lab->signalling),
                                          CONFAB_CLOCK (lab->clock),
                                          lab_get_user (lab),
                                          "ME");
  lab->failed = g_string_new (NULL);
  lab->echo = TRUE;
  g_signal_connect (lab->signalling, "state", G_CALLBACK (echo_cb), lab);
  g_signal_connect (lab->signalling, "to-device", G_CALLBACK (to_device_cb), lab);
  lab_state (lab, "org.matrix.msc3401.call", "conf", "@a:x", content);
  lab->call = confab_call_handler_lookup (lab->handler, ROOM, "conf");
  g_assert_nonnull (lab->call);
  g_object_ref (lab->call);
  g_signal_connect (lab->call, "failed", G_CALLBACK (failed_cb), lab);
}

void
lab_start (Lab *lab)
{
  lab_start_with (lab, "{\"m.intent\":\"m.prompt\",\"m.type\":\"m.video\"}");
}

void
lab_finish (Lab *lab)
{
  g_signal_handlers_disconnect_by_data (lab->call, lab);
  g_clear_object (&lab->call);
  g_assert_finalize_object (g_steal_pointer (&lab->handler));
  g_assert_finalize_object (g_steal_pointer (&lab->signalling));
  g_assert_finalize_object (g_steal_pointer (&lab->media));
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (lab->clock), ==, 0);
  g_assert_finalize_object (g_steal_pointer (&lab->clock));
  g_string_free (lab->failed, TRUE);
}

/* @lab goes on with a new call of its own. */
void
lab_create (Lab *lab, ConfabCallIntent intent)
{
  g_signal_handlers_disconnect_by_data (lab->call, lab);
  g_object_unref (lab->call);
  lab->call = confab_call_handler_create_call (
    lab->handler, ROOM, intent, CONFAB_CALL_TYPE_VIDEO, "Hi");
  g_signal_connect (lab->call, "failed", G_CALLBACK (failed_cb), lab);
}

void
lab_advance (Lab *lab, guint ms)
{
  confab_manual_clock_advance (lab->clock, ms);
}

void
lab_join (Lab *lab)
{
  confab_call_join (lab->call, CONFAB_LOCAL_MEDIA (lab->media));
  lab_advance (lab, 3);
}

/* The own member event that was written last. */
static JsonArray *
peek_own_calls (Lab *lab)
{
  return confab_json_peek_array (confab_fake_signalling_peek_last (lab->signalling, MEMBER),
                                 "m.calls");
}

/* It comes in sync. */
void
lab_echo_own (Lab *lab)
{
  confab_call_handler_handle_state (lab->handler,
                                    ROOM,
                                    MEMBER,
                                    lab_get_user (lab),
                                    lab_get_user (lab),
                                    NOW_MS,
                                    confab_fake_signalling_peek_last (lab->signalling, MEMBER));
  lab_sync_end (lab);
}

guint
lab_count_own_calls (Lab *lab)
{
  return json_array_get_length (peek_own_calls (lab));
}

static JsonArray *
peek_own_devices (Lab *lab)
{
  return confab_json_peek_array (json_array_get_object_element (peek_own_calls (lab), 0),
                                 "m.devices");
}

/* In the first call. */
guint
lab_count_own_devices (Lab *lab)
{
  return json_array_get_length (peek_own_devices (lab));
}

/* Of the first device in the first call: ms since the epoch. */
gint64
lab_get_own_expiry (Lab *lab)
{
  return confab_json_peek_int (json_array_get_object_element (peek_own_devices (lab), 0),
                               "expires_ts",
                               0);
}

ConfabCallMember *
lab_peek_member (Lab *lab)
{
  g_autoptr (ConfabCallMember) found = NULL;

  found = g_list_model_get_item (confab_call_get_participants (lab->call), 0);
  return found; /* the list keeps it */
}

/* Messages of the first member that wait for one before them. */
guint
lab_get_n_queued (Lab *lab)
{
  g_autoptr (GPtrArray) queued = confab_call_member_dup_queued (lab_peek_member (lab));

  return queued->len;
}

guint
lab_get_n_members (Lab *lab)
{
  return g_list_model_get_n_items (confab_call_get_participants (lab->call));
}

/* A message from @user/@device in @session, with @rest of the content; with a negative @seq it has no number. */
void
lab_receive_as (Lab *lab,
                const char *user,
                const char *device,
                gboolean encrypted,
                const char *session,
                const char *type,
                const char *call_id,
                int seq,
                const char *rest)
{
  const char *own = confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab->call));
  g_autofree char *number = seq >= 0 ? g_strdup_printf (",\"seq\":%d", seq) : g_strdup ("");
  g_autofree char *text = g_strdup_printf (
    "{\"conf_id\":\"conf\",\"call_id\":\"%s\",\"party_id\":\"%s\",\"device_id\":\"%s\",\"version\":"
    "1,"
    "\"sender_session_id\":\"%s\",\"dest_session_id\":\"%s\"%s%s}",
    call_id,
    device,
    device,
    session,
    own != NULL ? own : "none",
    number,
    rest);
  g_autoptr (JsonObject) content = confab_json_parse_object (text, -1, NULL);

  confab_call_handler_handle_to_device (
    lab->handler, user, encrypted ? device : NULL, type, content);
}

void
lab_receive (Lab *lab, const char *type, const char *call_id, int seq, const char *rest)
{
  const char *user = confab_call_member_get_user_id (lab_peek_member (lab));

  lab_receive_as (lab,
                  user,
                  confab_call_member_get_device_id (lab_peek_member (lab)),
                  TRUE,
                  "S",
                  type,
                  call_id,
                  seq,
                  rest);
  lab_sync_end (lab);
}

void
lab_set_ice (Lab *lab, ConfabConnectionState ice)
{
  confab_fake_peer_connection_set_state (confab_fake_local_media_get_last (lab->media), ice);
}

/* @c is called and answers. */
void
lab_connect_c (Lab *lab)
{
  const char *call_id;

  lab_member (lab, "@c:x", "C", "S");
  lab_join (lab);
  lab_advance (lab, 201);
  call_id = confab_call_member_get_call_id (lab_peek_member (lab));
  lab_receive (lab, "m.call.answer", call_id, 0, ANSWER);
  lab_advance (lab, 1);
  lab_set_ice (lab, CONFAB_CONNECTION_STATE_CONNECTED);
  assert_member (lab, "connected");
  confab_fake_signalling_clear_log (lab->signalling);
}
