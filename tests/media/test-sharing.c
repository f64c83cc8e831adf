/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-json.h"
#include "confab-media-sender.h"
#include "confab-peer-call.h"
#include "confab-system-clock.h"
#include "media-loop.h"

/* The shared screen between two real connections, with the signalling's own machines between them: who offers what, and
 * when, is part of it. */

typedef struct End {
  LoopUser user;
  ConfabPeerCall *call;
  ConfabPeerConnection *connection;
  struct End *other;
  GQueue inbox;        /* ConfabCallEvent that has not come yet */
  gboolean held;       /* nothing comes */
  gboolean adds_sound; /* in its third m-section, not a picture */
  gboolean rename;     /* what it adds to its descriptions has a mid of a stranger's */
  guint n_offers;      /* by negotiate */
  guint n_mlines;      /* of the description that it sent last */
  char *reason;        /* why the call ended */
} End;

typedef struct {
  ConfabClock *clock;
  End a, b; /* a invites */
} Fixture;

static gboolean
deliver_cb (gpointer data)
{
  End *end = data;
  g_autoptr (ConfabCallEvent) message = end->held ? NULL : g_queue_pop_head (&end->inbox);

  if (message != NULL && end->call != NULL)
    confab_peer_call_handle_event (end->call, message);
  return G_SOURCE_REMOVE;
}

static void
release (End *end)
{
  end->held = FALSE;
  for (guint i = 0; i < end->inbox.length; i++)
    g_idle_add (deliver_cb, end);
}

/* In company with @to, which names its m-sections otherwise. */
static void
rename_mids (ConfabCallEvent *message, const char *from, const char *to)
{
  g_autoptr (GString) sdp = g_string_new (message->sdp);

  g_string_replace (sdp, from, to, 0);
  g_set_str (&message->sdp, sdp->str);
}

/* The third m-section is one of Opus. */
static void
make_sound (ConfabCallEvent *message)
{
  char *third = strstr (strstr (message->sdp, "m=video") + 1, "m=video");
  g_autofree char *before = g_strndup (message->sdp, third - message->sdp);
  g_autoptr (GString) section = g_string_new (third);

  g_string_replace (section, "m=video", "m=audio", 0);
  g_string_replace (section, "VP8/90000", "OPUS/48000/2", 0);
  g_free (message->sdp);
  message->sdp = g_strconcat (before, section->str, NULL);
}

static void
send_cb (ConfabPeerCall *call, ConfabCallEvent *message, End *end)
{
  if (message->sdp != NULL) {
    end->n_offers += message->type == CONFAB_CALL_EVENT_NEGOTIATE &&
                     message->sdp_type == CONFAB_SDP_TYPE_OFFER;
    end->n_mlines = 0;
    for (const char *m = strstr (message->sdp, "\r\nm="); m != NULL; m = strstr (m + 1, "\r\nm="))
      end->n_mlines++;
    if (end->adds_sound && end->n_mlines == 3)
      make_sound (message);
    if (end->rename)
      rename_mids (message, "video2", "stranger");
    else if (end->other->rename)
      rename_mids (message, "stranger", "video2");
  }
  confab_peer_call_sent (call, message, NULL);
  g_queue_push_tail (&end->other->inbox, confab_call_event_ref (message));
  if (!end->other->held)
    g_idle_add (deliver_cb, end->other);
}

static void
state_cb (ConfabPeerCall *call, GParamSpec *pspec, End *end)
{
  if (confab_peer_call_get_state (call) == CONFAB_PEER_CALL_RINGING)
    confab_peer_call_accept (call);
  else if (confab_peer_call_get_state (call) == CONFAB_PEER_CALL_ENDED)
    g_set_str (&end->reason, confab_peer_call_get_reason (call));
}

static void
sharing_cb (End *end)
{
  if (end->call != NULL)
    confab_peer_call_set_screen (end->call, confab_local_media_get_screen (end->user.media));
}

static void
end_start (End *end, Fixture *f)
{
  const char *const no_uris[] = { NULL };
  g_autoptr (ConfabIceServers) servers = confab_ice_servers_new (no_uris, NULL, NULL);

  end->connection = confab_local_media_create_peer_connection (end->user.media, servers);
  end->call = confab_peer_call_new ("c1",
                                    f->clock,
                                    end->connection,
                                    confab_local_media_get_stream (end->user.media));
  g_signal_connect (end->call, "send", G_CALLBACK (send_cb), end);
  g_signal_connect (end->call, "notify::state", G_CALLBACK (state_cb), end);
  sharing_cb (end);
}

static void
end_stop (End *end)
{
  if (end->call == NULL)
    return;
  confab_peer_call_close (end->call);
  g_queue_clear_full (&end->inbox, (GDestroyNotify) confab_call_event_unref);
  g_assert_finalize_object (g_steal_pointer (&end->call));
  while (G_OBJECT (end->connection)->ref_count > 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_finalize_object (g_steal_pointer (&end->connection));
  g_clear_pointer (&end->reason, g_free);
}

static void
setup (Fixture *f, gconstpointer data)
{
  f->clock = confab_system_clock_new ();
  loop_user_init (&f->a.user, "@alice:example.org");
  loop_user_init (&f->b.user, "@erin:example.org");
  f->a.other = &f->b;
  f->b.other = &f->a;
  g_signal_connect_swapped (f->a.user.media, "sharing-changed", G_CALLBACK (sharing_cb), &f->a);
  g_signal_connect_swapped (f->b.user.media, "sharing-changed", G_CALLBACK (sharing_cb), &f->b);
}

static void
teardown (Fixture *f, gconstpointer data)
{
  end_stop (&f->a);
  end_stop (&f->b);
  g_signal_handlers_disconnect_by_data (f->a.user.media, &f->a);
  g_signal_handlers_disconnect_by_data (f->b.user.media, &f->b);
  loop_user_clear (&f->a.user);
  loop_user_clear (&f->b.user);
  g_object_unref (f->clock);
}

static ConfabStream *
find_stream (End *end, ConfabStreamPurpose purpose)
{
  GListModel *streams = confab_peer_call_get_streams (end->call);

  for (guint i = 0; i < g_list_model_get_n_items (streams); i++) {
    g_autoptr (ConfabStream) stream = g_list_model_get_item (streams, i);
    if (confab_stream_get_purpose (stream) == purpose)
      return stream; /* the list keeps it */
  }
  return NULL;
}

/* Of the other's stream of that purpose. */
static JsonObject *
find_video (End *end, JsonArray *array, ConfabStreamPurpose purpose)
{
  ConfabStream *stream = find_stream (end, purpose);

  for (guint i = 0; stream != NULL && i < json_array_get_length (array); i++) {
    JsonObject *object = json_array_get_object_element (array, i);

    if (g_strcmp0 (json_object_get_string_member (object, "kind"), "video") == 0 &&
        g_strcmp0 (confab_json_peek_string (object, "streamId"), confab_stream_get_id (stream)) ==
          0)
      return object;
  }
  return NULL;
}

static guint
count_frames (End *end, ConfabStreamPurpose purpose)
{
  LoopEnd loop_end = { .connection = end->connection };
  g_autoptr (JsonObject) stats = loop_get_stats (&loop_end);
  JsonObject *video = find_video (end, json_object_get_array_member (stats, "inbound"), purpose);

  return video != NULL ? json_object_get_int_member (video, "framesDecoded") : 0;
}

typedef struct {
  End *end;
  ConfabStreamPurpose purpose;
  guint n_frames;
} Wanted;

static gboolean
has_frames (gpointer data)
{
  Wanted *wanted = data;

  return count_frames (wanted->end, wanted->purpose) >= wanted->n_frames;
}

static void
wait_frames (End *end, ConfabStreamPurpose purpose)
{
  Wanted wanted = { end, purpose, 0 };

  wanted.n_frames = count_frames (end, purpose) + 5;
  loop_wait (has_frames,
             &wanted,
             purpose == CONFAB_STREAM_PURPOSE_SCREENSHARE ? "the screen moves"
                                                          : "the camera moves");
}

static gboolean
is_like (JsonObject *track, const guint8 expected[3])
{
  JsonArray *rgb = json_object_get_array_member (track, "meanRgb");

  for (guint i = 0; i < 3; i++) {
    if (ABS (json_array_get_int_element (rgb, i) - expected[i]) > 12)
      return FALSE;
  }
  return TRUE;
}

/* The other's camera, and its screen if it shares one, in their own colours and moving. */
static void
assert_sees (End *end)
{
  const gboolean shared = confab_local_media_get_screen (end->other->user.media) != NULL;
  LoopEnd loop_end = { .connection = end->connection };
  g_autoptr (JsonArray) tracks = NULL;
  guint8 rgb[3], screen_rgb[3];

  wait_frames (end, CONFAB_STREAM_PURPOSE_USERMEDIA);
  if (shared)
    wait_frames (end, CONFAB_STREAM_PURPOSE_SCREENSHARE);
  tracks = loop_analyse (&loop_end);
  confab_media_engine_get_mean_rgb (end->other->user.engine, rgb);
  confab_media_engine_get_screen_rgb (end->other->user.engine, screen_rgb);
  g_assert_true (is_like (find_video (end, tracks, CONFAB_STREAM_PURPOSE_USERMEDIA), rgb));
  if (shared)
    g_assert_true (
      is_like (find_video (end, tracks, CONFAB_STREAM_PURPOSE_SCREENSHARE), screen_rgb));
  else
    g_assert_null (find_stream (end, CONFAB_STREAM_PURPOSE_SCREENSHARE));
  g_assert_null (find_stream (end, CONFAB_STREAM_PURPOSE_UNKNOWN));
}

static void
share (End *end)
{
  confab_local_media_share_screen (end->user.media);
  g_assert_cmpint (confab_local_media_get_sharing (end->user.media), ==, CONFAB_SHARING_ON);
}

static void
stop (End *end)
{
  confab_local_media_stop_sharing (end->user.media);
  g_assert_null (confab_local_media_get_screen (end->user.media));
}

static gboolean
is_connected (gpointer data)
{
  End *end = data;

  return confab_peer_call_get_state (end->call) == CONFAB_PEER_CALL_CONNECTED;
}

static void
call (Fixture *f)
{
  end_start (&f->a, f);
  end_start (&f->b, f);
  confab_peer_call_place (f->a.call);
  loop_wait (is_connected, &f->a, "a is connected");
  loop_wait (is_connected, &f->b, "b is connected");
  wait_frames (&f->a, CONFAB_STREAM_PURPOSE_USERMEDIA);
  wait_frames (&f->b, CONFAB_STREAM_PURPOSE_USERMEDIA);
}

static gboolean
sees_screen (gpointer data)
{
  return find_stream (data, CONFAB_STREAM_PURPOSE_SCREENSHARE) != NULL;
}

static gboolean
sees_no_screen (gpointer data)
{
  return find_stream (data, CONFAB_STREAM_PURPOSE_SCREENSHARE) == NULL;
}

static JsonObject *
dup_outbound (End *end, const char *purpose)
{
  LoopEnd loop_end = { .connection = end->connection };
  g_autoptr (JsonObject) stats = loop_get_stats (&loop_end);
  JsonArray *outbound = json_object_get_array_member (stats, "outbound");

  for (guint i = 0; i < json_array_get_length (outbound); i++) {
    JsonObject *object = json_array_get_object_element (outbound, i);

    if (g_str_equal (json_object_get_string_member (object, "purpose"), purpose) &&
        g_str_equal (json_object_get_string_member (object, "kind"), "video"))
      return json_object_ref (object);
  }
  return NULL;
}

/* During the call, by whoever: it comes, goes, and comes again in the same m-section. */
static void
test_during (Fixture *f, gconstpointer data)
{
  End *from = data != NULL ? &f->a : &f->b;
  End *to = from->other;
  g_autoptr (JsonObject) outbound = NULL;
  guint n_offers;

  call (f);
  share (from);
  loop_wait (sees_screen, to, "the screen is told of");
  assert_sees (to);
  outbound = dup_outbound (from, "screenshare");
  g_assert_nonnull (outbound);
  g_assert_cmpint (json_object_get_int_member (outbound, "framesSent"), >, 0);
  g_assert_cmpint (json_object_get_int_member (outbound, "bytesSent"), >, 0);
  g_assert_cmpuint (from->n_mlines, ==, 3);
  g_assert_cmpuint (from->n_offers, ==, 1);

  stop (from);
  loop_wait (sees_no_screen, to, "it is gone");
  wait_frames (to, CONFAB_STREAM_PURPOSE_USERMEDIA);
  g_clear_pointer (&outbound, json_object_unref);
  outbound = dup_outbound (from, "screenshare");
  g_assert_null (outbound);

  for (guint i = 0; i < 3; i++) {
    n_offers = from->n_offers;
    share (from);
    loop_wait (sees_screen, to, "the screen is told of again");
    wait_frames (to, CONFAB_STREAM_PURPOSE_SCREENSHARE);
    g_assert_cmpuint (from->n_offers, ==, n_offers + 1);
    stop (from);
    loop_wait (sees_no_screen, to, "it is gone again");
  }
  share (from);
  loop_wait (sees_screen, to, "the screen is told of at last");
  assert_sees (to);
  g_assert_cmpuint (from->n_mlines, ==, 3);
}

/* Before the call, by whoever: whoever invites has it in the invite; the other offers it as soon as there is a connection. */
static void
test_before (Fixture *f, gconstpointer data)
{
  End *from = data != NULL ? &f->a : &f->b;

  share (from);
  call (f);
  loop_wait (sees_screen, from->other, "the screen is told of");
  assert_sees (from->other);
  g_assert_cmpuint (from->n_offers, ==, data != NULL ? 0 : 1);
}

static gboolean
both_have_mail (gpointer data)
{
  Fixture *f = data;

  return f->a.inbox.length > 0 && f->b.inbox.length > 0;
}

static void
share_at_once (Fixture *f)
{
  f->a.held = f->b.held = TRUE;
  share (&f->a);
  share (&f->b);
  loop_wait (both_have_mail, f, "both have offered");
  release (&f->a);
  release (&f->b);
}

/* Their offers cross each other: b gives way, offers again, and both see both. */
static void
test_both_at_once (Fixture *f, gconstpointer data)
{
  call (f);
  share_at_once (f);
  loop_wait (sees_screen, &f->a, "b's screen is told of");
  loop_wait (sees_screen, &f->b, "a's screen is told of");
  assert_sees (&f->a);
  assert_sees (&f->b);
  g_assert_cmpuint (f->a.n_offers, ==, 1);
  g_assert_cmpuint (f->b.n_offers, ==, 2);
  g_assert_cmpuint (MAX (f->a.n_mlines, f->b.n_mlines), ==, 3);

  f->a.held = f->b.held = TRUE;
  stop (&f->a);
  stop (&f->b);
  loop_wait (both_have_mail, f, "both have offered to end it");
  release (&f->a);
  release (&f->b);
  loop_wait (sees_no_screen, &f->a, "b's screen is gone");
  loop_wait (sees_no_screen, &f->b, "a's screen is gone");
  wait_frames (&f->a, CONFAB_STREAM_PURPOSE_USERMEDIA);
  wait_frames (&f->b, CONFAB_STREAM_PURPOSE_USERMEDIA);
}

static gboolean
agree (gpointer data)
{
  Fixture *f = data;

  return sees_screen (&f->a) == (confab_local_media_get_screen (f->b.user.media) != NULL) &&
         sees_screen (&f->b) == (confab_local_media_get_screen (f->a.user.media) != NULL);
}

/* Both toggle as they like, with and without a pause: in the end it is as the last of them wanted it. */
static void
test_many_changes (Fixture *f, gconstpointer data)
{
  call (f);
  for (guint i = 0; i < 40; i++) {
    End *end = g_test_rand_bit () ? &f->a : &f->b;

    if (confab_local_media_get_screen (end->user.media) != NULL)
      stop (end);
    else
      share (end);
    if (g_test_rand_bit ())
      loop_wait (agree, f, "both agree who shares");
  }
  share (&f->a);
  share (&f->b);
  loop_wait (agree, f, "both agree that both share");
  assert_sees (&f->a);
  assert_sees (&f->b);
  g_assert_cmpuint (f->a.n_mlines, <=, 4);
  g_assert_null (f->a.reason);
  g_assert_null (f->b.reason);
}

static gboolean
has_ended (gpointer data)
{
  return ((End *) data)->reason != NULL;
}

/* Whoever invited is no client of ours: what it adds has another name, at which webrtcbin would abort the process. */
static void
test_other_mids (Fixture *f, gconstpointer data)
{
  call (f);
  f->a.rename = TRUE;
  share_at_once (f);
  loop_wait (agree, f, "both agree that both share");
  assert_sees (&f->a);
  assert_sees (&f->b);
  stop (&f->a);
  stop (&f->b);
  loop_wait (agree, f, "both agree that nobody shares");
  share (&f->b);
  loop_wait (agree, f, "both agree that b shares");
  assert_sees (&f->a);
  g_assert_null (f->a.reason);
  g_assert_null (f->b.reason);
}

/* It adds sound where this side adds a picture: that cannot be one m-section, and the connection is made anew. */
static void
test_other_kind (Fixture *f, gconstpointer data)
{
  call (f);
  f->a.adds_sound = TRUE;
  share_at_once (f);
  loop_wait (has_ended, &f->b, "b gives the connection up");
  loop_wait (has_ended, &f->a, "and says so");
  g_assert_cmpstr (f->b.reason, ==, "ice_failed");
  g_assert_cmpstr (f->a.reason, ==, "ice_failed");

  /* The next one has both. */
  f->a.adds_sound = FALSE;
  end_stop (&f->a);
  end_stop (&f->b);
  call (f);
  loop_wait (agree, f, "both agree that both share");
  assert_sees (&f->a);
  assert_sees (&f->b);
}

/* As many as there are: one capture, one encode. */
static void
test_one_encode (Fixture *f, gconstpointer data)
{
  ConfabMediaSender *sender = CONFAB_MEDIA_SENDER (f->a.user.media);
  End others[2] = { 0 }, twins[2] = { 0 };

  share (&f->a);
  call (f);
  for (guint i = 0; i < 2; i++) {
    others[i].user = f->b.user;
    twins[i].user = f->a.user;
    others[i].other = &twins[i];
    twins[i].other = &others[i];
    end_start (&twins[i], f);
    end_start (&others[i], f);
    confab_peer_call_place (twins[i].call);
  }
  assert_sees (&f->b);
  for (guint i = 0; i < 2; i++) {
    loop_wait (sees_screen, &others[i], "everybody is told");
    assert_sees (&others[i]);
  }
  g_assert_cmpuint (
    loop_count_elements (confab_media_sender_get_screen_pipeline (sender), "vp8enc"), ==, 1);
  g_assert_cmpuint (loop_count_elements (confab_media_sender_get_pipeline (sender), "vp8enc"),
                    ==,
                    1);
  for (guint i = 0; i < 2; i++) {
    LoopEnd loop_end = { .connection = twins[i].connection };
    g_assert_cmpuint (loop_count_elements (loop_get_pipeline (&loop_end), "vp8enc"), ==, 0);
    end_stop (&others[i]);
    end_stop (&twins[i]);
  }
  stop (&f->a);
  g_assert_null (confab_media_sender_get_screen_pipeline (sender));
}

static void
test_unsupported (void)
{
  const ConfabMediaSource sources[] = { CONFAB_MEDIA_SOURCE_DEVICES, CONFAB_MEDIA_SOURCE_NONE };

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++) {
    LoopUser user;

    user.engine = confab_media_engine_new (sources[i]);
    user.media = confab_media_devices_open (CONFAB_MEDIA_DEVICES (user.engine), TRUE, TRUE);
    g_assert_cmpint (confab_local_media_get_sharing_problem (user.media),
                     ==,
                     CONFAB_SHARING_PROBLEM_UNSUPPORTED);
    confab_local_media_share_screen (user.media);
    confab_local_media_stop_sharing (user.media);
    g_assert_cmpint (confab_local_media_get_sharing (user.media), ==, CONFAB_SHARING_OFF);
    g_assert_null (confab_local_media_get_screen (user.media));
    loop_user_clear (&user);
  }
}

int
main (int argc, char **argv)
{
  loop_init (&argc, &argv);

#define TEST(name, data, func) g_test_add ("/sharing/" name, Fixture, data, setup, func, teardown)
  TEST ("during/inviter", "inviter", test_during);
  TEST ("during/invitee", NULL, test_during);
  TEST ("before/inviter", "inviter", test_before);
  TEST ("before/invitee", NULL, test_before);
  TEST ("both-at-once", NULL, test_both_at_once);
  TEST ("many-changes", NULL, test_many_changes);
  TEST ("other-mids", NULL, test_other_mids);
  TEST ("other-kind", NULL, test_other_kind);
  TEST ("one-encode", NULL, test_one_encode);
#undef TEST
  g_test_add_func ("/sharing/unsupported", test_unsupported);
  return g_test_run ();
}
