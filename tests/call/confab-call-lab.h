/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-handler.h"
#include "confab-call-member.h"
#include "confab-fake-local-media.h"
#include "confab-fake-signalling.h"
#include "confab-group-call.h"
#include "confab-manual-clock.h"

G_BEGIN_DECLS

/* One handler on fakes, with one call “conf” in one room. This device is @b:x/ME: @a:x/A invites it, it invites @c:x/C
 * (protocol/mesh-calls.md section 9.1). */

#define ROOM "!r:x"
#define NOW_MS G_GINT64_CONSTANT (1700000000000)
#define MEMBER "org.matrix.msc3401.call.member"
#define CALL "org.matrix.msc3401.call"
#define SDP "v=0\\r\\na=ice-ufrag:theirs\\r\\n"

typedef struct {
  ConfabManualClock *clock;
  ConfabFakeSignalling *signalling;
  ConfabFakeLocalMedia *media;
  ConfabCallHandler *handler;
  ConfabCall *call;
  GString *failed;  /* codes of ::failed, a word each */
  gboolean echo;    /* state comes back in sync */
  gboolean clear;   /* the last message was sent in clear */
  const char *user; /* (nullable): who it is, “@b:x” */
} Lab;

void lab_hear_own (ConfabCallHandler *handler,
                   const char *user,
                   const char *type,
                   const char *state_key,
                   gint64 origin_server_ts,
                   JsonObject *content);
void lab_state (Lab *lab, const char *type, const char *key, const char *sender, const char *text);
void lab_sync_end (Lab *lab);
void lab_member_until (
  Lab *lab, const char *user, const char *device, const char *session, gint64 expires_ms);
void lab_member_of (Lab *lab, const char *user, const char *device);
void lab_member (Lab *lab, const char *user, const char *device, const char *session);
void lab_start_with (Lab *lab, const char *content);
void lab_start (Lab *lab);
void lab_finish (Lab *lab);
void lab_create (Lab *lab, ConfabCallIntent intent);
void lab_advance (Lab *lab, guint ms);
void lab_join (Lab *lab);
void lab_echo_own (Lab *lab);
guint lab_count_own_calls (Lab *lab);
guint lab_count_own_devices (Lab *lab);
gint64 lab_get_own_expiry (Lab *lab);
ConfabCallMember *lab_peek_member (Lab *lab);
guint lab_get_n_members (Lab *lab);
guint lab_get_n_queued (Lab *lab);
void lab_receive_as (Lab *lab,
                     const char *user,
                     const char *device,
                     gboolean encrypted,
                     const char *session,
                     const char *type,
                     const char *call_id,
                     int seq,
                     const char *rest);
void lab_receive (Lab *lab, const char *type, const char *call_id, int seq, const char *rest);
void lab_set_ice (Lab *lab, ConfabConnectionState ice);
void lab_connect_c (Lab *lab);

/* The rest of a message’s content. */
#define OFFER ",\"lifetime\":60000,\"offer\":{\"type\":\"offer\",\"sdp\":\"" SDP "\"}"
#define ANSWER ",\"answer\":{\"type\":\"answer\",\"sdp\":\"" SDP "\"}"
#define CANDIDATE(c)                                                                               \
  ",\"candidates\":[{\"candidate\":\"" c "\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}]"
#define HANGUP(r) ",\"reason\":\"" r "\""

#define assert_log(lab, text)                                                                      \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_assert_cmpstr (confab_fake_signalling_get_log ((lab)->signalling), ==, text);                \
    confab_fake_signalling_clear_log ((lab)->signalling);                                          \
  }                                                                                                \
  G_STMT_END
#define assert_state(lab, value)                                                                   \
  g_assert_cmpstr (confab_enum_nick (CONFAB_TYPE_CALL_STATE, confab_call_get_state ((lab)->call)), \
                   ==,                                                                             \
                   value)
#define assert_member(lab, value)                                                                  \
  g_assert_cmpstr (confab_enum_nick (CONFAB_TYPE_PARTICIPANT_STATE,                                \
                                     confab_participant_get_state (                                \
                                       CONFAB_PARTICIPANT (lab_peek_member (lab)))),               \
                   ==,                                                                             \
                   value)

G_END_DECLS
