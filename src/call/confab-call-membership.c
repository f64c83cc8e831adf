/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include <string.h>

#include "confab-call-membership.h"

#include "confab-call-event.h"
#include "confab-json.h"

#define MAX_CALLS 100
#define MAX_DEVICES 100
#define MAX_FEEDS 20
/* Entries of others that are dead for longer than this are dropped from the own event: hydrogen's margin. */
#define DROP_AFTER_MS (60 * 60 * 1000)

void
confab_call_membership_free (ConfabCallMembership *self)
{
  g_free (self->call_id);
  g_free (self->device_id);
  g_free (self->session_id);
  g_free (self);
}

/**
 * confab_call_membership_get_kind:
 * @state_key: of the member event
 * @sender: who sent it
 * @content: its content
 *
 * Spec: MSC3401, and MatrixRTC, which uses the same event type with another shape.
 *
 * Returns: what it is
 */
ConfabCallMembershipKind
confab_call_membership_get_kind (const char *state_key, const char *sender, JsonObject *content)
{
  if (g_str_equal (state_key, sender) && confab_json_peek_array (content, "m.calls") != NULL)
    return CONFAB_CALL_MEMBERSHIP_MESH;
  if (confab_json_peek_string (content, "application") != NULL &&
      confab_json_peek_string (content, "device_id") != NULL &&
      confab_json_peek_object (content, "focus_active") != NULL)
    return CONFAB_CALL_MEMBERSHIP_RTC;
  return CONFAB_CALL_MEMBERSHIP_NONE;
}

/* What its device puts into messages: one that cannot stand there would be called, and never be heard. */
static const char *
peek_id (JsonObject *object, const char *name)
{
  const char *id = confab_json_peek_string (object, name);

  return id != NULL && confab_call_event_is_id (id) ? id : NULL;
}

static gboolean
has_active_foci (JsonObject *device)
{
  JsonArray *foci = confab_json_peek_array (device, "m.foci.active");

  return foci != NULL && json_array_get_length (foci) > 0;
}

static gboolean
has_screen (JsonObject *device)
{
  JsonArray *feeds = confab_json_peek_array (device, "feeds");

  for (guint i = 0; feeds != NULL && i < MIN (json_array_get_length (feeds), MAX_FEEDS); i++) {
    JsonObject *feed = confab_json_array_peek_object (feeds, i);

    if (feed != NULL && g_strcmp0 (confab_json_peek_string (feed, "purpose"), "m.screenshare") == 0)
      return TRUE;
  }
  return FALSE;
}

static void
parse_call (GPtrArray *found, JsonObject *call)
{
  const char *call_id = call != NULL ? peek_id (call, "m.call_id") : NULL;
  JsonArray *devices = call != NULL ? confab_json_peek_array (call, "m.devices") : NULL;

  if (call_id == NULL || devices == NULL)
    return;
  for (guint i = 0; i < MIN (json_array_get_length (devices), MAX_DEVICES); i++) {
    JsonObject *device = confab_json_array_peek_object (devices, i);
    ConfabCallMembership *membership;

    if (device == NULL || peek_id (device, "device_id") == NULL ||
        peek_id (device, "session_id") == NULL)
      continue;
    membership = g_new0 (ConfabCallMembership, 1);
    membership->call_id = g_strdup (call_id);
    membership->device_id = g_strdup (peek_id (device, "device_id"));
    membership->session_id = g_strdup (peek_id (device, "session_id"));
    /* Missing: expired. What is left of it is reckoned with, so it must not be below all numbers. */
    membership->expires_ts = MAX (confab_json_peek_int (device, "expires_ts", 0), 0);
    membership->active_foci = has_active_foci (device);
    membership->shares_screen = has_screen (device);
    g_ptr_array_add (found, membership);
  }
}

/**
 * confab_call_membership_parse:
 * @content: (nullable): a stranger's member event of mesh kind
 *
 * What is malformed in it is left out; at most 100 calls with 100 devices each are read.
 *
 * Returns: (transfer full): the #ConfabCallMembership that it has, expired ones too
 */
GPtrArray *
confab_call_membership_parse (JsonObject *content)
{
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_call_membership_free);
  JsonArray *calls = content != NULL ? confab_json_peek_array (content, "m.calls") : NULL;

  for (guint i = 0; calls != NULL && i < MIN (json_array_get_length (calls), MAX_CALLS); i++)
    parse_call (found, confab_json_array_peek_object (calls, i));
  return found;
}

static guint
hash_same (gconstpointer data)
{
  const ConfabCallMembership *membership = data;

  return g_str_hash (membership->call_id) * 31 + g_str_hash (membership->device_id);
}

static gboolean
is_same (gconstpointer a, gconstpointer b)
{
  const ConfabCallMembership *left = a;
  const ConfabCallMembership *right = b;

  return g_str_equal (left->call_id, right->call_id) &&
         g_str_equal (left->device_id, right->device_id);
}

/* By call and device; of several of the same the first, as elsewhere. An event may have thousands of them, and each is looked
 * for in those of the one before. */
static GHashTable *
index_same (GPtrArray *memberships)
{
  GHashTable *index = g_hash_table_new (hash_same, is_same);

  for (guint i = 0; i < memberships->len; i++) {
    if (!g_hash_table_contains (index, memberships->pdata[i]))
      g_hash_table_add (index, memberships->pdata[i]);
  }
  return index;
}

/**
 * confab_call_membership_lacks:
 * @after: the #ConfabCallMembership of a user's member event
 * @before: those of the one whose place it has taken
 *
 * Returns: whether an entry is not there any more
 */
gboolean
confab_call_membership_lacks (GPtrArray *after, GPtrArray *before)
{
  g_autoptr (GHashTable) index = index_same (after);

  for (guint i = 0; i < before->len; i++) {
    if (!g_hash_table_contains (index, before->pdata[i]))
      return TRUE;
  }
  return FALSE;
}

/**
 * confab_call_membership_list_renewed:
 * @after: the #ConfabCallMembership of a user's member event
 * @before: those of the one whose place it has taken
 *
 * An event does not say which of the user's devices has written it. One that joins, or that renews what it has, gives its
 * own entry a later end; one that leaves lets the others' be.
 *
 * Returns: (transfer full): the devices whose entries have a later end; one of them has written @after, unless there is none
 */
GStrv
confab_call_membership_list_renewed (GPtrArray *after, GPtrArray *before)
{
  g_autoptr (GStrvBuilder) devices = g_strv_builder_new ();
  g_autoptr (GHashTable) index = index_same (before);

  for (guint i = 0; i < after->len; i++) {
    const ConfabCallMembership *membership = after->pdata[i];
    const ConfabCallMembership *old = g_hash_table_lookup (index, membership);
    if (old == NULL || old->expires_ts < membership->expires_ts)
      g_strv_builder_add (devices, membership->device_id);
  }
  return g_strv_builder_end (devices);
}

static ConfabCallMembership *
find_own (GPtrArray *own, const char *call_id)
{
  for (guint i = 0; i < own->len; i++) {
    ConfabCallMembership *membership = own->pdata[i];
    if (g_strcmp0 (membership->call_id, call_id) == 0)
      return membership;
  }
  return NULL;
}

static void
add_feed (JsonArray *feeds, const char *purpose)
{
  JsonObject *feed = json_object_new ();

  json_object_set_string_member (feed, "purpose", purpose);
  json_array_add_object_element (feeds, feed);
}

/* Keeps what else the entry says; never says anything about foci. */
static JsonObject *
print_device (JsonObject *old, const char *device_id, const ConfabCallMembership *membership)
{
  JsonObject *device = old != NULL ? confab_json_copy_object (old) : json_object_new ();
  JsonArray *feeds = json_array_new ();

  add_feed (feeds, "m.usermedia");
  if (membership->shares_screen)
    add_feed (feeds, "m.screenshare");
  json_object_set_string_member (device, "device_id", device_id);
  json_object_set_string_member (device, "session_id", membership->session_id);
  json_object_set_int_member (device, "expires_ts", membership->expires_ts);
  json_object_set_array_member (device, "feeds", feeds);
  json_object_remove_member (device, "m.foci.active");
  return device;
}

static JsonArray *
merge_devices (JsonArray *old,
               const char *device_id,
               const ConfabCallMembership *membership,
               gint64 now_ms)
{
  JsonArray *devices = json_array_new ();
  gboolean written = FALSE;

  for (guint i = 0; old != NULL && i < json_array_get_length (old); i++) {
    JsonObject *device = confab_json_array_peek_object (old, i);

    if (device == NULL)
      continue;
    if (g_strcmp0 (confab_json_peek_string (device, "device_id"), device_id) == 0) {
      if (membership != NULL && !written)
        json_array_add_object_element (devices, print_device (device, device_id, membership));
      written = TRUE;
    } else if (confab_json_peek_int (device, "expires_ts", 0) > now_ms - DROP_AFTER_MS) {
      json_array_add_object_element (devices, confab_json_copy_object (device));
    }
  }
  if (membership != NULL && !written)
    json_array_add_object_element (devices, print_device (NULL, device_id, membership));
  return devices;
}

static void
add_call (JsonArray *calls, JsonObject *old, const char *call_id, JsonArray *devices)
{
  JsonObject *call;

  if (json_array_get_length (devices) == 0) {
    json_array_unref (devices);
    return;
  }
  call = old != NULL ? confab_json_copy_object (old) : json_object_new ();
  if (call_id != NULL)
    json_object_set_string_member (call, "m.call_id", call_id);
  json_object_set_array_member (call, "m.devices", devices);
  json_array_add_object_element (calls, call);
}

/**
 * confab_call_membership_merge:
 * @content: (nullable): the own user's member event as it stands
 * @device_id: the own device
 * @own: the #ConfabCallMembership that this device is to have, in any number of calls
 * @now_ms: ms since the epoch
 *
 * Writes this device's part and keeps the rest: other calls, other devices, keys that are not known. Entries
 * of other devices that are expired for more than an hour go, and calls that have no device left. There is
 * always an `m.calls` (section 7.2).
 *
 * Returns: (transfer full): the content to send
 */
JsonObject *
confab_call_membership_merge (JsonObject *content,
                              const char *device_id,
                              GPtrArray *own,
                              gint64 now_ms)
{
  JsonObject *merged = content != NULL ? confab_json_copy_object (content) : json_object_new ();
  JsonArray *old_calls = content != NULL ? confab_json_peek_array (content, "m.calls") : NULL;
  JsonArray *calls = json_array_new ();
  g_autoptr (GHashTable) written = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; old_calls != NULL && i < json_array_get_length (old_calls); i++) {
    JsonObject *call = confab_json_array_peek_object (old_calls, i);
    const char *call_id = call != NULL ? confab_json_peek_string (call, "m.call_id") : NULL;

    if (call_id == NULL || !g_hash_table_add (written, (gpointer) call_id))
      continue;
    add_call (calls,
              call,
              NULL,
              merge_devices (confab_json_peek_array (call, "m.devices"),
                             device_id,
                             find_own (own, call_id),
                             now_ms));
  }
  for (guint i = 0; i < own->len; i++) {
    const ConfabCallMembership *membership = own->pdata[i];
    if (!g_hash_table_contains (written, membership->call_id))
      add_call (calls,
                NULL,
                membership->call_id,
                merge_devices (NULL, device_id, membership, now_ms));
  }
  json_object_set_array_member (merged, "m.calls", calls);
  return merged;
}
