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
member_at (Lab *lab, gint64 origin_server_ts, const char *calls)
{
  g_autofree char *text = g_strdup_printf ("{\"m.calls\":[%s]}", calls);
  g_autoptr (JsonObject) content = confab_json_parse_object (text, -1, NULL);

  confab_call_handler_handle_state (
    lab->handler, ROOM, MEMBER, "@a:x", "@a:x", origin_server_ts, content);
  lab_sync_end (lab);
}

/* Two people join at the same moment, and the room's history forks: a sync brings what somebody had before once more. */
static void
test_history_comes_again (void)
{
  static const char *const there = "{\"m.call_id\":\"conf\",\"m.devices\":[{\"device_id\":\"A\","
                                   "\"session_id\":\"S\",\"expires_ts\":9000000000000}]}";
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  member_at (&lab, NOW_MS + 1, "");
  member_at (&lab, NOW_MS + 2, there);
  assert_member (&lab, "waiting");
  assert_log (&lab, "MEMBER ");
  member_at (&lab, NOW_MS + 1, "");
  member_at (&lab, NOW_MS + 1, "");
  member_at (&lab, NOW_MS + 2, there);
  assert_member (&lab, "waiting");
  /* Other clients do not look at the date: for them this device may be gone, and so it says again that it is there. */
  assert_log (&lab, "");
  lab_advance (&lab, 2600);
  assert_log (&lab, "MEMBER ");
  lab_advance (&lab, 60000);
  assert_log (&lab, "");
  /* A server's clock may have been put back since. */
  member_at (&lab, NOW_MS, "");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  for (guint i = 3; i < 40; i++)
    member_at (&lab, NOW_MS + i, i % 2 == 0 ? there : "");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  member_at (&lab, NOW_MS + 38, there);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  lab_finish (&lab);
}

/* The same, where only the store knows what there was: it has seen more than a process that has just begun. */
static void
test_told_of_history (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  lab_advance (&lab, 60000);
  assert_log (&lab, "MEMBER ");
  confab_call_handler_handle_fork (lab.handler, "!2:x");
  lab_advance (&lab, 60000);
  assert_log (&lab, "");
  confab_call_handler_handle_fork (lab.handler, ROOM);
  lab_advance (&lab, 2600);
  assert_log (&lab, "MEMBER ");
  lab_finish (&lab);
}

static void
test_wrong_device (void)
{
  Lab lab = { 0 };
  g_autoptr (JsonObject) content = confab_json_parse_object (
    "{\"conf_id\":\"conf\",\"call_id\":\"c1\",\"device_id\":\"A\",\"seq\":1,"
    "\"sender_session_id\":\"S\",\"reason\":\"user_hangup\"}",
    -1,
    NULL);
  g_autofree char *session_id = NULL;

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  lab_receive (&lab, "m.call.invite", "c1", 0, OFFER);
  lab_advance (&lab, 300);
  session_id = g_strdup (confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab.call)));
  json_object_set_string_member (content, "dest_session_id", session_id);
  confab_call_handler_handle_to_device (lab.handler, "@a:x", "EVIL", "m.call.hangup", content);
  assert_member (&lab, "connecting");
  /* The same from the device that it is from. */
  confab_call_handler_handle_to_device (lab.handler, "@a:x", "A", "m.call.hangup", content);
  assert_member (&lab, "unreachable");
  lab_finish (&lab);
}

static const char *
get_connection_log (Lab *lab)
{
  return confab_fake_peer_connection_get_log (confab_fake_local_media_get_last (lab->media));
}

static void
receive_a (Lab *lab, const char *type, const char *call_id, int seq, const char *rest)
{
  lab_receive_as (lab, "@a:x", "A", TRUE, "S", type, call_id, seq, rest);
}

/* What comes before the member event, or before the own entry was taken, waits and is there in order. */
static void
test_early_everything (gconstpointer member_first)
{
  Lab lab = { 0 };

  lab_start (&lab);
  if (member_first != NULL)
    lab_member (&lab, "@a:x", "A", "S");
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  lab_advance (&lab, member_first != NULL ? 1 : 3);
  receive_a (&lab, "m.call.candidates", "c1", 2, CANDIDATE ("two"));
  receive_a (&lab, "m.call.invite", "c1", 0, OFFER);
  lab_sync_end (&lab);
  receive_a (&lab, "m.call.candidates", "c1", 1, CANDIDATE ("one"));
  receive_a (&lab,
             "m.call.sdp_stream_metadata_changed",
             "c1",
             3,
             ",\"sdp_stream_metadata\":{\"s\":{\"purpose\":\"m.usermedia\",\"audio_muted\":true}}");
  lab_sync_end (&lab);
  g_assert_cmpuint (confab_fake_local_media_get_n_connections (lab.media), ==, 0);
  if (member_first != NULL)
    lab_advance (&lab, 1);
  else
    lab_member (&lab, "@a:x", "A", "S");
  assert_member (&lab, "connecting");
  lab_advance (&lab, 300);
  g_assert_cmpstr (get_connection_log (&lab),
                   ==,
                   "remote-offer [one|0|0] [two|0|0] create-answer ");
  g_assert_true (confab_call_member_get_microphone_muted (lab_peek_member (&lab)));
  lab_finish (&lab);
}

/* Over before its member was known: never begun. */
static void
test_early_hangup (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  receive_a (&lab, "m.call.invite", "c1", 0, OFFER);
  receive_a (&lab, "m.call.hangup", "c1", 1, HANGUP ("user_hangup"));
  lab_member (&lab, "@a:x", "A", "S");
  assert_member (&lab, "waiting");
  g_assert_cmpuint (confab_fake_local_media_get_n_connections (lab.media), ==, 0);
  lab_finish (&lab);
}

/* An invite for the session that this device had before it left means nothing to the next. */
static void
test_early_for_last_session (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  confab_call_leave (lab.call);
  receive_a (&lab, "m.call.invite", "c1", 0, OFFER);
  lab_advance (&lab, 5);
  g_clear_object (&lab.media);
  lab.media = confab_fake_local_media_new (CONFAB_CLOCK (lab.clock), "again");
  lab_join (&lab);
  lab_sync_end (&lab);
  assert_member (&lab, "waiting");
  lab_finish (&lab);
}

/* Nobody waits for what is not a call's, is malformed, has no sender to speak of or is one's own. */
static void
test_not_taken (void)
{
  static const struct {
    const char *sender;
    const char *type;
    const char *content;
  } cases[] = {
    { "@a:x", "m.room_key", "{\"conf_id\":\"conf\",\"call_id\":\"c\",\"device_id\":\"A\"}" },
    { "@a:x", "m.call.invite", "{\"conf_id\":\"conf\",\"call_id\":\"c\",\"device_id\":\"A\"}" },
    { "@a:x", "m.call.hangup", "{\"call_id\":\"c\",\"device_id\":\"A\"}" },
    { "@a:x", "m.call.hangup", "{\"conf_id\":\"conf\",\"call_id\":\"c\"}" },
    { "@b:x", "m.call.hangup", "{\"conf_id\":\"conf\",\"call_id\":\"c\",\"device_id\":\"ME\"}" },
  };
  Lab lab = { 0 };

  lab_start (&lab);
  lab_join (&lab);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (JsonObject) content = confab_json_parse_object (cases[i].content, -1, NULL);
    confab_call_handler_handle_to_device (
      lab.handler, cases[i].sender, NULL, cases[i].type, content);
  }
  g_assert_cmpuint (confab_call_handler_get_n_early (lab.handler), ==, 0);
  receive_a (&lab, "m.call.hangup", "c1", 0, HANGUP ("user_hangup"));
  g_assert_cmpuint (confab_call_handler_get_n_early (lab.handler), ==, 1);
  lab_advance (&lab, 60001);
  lab_sync_end (&lab);
  g_assert_cmpuint (confab_call_handler_get_n_early (lab.handler), ==, 0);
  lab_finish (&lab);
}

/* Two rooms may have calls of one id: each is its own, and a room that is lost takes only its own along. */
static void
test_two_rooms (void)
{
  Lab lab = { 0 };
  g_autoptr (JsonObject) content = NULL;
  ConfabCall *other;

  content = confab_json_parse_object ("{\"m.intent\":\"m.prompt\",\"m.type\":\"m.video\"}",
                                      -1,
                                      NULL);
  lab_start (&lab);
  confab_call_handler_handle_state (lab.handler, "!2:x", CALL, "conf", "@a:x", NOW_MS, content);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (lab.handler)), ==, 2);
  other = confab_call_handler_lookup (lab.handler, "!2:x", "conf");
  g_assert_true (other != NULL && other != lab.call);
  lab_member (&lab, "@a:x", "A", "S");
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (other)), ==, 0);
  /* Messages go to the one that this device is in. */
  lab_join (&lab);
  receive_a (&lab, "m.call.invite", "c1", 0, OFFER);
  assert_member (&lab, "connecting");
  confab_call_handler_remove_room (lab.handler, "!2:x");
  g_assert_null (confab_call_handler_lookup (lab.handler, "!2:x", "conf"));
  assert_state (&lab, "joined");
  confab_call_handler_remove_room (lab.handler, "!none:x");
  confab_call_handler_remove_room (lab.handler, ROOM);
  assert_state (&lab, "ended");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (lab.handler)), ==, 0);
  lab_finish (&lab);
}

/* Who is put out of a room and comes back finds the call that is still on. */
static void
test_room_comes_back (gconstpointer removed)
{
  Lab lab = { 0 };
  ConfabCall *call;

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  lab_join (&lab);
  if (removed != NULL)
    confab_call_handler_remove_room (lab.handler, ROOM);
  else
    confab_call_handler_handle_membership (lab.handler, ROOM, "@b:x", FALSE);
  g_assert_null (confab_call_handler_lookup (lab.handler, ROOM, "conf"));
  confab_call_handler_handle_membership (lab.handler, ROOM, "@b:x", TRUE);
  lab_state (&lab, CALL, "conf", "@a:x", "{\"m.intent\":\"m.prompt\",\"m.type\":\"m.video\"}");
  call = confab_call_handler_lookup (lab.handler, ROOM, "conf");
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (call)),
                    ==,
                    removed != NULL ? 0 : 1); /* what was removed is forgotten */
  lab_member (&lab, "@a:x", "A", "S");
  call = confab_call_handler_lookup (lab.handler, ROOM, "conf");
  g_assert_nonnull (call);
  g_assert_cmpint (confab_call_get_state (call), ==, CONFAB_CALL_STATE_KNOWN);
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (call)), ==, 1);
  lab_finish (&lab);
}

static void
state_at (Lab *lab, const char *id, gint64 origin_server_ts, const char *intent)
{
  g_autofree char *text = g_strdup_printf ("{\"m.intent\":\"%s\",\"m.type\":\"m.video\"}", intent);
  g_autoptr (JsonObject) content = confab_json_parse_object (text, -1, NULL);

  confab_call_handler_handle_state (
    lab->handler, ROOM, CALL, id, "@a:x", origin_server_ts, content);
  lab_sync_end (lab);
}

/* Two begin a call at the same time: the older event wins, and whoever made the other takes it back. */
static void
test_two_at_once (gconstpointer data)
{
  gint64 later_ms = GPOINTER_TO_INT (data);
  Lab lab = { 0 };
  g_autofree char *id = NULL;

  lab_start (&lab);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  id = confab_call_dup_id (lab.call);
  lab.echo = FALSE;
  lab_join (&lab);
  confab_fake_signalling_clear_log (lab.signalling);
  state_at (&lab, "theirs", NOW_MS, "m.ring");
  assert_log (&lab, ""); /* the server has not dated this one yet */
  state_at (&lab, id, NOW_MS + later_ms, "m.ring");
  lab_sync_end (&lab);
  if (later_ms < 0 || later_ms > 60000) {
    assert_log (&lab, "");
    assert_state (&lab, "joining");
  } else {
    assert_log (&lab, "MEMBER ");
    g_assert_true (confab_fake_local_media_get_closed (lab.media));
    g_assert_cmpstr (lab.failed->str, ==, "3 ");
    lab_advance (&lab, 2);
    assert_log (&lab, "CALL ");
    assert_state (&lab, "ended");
  }
  g_assert_nonnull (confab_call_handler_lookup (lab.handler, ROOM, "theirs"));
  lab_finish (&lab);
}

/* The server is away when the later one is to go: it goes with a later sync. */
static void
test_two_at_once_not_ended (void)
{
  Lab lab = { 0 };
  g_autofree char *id = NULL;

  lab_start (&lab);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  id = confab_call_dup_id (lab.call);
  lab.echo = FALSE;
  lab_advance (&lab, 1);
  state_at (&lab, "theirs", NOW_MS, "m.ring");
  confab_fake_signalling_fail (lab.signalling, CALL, CONFAB_SIGNALLING_ERROR_NETWORK, 1);
  state_at (&lab, id, NOW_MS + 1, "m.ring");
  lab_sync_end (&lab);
  lab_advance (&lab, 2);
  assert_state (&lab, "known");
  lab_sync_end (&lab);
  lab_advance (&lab, 2);
  assert_state (&lab, "ended");
  lab_finish (&lab);
}

static void
member_of (Lab *lab, const char *call_id, const char *user)
{
  g_autofree char *text = g_strdup_printf (
    "{\"m.calls\":[{\"m.call_id\":\"%s\",\"m.devices\":[{\"device_id\":\"D\","
    "\"session_id\":\"S\",\"expires_ts\":9000000000000}]}]}",
    call_id);

  lab_state (lab, MEMBER, user, user, text);
}

static void
member_of_theirs (Lab *lab, const char *user)
{
  member_of (lab, "theirs", user);
  lab_sync_end (lab);
}

/* No message could say which call it is about. */
static void
test_unspeakable_call (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  state_at (&lab, "a b", NOW_MS, "m.ring");
  g_assert_null (confab_call_handler_lookup (lab.handler, ROOM, "a b"));
  lab_finish (&lab);
}

/* Neither is older: all take the same one. */
static void
test_two_at_the_same_moment (gconstpointer theirs)
{
  gboolean yields = g_str_equal (theirs, "a");
  Lab lab = { 0 };
  g_autofree char *id = NULL;

  lab_start (&lab);
  lab_create (&lab, CONFAB_CALL_INTENT_RING); /* its id begins with “cfb-” */
  id = confab_call_dup_id (lab.call);
  lab.echo = FALSE;
  lab_advance (&lab, 1);
  state_at (&lab, id, NOW_MS, "m.ring");
  confab_fake_signalling_clear_log (lab.signalling);
  state_at (&lab, theirs, NOW_MS, "m.ring");
  lab_advance (&lab, 2);
  assert_log (&lab, yields ? "CALL " : "");
  g_assert_cmpint (confab_call_handler_lookup (lab.handler, ROOM, id) != NULL, ==, !yields);
  lab_finish (&lab);
}

/* As after a restart: this user's “mine” and somebody else's “theirs”, in both of which there are people. */
static void
restore_two (Lab *lab, const char *maker, gint64 later_ms, gboolean stored)
{
  g_autoptr (JsonObject) content = confab_json_parse_object (
    "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}", -1, NULL);

  lab_start (lab);
  if (!stored)
    lab_sync_end (lab);
  confab_call_handler_handle_state (
    lab->handler, ROOM, CALL, "mine", maker, NOW_MS + later_ms, content);
  confab_call_handler_handle_state (lab->handler, ROOM, CALL, "theirs", "@a:x", NOW_MS, content);
  member_of (lab, "mine", "@c:x");
  member_of (lab, "theirs", "@d:x");
  confab_call_handler_end_stored (lab->handler, 0);
  assert_log (lab, ""); /* that may be old */
  lab_sync_end (lab);
  lab_advance (lab, 2);
}

/* Whoever made the later one has begun anew meanwhile: it is taken back all the same. */
static void
test_two_restored (void)
{
  static const struct {
    const char *maker;
    gint64 later_ms;
    gboolean stored;
    gboolean yields;
  } cases[] = {
    { "@b:x", 500, TRUE, TRUE },   { "@b:x", 60001, TRUE, FALSE }, { "@b:x", -500, TRUE, FALSE },
    { "@b:x", 500, FALSE, FALSE }, /* another device's, which is there to see to it */
    { "@c:x", 500, TRUE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Lab lab = { 0 };

    restore_two (&lab, cases[i].maker, cases[i].later_ms, cases[i].stored);
    assert_log (&lab, cases[i].yields ? "CALL " : "");
    g_assert_cmpint (confab_call_handler_lookup (lab.handler, ROOM, "mine") == NULL,
                     ==,
                     cases[i].yields);
    g_assert_nonnull (confab_call_handler_lookup (lab.handler, ROOM, "theirs"));
    lab_sync_end (&lab);
    assert_log (&lab, "");
    lab_finish (&lab);
  }
}

/* Of some who are in it nothing is known yet: nobody is parted from them for a call in which nobody is. */
static void
test_two_restored_unknown (void)
{
  Lab lab = { 0 };
  g_autoptr (JsonObject) content = confab_json_parse_object (
    "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}", -1, NULL);

  lab_start (&lab);
  confab_call_handler_handle_membership (lab.handler, ROOM, "@c:x", FALSE);
  confab_call_handler_handle_state (lab.handler, ROOM, CALL, "mine", "@b:x", NOW_MS + 500, content);
  confab_call_handler_handle_state (lab.handler, ROOM, CALL, "theirs", "@a:x", NOW_MS, content);
  member_of (&lab, "mine", "@c:x");
  lab_sync_end (&lab);
  lab_advance (&lab, 2);
  assert_log (&lab, "");
  lab_finish (&lab);
}

/* The older event was held up somewhere: as long as nobody is in that call, people who talk in the other one are not parted. */
static void
test_two_older_comes_late (void)
{
  Lab lab = { 0 };
  g_autofree char *id = NULL;

  lab_start (&lab);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  id = confab_call_dup_id (lab.call);
  lab.echo = FALSE;
  lab_advance (&lab, 1);
  state_at (&lab, id, NOW_MS + 30000, "m.ring");
  lab.echo = TRUE;
  lab_join (&lab);
  lab_member_of (&lab, "@a:x", "A");
  lab_advance (&lab, 20 * 60 * 1000);
  state_at (&lab, "theirs", NOW_MS, "m.ring");
  lab_advance (&lab, 2);
  assert_state (&lab, "joined");
  g_assert_cmpstr (lab.failed->str, ==, "");
  /* There are people in both: one of them it has to be. */
  member_of_theirs (&lab, "@d:x");
  lab_advance (&lab, 2000);
  assert_state (&lab, "ended");
  g_assert_cmpstr (lab.failed->str, ==, "3 ");
  lab_finish (&lab);
}

/*
 * Whoever made the later one is on the way out when the older one is heard of, and somebody is in it: it ends all the same,
 * after the own entry has gone, or at once if that has.
 */
static void
test_two_at_once_leaving (gconstpointer withdrawn)
{
  Lab lab = { 0 };
  g_autofree char *id = NULL;

  lab_start (&lab);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  id = confab_call_dup_id (lab.call);
  lab.echo = FALSE;
  lab_advance (&lab, 1);
  state_at (&lab, id, NOW_MS + 1, "m.ring");
  lab.echo = TRUE;
  lab_join (&lab);
  lab_member_of (&lab, "@a:x", "A");
  lab_advance (&lab, 300);
  confab_fake_signalling_delay (lab.signalling,
                                "m.call.invite",
                                1000); /* that keeps it from having left */
  lab_member_of (&lab, "@c:x", "C");
  lab_advance (&lab, 300);
  confab_fake_signalling_clear_log (lab.signalling);
  confab_call_leave (lab.call);
  if (withdrawn != NULL)
    lab_advance (&lab, 2);
  assert_state (&lab, "leaving");
  state_at (&lab, "theirs", NOW_MS, "m.ring");
  member_of_theirs (&lab, "@d:x");
  lab_advance (&lab, 2000);
  assert_log (&lab, "hangup MEMBER CALL ");
  assert_state (&lab, "ended");
  g_assert_nonnull (confab_call_handler_lookup (lab.handler, ROOM, "theirs"));
  lab_finish (&lab);
}

/* The person goes into it again while it is being left: it gives way all the same. */
static void
test_two_at_once_joined_again (void)
{
  Lab lab = { 0 };
  g_autofree char *id = NULL;

  lab_start (&lab);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  id = confab_call_dup_id (lab.call);
  lab.echo = FALSE;
  lab_advance (&lab, 1);
  state_at (&lab, id, NOW_MS + 1, "m.ring");
  lab.echo = TRUE;
  lab_join (&lab);
  lab_member_of (&lab, "@a:x", "A");
  lab_advance (&lab, 300);
  state_at (&lab, "theirs", NOW_MS, "m.ring");
  member_of_theirs (&lab, "@d:x");
  assert_state (&lab, "leaving");
  g_assert_cmpstr (lab.failed->str, ==, "3 ");
  lab_join (&lab);
  lab_advance (&lab, 2);
  lab_sync_end (&lab);
  lab_advance (&lab, 2000);
  assert_state (&lab, "ended");
  g_assert_cmpstr (lab.failed->str, ==, "3 3 ");
  g_assert_true (confab_fake_local_media_get_closed (lab.media));
  g_assert_nonnull (confab_call_handler_lookup (lab.handler, ROOM, "theirs"));
  lab_finish (&lab);
}

/* A call that belongs to the room is no rival, nor is one that was there before, or is elsewhere. */
static void
test_two_not_at_once (void)
{
  Lab lab = { 0 };
  g_autoptr (JsonObject) content = NULL;
  g_autofree char *id = NULL;

  content = confab_json_parse_object ("{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}", -1, NULL);
  lab_start (&lab); /* “conf” is there */
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  id = confab_call_dup_id (lab.call);
  lab.echo = FALSE;
  lab_advance (&lab, 1);
  confab_fake_signalling_clear_log (lab.signalling);
  state_at (&lab, id, NOW_MS + 2, "m.ring");
  state_at (&lab, "room", NOW_MS + 1, "m.room");
  confab_call_handler_handle_state (lab.handler, "!2:x", CALL, "far", "@a:x", NOW_MS + 1, content);
  lab_sync_end (&lab);
  assert_log (&lab, "");
  assert_state (&lab, "known");
  state_at (&lab, "theirs", NOW_MS + 1, "m.ring");
  lab_sync_end (&lab);
  assert_log (&lab, "CALL "); /* once */
  g_assert_cmpstr (lab.failed->str, ==, "");
  lab_finish (&lab);
}

/* A call over an SFU cannot be joined from here: it is no reason to take one's own back. */
static void
test_two_over_sfu (void)
{
  Lab lab = { 0 };
  g_autoptr (JsonObject) content = confab_json_parse_object (
    "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\","
    "\"io.element.livekit_service_url\":\"https://x\"}",
    -1,
    NULL);
  g_autofree char *id = NULL;

  lab_start (&lab);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  id = confab_call_dup_id (lab.call);
  lab.echo = FALSE;
  lab_advance (&lab, 1);
  confab_fake_signalling_clear_log (lab.signalling);
  confab_call_handler_handle_state (lab.handler, ROOM, CALL, "sfu", "@a:x", NOW_MS, content);
  state_at (&lab, id, NOW_MS + 1, "m.ring");
  lab_advance (&lab, 2);
  assert_log (&lab, "");
  assert_state (&lab, "known");
  lab_finish (&lab);
}

/* As long as the server has not dated the own call, this device's clock, which may be wrong, decides nothing. */
static void
test_two_not_dated (void)
{
  Lab lab = { 0 };
  g_autofree char *id = NULL;

  lab_start (&lab);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  id = confab_call_dup_id (lab.call);
  lab.echo = FALSE;
  lab_advance (&lab, 1);
  confab_fake_signalling_clear_log (lab.signalling);
  state_at (&lab, "theirs", NOW_MS - 1000, "m.ring");
  lab_advance (&lab, 2);
  assert_log (&lab, "");
  state_at (&lab, id, NOW_MS - 1001, "m.ring");
  lab_advance (&lab, 2);
  assert_log (&lab, "");
  assert_state (&lab, "known");
  lab_finish (&lab);
}

/* The date is that of the event which began it: who writes it anew later does not make it the later one. */
static void
test_two_dated_once (void)
{
  Lab lab = { 0 };
  g_autofree char *id = NULL;

  lab_start (&lab);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  id = confab_call_dup_id (lab.call);
  lab.echo = FALSE;
  lab_advance (&lab, 1);
  confab_fake_signalling_clear_log (lab.signalling);
  state_at (&lab, id, NOW_MS, "m.ring");
  state_at (&lab, "theirs", NOW_MS + 1, "m.ring");
  state_at (&lab, id, NOW_MS + 2, "m.prompt");
  lab_advance (&lab, 2);
  assert_log (&lab, "");
  assert_state (&lab, "known");
  g_assert_cmpint (confab_call_get_started_at (lab.call), ==, NOW_MS * 1000);
  lab_finish (&lab);
}

/* What others began at the same time is theirs to take back, even when it is written anew. */
static void
test_two_of_others (void)
{
  Lab lab = { 0 };
  gint64 started_at;

  lab_start (&lab);
  lab_join (&lab);
  started_at = confab_call_get_started_at (lab.call);
  confab_fake_signalling_clear_log (lab.signalling);
  state_at (&lab, "theirs", NOW_MS - 1, "m.ring");
  state_at (&lab, "conf", NOW_MS + 1, "m.ring");
  lab_advance (&lab, 2);
  assert_log (&lab, "");
  assert_state (&lab, "joined");
  g_assert_cmpint (confab_call_get_started_at (lab.call), ==, started_at);
  lab_finish (&lab);
}

/* A call that belongs to the room stays, whatever else there is. */
static void
test_two_own_room (void)
{
  Lab lab = { 0 };
  g_autofree char *id = NULL;

  lab_start (&lab);
  lab_create (&lab, CONFAB_CALL_INTENT_ROOM);
  id = confab_call_dup_id (lab.call);
  lab.echo = FALSE;
  lab_advance (&lab, 1);
  confab_fake_signalling_clear_log (lab.signalling);
  state_at (&lab, "theirs", NOW_MS, "m.ring");
  state_at (&lab, id, NOW_MS + 1, "m.room");
  lab_advance (&lab, 2);
  assert_log (&lab, "");
  assert_state (&lab, "known");
  lab_finish (&lab);
}

/* Who makes two means two. */
static void
test_two_own (void)
{
  Lab lab = { 0 };
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  lab_start (&lab);
  lab.echo = FALSE;
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  first = confab_call_dup_id (lab.call);
  lab_advance (&lab, 1);
  lab_create (&lab, CONFAB_CALL_INTENT_RING);
  second = confab_call_dup_id (lab.call);
  lab_advance (&lab, 1);
  confab_fake_signalling_clear_log (lab.signalling);
  state_at (&lab, second, NOW_MS + 1, "m.ring");
  state_at (&lab, first, NOW_MS + 2, "m.ring");
  lab_advance (&lab, 2);
  assert_log (&lab, "");
  g_assert_nonnull (confab_call_handler_lookup (lab.handler, ROOM, first));
  g_assert_nonnull (confab_call_handler_lookup (lab.handler, ROOM, second));
  lab_finish (&lab);
}

/* A room is no place for calls without number. */
static void
test_many_calls (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  for (guint i = 0; i < 60; i++) {
    g_autofree char *id = g_strdup_printf ("conf%u", i);
    lab_state (&lab, CALL, id, "@a:x", "{\"m.intent\":\"m.room\",\"m.type\":\"m.video\"}");
  }
  lab_state (&lab, CALL, "", "@a:x", "{\"m.intent\":\"m.room\",\"m.type\":\"m.video\"}");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (lab.handler)), ==, 50);
  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (lab.handler)) == CONFAB_TYPE_CALL);
  lab_finish (&lab);
}

/* Left by everybody and ended by nobody: they do not hide a call that is on, the newest least of all. */
static void
test_many_deserted (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  for (guint i = 0; i < 60; i++) {
    g_autofree char *id = g_strdup_printf ("conf%u", i);
    state_at (&lab, id, NOW_MS - 100000 + i, "m.prompt");
  }
  state_at (&lab, "now", NOW_MS, "m.ring");
  lab_state (&lab,
             MEMBER,
             "@a:x",
             "@a:x",
             "{\"m.calls\":[{\"m.call_id\":\"now\",\"m.devices\":["
             "{\"device_id\":\"A\",\"session_id\":\"S\",\"expires_ts\":9000000000000}]}]}");
  lab_sync_end (&lab);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (lab.handler)), ==, 50);
  g_assert_true (confab_call_get_ringing (confab_call_handler_lookup (lab.handler, ROOM, "now")));
  g_assert_null (confab_call_handler_lookup (lab.handler, ROOM, "conf0"));
  g_assert_nonnull (confab_call_handler_lookup (lab.handler, ROOM, "conf59"));
  lab_finish (&lab);
}

static void
changed_cb (GListModel *model, guint position, guint removed, guint added, GString *log)
{
  g_string_append_printf (log, "%u-%u+%u ", position, removed, added);
}

/* Calls that are over are gone from the list, and those that were over from the start never come into it. */
static void
test_list (void)
{
  Lab lab = { 0 };
  g_autoptr (GString) log = g_string_new (NULL);

  lab_start (&lab);
  g_signal_connect (lab.handler, "items-changed", G_CALLBACK (changed_cb), log);
  lab_state (&lab, CALL, "other", "@a:x", "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  lab_state (&lab, CALL, "over", "@a:x", "{\"m.intent\":\"m.ring\",\"m.terminated\":true}");
  lab_state (&lab, CALL, "conf", "@a:x", "{\"m.intent\":\"m.ring\",\"m.terminated\":true}");
  g_assert_cmpstr (log->str, ==, "1-0+1 0-1+0 ");
  lab_finish (&lab);
}

/* Members that were there before the call's event are in it. */
static void
test_members_before_call (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_state (&lab,
             MEMBER,
             "@a:x",
             "@a:x",
             "{\"m.calls\":[{\"m.call_id\":\"late\",\"m.devices\":[{\"device_id\":\"A\","
             "\"session_id\":\"S\",\"expires_ts\":9000000000000}]}]}");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  lab_state (&lab, CALL, "late", "@a:x", "{\"m.intent\":\"m.ring\",\"m.type\":\"m.video\"}");
  g_assert_cmpuint (g_list_model_get_n_items (confab_call_get_participants (
                      confab_call_handler_lookup (lab.handler, ROOM, "late"))),
                    ==,
                    1);
  lab_finish (&lab);
}

/* What an earlier run left behind is removed, also when the server is away at first, or does not allow it yet. */
static void
test_stale_retried (gconstpointer forbidden)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_fake_signalling_fail (lab.signalling,
                               MEMBER,
                               forbidden != NULL ? CONFAB_SIGNALLING_ERROR_FORBIDDEN
                                                 : CONFAB_SIGNALLING_ERROR_NETWORK,
                               1);
  lab_member (&lab, "@b:x", "ME", "old");
  assert_log (&lab, "MEMBER ");
  lab_advance (&lab, 30000);
  assert_log (&lab, "");
  lab_advance (&lab, 1);
  assert_log (&lab, "MEMBER ");
  lab_finish (&lab);
}

/* What the store has may be old: nothing is written before the server has spoken. */
static void
test_stale_from_store (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member_until (&lab, "@b:x", "ME", "old", NOW_MS + 1000);
  confab_call_handler_end_stored (lab.handler, 0);
  assert_log (&lab, "");
  lab_sync_end (&lab);
  assert_log (&lab, "MEMBER ");
  lab_finish (&lab);
}

/* Which takes nothing from a call that this device is in or on its way into. */
static void
test_stale_beside_call (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  confab_call_join (lab.call, CONFAB_LOCAL_MEDIA (lab.media));
  lab_advance (&lab, 1);
  lab_state (&lab,
             MEMBER,
             "@b:x",
             "@b:x",
             "{\"m.calls\":[{\"m.call_id\":\"gone\",\"m.devices\":[{\"device_id\":\"ME\","
             "\"session_id\":\"old\",\"expires_ts\":9000000000000}]}]}");
  lab_sync_end (&lab);
  assert_log (&lab, "MEMBER "); /* its own write is on the way: it does not say “gone” */
  lab_advance (&lab, 1);
  assert_state (&lab, "joined");
  g_assert_cmpuint (lab_count_own_calls (&lab), ==, 1);
  lab_finish (&lab);
}

/* An early MatrixRTC client wrote its membership where the user's entries in meshes are: they are gone then. Found by
 * the simulator. */
static void
test_overwritten (void)
{
  Lab lab = { 0 };

  lab_start (&lab);
  lab_member (&lab, "@a:x", "A", "S");
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 1);
  lab_state (&lab,
             MEMBER,
             "@a:x",
             "@a:x",
             "{\"application\":\"m.call\",\"call_id\":\"\",\"device_id\":\"E\","
             "\"focus_active\":{\"type\":\"livekit\"}}");
  lab_sync_end (&lab);
  g_assert_cmpuint (lab_get_n_members (&lab), ==, 0);
  lab_finish (&lab);
}

#define TEST(name, func) g_test_add_func ("/call-handler/" name, func)
#define CASE(name, data, func) g_test_add_data_func ("/call-handler/" name, data, func)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  TEST ("history-comes-again", test_history_comes_again);
  TEST ("told-of-history", test_told_of_history);
  TEST ("early", test_early);
  CASE ("early/before-member", NULL, test_early_everything);
  CASE ("early/before-own-entry", "member", test_early_everything);
  TEST ("early/hangup", test_early_hangup);
  TEST ("early/for-last-session", test_early_for_last_session);
  TEST ("not-taken", test_not_taken);
  TEST ("two-rooms", test_two_rooms);
  CASE ("room-comes-back/left", NULL, test_room_comes_back);
  CASE ("room-comes-back/removed", "removed", test_room_comes_back);
  CASE ("two-at-once/later", GINT_TO_POINTER (1), test_two_at_once);
  CASE ("two-at-once/a-minute", GINT_TO_POINTER (60000), test_two_at_once);
  CASE ("two-at-once/earlier", GINT_TO_POINTER (-1), test_two_at_once);
  CASE ("two-at-once/much-later", GINT_TO_POINTER (60001), test_two_at_once);
  TEST ("two-at-once/not", test_two_not_at_once);
  TEST ("two-at-once/over-sfu", test_two_over_sfu);
  TEST ("two-at-once/not-dated", test_two_not_dated);
  TEST ("two-at-once/dated-once", test_two_dated_once);
  TEST ("two-at-once/of-others", test_two_of_others);
  TEST ("two-at-once/own-room", test_two_own_room);
  TEST ("two-at-once/own", test_two_own);
  TEST ("two-at-once/not-ended", test_two_at_once_not_ended);
  TEST ("unspeakable-call", test_unspeakable_call);
  TEST ("two-at-once/older-comes-late", test_two_older_comes_late);
  TEST ("two-at-once/joined-again", test_two_at_once_joined_again);
  CASE ("two-at-once/same-moment/smaller", "a", test_two_at_the_same_moment);
  CASE ("two-at-once/same-moment/greater", "z", test_two_at_the_same_moment);
  TEST ("two-at-once/restored", test_two_restored);
  TEST ("two-at-once/restored/unknown", test_two_restored_unknown);
  CASE ("two-at-once/leaving", NULL, test_two_at_once_leaving);
  CASE ("two-at-once/leaving/withdrawn", "withdrawn", test_two_at_once_leaving);
  TEST ("many-calls", test_many_calls);
  TEST ("many-calls/deserted", test_many_deserted);
  TEST ("list", test_list);
  TEST ("members-before-call", test_members_before_call);
  CASE ("stale/network", NULL, test_stale_retried);
  CASE ("stale/forbidden", "forbidden", test_stale_retried);
  TEST ("stale/from-store", test_stale_from_store);
  TEST ("stale/beside-call", test_stale_beside_call);
  TEST ("early/too-old", test_early_too_old);
  TEST ("wrong-session", test_wrong_session);
  TEST ("wrong-device", test_wrong_device);
  TEST ("overwritten", test_overwritten);
  return g_test_run ();
}
