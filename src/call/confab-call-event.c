/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include <string.h>

#include "confab-call-event.h"
#include "confab-json.h"

#define MAX_ID_LENGTH 255
#define MAX_CANDIDATE_LENGTH 2048
#define MAX_REASON_LENGTH 64
#define MAX_LIFETIME_MS (10 * 60 * 1000)
#define DEFAULT_LIFETIME_MS 60000

G_DEFINE_ENUM_TYPE (ConfabCallEventType,
                    confab_call_event_type,
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_EVENT_INVITE, "invite"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_EVENT_ANSWER, "answer"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_EVENT_CANDIDATES, "candidates"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_EVENT_HANGUP, "hangup"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_EVENT_NEGOTIATE, "negotiate"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_EVENT_METADATA_CHANGED, "metadata-changed"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_EVENT_SELECT_ANSWER, "select-answer"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_EVENT_REJECT, "reject"))

/* The first name of a type is the one that is sent. The metadata event goes out under its unstable name, which
 * hydrogen and every js-sdk read (interop-facts.md, surprise 10). */
static const struct {
  ConfabCallEventType type;
  const char *name;
} names[] = {
  { CONFAB_CALL_EVENT_INVITE, "m.call.invite" },
  { CONFAB_CALL_EVENT_ANSWER, "m.call.answer" },
  { CONFAB_CALL_EVENT_CANDIDATES, "m.call.candidates" },
  { CONFAB_CALL_EVENT_HANGUP, "m.call.hangup" },
  { CONFAB_CALL_EVENT_NEGOTIATE, "m.call.negotiate" },
  { CONFAB_CALL_EVENT_METADATA_CHANGED, "org.matrix.call.sdp_stream_metadata_changed" },
  { CONFAB_CALL_EVENT_METADATA_CHANGED, "m.call.sdp_stream_metadata_changed" },
  { CONFAB_CALL_EVENT_SELECT_ANSWER, "m.call.select_answer" },
  { CONFAB_CALL_EVENT_REJECT, "m.call.reject" },
};

static void
free_candidate (gpointer data)
{
  ConfabIceCandidate *candidate = data;

  g_free (candidate->candidate);
  g_free (candidate->sdp_mid);
  g_free (candidate);
}

/**
 * confab_call_event_new:
 * @type: which one
 * @call_id: the connection attempt
 *
 * Returns: (transfer full): an event that the caller fills in
 */
ConfabCallEvent *
confab_call_event_new (ConfabCallEventType type, const char *call_id)
{
  ConfabCallEvent *self = g_new0 (ConfabCallEvent, 1);

  g_ref_count_init (&self->ref_count);
  self->type = type;
  self->call_id = g_strdup (call_id);
  self->seq = -1;
  return self;
}

ConfabCallEvent *
confab_call_event_ref (ConfabCallEvent *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

void
confab_call_event_unref (ConfabCallEvent *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_free (self->call_id);
  g_free (self->party_id);
  g_free (self->conf_id);
  g_free (self->device_id);
  g_free (self->sender_session_id);
  g_free (self->dest_session_id);
  g_free (self->sdp);
  g_clear_pointer (&self->metadata, confab_stream_metadata_unref);
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  g_free (self->reason);
  g_free (self->invitee);
  g_free (self->selected_party_id);
  g_free (self);
}

static gboolean
fail (GError **error, const char *message)
{
  g_set_error_literal (error, CONFAB_JSON_ERROR, CONFAB_JSON_ERROR_INVALID, message);
  return FALSE;
}

/* An id that may be left out, but not be something else. */
static gboolean
read_id (JsonObject *content, const char *name, char **id, GError **error)
{
  const char *text;

  if (!json_object_has_member (content, name))
    return TRUE;
  if (!confab_json_get_string (content, name, &text, error))
    return FALSE;
  if (!confab_call_event_is_id (text))
    return fail (error, "an id is empty, too long or has spaces");
  *id = g_strdup (text);
  return TRUE;
}

static gboolean
read_envelope (ConfabCallEvent *self, JsonObject *content, GError **error)
{
  if (!read_id (content, "call_id", &self->call_id, error) ||
      !read_id (content, "party_id", &self->party_id, error) ||
      !read_id (content, "conf_id", &self->conf_id, error) ||
      !read_id (content, "device_id", &self->device_id, error) ||
      !read_id (content, "sender_session_id", &self->sender_session_id, error) ||
      !read_id (content, "dest_session_id", &self->dest_session_id, error))
    return FALSE;
  if (self->call_id == NULL)
    return fail (error, "“call_id” is missing");
  if (!json_object_has_member (content, "seq"))
    return TRUE;
  if (!confab_json_get_int (content, "seq", &self->seq, error))
    return FALSE;
  if (self->seq < 0 || self->seq > G_MAXINT32)
    return fail (error, "“seq” is out of range");
  return TRUE;
}

static gboolean
read_description (ConfabCallEvent *self,
                  JsonObject *content,
                  const char *name,
                  ConfabSdpType fallback,
                  GError **error)
{
  JsonObject *description;
  const char *type;
  const char *sdp;

  if (!confab_json_get_object (content, name, &description, error) ||
      !confab_json_get_string (description, "sdp", &sdp, error))
    return FALSE;
  if (strlen (sdp) > CONFAB_CALL_EVENT_MAX_SDP || *sdp == '\0')
    return fail (error, "the SDP is empty or too long");
  self->sdp_type = fallback;
  if (json_object_has_member (description, "type")) {
    if (!confab_json_get_string (description, "type", &type, error))
      return FALSE;
    if (g_str_equal (type, "offer"))
      self->sdp_type = CONFAB_SDP_TYPE_OFFER;
    else if (g_str_equal (type, "answer"))
      self->sdp_type = CONFAB_SDP_TYPE_ANSWER;
    else
      return fail (error, "the description is neither offer nor answer");
  } else if (self->type == CONFAB_CALL_EVENT_NEGOTIATE) {
    return fail (error, "a negotiate without a type");
  }
  self->sdp = g_strdup (sdp);
  self->lifetime_ms = CLAMP (confab_json_peek_int (content, "lifetime", DEFAULT_LIFETIME_MS),
                             0,
                             MAX_LIFETIME_MS);
  return confab_stream_metadata_parse (content, &self->metadata, error);
}

static gboolean
read_invite (ConfabCallEvent *self, JsonObject *content, GError **error)
{
  if (!read_id (content, "invitee", &self->invitee, error) ||
      !read_description (self, content, "offer", CONFAB_SDP_TYPE_OFFER, error))
    return FALSE;
  if (self->sdp_type != CONFAB_SDP_TYPE_OFFER)
    return fail (error, "an invite without an offer");
  return TRUE;
}

static gboolean
read_candidates (ConfabCallEvent *self, JsonObject *content, GError **error)
{
  JsonArray *array;

  if (!confab_json_get_array (content, "candidates", &array, error))
    return FALSE;
  if (json_array_get_length (array) > CONFAB_CALL_EVENT_MAX_CANDIDATES)
    return fail (error, "too many candidates");
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonObject *entry = confab_json_array_peek_object (array, i);
    const char *candidate;
    const char *mid;
    gint64 index;

    if (entry == NULL) {
      g_set_error_literal (error,
                           CONFAB_JSON_ERROR,
                           CONFAB_JSON_ERROR_WRONG_TYPE,
                           "a candidate is not an object");
      return FALSE;
    }
    if (!confab_json_get_string (entry, "candidate", &candidate, error))
      return FALSE;
    /* A null mid and a fancy index are as good as none; the index decides, then (section 3.2). */
    mid = confab_json_peek_string (entry, "sdpMid");
    index = confab_json_peek_int (entry, "sdpMLineIndex", -1);
    if (strlen (candidate) > MAX_CANDIDATE_LENGTH || (mid != NULL && strlen (mid) > MAX_ID_LENGTH))
      return fail (error, "a candidate is too long");
    confab_call_event_add_candidate (self,
                                     candidate,
                                     mid,
                                     index >= 0 && index < 1024 ? (int) index : -1);
  }
  return TRUE;
}

static gboolean
read_hangup (ConfabCallEvent *self, JsonObject *content, GError **error)
{
  const char *reason = "user_hangup";

  if (json_object_has_member (content, "reason") &&
      !confab_json_get_string (content, "reason", &reason, error))
    return FALSE;
  self->reason = g_strdup (
    *reason != '\0' && strlen (reason) <= MAX_REASON_LENGTH ? reason : "unknown_error");
  return TRUE;
}

static gboolean
read_metadata_changed (ConfabCallEvent *self, JsonObject *content, GError **error)
{
  if (!confab_stream_metadata_parse (content, &self->metadata, error))
    return FALSE;
  return self->metadata != NULL || fail (error, "there is no stream metadata");
}

static gboolean
read_select_answer (ConfabCallEvent *self, JsonObject *content, GError **error)
{
  if (!read_id (content, "selected_party_id", &self->selected_party_id, error))
    return FALSE;
  return self->selected_party_id != NULL || fail (error, "“selected_party_id” is missing");
}

static gboolean
read_content (ConfabCallEvent *self, JsonObject *content, GError **error)
{
  switch (self->type) {
  case CONFAB_CALL_EVENT_INVITE:
    return read_invite (self, content, error);
  case CONFAB_CALL_EVENT_ANSWER:
    return read_description (self, content, "answer", CONFAB_SDP_TYPE_ANSWER, error);
  case CONFAB_CALL_EVENT_CANDIDATES:
    return read_candidates (self, content, error);
  case CONFAB_CALL_EVENT_HANGUP:
    return read_hangup (self, content, error);
  case CONFAB_CALL_EVENT_NEGOTIATE:
    return read_description (self, content, "description", CONFAB_SDP_TYPE_OFFER, error);
  case CONFAB_CALL_EVENT_METADATA_CHANGED:
    return read_metadata_changed (self, content, error);
  case CONFAB_CALL_EVENT_SELECT_ANSWER:
    return read_select_answer (self, content, error);
  case CONFAB_CALL_EVENT_REJECT:
    return TRUE;
  default:
    g_assert_not_reached ();
  }
}

/**
 * confab_call_event_is_id:
 * @text: what a stranger calls a device, a session or a call
 *
 * Returns: whether a message can name it: of 1 to 255 bytes, none of them a space or a control character
 */
gboolean
confab_call_event_is_id (const char *text)
{
  gsize length = strlen (text);

  if (length == 0 || length > MAX_ID_LENGTH)
    return FALSE;
  for (const char *p = text; *p != '\0'; p++) {
    if ((guchar) *p <= ' ' || *p == 0x7f)
      return FALSE;
  }
  return TRUE;
}

/**
 * confab_call_event_is_name:
 * @type: an event type
 *
 * Returns: whether confab_call_event_parse() knows it
 */
gboolean
confab_call_event_is_name (const char *type)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if (g_str_equal (names[i].name, type))
      return TRUE;
  }
  return FALSE;
}

/**
 * confab_call_event_parse:
 * @type: the event type
 * @content: a stranger's content, decrypted
 * @error: #ConfabJsonError
 *
 * Reads one event; sizes and counts are bounded. `version` is not looked at: whatever it is, number or string,
 * it is to be read as “1” (section 2.1), and a version 0 peer has no mesh calls.
 *
 * Returns: (transfer full) (nullable): the event
 */
ConfabCallEvent *
confab_call_event_parse (const char *type, JsonObject *content, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (ConfabCallEvent) self = NULL;

    if (!g_str_equal (names[i].name, type))
      continue;
    self = confab_call_event_new (names[i].type, NULL);
    if (!read_envelope (self, content, error) || !read_content (self, content, error))
      return NULL;
    return g_steal_pointer (&self);
  }
  fail (error, "not a call event");
  return NULL;
}

static void
set_string (JsonObject *content, const char *name, const char *value)
{
  if (value != NULL)
    json_object_set_string_member (content, name, value);
}

static void
print_description (ConfabCallEvent *self, JsonObject *content, const char *name)
{
  JsonObject *description = json_object_new ();

  json_object_set_string_member (description,
                                 "type",
                                 confab_enum_nick (CONFAB_TYPE_SDP_TYPE, self->sdp_type));
  json_object_set_string_member (description, "sdp", self->sdp);
  json_object_set_object_member (content, name, description);
}

static void
print_capabilities (JsonObject *content)
{
  JsonObject *capabilities = json_object_new ();

  json_object_set_boolean_member (capabilities, "m.call.transferee", FALSE);
  json_object_set_boolean_member (capabilities, "m.call.dtmf", FALSE);
  json_object_set_object_member (content, "capabilities", capabilities);
}

static void
print_candidates (ConfabCallEvent *self, JsonObject *content)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; self->candidates != NULL && i < self->candidates->len; i++) {
    const ConfabIceCandidate *candidate = self->candidates->pdata[i];
    JsonObject *entry = json_object_new ();

    json_object_set_string_member (entry, "candidate", candidate->candidate);
    set_string (entry, "sdpMid", candidate->sdp_mid);
    if (candidate->sdp_mline_index >= 0)
      json_object_set_int_member (entry, "sdpMLineIndex", candidate->sdp_mline_index);
    json_array_add_object_element (array, entry);
  }
  json_object_set_array_member (content, "candidates", array);
}

/**
 * confab_call_event_print:
 * @self: an event
 *
 * Returns: (transfer full): its content, with the mesh's envelope as far as it is filled in (section 8.1)
 */
JsonObject *
confab_call_event_print (ConfabCallEvent *self)
{
  JsonObject *content = json_object_new ();

  json_object_set_string_member (content, "call_id", self->call_id);
  json_object_set_string_member (content, "version", "1");
  set_string (content, "party_id", self->party_id);
  set_string (content, "conf_id", self->conf_id);
  set_string (content, "device_id", self->device_id);
  set_string (content, "sender_session_id", self->sender_session_id);
  set_string (content, "dest_session_id", self->dest_session_id);
  if (self->seq >= 0)
    json_object_set_int_member (content, "seq", self->seq);
  set_string (content, "invitee", self->invitee);
  set_string (content, "reason", self->reason);
  set_string (content, "selected_party_id", self->selected_party_id);
  if (self->type == CONFAB_CALL_EVENT_INVITE || self->type == CONFAB_CALL_EVENT_NEGOTIATE)
    json_object_set_int_member (content, "lifetime", self->lifetime_ms);
  if (self->type == CONFAB_CALL_EVENT_INVITE)
    print_description (self, content, "offer");
  else if (self->type == CONFAB_CALL_EVENT_ANSWER)
    print_description (self, content, "answer");
  else if (self->type == CONFAB_CALL_EVENT_NEGOTIATE)
    print_description (self, content, "description");
  else if (self->type == CONFAB_CALL_EVENT_CANDIDATES)
    print_candidates (self, content);
  if (self->type == CONFAB_CALL_EVENT_INVITE || self->type == CONFAB_CALL_EVENT_ANSWER)
    print_capabilities (content);
  if (self->metadata != NULL)
    confab_stream_metadata_print (self->metadata, content);
  return content;
}

/**
 * confab_call_event_get_name:
 * @self: an event
 *
 * Returns: the event type under which it is sent
 */
const char *
confab_call_event_get_name (ConfabCallEvent *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if (names[i].type == self->type)
      return names[i].name;
  }
  g_assert_not_reached ();
}

/**
 * confab_call_event_get_size:
 * @self: an event
 *
 * Returns: about how many bytes of memory what a stranger can make long takes
 */
gsize
confab_call_event_get_size (ConfabCallEvent *self)
{
  gsize size = sizeof *self + (self->sdp != NULL ? strlen (self->sdp) : 0) +
               (self->metadata != NULL ? confab_stream_metadata_get_size (self->metadata) : 0);

  for (guint i = 0; self->candidates != NULL && i < self->candidates->len; i++) {
    const ConfabIceCandidate *candidate = self->candidates->pdata[i];
    size += sizeof *candidate + strlen (candidate->candidate) +
            (candidate->sdp_mid != NULL ? strlen (candidate->sdp_mid) : 0);
  }
  return size;
}

/**
 * confab_call_event_add_candidate:
 * @self: a candidates event
 * @candidate: `candidate:…`, empty for the end of candidates
 * @sdp_mid: (nullable): its m-section; an empty one counts as none
 * @sdp_mline_index: the m-section's index, or -1
 */
void
confab_call_event_add_candidate (ConfabCallEvent *self,
                                 const char *candidate,
                                 const char *sdp_mid,
                                 int sdp_mline_index)
{
  ConfabIceCandidate *entry = g_new0 (ConfabIceCandidate, 1);

  entry->candidate = g_strdup (candidate);
  entry->sdp_mid = sdp_mid != NULL && *sdp_mid != '\0' ? g_strdup (sdp_mid) : NULL;
  entry->sdp_mline_index = sdp_mline_index;
  if (self->candidates == NULL)
    self->candidates = g_ptr_array_new_with_free_func (free_candidate);
  g_ptr_array_add (self->candidates, entry);
}
