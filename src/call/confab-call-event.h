/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "confab-call-enums.h"
#include "confab-stream-metadata.h"

G_BEGIN_DECLS

#define CONFAB_CALL_EVENT_MAX_SDP (256 * 1024)
#define CONFAB_CALL_EVENT_MAX_CANDIDATES 200

/* protocol/mesh-calls.md section 3. */
typedef enum {
  CONFAB_CALL_EVENT_INVITE,
  CONFAB_CALL_EVENT_ANSWER,
  CONFAB_CALL_EVENT_CANDIDATES,
  CONFAB_CALL_EVENT_HANGUP,
  CONFAB_CALL_EVENT_NEGOTIATE,
  CONFAB_CALL_EVENT_METADATA_CHANGED,
  CONFAB_CALL_EVENT_SELECT_ANSWER,
  CONFAB_CALL_EVENT_REJECT,
} ConfabCallEventType;
#define CONFAB_TYPE_CALL_EVENT_TYPE (confab_call_event_type_get_type ())
GType confab_call_event_type_get_type (void);

/**
 * ConfabIceCandidate:
 * @candidate: `candidate:…`, empty at the end of candidates
 * @sdp_mid: (nullable): its m-section; never empty
 * @sdp_mline_index: the m-section's index, -1 when not known
 */
typedef struct {
  char *candidate;
  char *sdp_mid;
  int sdp_mline_index;
} ConfabIceCandidate;

/**
 * ConfabCallEvent:
 * @type: which one
 * @call_id: the connection attempt
 * @party_id: (nullable): the sender's client
 * @conf_id: (nullable): the group call
 * @device_id: (nullable): the sender's device, as the content says
 * @sender_session_id: (nullable): from the sender's membership
 * @dest_session_id: (nullable): from the receiver's membership
 * @seq: its number in the call, -1 when it has none
 * @lifetime_ms: of an invite, negotiate
 * @sdp_type: of an answer or negotiate, as it says itself
 * @sdp: of an invite, answer, negotiate
 * @metadata: (nullable): of an invite, answer, negotiate, metadata-changed
 * @candidates: (nullable): of candidates: #ConfabIceCandidate
 * @reason: of a hangup
 * @invitee: (nullable): of an invite
 * @selected_party_id: of a select_answer
 *
 * One `m.call.*` event. Reference counted; not changed once it is shared, save for @seq, which the sender
 * gives it once.
 */
typedef struct {
  grefcount ref_count;
  ConfabCallEventType type;
  char *call_id;
  char *party_id;
  char *conf_id;
  char *device_id;
  char *sender_session_id;
  char *dest_session_id;
  gint64 seq;
  gint64 lifetime_ms;
  ConfabSdpType sdp_type;
  char *sdp;
  ConfabStreamMetadata *metadata;
  GPtrArray *candidates;
  char *reason;
  char *invitee;
  char *selected_party_id;
} ConfabCallEvent;

ConfabCallEvent *
confab_call_event_new (ConfabCallEventType type, const char *call_id) G_GNUC_WARN_UNUSED_RESULT;
ConfabCallEvent *confab_call_event_ref (ConfabCallEvent *self);
void confab_call_event_unref (ConfabCallEvent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabCallEvent, confab_call_event_unref)

ConfabCallEvent *confab_call_event_parse (const char *type, JsonObject *content, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
JsonObject *confab_call_event_print (ConfabCallEvent *self) G_GNUC_WARN_UNUSED_RESULT;
const char *confab_call_event_get_name (ConfabCallEvent *self);
gboolean confab_call_event_is_id (const char *text);
gboolean confab_call_event_is_name (const char *type);
gsize confab_call_event_get_size (ConfabCallEvent *self);
void confab_call_event_add_candidate (ConfabCallEvent *self,
                                      const char *candidate,
                                      const char *sdp_mid,
                                      int sdp_mline_index);

G_END_DECLS
