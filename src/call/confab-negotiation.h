/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-event.h"
#include "confab-clock.h"
#include "confab-peer-connection.h"

G_BEGIN_DECLS

#define CONFAB_NEGOTIATION_LIFETIME_MS 60000

typedef enum {
  CONFAB_NEGOTIATION_NEEDED,       /* local tracks changed */
  CONFAB_NEGOTIATION_LOCAL_SET,    /* the connection made its description */
  CONFAB_NEGOTIATION_REMOTE_SET,   /* the connection took the peer's */
  CONFAB_NEGOTIATION_FAILED,       /* the connection could not do either */
  CONFAB_NEGOTIATION_OFFERED,      /* by an `m.call.negotiate` */
  CONFAB_NEGOTIATION_ANSWERED,     /* by an `m.call.negotiate` */
  CONFAB_NEGOTIATION_FIRST_ANSWER, /* the `m.call.answer` is being applied */
  CONFAB_NEGOTIATION_UNANSWERED,   /* the offer's lifetime is over */
  CONFAB_NEGOTIATION_N_EVENTS,
} ConfabNegotiationEvent;

/**
 * ConfabNegotiationFuncs:
 * @send: sends the local description as an `m.call.negotiate`
 * @apply: hands the peer's description to the connection, and takes what the message says of streams
 * @describe: takes only what the message says of streams
 */
typedef struct {
  void (*send) (ConfabSdpType type, gpointer data);
  void (*apply) (ConfabSdpType type, ConfabCallEvent *message, gpointer data);
  void (*describe) (ConfabCallEvent *message, gpointer data);
} ConfabNegotiationFuncs;

/**
 * ConfabNegotiation:
 *
 * Offers and answers after the first exchange of one connection: perfect negotiation, in which the inbound side is
 * polite. The polite side keeps its own offer out of force until the answer comes, since webrtcbin cannot roll
 * back. Changes that come while an exchange is on make one offer after it; an offer that is not answered within its
 * lifetime of 60 s is made again.
 *
 * Spec: W3C WebRTC, “Perfect negotiation example”; protocol/mesh-calls.md section 3.7.
 */
typedef struct _ConfabNegotiation ConfabNegotiation;

ConfabNegotiation *confab_negotiation_new (const char *call_id,
                                           ConfabClock *clock,
                                           ConfabPeerConnection *connection,
                                           const ConfabNegotiationFuncs *funcs,
                                           gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void confab_negotiation_free (ConfabNegotiation *self);
void confab_negotiation_set_polite (ConfabNegotiation *self, gboolean polite);
void confab_negotiation_handle (ConfabNegotiation *self,
                                ConfabNegotiationEvent event,
                                ConfabCallEvent *message);
void confab_negotiation_clear (ConfabNegotiation *self);

G_END_DECLS
