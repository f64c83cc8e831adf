/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-membership.h"
#include "confab-sim-calls.h"
#include "confab-sim-client.h"
#include "confab-sim-missed.h"
#include "confab-sim-ringing.h"
#include "confab-sim-rtc.h"
#include "confab-sim-signalling.h"
#include "confab-sim-witness.h"

G_BEGIN_DECLS

/* What the files of #ConfabSimClient share. */

struct _ConfabSimClient {
  ConfabSimNetwork *network;
  ConfabClock *clock; /* with which it is known that something happens here */
  guint index;
  const char *user;
  const char *device;
  gboolean has_power;

  /* On disk. */
  guint since_events;
  guint since_messages;
  guint since_account;
  guint last_events; /* before the last sync: what it brought may be handed over again */
  guint last_messages;
  guint last_account;
  ConfabSimDisk *disk;
  ConfabSimOutbox *outbox;
  ConfabSimRinging *ringing;
  GHashTable *made; /* ids of the calls that this client has made; only the witness knows them */

  /* The process. */
  gboolean up;
  ConfabSimSignalling *signalling;
  ConfabCallHandler *handler;
  GHashTable *members;      /* user id → JsonObject: member events as synced */
  ConfabSimMissed *missed;  /* of those */
  ConfabSimCalls *calls;    /* as synced */
  ConfabSimRtc *rtc;        /* of Element's kind, as synced */
  guint n_rtc;              /* people in it, as the handler tells */
  GHashTable *left;         /* user ids that are not in the room, as synced */
  gboolean touched;         /* something happened since the last look */
  gboolean members_changed; /* since who is shown was compared with who is there */
  const char *wrong;        /* (nullable): a device that is shown wrongly */
  gint64 wrong_since;       /* monotonic, µs */
  guint sync_timer;
  guint n_sync_failures; /* in a row */
  gboolean waits_for_news;
  gboolean comes_back; /* into the room: its state is being taken again */
  guint n_sent;        /* messages and state that were handed over */
  char *session;       /* of the own entry that was written last */
  ConfabSimWitness *witness;

  /* The person. */
  ConfabCall *call;
  ConfabCallState state; /* the call's, as it tells */
  GPtrArray *shown;      /* (element-type ConfabCallMember): as the call tells; it keeps them */
  ConfabFakeLocalMedia *media;
  guint n_media;
  guint n_closed; /* so many of the medium's first connections */
  gboolean wants_in;
  gboolean told; /* that it is out again */
  guint join_timer;
};

void confab_sim_client_check_sending (ConfabSimClient *self,
                                      const char *user_id,
                                      const char *device_id,
                                      const char *type,
                                      JsonObject *content,
                                      gboolean clear);
void confab_sim_client_check_state (ConfabSimClient *self,
                                    const char *type,
                                    const char *state_key,
                                    JsonObject *content);
void confab_sim_client_check_entry (ConfabSimClient *self, const ConfabCallMembership *entry);
void confab_sim_client_check_gone (ConfabSimClient *self, ConfabCallMember *member);
void confab_sim_client_take_stored (ConfabSimClient *self);

G_END_DECLS
