/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-fake-local-media.h"
#include "confab-manual-clock.h"
#include "confab-peer-call.h"

/* Stories, one a row of the table in protocol/mesh-calls.md section 6. A story is words: */
typedef struct {
  const char *path;
  const char *script;
  ConfabPeerCallState end;
  const char *reason; /* NULL: still on */
  const char *sent;   /* what the peer is told, a word each */
  const char *log;    /* words that the connection's log must have, NULL: any */
} Story;

#define OUT "place +1 +200 sent "
#define IN_ "invite +1 accept +1 +200 "

static const Story stories[] = {
  { "/peer-call/placed", "place", CONFAB_PEER_CALL_CREATE_OFFER, NULL, "", "create-offer" },
  { "/peer-call/offer-waits", "place +1 +199", CONFAB_PEER_CALL_CREATE_OFFER, NULL, "", NULL },
  { "/peer-call/invited", OUT, CONFAB_PEER_CALL_INVITE_SENT, NULL, "invite ", NULL },
  { "/peer-call/gathered-early",
    "place +1 gathered",
    CONFAB_PEER_CALL_INVITE_SENT,
    NULL,
    "invite ",
    NULL },
  { "/peer-call/invite-not-sent",
    "place +1 +200 fail-invite",
    CONFAB_PEER_CALL_ENDED,
    "send_invite",
    "invite ",
    NULL },
  { "/peer-call/offer-fails",
    "fail-next place +1",
    CONFAB_PEER_CALL_ENDED,
    "create_offer",
    "",
    NULL },
  { "/peer-call/ringing", "invite +1", CONFAB_PEER_CALL_RINGING, NULL, "", "remote-offer" },
  { "/peer-call/invite-is-rubbish",
    "fail-next invite +1",
    CONFAB_PEER_CALL_ENDED,
    "set_remote_description",
    "hangup:set_remote_description ",
    NULL },
  { "/peer-call/accepted", IN_, CONFAB_PEER_CALL_CONNECTING, NULL, "answer ", "create-answer" },
  { "/peer-call/declined",
    "invite +1 hangup",
    CONFAB_PEER_CALL_ENDED,
    "user_hangup",
    "hangup:user_hangup ",
    NULL },
  { "/peer-call/rings-out",
    "invite +1 +59999 +1",
    CONFAB_PEER_CALL_ENDED,
    "invite_timeout",
    "",
    NULL },
  { "/peer-call/caller-gives-up",
    "invite +1 remote-hangup",
    CONFAB_PEER_CALL_ENDED,
    "user_hangup",
    "",
    NULL },
  { "/peer-call/answer-fails",
    "invite +1 fail-next accept +1",
    CONFAB_PEER_CALL_ENDED,
    "create_answer",
    "hangup:create_answer ",
    NULL },
  { "/peer-call/answer-not-sent",
    IN_ "fail-answer",
    CONFAB_PEER_CALL_ENDED,
    "send_answer",
    "answer ",
    NULL },
  { "/peer-call/answered",
    OUT "answer +1",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "invite ",
    "remote-answer" },
  { "/peer-call/answered-by-an-offer",
    OUT "answer-offer +1",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "invite ",
    "remote-answer" },
  { "/peer-call/second-answer",
    OUT "answer +1 answer +1",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "invite ",
    NULL },
  { "/peer-call/answer-is-rubbish",
    OUT "fail-next answer +1",
    CONFAB_PEER_CALL_ENDED,
    "set_remote_description",
    "invite hangup:set_remote_description ",
    NULL },
  { "/peer-call/rejected", OUT "reject", CONFAB_PEER_CALL_ENDED, "user_hangup", "invite ", NULL },
  { "/peer-call/refused",
    OUT "remote-hangup",
    CONFAB_PEER_CALL_ENDED,
    "user_hangup",
    "invite ",
    NULL },
  { "/peer-call/nobody-answers",
    OUT "+60000",
    CONFAB_PEER_CALL_ENDED,
    "invite_timeout",
    "invite hangup:invite_timeout ",
    NULL },
  { "/peer-call/connected",
    OUT "answer +1 ice-connected +60000",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite ",
    NULL },
  { "/peer-call/never-connects",
    OUT "answer +30000",
    CONFAB_PEER_CALL_ENDED,
    "ice_failed",
    "invite hangup:ice_failed ",
    NULL },
  { "/peer-call/disconnected",
    OUT "answer +1 ice-connected ice-disconnected +29999",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "invite ",
    NULL },
  { "/peer-call/comes-back",
    OUT "answer +1 ice-connected ice-disconnected +29999 ice-connected +60000",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite ",
    NULL },
  { "/peer-call/lost",
    OUT "answer +1 ice-connected ice-disconnected +30000",
    CONFAB_PEER_CALL_ENDED,
    "ice_failed",
    "invite hangup:ice_failed ",
    NULL },
  { "/peer-call/ice-failed",
    OUT "answer +1 ice-failed",
    CONFAB_PEER_CALL_ENDED,
    "ice_failed",
    "invite hangup:ice_failed ",
    NULL },
  { "/peer-call/negotiates",
    OUT "answer +1 ice-connected needed +1 negotiated +1",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer ",
    "remote-answer create-offer remote-answer" },
  { "/peer-call/polite-prepares",
    IN_ "ice-connected needed +1",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "answer negotiate:offer ",
    "prepare-offer" },
  { "/peer-call/offered",
    OUT "answer +1 ice-connected offered +2",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:answer ",
    "remote-offer create-answer" },
  { "/peer-call/impolite-ignores",
    OUT "answer +1 ice-connected needed +1 offered +2",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer ",
    NULL },
  { "/peer-call/polite-yields",
    IN_ "ice-connected needed +1 offered +3",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "answer negotiate:offer negotiate:answer negotiate:offer ",
    "prepare-offer remote-offer create-answer prepare-offer" },
  { "/peer-call/polite-yields-while-making",
    IN_ "ice-connected needed offered +4",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "answer negotiate:answer negotiate:offer ",
    "prepare-offer remote-offer create-answer prepare-offer" },
  { "/peer-call/ice-restart",
    OUT "answer +1 ice-connected restarted",
    CONFAB_PEER_CALL_ENDED,
    "ice_failed",
    "invite hangup:ice_failed ",
    NULL },
  { "/peer-call/negotiation-fails",
    OUT "answer +1 ice-connected fail-next offered +1",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite ",
    NULL },
  /* Only without the first answer there is no call: what fails while it reconnects is tried again. */
  { "/peer-call/negotiation-fails/while-reconnecting",
    OUT "answer +1 ice-connected fail-next offered ice-disconnected +1 ice-connected +2002",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer ",
    NULL },
  { "/peer-call/negotiation-fails/while-reconnecting/inbound",
    IN_ "ice-connected fail-next offered ice-disconnected +1 ice-connected offered +2",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "answer negotiate:answer ",
    NULL },
  { "/peer-call/early-candidates",
    OUT "remote-candidates answer +1",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "invite ",
    "remote-answer [candidate:r||0] [||-1]" },
  { "/peer-call/candidates",
    OUT "answer +1 remote-candidates",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "invite ",
    "remote-answer [candidate:r||0] [||-1]" },
  { "/peer-call/caller-batches",
    OUT "candidate +199",
    CONFAB_PEER_CALL_INVITE_SENT,
    NULL,
    "invite ",
    NULL },
  { "/peer-call/caller-flushes",
    OUT "candidate candidate +200",
    CONFAB_PEER_CALL_INVITE_SENT,
    NULL,
    "invite candidates:2 ",
    NULL },
  { "/peer-call/callee-flushes",
    IN_ "candidate gathered +200",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "answer candidates:2/end ",
    NULL },
  { "/peer-call/in-the-sdp",
    "place +1 candidate +10 +2000",
    CONFAB_PEER_CALL_INVITE_SENT,
    NULL,
    "invite ",
    NULL },
  { "/peer-call/waits-for-a-candidate",
    "place +1 +199",
    CONFAB_PEER_CALL_CREATE_OFFER,
    NULL,
    "",
    NULL },
  { "/peer-call/waits-for-more-of-them",
    "place +1 +50 candidate +9",
    CONFAB_PEER_CALL_CREATE_OFFER,
    NULL,
    "",
    NULL },
  { "/peer-call/does-not-wait-for-all",
    "place candidate +1 candidate +10",
    CONFAB_PEER_CALL_INVITE_SENT,
    NULL,
    "invite ",
    NULL },
  { "/peer-call/only-the-end",
    "place +1 candidate gathered +2000",
    CONFAB_PEER_CALL_INVITE_SENT,
    NULL,
    "invite candidates:1/end ",
    NULL },
  { "/peer-call/mute",
    OUT "answer +1 mute",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "invite metadata:muted ",
    NULL },
  { "/peer-call/mute-before",
    "place mute +1 +200",
    CONFAB_PEER_CALL_INVITE_SENT,
    NULL,
    "invite ",
    NULL },
  { "/peer-call/remote-hangup",
    OUT "answer +1 remote-hangup",
    CONFAB_PEER_CALL_ENDED,
    "user_hangup",
    "invite ",
    NULL },
  { "/peer-call/hangup",
    OUT "answer +1 hangup",
    CONFAB_PEER_CALL_ENDED,
    "user_hangup",
    "invite hangup:user_hangup ",
    NULL },
  { "/peer-call/candidates-resent",
    OUT "candidate +2000 fail +1000 fail +4000 fail +16000",
    CONFAB_PEER_CALL_INVITE_SENT,
    NULL,
    "invite candidates:1 candidates:1 candidates:1 candidates:1 ",
    NULL },
  { "/peer-call/candidates-not-sent",
    OUT "candidate +2000 fail +1000 fail +4000 fail +16000 fail",
    CONFAB_PEER_CALL_ENDED,
    "signalling_timeout",
    "invite candidates:1 candidates:1 candidates:1 candidates:1 hangup:signalling_timeout ",
    NULL },
  { "/peer-call/closed", OUT "close", CONFAB_PEER_CALL_ENDED, "closed", "invite ", NULL },
  { "/peer-call/select-answer-tolerated",
    OUT "answer +1 select-answer",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "invite ",
    NULL },
  { "/peer-call/clock-starts-when-sent",
    "place +1 +200 +90000 sent +59999",
    CONFAB_PEER_CALL_INVITE_SENT,
    NULL,
    "invite ",
    NULL },
  { "/peer-call/given-up-before",
    "place +1 hangup",
    CONFAB_PEER_CALL_ENDED,
    "user_hangup",
    "",
    NULL },
  { "/peer-call/given-up-at-once", "hangup", CONFAB_PEER_CALL_ENDED, "user_hangup", "", NULL },
  { "/peer-call/ice-failed-before",
    "place +1 ice-failed",
    CONFAB_PEER_CALL_ENDED,
    "ice_failed",
    "",
    NULL },
  { "/peer-call/given-up-while-invited",
    "invite hangup",
    CONFAB_PEER_CALL_ENDED,
    "user_hangup",
    "hangup:user_hangup ",
    NULL },
  { "/peer-call/hangup-while-answering",
    "invite +1 accept remote-hangup +500",
    CONFAB_PEER_CALL_ENDED,
    "user_hangup",
    "",
    NULL },
  { "/peer-call/no-answer-after-rejection",
    OUT "reject answer",
    CONFAB_PEER_CALL_ENDED,
    "user_hangup",
    "invite ",
    NULL },
  { "/peer-call/reject-comes-too-late",
    OUT "answer +1 reject",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "invite ",
    NULL },
  { "/peer-call/invited-twice", "invite +1 invite +1", CONFAB_PEER_CALL_RINGING, NULL, "", NULL },
  { "/peer-call/answered-inbound", "invite +1 answer", CONFAB_PEER_CALL_RINGING, NULL, "", NULL },
  { "/peer-call/connected-before-the-answer-is-out",
    "invite +1 accept +1 ice-connected +200",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "answer ",
    NULL },
  { "/peer-call/lost-while-connecting",
    IN_ "ice-disconnected +29999 +1",
    CONFAB_PEER_CALL_ENDED,
    "ice_failed",
    "answer hangup:ice_failed ",
    NULL },
  { "/peer-call/negotiation-before-it-is-connected",
    OUT "answer offered +300",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "invite ",
    "create-offer remote-answer" },
  { "/peer-call/negotiation-once-it-is-connected",
    OUT "answer offered +300 offered ice-connected +3",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:answer ",
    "create-offer remote-answer remote-offer create-answer" },
  { "/peer-call/needed-before-the-answer-is-in-force",
    OUT "answer needed +2",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "invite ",
    "create-offer remote-answer" },
  /* It may be up before the answer is said to be in force: what is to be negotiated waits for that. */
  { "/peer-call/needed-when-connected-before-the-answer-is-in-force",
    OUT "answer ice-connected needed +1",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite ",
    "create-offer remote-answer create-offer" },
  { "/peer-call/needed-when-connected-before-the-answer-is-in-force/offered",
    OUT "answer ice-connected needed +2",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer ",
    "create-offer remote-answer create-offer" },
  { "/peer-call/needed-before-it-is-connected",
    OUT "answer needed needed +2 ice-connected +1 ice-disconnected ice-connected +1",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer ",
    "create-offer remote-answer create-offer" },
  { "/peer-call/needed-while-answering",
    "invite +1 accept +1 needed +200 needed ice-connected +1",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "answer negotiate:offer ",
    "create-answer prepare-offer" },
  { "/peer-call/shares-in-the-invite",
    "share " OUT "answer +2",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "invite/screen ",
    "share create-offer remote-answer" },
  { "/peer-call/shares-before-the-answer",
    "share " IN_ "ice-connected +2 negotiated +2",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "answer negotiate:offer/screen ",
    "share remote-offer create-answer prepare-offer remote-answer" },
  { "/peer-call/shares-while-invited",
    OUT "share answer +2 ice-connected +2 negotiated +3",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer/screen ",
    "create-offer share remote-answer create-offer remote-answer" },
  { "/peer-call/shares-and-stops",
    OUT "answer +1 ice-connected share +2 negotiated +2 mute unshare +2 negotiated +2 mute",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer/screen metadata:muted/screen negotiate:offer metadata:muted ",
    "share create-offer remote-answer unshare create-offer remote-answer" },
  { "/peer-call/shares-again",
    OUT "answer +1 ice-connected share +2 negotiated +2 unshare +2 negotiated +2 share +2 "
        "negotiated +2",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer/screen negotiate:offer negotiate:offer/screen ",
    NULL },
  { "/peer-call/many-changes-make-one-offer",
    OUT "answer +1 ice-connected share unshare share unshare share unshare share +2 unshare share "
        "unshare share negotiated +3",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer/screen ",
    NULL },
  { "/peer-call/shares-for-no-time",
    OUT "answer +1 ice-connected share unshare +2",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite ",
    NULL },
  { "/peer-call/stops-before-it-is-answered",
    OUT "answer +1 ice-connected share +2 unshare +2 negotiated +3",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer/screen negotiate:offer ",
    NULL },
  { "/peer-call/answers-with-what-it-has-told",
    OUT "answer +1 ice-connected share +2 negotiated +2 offered +3 unshare offered +2",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer/screen negotiate:answer/screen negotiate:answer ",
    NULL },
  { "/peer-call/both-share-at-once",
    IN_ "ice-connected share +2 offered +3 negotiated +2",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "answer negotiate:offer/screen negotiate:answer negotiate:offer/screen ",
    "prepare-offer remote-offer create-answer prepare-offer remote-answer" },
  { "/peer-call/late-answer",
    OUT "answer +1 ice-connected needed +60002 negotiated +1 negotiated +2 negotiated +2",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer negotiate:offer negotiate:offer ",
    NULL },
  { "/peer-call/changes-make-one-offer",
    OUT "answer +1 ice-connected needed needed +1 needed needed negotiated +2 negotiated +1",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer negotiate:offer ",
    "remote-answer create-offer remote-answer create-offer remote-answer" },
  { "/peer-call/answer-to-nothing",
    OUT "answer +1 ice-connected negotiated +1",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite ",
    "create-offer remote-answer" },
  { "/peer-call/answer-to-the-offer-that-gave-way",
    IN_ "ice-connected needed +1 offered negotiated +3 negotiated +1",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "answer negotiate:offer negotiate:answer negotiate:offer ",
    "prepare-offer remote-offer create-answer prepare-offer remote-answer" },
  { "/peer-call/impolite-gets-its-answer",
    OUT "answer +1 ice-connected needed offered +1 offered negotiated +1",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer ",
    "remote-answer create-offer remote-answer" },
  { "/peer-call/offer-while-answering",
    OUT "answer +1 ice-connected offered offered +2 +2",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:answer negotiate:answer ",
    "remote-offer create-answer remote-offer create-answer" },
  { "/peer-call/negotiation-goes-on-after-a-failure",
    OUT "answer +1 ice-connected fail-next offered +1 offered +2",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:answer ",
    "remote-offer remote-offer create-answer" },
  /* An offer whose answer cannot be applied stays in force, and nothing that the peer offers can be taken: it is replaced.
   * Found by the simulator. */
  { "/peer-call/answer-cannot-be-applied",
    OUT "answer +1 ice-connected needed +1 fail-next negotiated +2002",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer negotiate:offer ",
    "create-offer remote-answer create-offer remote-answer create-offer" },
  { "/peer-call/answer-cannot-be-applied/three-times",
    OUT "answer +1 ice-connected needed +1 fail-next negotiated +2002 fail-next negotiated +4002 "
        "fail-next negotiated +8002 fail-next negotiated +60000",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer negotiate:offer negotiate:offer negotiate:offer ",
    NULL },
  /* An exchange that succeeds ends the row of those that did not: the next is tried again, and as soon as the first. */
  { "/peer-call/answer-cannot-be-applied/and-then-it-can",
    OUT "answer +1 ice-connected needed +1 fail-next negotiated +2002 fail-next negotiated +4002 "
        "fail-next negotiated +8002 negotiated +1 needed +1 fail-next negotiated +2002",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer negotiate:offer negotiate:offer negotiate:offer negotiate:offer "
    "negotiate:offer ",
    NULL },
  { "/peer-call/offer-cannot-be-made",
    OUT "answer +1 ice-connected fail-next needed +1 needed +1",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer ",
    "create-offer create-offer" },
  { "/peer-call/offer-is-not-answered",
    OUT "answer +1 ice-connected needed +1 +59999 +1 +1 negotiated +1",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer negotiate:offer ",
    "create-offer create-offer remote-answer" },
  { "/peer-call/hangup-while-negotiating",
    OUT "answer +1 ice-connected needed +1 remote-hangup",
    CONFAB_PEER_CALL_ENDED,
    "user_hangup",
    "invite negotiate:offer ",
    NULL },
  { "/peer-call/negotiate-resent",
    OUT "answer +1 ice-connected needed +1 fail +1000 sent +30000",
    CONFAB_PEER_CALL_CONNECTED,
    NULL,
    "invite negotiate:offer negotiate:offer ",
    NULL },
  { "/peer-call/candidate-after-candidate",
    OUT "candidate +100 candidate +100 candidate +200 +200",
    CONFAB_PEER_CALL_INVITE_SENT,
    NULL,
    "invite candidates:2 candidates:1 ",
    NULL },
  { "/peer-call/the-end-comes-once",
    OUT "gathered +2000 candidate gathered +2000",
    CONFAB_PEER_CALL_INVITE_SENT,
    NULL,
    "invite candidates:1/end candidates:1 ",
    NULL },
  { "/peer-call/the-end-comes-late",
    OUT "+2000 gathered +2000",
    CONFAB_PEER_CALL_INVITE_SENT,
    NULL,
    "invite candidates:1/end ",
    NULL },
  { "/peer-call/callee-says-the-end",
    "invite +1 accept +1 gathered +500",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "answer candidates:1/end ",
    NULL },
  { "/peer-call/callee-batches",
    IN_ "candidate +199",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "answer ",
    NULL },
  { "/peer-call/answer-before-candidates",
    "invite +1 accept candidate +1 candidate +9 candidate +1 +500",
    CONFAB_PEER_CALL_CONNECTING,
    NULL,
    "answer ",
    NULL },
  { "/peer-call/candidates-end-with-the-call",
    OUT "candidate hangup +2000",
    CONFAB_PEER_CALL_ENDED,
    "user_hangup",
    "invite hangup:user_hangup ",
    NULL },
  { "/peer-call/early-candidates-inbound",
    "invite remote-candidates +1",
    CONFAB_PEER_CALL_RINGING,
    NULL,
    "",
    "remote-offer [candidate:r||0] [||-1]" },
  { "/peer-call/mute-while-invited",
    OUT "mute",
    CONFAB_PEER_CALL_INVITE_SENT,
    NULL,
    "invite metadata:muted ",
    NULL },
  { "/peer-call/mute-while-ringing", "invite +1 mute", CONFAB_PEER_CALL_RINGING, NULL, "", NULL },
  { "/peer-call/ended-is-ended",
    OUT "hangup answer remote-candidates offered hangup place invite accept needed mute close",
    CONFAB_PEER_CALL_ENDED,
    "user_hangup",
    "invite hangup:user_hangup ",
    NULL },
};

typedef struct {
  ConfabManualClock *clock;
  ConfabFakePeerConnection *connection;
  ConfabStream *stream;
  ConfabStream *screen;
  ConfabPeerCall *call;
  GString *sent;
  ConfabCallEvent *last;
} Stage;

static void
note_candidates (Stage *stage, ConfabCallEvent *message)
{
  const ConfabIceCandidate *last = message->candidates->pdata[message->candidates->len - 1];

  g_string_append_printf (stage->sent,
                          "candidates:%u%s ",
                          message->candidates->len,
                          *last->candidate == '\0' ? "/end" : "");
  g_assert_cmpstr (last->sdp_mid, ==, "audio0");
  g_assert_cmpint (last->sdp_mline_index, ==, 0);
}

static const char *
get_screen_mark (ConfabCallEvent *message)
{
  const ConfabStreamInfo *screen = message->metadata != NULL
                                     ? confab_stream_metadata_lookup (message->metadata,
                                                                      "local-screen")
                                     : NULL;

  if (screen == NULL)
    return "";
  g_assert_cmpint (screen->purpose, ==, CONFAB_STREAM_PURPOSE_SCREENSHARE);
  return "/screen";
}

static void
send_cb (ConfabPeerCall *call, ConfabCallEvent *message, Stage *stage)
{
  const char *name = confab_enum_nick (CONFAB_TYPE_CALL_EVENT_TYPE, message->type);

  g_clear_pointer (&stage->last, confab_call_event_unref);
  stage->last = confab_call_event_ref (message);
  if (message->type == CONFAB_CALL_EVENT_HANGUP)
    g_string_append_printf (stage->sent, "hangup:%s ", message->reason);
  else if (message->type == CONFAB_CALL_EVENT_NEGOTIATE)
    g_string_append_printf (stage->sent,
                            "negotiate:%s%s ",
                            confab_enum_nick (CONFAB_TYPE_SDP_TYPE, message->sdp_type),
                            get_screen_mark (message));
  else if (message->type == CONFAB_CALL_EVENT_CANDIDATES)
    note_candidates (stage, message);
  else if (message->type == CONFAB_CALL_EVENT_METADATA_CHANGED)
    g_string_append_printf (stage->sent,
                            "metadata:%s%s ",
                            confab_stream_metadata_get_nth (message->metadata, 0)->audio_muted
                              ? "muted"
                              : "on",
                            get_screen_mark (message));
  else
    g_string_append_printf (stage->sent, "%s%s ", name, get_screen_mark (message));
  if (message->sdp == NULL)
    return;
  /* Every stream of a description is listed in the same message, and no other. */
  g_assert_nonnull (confab_stream_metadata_lookup (message->metadata, "local"));
  g_assert_cmpint (strstr (message->sdp, "a=msid:local-screen ") != NULL,
                   ==,
                   *get_screen_mark (message) != '\0');
}

static void
receive (Stage *stage, ConfabCallEventType type, ConfabSdpType sdp_type, const char *sdp)
{
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (type, "c1");

  message->sdp_type = sdp_type;
  message->sdp = g_strdup (sdp);
  message->lifetime_ms = 60000;
  if (type == CONFAB_CALL_EVENT_HANGUP)
    message->reason = g_strdup ("user_hangup");
  if (type == CONFAB_CALL_EVENT_CANDIDATES) {
    confab_call_event_add_candidate (message, "candidate:r", "", 0);
    confab_call_event_add_candidate (message, "", NULL, -1);
  }
  confab_peer_call_handle_event (stage->call, message);
}

#define SDP "v=0\r\na=ice-ufrag:theirs\r\na=setup:actpass\r\n"

static void
play_remote (Stage *stage, const char *word)
{
  if (g_str_equal (word, "invite"))
    receive (stage, CONFAB_CALL_EVENT_INVITE, CONFAB_SDP_TYPE_OFFER, SDP);
  else if (g_str_equal (word, "answer"))
    receive (stage, CONFAB_CALL_EVENT_ANSWER, CONFAB_SDP_TYPE_ANSWER, SDP);
  else if (g_str_equal (word, "answer-offer"))
    receive (stage, CONFAB_CALL_EVENT_ANSWER, CONFAB_SDP_TYPE_OFFER, SDP);
  else if (g_str_equal (word, "reject"))
    receive (stage, CONFAB_CALL_EVENT_REJECT, 0, NULL);
  else if (g_str_equal (word, "select-answer"))
    receive (stage, CONFAB_CALL_EVENT_SELECT_ANSWER, 0, NULL);
  else if (g_str_equal (word, "remote-hangup"))
    receive (stage, CONFAB_CALL_EVENT_HANGUP, 0, NULL);
  else if (g_str_equal (word, "remote-candidates"))
    receive (stage, CONFAB_CALL_EVENT_CANDIDATES, 0, NULL);
  else if (g_str_equal (word, "offered"))
    receive (stage, CONFAB_CALL_EVENT_NEGOTIATE, CONFAB_SDP_TYPE_OFFER, SDP);
  else if (g_str_equal (word, "restarted"))
    receive (stage,
             CONFAB_CALL_EVENT_NEGOTIATE,
             CONFAB_SDP_TYPE_OFFER,
             "v=0\r\na=ice-ufrag:new\r\n");
  else if (g_str_equal (word, "negotiated"))
    receive (stage, CONFAB_CALL_EVENT_NEGOTIATE, CONFAB_SDP_TYPE_ANSWER, SDP);
  else
    g_error ("no such word: %s", word);
}

static void
play (Stage *stage, const char *word)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "told to fail");

  if (*word == '+')
    confab_manual_clock_advance (stage->clock, atoi (word + 1));
  else if (g_str_equal (word, "place"))
    confab_peer_call_place (stage->call);
  else if (g_str_equal (word, "accept"))
    confab_peer_call_accept (stage->call);
  else if (g_str_equal (word, "hangup"))
    confab_peer_call_hang_up (stage->call, "user_hangup");
  else if (g_str_equal (word, "close"))
    confab_peer_call_close (stage->call);
  else if (g_str_equal (word, "sent"))
    confab_peer_call_sent (stage->call, stage->last, NULL);
  else if (g_str_has_prefix (word, "fail-next"))
    confab_fake_peer_connection_fail_next (stage->connection);
  else if (g_str_has_prefix (word, "fail"))
    confab_peer_call_sent (stage->call, stage->last, error);
  else if (g_str_equal (word, "gathered"))
    confab_fake_peer_connection_gather (stage->connection, NULL, TRUE);
  else if (g_str_equal (word, "candidate"))
    confab_fake_peer_connection_gather (stage->connection, "candidate:l", FALSE);
  else if (g_str_equal (word, "needed"))
    confab_peer_connection_emit_negotiation_needed (CONFAB_PEER_CONNECTION (stage->connection));
  else if (g_str_equal (word, "ice-connected"))
    confab_fake_peer_connection_set_state (stage->connection, CONFAB_CONNECTION_STATE_CONNECTED);
  else if (g_str_equal (word, "ice-disconnected"))
    confab_fake_peer_connection_set_state (stage->connection, CONFAB_CONNECTION_STATE_DISCONNECTED);
  else if (g_str_equal (word, "ice-failed"))
    confab_fake_peer_connection_set_state (stage->connection, CONFAB_CONNECTION_STATE_FAILED);
  else if (g_str_equal (word, "share"))
    confab_peer_call_set_screen (stage->call, stage->screen);
  else if (g_str_equal (word, "unshare"))
    confab_peer_call_set_screen (stage->call, NULL);
  else if (g_str_equal (word, "mute")) {
    confab_stream_set_audio_muted (stage->stream, TRUE);
    confab_peer_call_send_metadata (stage->call);
  } else
    play_remote (stage, word);
}

static void
start (Stage *stage)
{
  stage->clock = confab_manual_clock_new (0);
  stage->connection = confab_fake_peer_connection_new (CONFAB_CLOCK (stage->clock), "local");
  stage->stream = confab_stream_new ("local", CONFAB_STREAM_PURPOSE_USERMEDIA);
  stage->screen = confab_stream_new ("local-screen", CONFAB_STREAM_PURPOSE_SCREENSHARE);
  stage->sent = g_string_new (NULL);
  stage->call = confab_peer_call_new ("c1",
                                      CONFAB_CLOCK (stage->clock),
                                      CONFAB_PEER_CONNECTION (stage->connection),
                                      stage->stream);
  g_signal_connect (stage->call, "send", G_CALLBACK (send_cb), stage);
}

static void
finish (Stage *stage)
{
  confab_peer_call_close (stage->call);
  g_assert_false (confab_fake_peer_connection_is_abused (stage->connection));
  g_assert_cmpuint (confab_manual_clock_get_n_timeouts (stage->clock), ==, 0);
  g_assert_finalize_object (g_steal_pointer (&stage->call));
  g_assert_finalize_object (g_steal_pointer (&stage->connection));
  g_assert_finalize_object (g_steal_pointer (&stage->stream));
  g_assert_finalize_object (g_steal_pointer (&stage->screen));
  g_assert_finalize_object (g_steal_pointer (&stage->clock));
  g_string_free (stage->sent, TRUE);
  g_clear_pointer (&stage->last, confab_call_event_unref);
}

static void
test_story (gconstpointer data)
{
  const Story *story = data;
  g_auto (GStrv) words = g_strsplit (story->script, " ", -1);
  Stage stage = { 0 };

  start (&stage);
  for (guint i = 0; words[i] != NULL; i++) {
    if (*words[i] != '\0')
      play (&stage, words[i]);
  }
  g_assert_cmpstr (stage.sent->str, ==, story->sent);
  g_assert_cmpint (confab_peer_call_get_state (stage.call), ==, story->end);
  g_assert_cmpstr (confab_peer_call_get_reason (stage.call), ==, story->reason);
  if (story->log != NULL &&
      strstr (confab_fake_peer_connection_get_log (stage.connection), story->log) == NULL)
    g_error ("“%s” is not in “%s”",
             story->log,
             confab_fake_peer_connection_get_log (stage.connection));
  finish (&stage);
}

static guint
count (const char *text, const char *word)
{
  guint n = 0;

  for (const char *p = strstr (text, word); p != NULL; p = strstr (p + 1, word))
    n++;
  return n;
}

static ConfabStream *
peek_stream (Stage *stage, guint i)
{
  g_autoptr (ConfabStream) stream = g_list_model_get_item (confab_peer_call_get_streams (stage->call), i);

  return stream;
}

static void
test_streams (void)
{
  Stage stage = { 0 };
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (CONFAB_CALL_EVENT_METADATA_CHANGED, "c1");
  g_autoptr (ConfabRemoteTrack) video = confab_remote_track_new (CONFAB_MEDIA_KIND_VIDEO, "s1", "1");
  g_autoptr (ConfabRemoteTrack) audio = confab_remote_track_new (CONFAB_MEDIA_KIND_AUDIO, "s1", "0");
  g_autoptr (ConfabRemoteTrack) stray = confab_remote_track_new (CONFAB_MEDIA_KIND_VIDEO, "s2", "2");
  GListModel *streams;

  start (&stage);
  streams = confab_peer_call_get_streams (stage.call);
  message->metadata = confab_stream_metadata_new ();
  confab_stream_metadata_add (
    message->metadata, "s1", CONFAB_STREAM_PURPOSE_USERMEDIA, TRUE, FALSE);
  confab_peer_call_handle_event (stage.call, message);
  g_assert_cmpuint (g_list_model_get_n_items (streams), ==, 1);
  g_assert_true (confab_stream_get_audio_muted (peek_stream (&stage, 0)));
  confab_peer_connection_emit_track_added (CONFAB_PEER_CONNECTION (stage.connection), video);
  confab_peer_connection_emit_track_added (CONFAB_PEER_CONNECTION (stage.connection), audio);
  g_assert_false (confab_stream_get_has_video (peek_stream (&stage, 0)));
  confab_remote_track_set_playing (video, TRUE);
  confab_remote_track_set_level (audio, -20);
  g_assert_true (confab_stream_get_has_video (peek_stream (&stage, 0)));
  g_assert_cmpfloat (confab_stream_get_level (peek_stream (&stage, 0)), ==, -20);
  /* A picture that no metadata names is a tile of its own. */
  confab_peer_connection_emit_track_added (CONFAB_PEER_CONNECTION (stage.connection), stray);
  g_assert_cmpuint (g_list_model_get_n_items (streams), ==, 2);
  g_assert_cmpint (confab_stream_get_purpose (peek_stream (&stage, 1)),
                   ==,
                   CONFAB_STREAM_PURPOSE_UNKNOWN);
  finish (&stage);
}

/* A peer that floods with candidates before its answer is not listened to for ever, nor are floods of the own. */
static void
test_floods (void)
{
  Stage stage = { 0 };
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (CONFAB_CALL_EVENT_CANDIDATES, "c1");
  g_autoptr (ConfabCallEvent) empty = confab_call_event_new (CONFAB_CALL_EVENT_CANDIDATES, "c1");

  start (&stage);
  for (guint i = 0; i < 200; i++)
    confab_call_event_add_candidate (message, "candidate:r", NULL, 0);
  confab_peer_call_place (stage.call);
  confab_manual_clock_advance (stage.clock, 201);
  confab_peer_call_handle_event (stage.call, empty);
  g_assert_true (g_ref_count_compare (&empty->ref_count, 1)); /* nothing in it is worth keeping */
  for (guint i = 0; i < 3; i++)
    confab_peer_call_handle_event (stage.call, message);
  receive (&stage, CONFAB_CALL_EVENT_ANSWER, CONFAB_SDP_TYPE_ANSWER, SDP);
  confab_manual_clock_advance (stage.clock, 1);
  g_assert_cmpuint (count (confab_fake_peer_connection_get_log (stage.connection), "[candidate:r"),
                    ==,
                    400);
  for (guint i = 0; i < 300; i++)
    confab_fake_peer_connection_gather (stage.connection, "candidate:l", i == 299);
  confab_manual_clock_advance (stage.clock, 2000);
  g_assert_cmpstr (stage.sent->str, ==, "invite candidates:200/end ");
  finish (&stage);
}

/* What a message says of the time it may be answered, and of what is muted. */
static void
test_descriptions (void)
{
  Stage stage = { 0 };
  const ConfabStreamInfo *info;

  start (&stage);
  confab_stream_set_video_muted (stage.stream, TRUE);
  confab_peer_call_place (stage.call);
  confab_manual_clock_advance (stage.clock, 201);
  g_assert_cmpint (stage.last->lifetime_ms, ==, 60000);
  info = confab_stream_metadata_lookup (stage.last->metadata, "local");
  g_assert_cmpint (info->purpose, ==, CONFAB_STREAM_PURPOSE_USERMEDIA);
  g_assert_false (info->audio_muted);
  g_assert_true (info->video_muted);
  receive (&stage, CONFAB_CALL_EVENT_ANSWER, CONFAB_SDP_TYPE_OFFER, SDP);
  g_assert_nonnull (
    strstr (confab_fake_peer_connection_get_remote_sdp (stage.connection), "a=setup:active"));
  confab_manual_clock_advance (stage.clock, 1);
  play (&stage, "needed");
  confab_manual_clock_advance (stage.clock, 1);
  g_assert_cmpint (stage.last->lifetime_ms, ==, 60000);
  finish (&stage);
}

static void
receive_with_mute (Stage *stage, ConfabCallEventType type, gboolean muted)
{
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (type, "c1");

  message->sdp_type = CONFAB_SDP_TYPE_OFFER;
  message->sdp = type == CONFAB_CALL_EVENT_NEGOTIATE ? g_strdup (SDP) : NULL;
  message->metadata = confab_stream_metadata_new ();
  confab_stream_metadata_add (
    message->metadata, "s1", CONFAB_STREAM_PURPOSE_USERMEDIA, muted, FALSE);
  confab_peer_call_handle_event (stage->call, message);
}

/* An offer that has to wait says what was muted when it was made, not when its turn comes. */
static void
test_waiting_offer_is_old (void)
{
  Stage stage = { 0 };

  start (&stage);
  confab_peer_call_place (stage.call);
  confab_manual_clock_advance (stage.clock, 201);
  receive (&stage, CONFAB_CALL_EVENT_ANSWER, CONFAB_SDP_TYPE_ANSWER, SDP);
  receive_with_mute (&stage, CONFAB_CALL_EVENT_NEGOTIATE, FALSE); /* waits for the connection */
  g_assert_false (confab_stream_get_audio_muted (peek_stream (&stage, 0)));
  receive_with_mute (&stage, CONFAB_CALL_EVENT_METADATA_CHANGED, TRUE);
  confab_manual_clock_advance (stage.clock, 3);
  play (&stage, "ice-connected");
  confab_manual_clock_advance (stage.clock, 3);
  g_assert_cmpuint (count (stage.sent->str, "negotiate:answer"), ==, 1);
  g_assert_true (confab_stream_get_audio_muted (peek_stream (&stage, 0)));
  /* One that is newer than that counts, at once. */
  receive_with_mute (&stage, CONFAB_CALL_EVENT_NEGOTIATE, FALSE);
  g_assert_false (confab_stream_get_audio_muted (peek_stream (&stage, 0)));
  confab_manual_clock_advance (stage.clock, 3);
  g_assert_false (confab_stream_get_audio_muted (peek_stream (&stage, 0)));
  finish (&stage);
}

/* Streams go with the connection. */
static void
test_streams_go (void)
{
  Stage stage = { 0 };
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (CONFAB_CALL_EVENT_METADATA_CHANGED, "c1");
  g_autoptr (ConfabRemoteStreams) streams = confab_remote_streams_new ();

  start (&stage);
  confab_peer_call_set_streams (stage.call, streams);
  message->metadata = confab_stream_metadata_new ();
  confab_stream_metadata_add (
    message->metadata, "s1", CONFAB_STREAM_PURPOSE_USERMEDIA, TRUE, FALSE);
  confab_peer_call_handle_event (stage.call, message);
  g_assert_cmpuint (g_list_model_get_n_items (confab_remote_streams_get_model (streams)), ==, 1);
  confab_peer_call_close (stage.call);
  g_assert_cmpuint (g_list_model_get_n_items (confab_remote_streams_get_model (streams)), ==, 0);
  g_assert_true (confab_fake_peer_connection_get_closed (stage.connection));
  finish (&stage);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (stories); i++)
    g_test_add_data_func (stories[i].path, &stories[i], test_story);
  g_test_add_func ("/peer-call/streams", test_streams);
  g_test_add_func ("/peer-call/streams-go", test_streams_go);
  g_test_add_func ("/peer-call/waiting-offer-is-old", test_waiting_offer_is_old);
  g_test_add_func ("/peer-call/floods", test_floods);
  g_test_add_func ("/peer-call/descriptions", test_descriptions);
  return g_test_run ();
}
