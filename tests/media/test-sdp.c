/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-ice-uri.h"
#include "confab-mid-names.h"
#include "confab-sdp.h"

#include <gst/gst.h>
#include <string.h>

#define HEAD "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
#define TRANSPORT                                                                                  \
  "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"                                       \
  "a=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\n"
#define AUDIO                                                                                      \
  "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n" TRANSPORT                   \
  "a=sendrecv\r\na=rtpmap:111 opus/48000/2\r\n"
#define VIDEO                                                                                      \
  "m=video 9 UDP/TLS/RTP/SAVPF 120 121\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n" TRANSPORT               \
  "a=sendonly\r\na=rtpmap:120 H264/90000\r\na=rtpmap:121 vp8/90000\r\n"

static void
test_check (void)
{
  static const char *const bad[] = {
    "",
    "x",
    "v=0",
    HEAD,
    "v=1\r\n",
    HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n",                        /* nothing in it */
    HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n",             /* no ICE */
    HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 128\r\na=mid:0\r\n" TRANSPORT,   /* no payload type */
    HEAD "m=audio 9 UDP/TLS/RTP/SAVPF x\r\na=mid:0\r\n" TRANSPORT,     /* no number */
    HEAD "m=audio 9 UDP/TLS/RTP/SAVPF\r\na=mid:0\r\n" TRANSPORT,       /* no format */
    HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" TRANSPORT,              /* no mid */
    HEAD AUDIO AUDIO,                                                  /* one mid twice */
    HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0 1\r\n" TRANSPORT, /* no token */
    HEAD AUDIO "a=x\ra=mid:9\r\n",                                     /* half an end of a line */
    HEAD AUDIO "a=mid:9\r\n",      /* two mids, found by a fuzzer */
    HEAD AUDIO "a=rtpmap:111\r\n", /* half an rtpmap */
    HEAD AUDIO VIDEO "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:\r\n" TRANSPORT, /* an empty mid */
    HEAD AUDIO "\xff\xfe\r\n",                                                /* not UTF-8 */
  };
  g_autoptr (GError) error = NULL;

  g_assert_true (confab_sdp_check (HEAD AUDIO VIDEO, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    if (confab_sdp_check (bad[i], &error))
      g_error ("taken for good: %s", bad[i]);
    g_assert_true (error->domain == CONFAB_SDP_ERROR);
    g_clear_error (&error);
  }
}

static void
test_check_size (void)
{
  g_autoptr (GString) many = g_string_new (HEAD);
  g_autoptr (GString) long_line = g_string_new (HEAD AUDIO "a=x:");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 40; i++)
    g_string_append_printf (many, "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:%u\r\n" TRANSPORT, i);
  g_assert_false (confab_sdp_check (many->str, &error));
  g_assert_error (error, CONFAB_SDP_ERROR, CONFAB_SDP_ERROR_UNUSABLE);
  g_clear_error (&error);

  for (guint i = 0; i < 5000; i++)
    g_string_append_c (long_line, 'y');
  g_assert_false (confab_sdp_check (long_line->str, &error));
  g_assert_error (error, CONFAB_SDP_ERROR, CONFAB_SDP_ERROR_INVALID);
  g_clear_error (&error);

  for (guint i = 0; i < 10000; i++)
    g_string_append (many, "a=x\r\n");
  g_assert_false (confab_sdp_check (many->str, &error));
  g_assert_error (error, CONFAB_SDP_ERROR, CONFAB_SDP_ERROR_INVALID);
}

static void
test_check_follows (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (confab_sdp_check_follows (HEAD AUDIO VIDEO, HEAD AUDIO VIDEO, TRUE, &error));
  g_assert_true (confab_sdp_check_follows (HEAD AUDIO VIDEO, HEAD AUDIO, FALSE, &error));
  g_assert_no_error (error);
  g_assert_false (confab_sdp_check_follows (HEAD AUDIO VIDEO, HEAD AUDIO, TRUE, &error));
  g_assert_error (error, CONFAB_SDP_ERROR, CONFAB_SDP_ERROR_MISMATCHED);
  g_clear_error (&error);
  g_assert_false (confab_sdp_check_follows (HEAD AUDIO, HEAD AUDIO VIDEO, FALSE, &error));
  g_clear_error (&error);
  g_assert_false (confab_sdp_check_follows (HEAD VIDEO AUDIO, HEAD AUDIO VIDEO, TRUE, &error));
}

static void
test_stream_id (void)
{
  static const struct {
    const char *sdp, *mid, *stream_id;
  } cases[] = {
    { HEAD AUDIO "a=msid:s1 t1\r\n" VIDEO "a=msid:s2 t2\r\n", "0", "s1" },
    { HEAD AUDIO "a=msid:s1 t1\r\n" VIDEO "a=msid:s2 t2\r\n", "1", "s2" },
    { HEAD AUDIO "a=msid:s1 t1\n", "0", "s1" },
    { HEAD AUDIO "a=msid:s1\r\n", "0", "s1" },
    { HEAD AUDIO "a=ssrc:7 cname:c\r\na=ssrc:7 msid:s3 t\r\n", "0", "s3" },
    { HEAD AUDIO "a=ssrc:7 msid:s3 t\r\na=msid:s1 t1\r\n", "0", "s1" },
    { HEAD AUDIO "a=msid:- t1\r\n", "0", NULL },
    { HEAD AUDIO "a=msid:\r\n", "0", NULL },
    { HEAD AUDIO, "0", NULL },
    { HEAD AUDIO "a=msid:s1 t1\r\n" VIDEO, "1", NULL },
    { HEAD AUDIO "a=msid:s1 t1\r\n", "nope", NULL },
    { HEAD "a=msid:s1 t1\r\n" AUDIO, "0", NULL },
    { "", "", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *stream_id = confab_sdp_find_stream_id (cases[i].sdp, cases[i].mid);

    g_assert_cmpstr (stream_id, ==, cases[i].stream_id);
  }
}

static void
test_mids (void)
{
  g_autofree char *mid = confab_sdp_get_mid (HEAD AUDIO VIDEO, 1);

  g_assert_cmpstr (mid, ==, "1");
  g_assert_null (confab_sdp_get_mid (HEAD AUDIO VIDEO, 2));
  g_assert_null (confab_sdp_get_mid (HEAD AUDIO VIDEO, -1));
  g_assert_cmpint (confab_sdp_find_mline (HEAD AUDIO VIDEO, "1"), ==, 1);
  g_assert_cmpint (confab_sdp_find_mline (HEAD AUDIO VIDEO, "2"), ==, -1);
}

static void
test_payload (void)
{
  g_assert_cmpint (confab_sdp_find_payload (HEAD AUDIO VIDEO, "video", "VP8"), ==, 121);
  g_assert_cmpint (confab_sdp_find_payload (HEAD AUDIO VIDEO, "audio", "OPUS"), ==, 111);
  g_assert_cmpint (confab_sdp_find_payload (HEAD AUDIO VIDEO, "audio", "VP8"), ==, -1);
  g_assert_cmpint (confab_sdp_find_payload (HEAD AUDIO, "video", "VP8"), ==, -1);
  g_assert_cmpint (
    confab_sdp_find_payload ("m=video 9 X 300\na=rtpmap:300 VP8/1\n", "video", "VP8"), ==, -1);
}

static void
test_setup (void)
{
  g_autofree char *passive = confab_sdp_set_setup (HEAD AUDIO VIDEO, "passive");
  g_autofree char *setup = confab_sdp_get_setup (passive);
  g_autofree char *back = confab_sdp_set_setup (passive, "actpass");

  g_assert_cmpstr (setup, ==, "passive");
  g_assert_null (strstr (passive, "actpass"));
  g_assert_cmpstr (back, ==, HEAD AUDIO VIDEO);
  g_assert_null (confab_sdp_get_setup (HEAD));
}

static void
test_insert_msid (void)
{
  g_autofree char *plain = confab_sdp_insert_msid (HEAD AUDIO VIDEO, "cfb-1");
  g_autofree char *again = confab_sdp_insert_msid (plain, "cfb-2");
  g_autofree char *with_ssrc = confab_sdp_insert_msid (HEAD AUDIO "a=ssrc:5 msid:cfb-1 track0\r\n",
                                                       "cfb-1");
  g_autofree char *silent = confab_sdp_insert_msid (
    HEAD
    "m=audio 9 X 1\r\na=recvonly\r\nm=video 9 X 1\r\na=inactive\r\nm=application 9 X 1\r\na=x\r\n",
    "cfb-1");
  g_autofree char *stream_id = confab_sdp_find_stream_id (plain, "1");
  const char *in_order = strstr (plain,
                                 "c=IN IP4 0.0.0.0\r\na=msid:cfb-1 cfb-1-audio\r\na=mid:0\r\n");

  g_assert_nonnull (in_order);
  g_assert_cmpstr (stream_id, ==, "cfb-1");
  g_assert_cmpstr (again, ==, plain);
  g_assert_nonnull (strstr (with_ssrc, "a=msid:cfb-1 track0\r\n"));
  g_assert_null (strstr (silent, "msid"));
}

/* Each m-section has the stream that it names beside its SSRC: the screen is another than the camera. */
static void
test_insert_two_msids (void)
{
  g_autofree char *text = confab_sdp_insert_msid (HEAD AUDIO "a=ssrc:5 msid:cfb-1 t0\r\n" VIDEO
                                                             "a=ssrc:6 msid:cfb-2 t1\r\n",
                                                  "cfb-1");
  g_autofree char *camera = confab_sdp_find_stream_id (text, "0");
  g_autofree char *screen = confab_sdp_find_stream_id (text, "1");

  g_assert_cmpstr (camera, ==, "cfb-1");
  g_assert_cmpstr (screen, ==, "cfb-2");
  g_assert_nonnull (strstr (text, "a=msid:cfb-1 t0\r\n"));
}

#define ADDED(kind, mid)                                                                           \
  HEAD "a=group:BUNDLE 0 " mid "\r\n" AUDIO "m=" kind " 9 X 1\r\na=mid:" mid "\r\n"

static void
test_mid_names (void)
{
  ConfabMidNames *names = confab_mid_names_new ();
  g_autofree char *untouched = confab_mid_names_sdp_to_ours (names, ADDED ("video", "theirs"));
  g_autofree char *ours = NULL;
  g_autofree char *theirs = NULL;

  g_assert_cmpstr (untouched, ==, ADDED ("video", "theirs"));
  g_assert_true (confab_mid_names_reconcile (names, HEAD AUDIO, ADDED ("video", "ours")));
  g_assert_true (
    confab_mid_names_reconcile (names, ADDED ("video", "ours"), ADDED ("video", "ours")));
  g_assert_cmpstr (confab_mid_names_to_theirs (names, "ours"), ==, "ours");

  /* A picture here and sound there; a name that means another m-section. */
  g_assert_false (
    confab_mid_names_reconcile (names, ADDED ("audio", "theirs"), ADDED ("video", "ours")));
  g_assert_false (
    confab_mid_names_reconcile (names,
                                ADDED ("video", "theirs"),
                                HEAD
                                "m=audio 9 X 1\r\na=mid:theirs\r\nm=video 9 X 1\r\na=mid:0\r\n"));
  g_assert_cmpstr (confab_mid_names_to_ours (names, "theirs"), ==, "theirs");

  g_assert_true (
    confab_mid_names_reconcile (names, ADDED ("video", "theirs"), ADDED ("video", "ours")));
  g_assert_cmpstr (confab_mid_names_to_ours (names, "theirs"), ==, "ours");
  g_assert_cmpstr (confab_mid_names_to_theirs (names, "ours"), ==, "theirs");
  g_assert_cmpstr (confab_mid_names_to_ours (names, "0"), ==, "0");
  g_assert_null (confab_mid_names_to_ours (names, NULL));
  g_assert_null (confab_mid_names_to_theirs (names, NULL));
  ours = confab_mid_names_sdp_to_ours (names, ADDED ("video", "theirs"));
  g_assert_cmpstr (ours, ==, ADDED ("video", "ours"));
  theirs = confab_mid_names_sdp_to_theirs (names, ours);
  g_assert_cmpstr (theirs, ==, ADDED ("video", "theirs"));
  g_assert_false (
    confab_mid_names_reconcile (names, ADDED ("video", "third"), ADDED ("video", "ours")));
  confab_mid_names_free (names);
}

static void
test_insert_candidate (void)
{
  g_autofree char *first = confab_sdp_insert_candidate (HEAD AUDIO VIDEO, 0, "candidate:1 x");
  g_autofree char *second = confab_sdp_insert_candidate (first, 1, "candidate:2 x");
  g_autofree char *third = confab_sdp_insert_candidate (second, 0, "candidate:3 x");
  g_autofree char *none = confab_sdp_insert_candidate (HEAD AUDIO VIDEO, 2, "candidate:1 x");

  g_assert_cmpstr (third,
                   ==,
                   HEAD AUDIO "a=candidate:1 x\r\na=candidate:3 x\r\n" VIDEO "a=candidate:2 x\r\n");
  g_assert_cmpstr (none, ==, HEAD AUDIO VIDEO);
}

static void
test_sends (void)
{
  g_assert_true (confab_sdp_sends (HEAD AUDIO, "0"));
  g_assert_true (confab_sdp_sends (HEAD "m=video 9 X 1\r\na=mid:1\r\na=sendonly\r\n", "1"));
  g_assert_false (confab_sdp_sends (HEAD "m=video 9 X 1\r\na=mid:1\r\na=recvonly\r\n", "1"));
  g_assert_false (confab_sdp_sends (HEAD "m=video 9 X 1\r\na=mid:1\r\na=inactive\r\n", "1"));
  g_assert_false (confab_sdp_sends (HEAD AUDIO, "1"));
}

#define SECOND(direction) "m=video 9 X 1\r\na=mid:2\r\na=" direction "\r\n"

static void
test_expect_known (void)
{
  static const struct {
    const char *ours, *remote, *expected;
  } cases[] = {
    { SECOND ("sendrecv"), NULL, SECOND ("sendonly") },
    { SECOND ("recvonly"), NULL, SECOND ("inactive") },
    { SECOND ("sendrecv"), HEAD AUDIO VIDEO, SECOND ("sendonly") },
    { SECOND ("sendrecv"), HEAD AUDIO VIDEO SECOND ("recvonly"), SECOND ("sendonly") },
    { SECOND ("recvonly"), HEAD AUDIO VIDEO SECOND ("inactive"), SECOND ("inactive") },
    { SECOND ("recvonly"), HEAD AUDIO VIDEO SECOND ("sendonly"), SECOND ("recvonly") },
    { SECOND ("sendrecv"), HEAD AUDIO VIDEO SECOND ("sendrecv"), SECOND ("sendrecv") },
    { SECOND ("sendonly"), NULL, SECOND ("sendonly") },
  };
  g_autofree char *first = confab_sdp_expect_known (HEAD AUDIO VIDEO, NULL);

  g_assert_cmpstr (first, ==, HEAD AUDIO VIDEO);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = g_strconcat (HEAD AUDIO VIDEO, cases[i].ours, NULL);
    g_autofree char *expected = g_strconcat (HEAD AUDIO VIDEO, cases[i].expected, NULL);
    g_autofree char *found = confab_sdp_expect_known (text, cases[i].remote);

    g_assert_cmpstr (found, ==, expected);
  }
}

static void
test_receives (void)
{
  g_assert_true (confab_sdp_receives (HEAD AUDIO VIDEO, "0"));
  g_assert_false (confab_sdp_receives (HEAD AUDIO VIDEO, "1"));
  g_assert_false (confab_sdp_receives (HEAD AUDIO VIDEO, "2"));
  g_assert_false (confab_sdp_receives (HEAD "a=inactive\r\nm=audio 9 X 1\r\na=mid:0\r\n", "0"));
  g_assert_true (
    confab_sdp_receives (HEAD "a=inactive\r\nm=audio 9 X 1\r\na=mid:0\r\na=recvonly\r\n", "0"));
  g_assert_true (confab_sdp_receives (HEAD "m=audio 9 X 1\r\na=mid:0\r\n", "0"));
}

#define REFUSED_AUDIO "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
#define TAKEN_VIDEO                                                                                \
  "m=video 9 UDP/TLS/RTP/SAVPF 121\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n" TRANSPORT                   \
  "a=sendrecv\r\na=rtpmap:121 VP8/90000\r\n"

static void
test_fill_answer (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) refused = NULL;
  g_auto (GStrv) none = NULL;
  g_autofree char *same = confab_sdp_fill_refused (HEAD AUDIO VIDEO,
                                                   HEAD AUDIO VIDEO,
                                                   &none,
                                                   &error);
  g_autofree char *filled = confab_sdp_fill_refused (
    "v=0\r\na=group:BUNDLE 1\r\n" REFUSED_AUDIO TAKEN_VIDEO, HEAD AUDIO VIDEO, &refused, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (same, ==, HEAD AUDIO VIDEO);
  g_assert_null (none[0]);
  g_assert_cmpstr (filled,
                   ==,
                   "v=0\r\na=group:BUNDLE 0 1\r\n"
                   "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
                   "a=rtpmap:111 opus/48000/2\r\n" TRANSPORT
                   "a=rtcp-mux\r\na=inactive\r\na=mid:0\r\n" TAKEN_VIDEO);
  g_assert_cmpuint (g_strv_length (refused), ==, 1);
  g_assert_cmpstr (refused[0], ==, "0");
  g_assert_true (confab_sdp_check (filled, &error));
  g_assert_false (confab_sdp_receives (filled, "0"));
  g_assert_null (confab_sdp_fill_refused (HEAD REFUSED_AUDIO, HEAD AUDIO, &none, &error));
  g_assert_error (error, CONFAB_SDP_ERROR, CONFAB_SDP_ERROR_UNUSABLE);
}

static void
test_fill_offer (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) refused = NULL;
  g_auto (GStrv) no_bundle = NULL;
  /* G.722 alone, and pictures under the number that our sound usually has */
  g_autofree char *filled = confab_sdp_fill_refused (
    HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 9\r\na=mid:0\r\n" TRANSPORT "a=rtpmap:9 G722/8000\r\n"
         "m=video 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=bundle-only\r\n" TRANSPORT
         "a=rtpmap:111 VP8/90000\r\n"
         "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n",
    NULL,
    &refused,
    &error);
  g_autofree char *plain = NULL;
  g_autofree char *back = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (refused), ==, 1);
  g_assert_cmpstr (refused[0], ==, "0");
  g_assert_nonnull (strstr (filled, "a=group:BUNDLE 0 1\r\n"));
  g_assert_cmpint (confab_sdp_find_payload (filled, "audio", "opus"), ==, 127);
  g_assert_cmpint (confab_sdp_find_payload (filled, "video", "vp8"), ==, 111);
  g_assert_null (strstr (filled, "G722"));
  g_assert_nonnull (strstr (filled, "m=application 0 "));

  back = confab_sdp_refuse (filled, (const char *const *) refused);
  g_assert_nonnull (strstr (back, "a=group:BUNDLE 1\r\n"));
  g_assert_nonnull (
    strstr (back,
            "m=audio 0 UDP/TLS/RTP/SAVPF 127\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\na=mid:0\r\nm="));
  g_assert_nonnull (strstr (back, "a=rtpmap:111 VP8/90000"));

  /* Each has its own transport: nothing is to be saved. */
  plain = confab_sdp_fill_refused ("v=0\r\n" REFUSED_AUDIO TAKEN_VIDEO, NULL, &no_bundle, &error);
  g_assert_cmpstr (plain, ==, "v=0\r\n" REFUSED_AUDIO TAKEN_VIDEO);
  g_assert_cmpstr (no_bundle[0], ==, "0");
}

static void
test_ice_uris (void)
{
  static const struct {
    const char *uri, *stun, *turn;
  } cases[] = {
    { "stun:h.org:1", "stun://h.org:1", NULL },
    { "stun:h.org", "stun://h.org:3478", NULL },
    { "stun://h.org", "stun://h.org:3478", NULL },
    { "STUN:[::1]:9", "stun://[::1]:9", NULL },
    { "turn:h.org?transport=udp", NULL, "turn://1%3Au:p%2F%3D%40@h.org:3478?transport=udp" },
    { "turn:h.org:5000?transport=tcp", NULL, "turn://1%3Au:p%2F%3D%40@h.org:5000?transport=tcp" },
    { "turns:h.org", NULL, "turns://1%3Au:p%2F%3D%40@h.org:5349" },
    { "turn:[2001:db8::1]", NULL, "turn://1%3Au:p%2F%3D%40@[2001:db8::1]:3478" },
    { "turn:h.org:0", NULL, NULL },
    { "turn:h.org:70000", NULL, NULL },
    { "turn:a@b", NULL, NULL },
    { "turn:h?transport=sctp", NULL, NULL },
    { "turn:", NULL, NULL },
    { "turn:::1", NULL, NULL },
    { "turn:[::1", NULL, NULL },
    { "http://h", NULL, NULL },
    { "", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *stun = confab_ice_uri_to_stun (cases[i].uri);
    g_autofree char *turn = confab_ice_uri_to_turn (cases[i].uri, "1:u", "p/=@");

    g_assert_cmpstr (stun, ==, cases[i].stun);
    g_assert_cmpstr (turn, ==, cases[i].turn);
  }
  g_assert_null (confab_ice_uri_to_turn ("turn:h", NULL, NULL));
}

static void
test_candidates (void)
{
#define GOOD "candidate:1 1 UDP 2015363327 127.0.0.1 50000 typ host"
  g_assert_true (confab_ice_candidate_is_usable (GOOD));
  g_assert_true (confab_ice_candidate_is_usable ("a=" GOOD));
  g_assert_true (confab_ice_candidate_is_usable (GOOD " generation 0 ufrag x"));
  g_assert_true (
    confab_ice_candidate_is_usable ("candidate:1 1 tcp 1 fe80::1 9 typ host tcptype active"));
  g_assert_false (confab_ice_candidate_is_usable ("candidate:1 1 udp 1 abcd.local 9 typ host"));
  g_assert_false (confab_ice_candidate_is_usable ("candidate:1 1 udp 1 example.org 9 typ host"));
  g_assert_false (confab_ice_candidate_is_usable ("candidate:1 1 udp 1 127.0.0.1 99999 typ host"));
  g_assert_false (confab_ice_candidate_is_usable ("candidate:1 1 xyz 1 127.0.0.1 9 typ host"));
  g_assert_false (confab_ice_candidate_is_usable (GOOD "\r\na=x"));
  g_assert_false (confab_ice_candidate_is_usable ("candidate:"));
  g_assert_false (confab_ice_candidate_is_usable (""));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (NULL, NULL);

  g_test_add_func ("/sdp/check", test_check);
  g_test_add_func ("/sdp/check-size", test_check_size);
  g_test_add_func ("/sdp/check-follows", test_check_follows);
  g_test_add_func ("/sdp/stream-id", test_stream_id);
  g_test_add_func ("/sdp/mids", test_mids);
  g_test_add_func ("/sdp/payload", test_payload);
  g_test_add_func ("/sdp/setup", test_setup);
  g_test_add_func ("/sdp/insert-msid", test_insert_msid);
  g_test_add_func ("/sdp/insert-candidate", test_insert_candidate);
  g_test_add_func ("/sdp/insert-two-msids", test_insert_two_msids);
  g_test_add_func ("/sdp/mid-names", test_mid_names);
  g_test_add_func ("/sdp/receives", test_receives);
  g_test_add_func ("/sdp/sends", test_sends);
  g_test_add_func ("/sdp/expect-known", test_expect_known);
  g_test_add_func ("/sdp/fill-answer", test_fill_answer);
  g_test_add_func ("/sdp/fill-offer", test_fill_offer);
  g_test_add_func ("/ice/uris", test_ice_uris);
  g_test_add_func ("/ice/candidates", test_candidates);
  return g_test_run ();
}
