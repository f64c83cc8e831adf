/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-peer-call-private.h"

/* The way out: why a call ended, and whether the peer is told. */

static void
send_hangup (ConfabPeerCall *self, const char *reason)
{
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (CONFAB_CALL_EVENT_HANGUP, self->id);

  message->reason = g_strdup (reason);
  self->hangup_known = TRUE;
  confab_peer_call_emit_send (self, message);
}

/* A peer that was never told of the call need not be told of its end. */
static void
end_with (ConfabPeerCall *self, const char *reason, gboolean tell)
{
  g_set_str (&self->reason, reason);
  if (!self->inbound && !self->invite_out)
    self->hangup_known = TRUE;
  else if (tell)
    send_hangup (self, reason);
}

void
confab_peer_call_end_hang_up (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  end_with (self, event->reason, TRUE);
}

void
confab_peer_call_end_close (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  end_with (self, "closed", FALSE);
}

void
confab_peer_call_end_remote (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  self->hangup_known = TRUE;
  end_with (self, event->message->reason != NULL ? event->message->reason : "user_hangup", FALSE);
}

void
confab_peer_call_end_offer_failed (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  end_with (self, "create_offer", FALSE);
}

void
confab_peer_call_end_invite_failed (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  end_with (self, "send_invite", FALSE);
}

void
confab_peer_call_end_answer_failed (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  end_with (self, "send_answer", FALSE);
}

void
confab_peer_call_end_remote_failed (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  end_with (self, "set_remote_description", TRUE);
}

void
confab_peer_call_end_create_answer_failed (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  end_with (self, "create_answer", TRUE);
}

void
confab_peer_call_end_invite_timeout (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  end_with (self, "invite_timeout", TRUE);
}

void
confab_peer_call_end_ringing_over (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  end_with (self, "invite_timeout", FALSE);
}

void
confab_peer_call_end_ice_failed (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  end_with (self, "ice_failed", TRUE);
}

/* webrtcbin cannot restart ICE. The peer wants the connection now: another one is made in its place. */
void
confab_peer_call_end_ice_restart (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  self->restart_offered = TRUE;
  end_with (self, "ice_failed", TRUE);
}

void
confab_peer_call_end_signalling (ConfabPeerCall *self, const ConfabPeerCallEvent *event)
{
  end_with (self, "signalling_timeout", TRUE);
}
