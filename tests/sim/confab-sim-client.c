/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-client.h"

#include "confab-call-content.h"
#include "confab-call-membership.h"
#include "confab-group-call.h"
#include "confab-json.h"
#include "confab-sim-rtc.h"
#include "confab-sim-signalling.h"

#include <string.h>

#define MIN_SYNC_PAUSE_MS 1000
#define MAX_SYNC_PAUSE_MS 60000
#define WRONG_MEMBERS_US (20 * 1000)
#define EXPIRY_LAG_MS 20

struct _ConfabSimClient {
  ConfabSimNetwork *network;
  ConfabClock *clock; /* with which it is known that something happens here */
  guint index;
  const char *user;
  const char *device;
  gboolean has_power;
  ConfabSimFailFunc fail;
  gpointer data;

  /* On disk. */
  guint since_events;
  guint since_messages;
  guint last_events; /* before the last sync */
  guint last_messages;
  ConfabSimOutbox *outbox;

  /* The process. */
  gboolean up;
  ConfabSimSignalling *signalling;
  ConfabCallHandler *handler;
  GHashTable *members;      /* user id → JsonObject: member events as synced */
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
  gboolean comes_back;  /* into the room: its state is being taken again */
  char *session;        /* of the own entry that was written last */
  GHashTable *next_seq; /* “user device call” → the next number */

  /* The person. */
  ConfabCall *call;
  ConfabCallState state; /* the call's, as it tells */
  GPtrArray *shown;      /* (element-type ConfabCallMember): as the call tells; it keeps them */
  ConfabFakeLocalMedia *media;
  guint n_media;
  guint n_closed; /* so many of the medium's first connections */
  gboolean wants_in;
  gboolean told; /* that it is out again */
};

G_GNUC_PRINTF (2, 3) static void
fail (ConfabSimClient *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  message = g_strdup_printf ("%s/%s: %s", self->user, self->device, text);
  self->fail (message, self->data);
}

/* What is sent. */

static const ConfabCallMembership *
find_entry (GPtrArray *entries, const char *call_id, const char *device_id)
{
  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    if (g_str_equal (entry->call_id, call_id) && g_str_equal (entry->device_id, device_id))
      return entry;
  }
  return NULL;
}

/* Each number once and in a row, for each call and device; a message that is sent again has its old one. */
static void
check_number (ConfabSimClient *self,
              const char *user_id,
              const char *device_id,
              JsonObject *content)
{
  guint seq = (guint) json_object_get_int_member (content, "seq");
  char *key = g_strdup_printf ("%s %s %s",
                               user_id,
                               device_id,
                               json_object_get_string_member (content, "call_id"));
  guint next = GPOINTER_TO_UINT (g_hash_table_lookup (self->next_seq, key));

  if (seq > next)
    fail (self, "numbers: number %u of %s comes before %u", seq, key, next);
  g_hash_table_replace (self->next_seq, key, GUINT_TO_POINTER (MAX (next, seq + 1)));
}

static gboolean
has_one_device (ConfabSimNetwork *network, const char *user_id)
{
  guint n = 0;

  for (guint i = 0; i < network->n; i++)
    n += g_str_equal (network->users[i], user_id);
  return n == 1;
}

/* Retries hide what was lost: where there is no reason for them, nothing may need one. Devices of one user have a reason:
 * they write the same event, and take each other out of it. */
static void
check_calm (ConfabSimClient *self, const char *user_id, const char *type, JsonObject *content)
{
  static const char *const calm[] = { "user_hangup", "replaced", NULL };
  const char *reason = confab_json_peek_string (content, "reason");

  if (self->network->calm && g_str_equal (type, "m.call.hangup") &&
      has_one_device (self->network, user_id) &&
      has_one_device (self->network, self->network->users[self->index]) &&
      (reason == NULL || !g_strv_contains (calm, reason)))
    fail (self, "calm: an attempt ended for %s", reason);
}

static void
check_message (ConfabSimClient *self,
               const char *user_id,
               const char *device_id,
               const char *type,
               JsonObject *content,
               gboolean clear)
{
  static const char *const counted[] = {
    "m.call.invite",
    "m.call.answer",
    "m.call.candidates",
    "m.call.hangup",
    "m.call.negotiate",
    "org.matrix.call.sdp_stream_metadata_changed",
    NULL,
  };
  g_autoptr (GPtrArray) entries = NULL;
  const ConfabCallMembership *entry;

  entries = confab_call_membership_parse (g_hash_table_lookup (self->members, user_id));
  entry = find_entry (entries, json_object_get_string_member (content, "conf_id"), device_id);
  if (clear)
    fail (self, "encrypted: %s in clear", type);
  if (!g_strv_contains (counted, type))
    fail (self, "counted: %s is not counted by hydrogen", type);
  if (entry == NULL ||
      !g_str_equal (entry->session_id, json_object_get_string_member (content, "dest_session_id")))
    fail (self, "live-session: %s to a session of %s/%s that is gone", type, user_id, device_id);
  if (g_strcmp0 (self->session, json_object_get_string_member (content, "sender_session_id")) != 0)
    fail (self, "own-session: %s from a session that is gone", type);
  check_number (self, user_id, device_id, content);
  check_calm (self, user_id, type, content);
}

static void
sending_cb (const char *user_id,
            const char *device_id,
            const char *type,
            JsonObject *content,
            gboolean clear,
            gpointer data)
{
  ConfabSimClient *self = data;
  g_autoptr (GPtrArray) entries = NULL;

  if (user_id != NULL) {
    check_message (self, user_id, device_id, type, content, clear);
    return;
  }
  entries = confab_call_membership_parse (content);
  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    if (g_str_equal (entry->device_id, self->device))
      g_set_str (&self->session, entry->session_id);
  }
}

/* Syncing. */

static void
prepare_room (ConfabSimClient *self)
{
  confab_call_handler_set_room_encrypted (self->handler, CONFAB_SIM_ROOM, TRUE);
  confab_call_handler_set_can_send_call (self->handler, CONFAB_SIM_ROOM, self->has_power);
}

static void take_events (ConfabSimClient *self, guint start, guint end, gboolean newest_only);

/* Who is in the room. Out of it this client hears nothing; back in it, the whole of the state comes again. */
static void
take_membership (ConfabSimClient *self, const ConfabSimEvent *event, guint position)
{
  gboolean joined = g_strcmp0 (confab_json_peek_string (event->content, "membership"), "join") == 0;
  gboolean own = g_str_equal (event->state_key, self->user);
  gboolean changed = joined == g_hash_table_contains (self->left, event->state_key);

  if (own && self->comes_back)
    return;
  if (joined)
    g_hash_table_remove (self->left, event->state_key);
  else
    g_hash_table_add (self->left, g_strdup (event->state_key));
  if (own && !joined) {
    confab_call_handler_remove_room (self->handler, CONFAB_SIM_ROOM);
    g_hash_table_remove_all (self->members);
    confab_sim_rtc_clear (self->rtc);
    self->n_rtc = 0;
    return;
  }
  if (own)
    prepare_room (self);
  confab_call_handler_handle_membership (self->handler, CONFAB_SIM_ROOM, event->state_key, joined);
  if (!own || !changed)
    return;
  self->comes_back = TRUE;
  take_events (self, 0, position, TRUE);
  self->comes_back = FALSE;
}

static void
take_event (ConfabSimClient *self, const ConfabSimEvent *event, guint position)
{
  self->members_changed = TRUE;
  if (g_str_equal (event->type, CONFAB_SIM_MEMBERSHIP)) {
    take_membership (self, event, position);
    return;
  }
  if (g_hash_table_contains (self->left, self->user))
    return;
  if (!confab_sim_rtc_take (self->rtc, event) &&
      g_str_equal (event->type, CONFAB_CALL_MEMBERSHIP_TYPE))
    g_hash_table_replace (self->members,
                          g_strdup (event->state_key),
                          json_object_ref (event->content));
  confab_call_handler_handle_state (self->handler,
                                    CONFAB_SIM_ROOM,
                                    event->type,
                                    event->state_key,
                                    event->sender,
                                    event->origin_server_ts,
                                    event->content);
}

static gboolean
is_replaced (ConfabSimClient *self, guint position, guint end)
{
  ConfabSimServer *server = self->network->server;
  const ConfabSimEvent *event = confab_sim_server_get_event (server, self->index, position);

  for (guint i = position + 1; i < end; i++) {
    const ConfabSimEvent *later = confab_sim_server_get_event (server, self->index, i);
    if (g_str_equal (later->type, event->type) && g_str_equal (later->state_key, event->state_key))
      return TRUE;
  }
  return FALSE;
}

/* As `matrix` has it: who is in the room, then calls, then who is in them. */
static void
take_events (ConfabSimClient *self, guint start, guint end, gboolean newest_only)
{
  static const char *const types[] = {
    CONFAB_SIM_MEMBERSHIP,
    CONFAB_CALL_CONTENT_TYPE,
    CONFAB_CALL_MEMBERSHIP_TYPE,
  };
  ConfabSimServer *server = self->network->server;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    for (guint j = start; j < end; j++) {
      const ConfabSimEvent *event = confab_sim_server_get_event (server, self->index, j);
      if (g_str_equal (event->type, types[i]) && !(newest_only && is_replaced (self, j, end)))
        take_event (self, event, j);
    }
  }
}

static void
take_messages (ConfabSimClient *self, guint start, guint end)
{
  for (guint i = start; i < end; i++) {
    const ConfabSimMessage *message = confab_sim_server_get_message (self->network->server,
                                                                     self->index,
                                                                     i);
    confab_call_handler_handle_to_device (
      self->handler, message->sender, message->device_id, message->type, message->content);
  }
}

static void
end_sync (ConfabSimClient *self)
{
  confab_call_handler_end_sync (self->handler, confab_clock_get_real_time (self->clock) / 1000);
}

/* All that is new, or some of it. */
static guint
cut (ConfabSimClient *self, guint since, guint end)
{
  if (end > since && confab_sim_network_chance (self->network, self->network->cuts))
    return since + confab_sim_network_below (self->network, end - since + 1);
  return end;
}

static void sync_cb (gpointer data);

static void
arm_sync (ConfabSimClient *self, guint delay_ms)
{
  self->sync_timer = confab_clock_add_timeout (self->clock, delay_ms, sync_cb, self);
}

/* A person or the network may have it tried at once; what the server has told stands against that. */
static void
pause_sync (ConfabSimClient *self, guint retry_after_ms)
{
  guint pause_ms = MIN ((guint) MIN_SYNC_PAUSE_MS << MIN (self->n_sync_failures, 6),
                        MAX_SYNC_PAUSE_MS);

  self->n_sync_failures++;
  if (confab_sim_network_chance (self->network, 20))
    pause_ms = 0;
  arm_sync (self, MAX (pause_ms, retry_after_ms));
}

static void
sync_cb (gpointer data)
{
  ConfabSimClient *self = data;
  ConfabSimServer *server = self->network->server;
  guint retry_after_ms;
  guint end_events = confab_sim_server_get_n_events (server, self->index);
  guint end_messages = confab_sim_server_get_n_messages (server, self->index);

  self->sync_timer = 0;
  if (!confab_sim_http_try (confab_sim_signalling_get_http (self->signalling),
                            "sync",
                            &retry_after_ms)) {
    pause_sync (self, retry_after_ms);
    return;
  }
  self->n_sync_failures = 0;
  if (end_events == self->since_events && end_messages == self->since_messages) {
    self->waits_for_news = TRUE;
    return;
  }
  self->last_events = self->since_events;
  self->last_messages = self->since_messages;
  self->since_events = cut (self, self->last_events, end_events);
  self->since_messages = cut (self, self->last_messages, end_messages);
  take_events (self,
               self->last_events,
               self->since_events,
               confab_sim_network_chance (self->network, self->network->gaps));
  take_messages (self, self->last_messages, self->since_messages);
  end_sync (self);
  arm_sync (self, confab_sim_network_get_delay (self->network));
}

/* The server has something new. */
void
confab_sim_client_news (ConfabSimClient *self)
{
  if (!self->up || !self->waits_for_news)
    return;
  self->waits_for_news = FALSE;
  arm_sync (self, confab_sim_network_get_delay (self->network));
}

/* Half a minute without news: the server says so. It would each time; once is enough where it matters. */
void
confab_sim_client_poll (ConfabSimClient *self)
{
  if (self->up && self->waits_for_news)
    end_sync (self);
}

/* The process. */

ConfabSimClient *
confab_sim_client_new (ConfabSimNetwork *network,
                       ConfabClock *clock,
                       guint index,
                       gboolean has_power,
                       ConfabSimFailFunc fail_func,
                       gpointer data)
{
  ConfabSimClient *self = g_new0 (ConfabSimClient, 1);

  self->network = network;
  self->clock = g_object_ref (clock);
  self->index = index;
  self->user = network->users[index];
  self->device = network->devices[index];
  self->has_power = has_power;
  self->fail = fail_func;
  self->data = data;
  self->outbox = confab_sim_outbox_new ();
  self->shown = g_ptr_array_new ();
  return self;
}

void
confab_sim_client_free (ConfabSimClient *self)
{
  if (self->up)
    confab_sim_client_kill (self, FALSE);
  confab_sim_outbox_free (self->outbox);
  g_object_unref (self->clock);
  g_ptr_array_unref (self->shown);
  g_free (self->session);
  g_free (self);
}

static void
rtc_changed_cb (ConfabCallHandler *handler,
                const char *room_id,
                guint n_users,
                ConfabSimClient *self)
{
  self->n_rtc = n_users;
}

/* With what is on disk; a batch that the last process was handed may not have been ticked off. */
void
confab_sim_client_start (ConfabSimClient *self)
{
  g_return_if_fail (!self->up);

  self->up = TRUE;
  self->members = g_hash_table_new_full (g_str_hash,
                                         g_str_equal,
                                         g_free,
                                         (GDestroyNotify) json_object_unref);
  self->left = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->next_seq = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->signalling = confab_sim_signalling_new (
    self->network, self->clock, self->index, self->has_power, self->outbox, sending_cb, self);
  self->handler = confab_call_handler_new (CONFAB_SIGNALLING (self->signalling),
                                           self->clock,
                                           self->user,
                                           self->device);
  self->rtc = confab_sim_rtc_new ();
  self->n_rtc = 0;
  g_signal_connect (self->handler, "rtc-changed", G_CALLBACK (rtc_changed_cb), self);
  prepare_room (self);
  take_events (self, 0, self->since_events, TRUE);
  if (confab_sim_network_chance (self->network, 50))
    take_messages (self, self->last_messages, self->since_messages);
  confab_call_handler_end_stored (self->handler, 0);
  arm_sync (self, confab_sim_network_get_delay (self->network));
}

static void
forget_call (ConfabSimClient *self)
{
  if (self->call != NULL) {
    g_signal_handlers_disconnect_by_data (self->call, self);
    g_signal_handlers_disconnect_by_data (confab_call_get_participants (self->call), self);
  }
  g_clear_object (&self->call);
  g_ptr_array_set_size (self->shown, 0);
}

/* Nobody is told. */
void
confab_sim_client_kill (ConfabSimClient *self, gboolean power_lost)
{
  if (!self->up)
    return;
  self->up = FALSE;
  self->waits_for_news = FALSE;
  confab_clock_clear (self->clock, &self->sync_timer);
  self->n_sync_failures = 0;
  confab_sim_signalling_kill (self->signalling, power_lost);
  forget_call (self);
  g_object_run_dispose (G_OBJECT (self->handler));
  g_assert_finalize_object (g_steal_pointer (&self->handler));
  g_assert_finalize_object (g_steal_pointer (&self->signalling));
  if (self->media != NULL)
    g_assert_finalize_object (g_steal_pointer (&self->media));
  g_clear_pointer (&self->members, g_hash_table_unref);
  g_clear_pointer (&self->left, g_hash_table_unref);
  g_clear_pointer (&self->rtc, confab_sim_rtc_free);
  g_clear_pointer (&self->next_seq, g_hash_table_unref);
  self->wants_in = FALSE;
  self->told = FALSE;
  self->wrong = NULL;
  if (power_lost) {
    self->since_events = self->last_events;
    self->since_messages = self->last_messages;
  }
}

/* The person. */

static void
failed_cb (ConfabCall *call, const GError *error, ConfabSimClient *self)
{
  self->told = TRUE;
}

static void
state_cb (ConfabCall *call, GParamSpec *pspec, ConfabSimClient *self)
{
  self->state = confab_call_get_state (call);
  self->told |= self->state == CONFAB_CALL_STATE_ENDED;
}

static void
shown_cb (GListModel *members, guint position, guint removed, guint added, ConfabSimClient *self)
{
  self->members_changed = TRUE;
  if (removed > 0)
    g_ptr_array_remove_range (self->shown, position, removed);
  for (guint i = 0; i < added; i++) {
    g_autoptr (ConfabCallMember) member = g_list_model_get_item (members, position + i);
    g_ptr_array_insert (self->shown, (int) (position + i), member);
  }
}

static void
take_call (ConfabSimClient *self, ConfabCall *call)
{
  if (self->call == call)
    return;
  forget_call (self);
  self->members_changed = TRUE;
  self->call = g_object_ref (call);
  g_signal_connect (call, "failed", G_CALLBACK (failed_cb), self);
  g_signal_connect (call, "notify::state", G_CALLBACK (state_cb), self);
  self->state = confab_call_get_state (call);
  g_signal_connect (confab_call_get_participants (call),
                    "items-changed",
                    G_CALLBACK (shown_cb),
                    self);
  shown_cb (confab_call_get_participants (call),
            0,
            0,
            g_list_model_get_n_items (confab_call_get_participants (call)),
            self);
}

void
confab_sim_client_create_call (ConfabSimClient *self, ConfabCallIntent intent)
{
  g_autoptr (ConfabCall) call = NULL;

  call = confab_call_handler_create_call (
    self->handler, CONFAB_SIM_ROOM, intent, CONFAB_CALL_TYPE_VIDEO, NULL);
  take_call (self, call);
}

/* Does nothing where the call is not known yet, or this device is in it. */
void
confab_sim_client_join (ConfabSimClient *self, const char *call_id)
{
  ConfabCall *call;

  if (!self->up)
    return;
  call = confab_call_handler_lookup (self->handler, CONFAB_SIM_ROOM, call_id);
  if (call == NULL || confab_call_is_active (call))
    return;
  if (self->call != NULL && self->call != call && confab_call_is_active (self->call))
    confab_sim_client_leave (self);
  take_call (self, call);
  g_clear_object (&self->media);
  self->n_closed = 0;
  {
    g_autofree char *stream = g_strdup_printf ("s%u-%u", self->index, ++self->n_media);
    self->media = confab_fake_local_media_new (self->clock, stream);
    confab_fake_local_media_set_gather (self->media,
                                        50 + confab_sim_network_below (self->network, 3000));
  }
  self->wants_in = TRUE;
  self->told = FALSE;
  confab_call_join (call, CONFAB_LOCAL_MEDIA (self->media));
}

void
confab_sim_client_leave (ConfabSimClient *self)
{
  if (!self->up || self->call == NULL)
    return;
  self->wants_in = FALSE;
  confab_call_leave (self->call);
}

/* For everybody, and so for this one. */
void
confab_sim_client_terminate (ConfabSimClient *self)
{
  if (!self->up || self->call == NULL || !self->has_power)
    return;
  self->wants_in = FALSE;
  confab_call_terminate (self->call);
}

gboolean
confab_sim_client_is_up (ConfabSimClient *self)
{
  return self->up;
}

/* Nothing waits to be sent, and all that came was taken. */
gboolean
confab_sim_client_is_idle (ConfabSimClient *self)
{
  ConfabSimServer *server = self->network->server;

  return self->up && confab_sim_signalling_is_idle (self->signalling) &&
         self->since_events == confab_sim_server_get_n_events (server, self->index) &&
         self->since_messages == confab_sim_server_get_n_messages (server, self->index);
}

gboolean
confab_sim_client_wants_in (ConfabSimClient *self)
{
  return self->wants_in;
}

ConfabCall *
confab_sim_client_peek_call (ConfabSimClient *self)
{
  return self->call;
}

/* Returns: (transfer none) (nullable): client @other, as the call shows it */
ConfabCallMember *
confab_sim_client_find_member (ConfabSimClient *self, guint other)
{
  const char *device = self->network->devices[other]; /* no two have the same */

  for (guint i = 0; i < self->shown->len; i++) {
    ConfabCallMember *member = self->shown->pdata[i];
    if (g_str_equal (confab_call_member_get_device_id (member), device) &&
        g_str_equal (confab_call_member_get_user_id (member), self->network->users[other]))
      return member;
  }
  return NULL;
}

ConfabFakeLocalMedia *
confab_sim_client_peek_media (ConfabSimClient *self)
{
  return self->media;
}

guint
confab_sim_client_get_n_early (ConfabSimClient *self)
{
  return confab_call_handler_get_n_early (self->handler);
}

/* Invariants. */

static guint
count_open (ConfabSimClient *self)
{
  guint n = 0;

  for (guint i = self->n_closed;
       self->media != NULL && i < confab_fake_local_media_get_n_connections (self->media);
       i++) {
    ConfabFakePeerConnection *connection = confab_fake_local_media_peek_connection (self->media, i);
    if (i == self->n_closed && confab_fake_peer_connection_get_closed (connection))
      self->n_closed++;
    if (confab_fake_peer_connection_is_abused (connection))
      fail (self,
            "signaling-state: a connection was told what it cannot do: %s",
            confab_fake_peer_connection_get_log (connection));
    n += !confab_fake_peer_connection_get_closed (connection);
  }
  return n;
}

static guint
count_held (ConfabSimClient *self)
{
  guint n = 0;

  for (guint i = 0; i < self->shown->len; i++) {
    ConfabPeerConnection *connection = confab_call_member_get_connection (self->shown->pdata[i]);
    n += connection != NULL &&
         !confab_fake_peer_connection_get_closed (CONFAB_FAKE_PEER_CONNECTION (connection));
  }
  return n;
}

/* One who has a valid entry is shown; one without, only as long as a connection lasts that was there before, or for the
 * ten milliseconds after which an entry is looked at. */
static gboolean
shows_right_member (ConfabSimClient *self, const char *call_id, guint i)
{
  const char *user = self->network->users[i];
  const char *device = self->network->devices[i];
  gint64 now_ms = confab_clock_get_real_time (self->clock) / 1000;
  ConfabCallMember *member = confab_sim_client_find_member (self, i);
  g_autoptr (GPtrArray) entries = NULL;
  const ConfabCallMembership *entry = NULL;

  if (!g_hash_table_contains (self->left, user)) {
    entries = confab_call_membership_parse (g_hash_table_lookup (self->members, user));
    entry = find_entry (entries, call_id, device);
  }
  if (entry != NULL && entry->expires_ts > now_ms)
    return member != NULL;
  return member == NULL || (entry != NULL && (confab_call_member_get_connection (member) != NULL ||
                                              entry->expires_ts > now_ms - EXPIRY_LAG_MS));
}

static gboolean
is_client (ConfabSimClient *self, ConfabCallMember *member)
{
  for (guint i = 0; i < self->network->n; i++) {
    if (g_str_equal (self->network->users[i], confab_call_member_get_user_id (member)) &&
        g_str_equal (self->network->devices[i], confab_call_member_get_device_id (member)))
      return TRUE;
  }
  return FALSE;
}

/* Who is shown is who is in the call, as far as the sync has got; nobody of another kind of call is. */
static const char *
find_wrong_member (ConfabSimClient *self, const char *call_id)
{
  for (guint i = 0; i < self->shown->len; i++) {
    if (!is_client (self, self->shown->pdata[i]))
      fail (self,
            "mesh-only: %s is no member of a mesh",
            confab_call_member_get_device_id (self->shown->pdata[i]));
  }
  for (guint i = 0; i < self->network->n; i++) {
    if (i != self->index && !shows_right_member (self, call_id, i))
      return self->network->devices[i];
  }
  return NULL;
}

static void
check_members (ConfabSimClient *self)
{
  gint64 now = confab_clock_get_time (self->clock);
  const char *wrong;

  if (!self->members_changed)
    return;
  if (self->state != confab_call_get_state (self->call) ||
      self->shown->len != g_list_model_get_n_items (confab_call_get_participants (self->call)))
    fail (self, "tells: the call has changed without telling");
  wrong = find_wrong_member (self, confab_group_call_get_id (CONFAB_GROUP_CALL (self->call)));
  self->members_changed = wrong != NULL;
  if (wrong == NULL || g_strcmp0 (wrong, self->wrong) != 0)
    self->wrong_since = now;
  self->wrong = wrong;
  self->touched |= wrong != NULL; /* for how long? */
  if (wrong != NULL && now - self->wrong_since > WRONG_MEMBERS_US)
    fail (self, "members: is wrong of whether %s is in the call", wrong);
}

/* At the moment at which somebody's membership runs out it may be seen before or after. */
static void
check_rtc (ConfabSimClient *self)
{
  gint64 now_ms;
  guint n;

  if (self->n_rtc == 0 && confab_sim_rtc_is_empty (self->rtc))
    return;
  now_ms = confab_clock_get_real_time (self->clock) / 1000;
  n = confab_sim_rtc_count (self->rtc, self->left, now_ms);
  if (self->n_rtc != n && self->n_rtc != confab_sim_rtc_count (self->rtc, self->left, now_ms - 1))
    fail (self,
          "rtc-count: counts %u people in the MatrixRTC call where there are %u",
          self->n_rtc,
          n);
}

/* Something happens to it. */
void
confab_sim_client_touch (ConfabSimClient *self)
{
  self->touched = TRUE;
}

/**
 * confab_sim_client_check:
 * @self: a client
 *
 * What is true at any time, if anything has happened to it since it was last looked at.
 */
void
confab_sim_client_check (ConfabSimClient *self)
{
  gboolean active;
  guint n_open;
  guint n_held;

  if (!self->touched || !self->up)
    return;
  self->touched = FALSE;
  check_rtc (self);
  if (self->call == NULL)
    return;
  active = self->state == CONFAB_CALL_STATE_PREPARING || self->state == CONFAB_CALL_STATE_JOINING ||
           self->state == CONFAB_CALL_STATE_JOINED;
  n_open = count_open (self);
  n_held = count_held (self);
  if (n_open != n_held)
    fail (self, "one-connection: %u connections are open for %u members", n_open, n_held);
  if (!active && self->media != NULL && !confab_fake_local_media_get_closed (self->media))
    fail (self, "media-closed: microphone and camera are open outside of the call");
  if (!active && n_open > 0)
    fail (self, "outside: %u connections are open outside of the call", n_open);
  if (self->wants_in && !active && !self->told)
    fail (self, "told: is out of the call without a word");
  if (self->state != CONFAB_CALL_STATE_ENDED)
    check_members (self);
}
