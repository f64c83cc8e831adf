/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <malloc.h>
#include <time.h>

#include "confab-call-lab.h"
#include "confab-group-call.h"
#include "confab-json.h"

/* What the signalling core costs, without network, disk and media: bench-call-core MEMBERS [MESSAGES] writes one JSON
 * line. */

#define N_BATCH 1000
#define N_TURNS 2000
#define CHANGED "org.matrix.call.sdp_stream_metadata_changed"

static char *
dup_user (guint i)
{
  return g_strdup_printf ("@c%u:x", i);
}

static ConfabCallMember *
peek_member (Lab *lab, guint i)
{
  g_autoptr (ConfabCallMember) member = g_list_model_get_item (confab_call_get_participants (lab->call), i);

  return member; /* the list keeps it */
}

/* The process' own time, in µs: others may be at work, too. */
static gint64
get_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static gsize
get_bytes (void)
{
  return mallinfo2 ().uordblks;
}

/* All of them are there, answer, and are connected. */
static void
connect_all (Lab *lab, guint n)
{
  for (guint i = 0; i < n; i++) {
    g_autofree char *user = dup_user (i);
    lab_member (lab, user, "C", "S");
  }
  lab_join (lab);
  lab_advance (lab, 250);
  for (guint i = 0; i < n; i++) {
    ConfabCallMember *member = peek_member (lab, i);
    g_autofree char *call_id = g_strdup (confab_call_member_get_call_id (member));

    lab_receive_as (lab,
                    confab_call_member_get_user_id (member),
                    "C",
                    TRUE,
                    "S",
                    "m.call.answer",
                    call_id,
                    0,
                    ANSWER);
  }
  lab_sync_end (lab);
  lab_advance (lab, 10);
  for (guint i = 0; i < n; i++) {
    confab_fake_peer_connection_set_state (confab_fake_local_media_peek_connection (lab->media, i),
                                           CONFAB_CONNECTION_STATE_CONNECTED);
    g_assert_true (confab_call_member_get_connected (peek_member (lab, i)));
  }
}

/* Every other one is of candidates, the others of what is muted. */
static JsonObject *
make_message (Lab *lab, ConfabCallMember *member, guint seq)
{
  g_autofree char *text = g_strdup_printf (
    "{\"conf_id\":\"conf\",\"call_id\":\"%s\",\"party_id\":\"C\",\"device_id\":\"C\",\"version\":"
    "\"1\","
    "\"sender_session_id\":\"S\",\"dest_session_id\":\"%s\",\"seq\":%u,%s}",
    confab_call_member_get_call_id (member),
    confab_group_call_get_session_id (CONFAB_GROUP_CALL (lab->call)),
    seq,
    seq % 2
      ? "\"candidates\":[{\"candidate\":\"candidate:3 1 UDP 1694498815 198.51.100.24 50712 typ "
        "srflx raddr 10.0.0.5 rport 50712\",\"sdpMid\":\"audio0\",\"sdpMLineIndex\":0}]"
      : "\"org.matrix.msc3077.sdp_stream_metadata\":{\"s\":{\"purpose\":\"m.usermedia\","
        "\"audio_muted\":true,\"video_muted\":false}}");

  return confab_json_parse_object (text, -1, NULL);
}

typedef struct {
  JsonObject *contents[N_BATCH];
  const char *users[N_BATCH];
  const char *types[N_BATCH];
} Batch;

/* These two are what is counted, also by callgrind, which finds them by name. */
static G_NO_INLINE void
bring_messages (ConfabCallHandler *handler, const Batch *batch)
{
  for (guint i = 0; i < N_BATCH; i++)
    confab_call_handler_handle_to_device (
      handler, batch->users[i], "C", batch->types[i], batch->contents[i]);
}

static G_NO_INLINE void
bring_syncs (ConfabCallHandler *handler, const Batch *batch)
{
  for (guint i = 0; i < N_BATCH; i++) {
    confab_call_handler_handle_to_device (
      handler, batch->users[i], "C", batch->types[i], batch->contents[i]);
    confab_call_handler_end_sync (handler, 0);
  }
}

/* Returns: seconds that @n_messages take, each in a sync of its own when @syncs */
static double
receive (Lab *lab, guint n, guint *seqs, guint n_messages, gboolean syncs)
{
  gint64 spent = 0;

  for (guint done = 0; done < n_messages; done += N_BATCH) {
    Batch batch;
    gint64 start;

    for (guint i = 0; i < N_BATCH; i++) {
      ConfabCallMember *member = peek_member (lab, i % n);

      batch.contents[i] = make_message (lab, member, ++seqs[i % n]);
      batch.users[i] = confab_call_member_get_user_id (member);
      batch.types[i] = json_object_has_member (batch.contents[i], "candidates")
                         ? "m.call.candidates"
                         : CHANGED;
    }
    start = get_time ();
    if (syncs)
      bring_syncs (lab->handler, &batch);
    else
      bring_messages (lab->handler, &batch);
    spent += get_time () - start;
    for (guint i = 0; i < N_BATCH; i++)
      json_object_unref (batch.contents[i]);
  }
  return (double) spent / G_USEC_PER_SEC;
}

/* Returns: seconds that it takes to tell all @n of N_TURNS mutes */
static double
mute (Lab *lab)
{
  gint64 spent = 0;

  for (guint i = 0; i < N_TURNS; i++) {
    gint64 start = get_time ();
    confab_call_set_microphone_muted (lab->call, i % 2 == 0);
    spent += get_time () - start;
    lab_advance (lab, 2);
    confab_fake_signalling_clear_log (lab->signalling);
  }
  return (double) spent / G_USEC_PER_SEC;
}

int
main (int argc, char *argv[])
{
  guint n = argc > 1 ? (guint) CLAMP (g_ascii_strtoull (argv[1], NULL, 10), 1, 100) : 2;
  guint n_messages = argc > 2
                       ? (guint) CLAMP (g_ascii_strtoull (argv[2], NULL, 10), N_BATCH, G_MAXINT)
                       : 200000;
  g_autofree guint *seqs = g_new0 (guint, n);
  Lab lab = { 0 };
  gsize before, bytes;
  double alone, synced, sent;

  lab_start (&lab);
  before = get_bytes ();
  connect_all (&lab, n);
  bytes = get_bytes () - before;
  alone = receive (&lab, n, seqs, n_messages, FALSE);
  synced = receive (&lab, n, seqs, n_messages, TRUE);
  for (guint i = 0; i < n; i++) {
    g_autoptr (GPtrArray) queued = confab_call_member_dup_queued (peek_member (&lab, i));
    g_assert_cmpuint (queued->len, ==, 0); /* each was taken in, in its turn */
  }
  sent = mute (&lab);
  g_print (
    "{\"members\":%u,\"received\":%u,\"receivedSeconds\":%.4f,\"syncedSeconds\":%.4f,\"sent\":%u,"
    "\"sentSeconds\":%.4f,\"bytes\":%" G_GSIZE_FORMAT "}\n",
    n,
    n_messages,
    alone,
    synced,
    N_TURNS * n,
    sent,
    bytes);
  lab_finish (&lab);
  return 0;
}
