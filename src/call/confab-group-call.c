/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-group-call.h"
#include "confab-json.h"
#include "confab-log.h"

#define RENEW_MS (45 * 60 * 1000)
#define RENEW_JITTER_MS (2 * 60 * 1000)
#define RENEW_RETRY_MS 30000
#define LEAVE_MS 2000
#define RING_MS 60000
#define LOST_TWICE_US (60 * G_USEC_PER_SEC)

typedef enum {
  EVENT_CREATED,
  EVENT_CREATE_FAILED,
  EVENT_JOIN,
  EVENT_READY,
  EVENT_WRITTEN,
  EVENT_WRITE_FAILED,
  EVENT_OWN_SEEN,
  EVENT_OWN_LOST,
  EVENT_RENEW,
  EVENT_RENEW_FAILED,
  EVENT_LEAVE,
  EVENT_LEFT,
  EVENT_TERMINATE,
  EVENT_TERMINATED,
  EVENT_ROOM_LOST,
  N_EVENTS,
} EventId;

static const char *const event_names[N_EVENTS] = {
  "created",      "create-failed", "join",      "ready",      "written",
  "write-failed", "own-seen",      "own-lost",  "renew",      "renew-failed",
  "leave",        "left",          "terminate", "terminated", "room-lost",
};

typedef struct {
  EventId id;
  GError *error;
} Event;

struct _ConfabGroupCall {
  GObject parent_instance;

  ConfabCallRoom *room;
  ConfabClock *clock;
  char *id;
  ConfabCallIntent intent;
  ConfabCallType type;
  char *name;
  JsonObject *content;
  gboolean unsupported; /* over an SFU */
  ConfabCallState state;
  GQueue events; /* Event */
  gboolean running;
  gint64 origin_server_ts; /* ms since the epoch */
  gboolean ringing;
  gboolean declined;
  gboolean created;
  gboolean over; /* ends when it has been left */

  GListStore *members;
  ConfabLocalMedia *media;
  ConfabIceServers *servers;
  char *session_id;
  gint64 expires_ts;   /* of the entry that the server has: ms since the epoch */
  gint64 writing_ts;   /* of the one that was sent last */
  gint64 joined_at;    /* monotonic, µs */
  gint64 rewritten_at; /* monotonic, µs; 0: not in this session */
  guint generation;    /* of join and leave: what belongs to an earlier one is stale */
  gboolean written;
  gboolean seen;
  gboolean own_changed; /* since the last sync */
  gboolean leave_written;
  guint renew_timer;
  guint leave_timer;
  guint ring_timer;
};

static void call_iface_init (ConfabCallInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabGroupCall,
                               confab_group_call,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_CALL, call_iface_init))

enum {
  PROP_ID = 1,
  PROP_ROOM_ID,
  PROP_INTENT,
  PROP_CALL_TYPE,
  PROP_NAME,
  PROP_STATE,
  PROP_RINGING,
  PROP_STARTED_AT,
  PROP_LOCAL_MEDIA,
};

enum {
  SIGNAL_LISTENING,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void run_events (ConfabGroupCall *self);

static void
push (ConfabGroupCall *self, EventId id, const GError *error)
{
  Event *event = g_new0 (Event, 1);

  event->id = id;
  event->error = error != NULL ? g_error_copy (error) : NULL;
  g_queue_push_tail (&self->events, event);
  run_events (self);
}

static ConfabCallMember *
peek_member (ConfabGroupCall *self, guint position)
{
  g_autoptr (ConfabCallMember) member = g_list_model_get_item (G_LIST_MODEL (self->members), position);

  return member; /* the list keeps it */
}

static guint
n_members (ConfabGroupCall *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->members));
}

static ConfabCallMember *
find_member (ConfabGroupCall *self, const char *user_id, const char *device_id)
{
  for (guint i = 0; i < n_members (self); i++) {
    ConfabCallMember *member = peek_member (self, i);
    if (g_str_equal (confab_call_member_get_user_id (member), user_id) &&
        g_strcmp0 (confab_call_member_get_device_id (member), device_id) == 0)
      return member;
  }
  return NULL;
}

static void
emit_failed (ConfabGroupCall *self, ConfabCallError code, const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (CONFAB_CALL_ERROR, code, message);

  confab_call_emit_failed (CONFAB_CALL (self), error);
}

static void
emit_signalling_failed (ConfabGroupCall *self, const GError *error)
{
  gboolean forbidden = g_error_matches (error,
                                        CONFAB_SIGNALLING_ERROR,
                                        CONFAB_SIGNALLING_ERROR_FORBIDDEN);

  emit_failed (self,
               forbidden ? CONFAB_CALL_ERROR_FORBIDDEN : CONFAB_CALL_ERROR_NETWORK,
               error != NULL ? error->message : "the membership ran out");
}

/* What is sent answers to the call that sent it, as long as that is there and has not moved on. */

typedef struct {
  GWeakRef call;
  guint generation;
} Ticket;

static Ticket *
new_ticket (ConfabGroupCall *self)
{
  Ticket *ticket = g_new0 (Ticket, 1);

  g_weak_ref_init (&ticket->call, self);
  ticket->generation = self->generation;
  return ticket;
}

static void
free_ticket (gpointer data)
{
  Ticket *ticket = data;

  g_weak_ref_clear (&ticket->call);
  g_free (ticket);
}

static ConfabGroupCall *
redeem (gpointer data)
{
  Ticket *ticket = data;
  g_autoptr (ConfabGroupCall) self = g_weak_ref_get (&ticket->call);

  return self != NULL && self->generation == ticket->generation ? g_steal_pointer (&self) : NULL;
}

static void
created_cb (const GError *error, gpointer data)
{
  g_autoptr (ConfabGroupCall) self = g_weak_ref_get (&((Ticket *) data)->call);

  if (self != NULL)
    push (self, error == NULL ? EVENT_CREATED : EVENT_CREATE_FAILED, error);
}

static void
written_cb (const GError *error, gpointer data)
{
  g_autoptr (ConfabGroupCall) self = redeem (data);

  if (self != NULL)
    push (self, error == NULL ? EVENT_WRITTEN : EVENT_WRITE_FAILED, error);
}

static void
renewed_cb (const GError *error, gpointer data)
{
  g_autoptr (ConfabGroupCall) self = redeem (data);

  if (self != NULL)
    push (self, error == NULL ? EVENT_WRITTEN : EVENT_RENEW_FAILED, error);
}

static gboolean
all_sent (ConfabGroupCall *self)
{
  for (guint i = 0; i < n_members (self); i++) {
    if (confab_call_member_get_n_unsent (peek_member (self, i)) > 0)
      return FALSE;
  }
  return TRUE;
}

static void
check_left (ConfabGroupCall *self)
{
  if (self->state == CONFAB_CALL_STATE_LEAVING && self->leave_written && all_sent (self))
    push (self, EVENT_LEFT, NULL);
}

static void
leave_written_cb (const GError *error, gpointer data)
{
  g_autoptr (ConfabGroupCall) self = redeem (data);

  if (self == NULL)
    return;
  if (error != NULL)
    confab_call_info (self->id, "the own membership was not removed: %s", error->message);
  self->leave_written = TRUE;
  check_left (self);
}

static void
terminated_cb (const GError *error, gpointer data)
{
  g_autoptr (ConfabGroupCall) self = g_weak_ref_get (&((Ticket *) data)->call);

  if (self == NULL)
    return;
  if (error != NULL)
    emit_signalling_failed (self, error);
  else
    push (self, EVENT_TERMINATED, NULL);
}

static void
servers_cb (const ConfabIceServers *servers, const GError *error, gpointer data)
{
  static const char *const none[] = { NULL };
  g_autoptr (ConfabGroupCall) self = redeem (data);

  if (self == NULL)
    return;
  if (error != NULL)
    confab_call_info (self->id, "no ICE servers: %s", error->message);
  g_clear_pointer (&self->servers, confab_ice_servers_free);
  self->servers = servers != NULL ? confab_ice_servers_copy (servers)
                                  : confab_ice_servers_new (none, NULL, NULL);
  push (self, EVENT_READY, NULL);
}

/* Timers. */

static void
renew_cb (gpointer data)
{
  ConfabGroupCall *self = data;

  self->renew_timer = 0;
  push (self, EVENT_RENEW, NULL);
}

static void
leave_cb (gpointer data)
{
  ConfabGroupCall *self = data;

  self->leave_timer = 0;
  push (self, EVENT_LEFT, NULL);
}

static void
set_ringing (ConfabGroupCall *self, gboolean ringing)
{
  if (self->ringing == ringing)
    return;
  self->ringing = ringing;
  if (!ringing)
    confab_clock_clear (self->clock, &self->ring_timer);
  confab_call_debug (self->id, "%s", ringing ? "rings" : "rings no more");
  g_object_notify (G_OBJECT (self), "ringing");
}

static void
ring_cb (gpointer data)
{
  ConfabGroupCall *self = data;

  self->ring_timer = 0;
  set_ringing (self, FALSE);
}

/* Side effects of the table's rows. */

static void
write_own (ConfabGroupCall *self, ConfabSignallingDone done)
{
  self->writing_ts = confab_call_room_get_now (self->room) + CONFAB_CALL_MEMBERSHIP_LIFETIME_MS;
  confab_call_room_set_own (self->room, self->id, self->session_id, self->writing_ts);
  confab_call_room_write (self->room, done, new_ticket (self), free_ticket);
}

static void
media_changed_cb (ConfabGroupCall *self)
{
  for (guint i = 0; i < n_members (self); i++)
    confab_call_member_send_metadata (peek_member (self, i));
}

/* Microphone and camera are off when this returns. */
static void
release_media (ConfabGroupCall *self)
{
  g_autoptr (ConfabLocalMedia) media = g_steal_pointer (&self->media);

  for (guint i = n_members (self); i-- > 0;)
    confab_call_member_leave (peek_member (self, i));
  if (media == NULL)
    return;
  g_signal_handlers_disconnect_by_data (confab_local_media_get_stream (media), self);
  confab_local_media_close (media);
  g_object_notify (G_OBJECT (self), "local-media");
}

static void
go_out (ConfabGroupCall *self)
{
  self->generation++;
  self->written = FALSE;
  self->seen = FALSE;
  self->joined_at = 0;
  confab_clock_clear (self->clock, &self->renew_timer);
  confab_clock_clear (self->clock, &self->leave_timer);
  release_media (self);
}

static void
prepare (ConfabGroupCall *self, const Event *event)
{
  self->generation++;
  confab_clock_clear (self->clock, &self->leave_timer);
  g_free (self->session_id);
  self->session_id = confab_random_id (16);
  self->rewritten_at = 0;
  self->written = FALSE;
  self->seen = FALSE;
  set_ringing (self, FALSE);
  g_clear_pointer (&self->servers, confab_ice_servers_free);
  confab_signalling_get_ice_servers (confab_call_room_get_signalling (self->room),
                                     servers_cb,
                                     new_ticket (self),
                                     free_ticket);
}

static void
mark_created (ConfabGroupCall *self, const Event *event)
{
  self->created = TRUE;
  if (self->servers != NULL && self->state == CONFAB_CALL_STATE_PREPARING)
    push (self, EVENT_READY, NULL);
}

static void
drop_draft (ConfabGroupCall *self, const Event *event)
{
  go_out (self);
  emit_signalling_failed (self, event->error);
}

static void
write_membership (ConfabGroupCall *self, const Event *event)
{
  write_own (self, written_cb);
}

static void
arm_renewal (ConfabGroupCall *self)
{
  confab_clock_clear (self->clock, &self->renew_timer);
  self->renew_timer = confab_clock_add_timeout (self->clock,
                                                RENEW_MS + g_random_int_range (-RENEW_JITTER_MS,
                                                                               RENEW_JITTER_MS + 1),
                                                renew_cb,
                                                self);
}

static void
connect_members (ConfabGroupCall *self, const Event *event)
{
  self->written = TRUE;
  self->expires_ts = self->writing_ts;
  arm_renewal (self);
  for (guint i = 0; i < n_members (self); i++)
    confab_call_member_join (peek_member (self, i), self->session_id, self->media, self->servers);
  g_signal_emit (self, signals[SIGNAL_LISTENING], 0);
}

static void
renewed (ConfabGroupCall *self, const Event *event)
{
  self->expires_ts = self->writing_ts;
  arm_renewal (self);
}

static void
now_joined (ConfabGroupCall *self, const Event *event)
{
  self->joined_at = confab_clock_get_time (self->clock);
}

static void
join_failed (ConfabGroupCall *self, const Event *event)
{
  confab_call_room_set_own (self->room, self->id, NULL, 0);
  go_out (self);
  emit_signalling_failed (self, event->error);
}

static void
rewrite (ConfabGroupCall *self, const Event *event)
{
  self->rewritten_at = confab_clock_get_time (self->clock);
  write_own (self, renewed_cb);
}

static void
put_out (ConfabGroupCall *self, const Event *event)
{
  confab_call_room_set_own (self->room, self->id, NULL, 0);
  go_out (self);
  emit_failed (self, CONFAB_CALL_ERROR_ENDED, "another device or the server took this one out");
}

static void
renew (ConfabGroupCall *self, const Event *event)
{
  write_own (self, renewed_cb);
}

static void
renew_later (ConfabGroupCall *self, const Event *event)
{
  confab_clock_clear (self->clock, &self->renew_timer);
  self->renew_timer = confab_clock_add_timeout (self->clock, RENEW_RETRY_MS, renew_cb, self);
}

static void
send_terminated (ConfabGroupCall *self)
{
  g_autoptr (JsonObject) content = confab_json_copy_object (self->content);

  json_object_set_boolean_member (content, "m.terminated", TRUE);
  confab_signalling_send_state (confab_call_room_get_signalling (self->room),
                                confab_call_room_get_id (self->room),
                                CONFAB_GROUP_CALL_TYPE,
                                self->id,
                                content,
                                terminated_cb,
                                new_ticket (self),
                                free_ticket);
}

/* Hydrogen's condition: the last one of a call that is no room switches off the light. */
static gboolean
is_last (ConfabGroupCall *self)
{
  return self->intent != CONFAB_CALL_INTENT_ROOM && n_members (self) == 0 &&
         confab_call_room_get_can_send_call (self->room);
}

static void
leave (ConfabGroupCall *self, const Event *event)
{
  gboolean entered = confab_call_room_forget_own (self->room, self->id);

  go_out (self);
  self->leave_written = !entered;
  self->leave_timer = confab_clock_add_timeout (self->clock,
                                                entered ? LEAVE_MS : 0,
                                                leave_cb,
                                                self);
  if (!entered)
    return;
  confab_call_room_write (self->room, leave_written_cb, new_ticket (self), free_ticket);
  if (is_last (self))
    send_terminated (self);
}

static void
left (ConfabGroupCall *self, const Event *event)
{
  self->generation++;
  confab_clock_clear (self->clock, &self->leave_timer);
  if (self->over)
    push (self, EVENT_TERMINATED, NULL);
}

static void
note_over (ConfabGroupCall *self, const Event *event)
{
  self->over = TRUE;
}

static void
terminate (ConfabGroupCall *self, const Event *event)
{
  send_terminated (self);
  if (self->state != CONFAB_CALL_STATE_KNOWN)
    push (self, EVENT_LEAVE, NULL);
}

static void
end_call (ConfabGroupCall *self, const Event *event)
{
  gboolean entered = confab_call_room_forget_own (self->room, self->id);

  set_ringing (self, FALSE);
  go_out (self);
  for (guint i = n_members (self); i-- > 0;)
    confab_call_member_remove (peek_member (self, i));
  if (entered && event->id != EVENT_ROOM_LOST)
    confab_call_room_write (self->room, NULL, NULL, NULL);
  if (entered && event->id == EVENT_ROOM_LOST)
    emit_failed (self, CONFAB_CALL_ERROR_ENDED, "the room was left");
}

/* Guards. */

static gboolean
is_created (ConfabGroupCall *self, const Event *event)
{
  return self->created && self->servers != NULL;
}

static gboolean
is_first_write (ConfabGroupCall *self, const Event *event)
{
  return !self->written;
}

static gboolean
is_first_loss (ConfabGroupCall *self, const Event *event)
{
  return self->rewritten_at == 0 ||
         confab_clock_get_time (self->clock) - self->rewritten_at > LOST_TWICE_US;
}

static gboolean
is_valid (ConfabGroupCall *self, const Event *event)
{
  return confab_call_room_get_now (self->room) < self->expires_ts;
}

#define IN(s) (1u << CONFAB_CALL_STATE_##s)
#define ON(e) EVENT_##e
#define TO(s) CONFAB_CALL_STATE_##s
#define STAY -1
#define ACTIVE (IN (PREPARING) | IN (JOINING) | IN (JOINED))
#define ANY (IN (ENDED) - 1u)

/* protocol/mesh-calls.md section 10.1: the first row that matches wins. */
static const struct {
  guint from;
  EventId event;
  gboolean (*guard) (ConfabGroupCall *self, const Event *event);
  int to;
  void (*enter) (ConfabGroupCall *self, const Event *event);
} transitions[] = {
  { IN (LOCAL_DRAFT), ON (CREATED), NULL, TO (KNOWN), mark_created },
  { ACTIVE | IN (LEAVING) | IN (KNOWN), ON (CREATED), NULL, STAY, mark_created },
  { ANY, ON (CREATE_FAILED), NULL, TO (ENDED), drop_draft },
  { IN (KNOWN) | IN (LOCAL_DRAFT) | IN (LEAVING), ON (JOIN), NULL, TO (PREPARING), prepare },
  { IN (PREPARING), ON (READY), is_created, TO (JOINING), write_membership },
  { IN (JOINING), ON (WRITE_FAILED), NULL, TO (KNOWN), join_failed },
  { IN (JOINING) | IN (JOINED), ON (WRITTEN), is_first_write, STAY, connect_members },
  { IN (JOINING) | IN (JOINED), ON (WRITTEN), NULL, STAY, renewed },
  { IN (JOINED),
    ON (WRITE_FAILED),
    NULL,
    STAY,
    connect_members }, /* the entry is there all the same */
  { IN (JOINING), ON (OWN_SEEN), NULL, TO (JOINED), now_joined },
  { IN (JOINING) | IN (JOINED), ON (OWN_LOST), is_first_loss, STAY, rewrite },
  { IN (JOINING) | IN (JOINED), ON (OWN_LOST), NULL, TO (KNOWN), put_out },
  { IN (JOINING) | IN (JOINED), ON (RENEW), NULL, STAY, renew },
  { IN (JOINING) | IN (JOINED), ON (RENEW_FAILED), is_valid, STAY, renew_later },
  { IN (JOINING) | IN (JOINED), ON (RENEW_FAILED), NULL, TO (KNOWN), join_failed },
  { ACTIVE, ON (LEAVE), NULL, TO (LEAVING), leave },
  { IN (LEAVING), ON (LEFT), NULL, TO (KNOWN), left },
  { IN (LEAVING), ON (TERMINATED), NULL, STAY, note_over },
  { ACTIVE | IN (KNOWN), ON (TERMINATE), NULL, STAY, terminate },
  { ANY, ON (TERMINATED), NULL, TO (ENDED), end_call },
  { ANY, ON (ROOM_LOST), NULL, TO (ENDED), end_call },
};

#undef IN
#undef ON
#undef TO
#undef ACTIVE
#undef ANY

static void
step (ConfabGroupCall *self, const Event *event)
{
  ConfabCallState from = self->state;

  for (guint i = 0; i < G_N_ELEMENTS (transitions); i++) {
    if (transitions[i].event != event->id || !(transitions[i].from & (1u << from)) ||
        (transitions[i].guard != NULL && !transitions[i].guard (self, event)))
      continue;
    if (transitions[i].to != STAY)
      self->state = transitions[i].to;
    confab_call_debug (self->id,
                       "%s: %s -> %s",
                       event_names[event->id],
                       confab_enum_nick (CONFAB_TYPE_CALL_STATE, from),
                       confab_enum_nick (CONFAB_TYPE_CALL_STATE, self->state));
    transitions[i].enter (self, event);
    if (self->state != from)
      g_object_notify (G_OBJECT (self), "state");
    return;
  }
  confab_call_debug (self->id,
                     "%s: ignored in %s",
                     event_names[event->id],
                     confab_enum_nick (CONFAB_TYPE_CALL_STATE, from));
}

static void
free_event (gpointer data)
{
  Event *event = data;

  g_clear_error (&event->error);
  g_free (event);
}

static void
run_events (ConfabGroupCall *self)
{
  Event *event;

  if (self->running)
    return;
  g_object_ref (self);
  self->running = TRUE;
  while ((event = g_queue_pop_head (&self->events)) != NULL) {
    step (self, event);
    free_event (event);
  }
  self->running = FALSE;
  g_object_unref (self);
}

/* Members. */

static void
member_gone_cb (ConfabCallMember *member, ConfabGroupCall *self)
{
  guint position;

  if (g_list_store_find (self->members, member, &position))
    g_list_store_remove (self->members, position);
  check_left (self);
}

static void
add_member (ConfabGroupCall *self, const char *user_id, const ConfabCallMembership *entry)
{
  g_autoptr (ConfabCallMember) member = confab_call_member_new (self->room, self->id, user_id, entry);

  g_signal_connect_object (member, "gone", G_CALLBACK (member_gone_cb), self, 0);
  g_signal_connect_object (member, "sent", G_CALLBACK (check_left), self, G_CONNECT_SWAPPED);
  g_list_store_append (self->members, member);
  if (self->written)
    confab_call_member_join (member, self->session_id, self->media, self->servers);
}

static const ConfabCallMembership *
find_entry (ConfabGroupCall *self, GPtrArray *entries, const char *device_id)
{
  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    if (g_str_equal (entry->call_id, self->id) && g_str_equal (entry->device_id, device_id))
      return entry;
  }
  return NULL;
}

static void
check_own (ConfabGroupCall *self, GPtrArray *entries)
{
  const ConfabCallMembership *entry = find_entry (self,
                                                  entries,
                                                  confab_call_room_get_device_id (self->room));
  gboolean there = entry != NULL && g_strcmp0 (entry->session_id, self->session_id) == 0;

  if (there && !self->seen) {
    self->seen = TRUE;
    push (self, EVENT_OWN_SEEN, NULL);
  } else if (!there && self->written) {
    self->seen = FALSE;
    push (self, EVENT_OWN_LOST, NULL);
  }
}

/* At the end of a sync, so that what left and came back within it counts as there. */
static void
take_own (ConfabGroupCall *self)
{
  g_autoptr (GPtrArray) entries = NULL;

  if (!self->own_changed)
    return;
  self->own_changed = FALSE;
  if (self->state != CONFAB_CALL_STATE_JOINING && self->state != CONFAB_CALL_STATE_JOINED)
    return;
  entries = confab_call_room_get_memberships (self->room,
                                              confab_call_room_get_user_id (self->room));
  check_own (self, entries);
}

static void
confab_group_call_dispose (GObject *object)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (object);

  if (self->clock != NULL) {
    confab_clock_clear (self->clock, &self->renew_timer);
    confab_clock_clear (self->clock, &self->leave_timer);
    confab_clock_clear (self->clock, &self->ring_timer);
  }
  for (guint i = n_members (self); i-- > 0;)
    g_object_run_dispose (G_OBJECT (peek_member (self, i)));
  if (self->media != NULL) {
    g_signal_handlers_disconnect_by_data (confab_local_media_get_stream (self->media), self);
    confab_local_media_close (self->media);
    g_clear_object (&self->media);
  }
  g_list_store_remove_all (self->members);
  G_OBJECT_CLASS (confab_group_call_parent_class)->dispose (object);
}

static void
confab_group_call_finalize (GObject *object)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (object);

  g_queue_clear_full (&self->events, free_event);
  g_clear_object (&self->members);
  g_clear_object (&self->room);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->servers, confab_ice_servers_free);
  g_clear_pointer (&self->content, json_object_unref);
  g_free (self->id);
  g_free (self->name);
  g_free (self->session_id);
  G_OBJECT_CLASS (confab_group_call_parent_class)->finalize (object);
}

static void
confab_group_call_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (object);

  switch (prop_id) {
  case PROP_ID:
    g_value_set_string (value, self->id);
    break;
  case PROP_ROOM_ID:
    g_value_set_string (value, confab_call_room_get_id (self->room));
    break;
  case PROP_INTENT:
    g_value_set_enum (value, self->intent);
    break;
  case PROP_CALL_TYPE:
    g_value_set_enum (value, self->type);
    break;
  case PROP_NAME:
    g_value_set_string (value, self->name);
    break;
  case PROP_STATE:
    g_value_set_enum (value, self->state);
    break;
  case PROP_RINGING:
    g_value_set_boolean (value, self->ringing);
    break;
  case PROP_STARTED_AT:
    g_value_set_int64 (value, self->origin_server_ts * 1000);
    break;
  case PROP_LOCAL_MEDIA:
    g_value_set_object (value, self->media);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static GListModel *
confab_group_call_get_participants (ConfabCall *call)
{
  return G_LIST_MODEL (CONFAB_GROUP_CALL (call)->members);
}

static gboolean
has_active_foci (ConfabGroupCall *self)
{
  for (guint i = 0; i < n_members (self); i++) {
    if (confab_call_member_get_active_foci (peek_member (self, i)))
      return TRUE;
  }
  return FALSE;
}

static void
confab_group_call_join (ConfabCall *call, ConfabLocalMedia *media)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (call);

  if (confab_call_is_active (call))
    return;
  if (self->state == CONFAB_CALL_STATE_ENDED || self->over) {
    confab_local_media_close (media);
    emit_failed (self, CONFAB_CALL_ERROR_ENDED, "the call is over");
    return;
  }
  if (self->unsupported || has_active_foci (self)) {
    confab_local_media_close (media);
    emit_failed (self, CONFAB_CALL_ERROR_UNSUPPORTED, "the call runs over an SFU");
    return;
  }
  g_set_object (&self->media, media);
  g_signal_connect_object (confab_local_media_get_stream (media),
                           "notify::audio-muted",
                           G_CALLBACK (media_changed_cb),
                           self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (confab_local_media_get_stream (media),
                           "notify::video-muted",
                           G_CALLBACK (media_changed_cb),
                           self,
                           G_CONNECT_SWAPPED);
  g_object_notify (G_OBJECT (self), "local-media");
  push (self, EVENT_JOIN, NULL);
}

static void
confab_group_call_leave (ConfabCall *call)
{
  push (CONFAB_GROUP_CALL (call), EVENT_LEAVE, NULL);
}

static void
confab_group_call_terminate (ConfabCall *call)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (call);

  if (confab_call_room_get_can_send_call (self->room))
    push (self, EVENT_TERMINATE, NULL);
  else
    emit_failed (self, CONFAB_CALL_ERROR_FORBIDDEN, "the room does not let this user end calls");
}

static void
confab_group_call_decline (ConfabCall *call)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (call);

  self->declined = TRUE;
  set_ringing (self, FALSE);
}

/* The stream's flags notify, and that is what tells the others. */
static void
confab_group_call_set_microphone_muted (ConfabCall *call, gboolean muted)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (call);

  if (self->media != NULL)
    confab_local_media_set_microphone_muted (self->media, muted);
}

static void
confab_group_call_set_camera_muted (ConfabCall *call, gboolean muted)
{
  ConfabGroupCall *self = CONFAB_GROUP_CALL (call);

  if (self->media != NULL)
    confab_local_media_set_camera_muted (self->media, muted);
}

static void
call_iface_init (ConfabCallInterface *iface)
{
  iface->get_participants = confab_group_call_get_participants;
  iface->join = confab_group_call_join;
  iface->leave = confab_group_call_leave;
  iface->terminate = confab_group_call_terminate;
  iface->decline = confab_group_call_decline;
  iface->set_microphone_muted = confab_group_call_set_microphone_muted;
  iface->set_camera_muted = confab_group_call_set_camera_muted;
}

static void
confab_group_call_class_init (ConfabGroupCallClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = confab_group_call_get_property;
  object_class->dispose = confab_group_call_dispose;
  object_class->finalize = confab_group_call_finalize;
  g_object_class_override_property (object_class, PROP_ID, "id");
  g_object_class_override_property (object_class, PROP_ROOM_ID, "room-id");
  g_object_class_override_property (object_class, PROP_INTENT, "intent");
  g_object_class_override_property (object_class, PROP_CALL_TYPE, "call-type");
  g_object_class_override_property (object_class, PROP_NAME, "name");
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_RINGING, "ringing");
  g_object_class_override_property (object_class, PROP_STARTED_AT, "started-at");
  g_object_class_override_property (object_class, PROP_LOCAL_MEDIA, "local-media");
  /**
   * ConfabGroupCall::listening:
   *
   * It takes messages now, those that were kept for it too.
   */
  signals[SIGNAL_LISTENING] = g_signal_new (
    "listening", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_group_call_init (ConfabGroupCall *self)
{
  g_queue_init (&self->events);
  self->members = g_list_store_new (CONFAB_TYPE_CALL_MEMBER);
  self->state = CONFAB_CALL_STATE_KNOWN;
  self->intent = CONFAB_CALL_INTENT_PROMPT;
}

static void
read_content (ConfabGroupCall *self, JsonObject *content)
{
  const char *intent = confab_json_peek_string (content, "m.intent");
  const char *type = confab_json_peek_string (content, "m.type");

  g_clear_pointer (&self->content, json_object_unref);
  self->content = json_object_ref (content);
  self->unsupported = json_object_has_member (content, "io.element.livekit_service_url");
  self->intent = g_strcmp0 (intent, "m.ring") == 0   ? CONFAB_CALL_INTENT_RING
                 : g_strcmp0 (intent, "m.room") == 0 ? CONFAB_CALL_INTENT_ROOM
                                                     : CONFAB_CALL_INTENT_PROMPT;
  self->type = g_strcmp0 (type, "m.voice") == 0 ? CONFAB_CALL_TYPE_VOICE : CONFAB_CALL_TYPE_VIDEO;
  g_object_notify (G_OBJECT (self), "intent");
  g_object_notify (G_OBJECT (self), "call-type");
  if (g_set_str (&self->name, confab_json_peek_string (content, "m.name")))
    g_object_notify (G_OBJECT (self), "name");
}

static ConfabGroupCall *
new_call (ConfabCallRoom *room, const char *id, JsonObject *content)
{
  ConfabGroupCall *self = g_object_new (CONFAB_TYPE_GROUP_CALL, NULL);
  g_autoptr (GList) users = confab_call_room_list_users (room);

  self->room = g_object_ref (room);
  self->clock = g_object_ref (confab_call_room_get_clock (room));
  self->id = g_strdup (id);
  read_content (self, content);
  for (GList *l = users; l != NULL; l = l->next)
    confab_group_call_handle_members (self, l->data);
  return self;
}

/**
 * confab_group_call_new:
 * @room: where
 * @id: the state key
 * @origin_server_ts: of the state event: ms since the epoch
 * @content: of the state event, not terminated
 *
 * Returns: (transfer full): a call that came in sync
 */
ConfabGroupCall *
confab_group_call_new (ConfabCallRoom *room,
                       const char *id,
                       gint64 origin_server_ts,
                       JsonObject *content)
{
  ConfabGroupCall *self = new_call (room, id, content);

  self->created = TRUE;
  self->origin_server_ts = CLAMP (origin_server_ts, 0, G_MAXINT64 / 1000);
  return self;
}

/**
 * confab_group_call_create:
 * @room: where
 * @intent: ring, prompt or room
 * @type: how it starts
 * @name: (nullable): its name
 *
 * Returns: (transfer full): a draft; it ends at once when the server does not take it
 */
ConfabGroupCall *
confab_group_call_create (ConfabCallRoom *room,
                          ConfabCallIntent intent,
                          ConfabCallType type,
                          const char *name)
{
  g_autofree char *random = confab_random_id (16);
  g_autofree char *id = g_strdup_printf ("cfb-%s", random);
  g_autoptr (JsonObject) content = json_object_new ();
  ConfabGroupCall *self;

  json_object_set_string_member (content,
                                 "m.intent",
                                 confab_enum_nick (CONFAB_TYPE_CALL_INTENT, intent));
  json_object_set_string_member (content, "m.type", confab_enum_nick (CONFAB_TYPE_CALL_TYPE, type));
  if (name != NULL)
    json_object_set_string_member (content, "m.name", name);
  self = new_call (room, id, content);
  self->state = CONFAB_CALL_STATE_LOCAL_DRAFT;
  self->origin_server_ts = confab_call_room_get_now (room);
  confab_signalling_send_state (confab_call_room_get_signalling (room),
                                confab_call_room_get_id (room),
                                CONFAB_GROUP_CALL_TYPE,
                                id,
                                content,
                                created_cb,
                                new_ticket (self),
                                free_ticket);
  return self;
}

/* JavaScript's truth: hydrogen writes true, js-sdk a string. */
static gboolean
is_true (JsonNode *node)
{
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return FALSE;
  if (!JSON_NODE_HOLDS_VALUE (node))
    return TRUE;
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return *json_node_get_string (node) != '\0';
  if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    return json_node_get_boolean (node);
  return json_node_get_double (node) != 0;
}

/* Whether a call event says that the call is over: terminated, or redacted. */
gboolean
confab_group_call_is_over (JsonObject *content)
{
  return is_true (json_object_get_member (content, "m.terminated")) ||
         (!json_object_has_member (content, "m.intent") &&
          !json_object_has_member (content, "m.type"));
}

void
confab_group_call_handle_content (ConfabGroupCall *self,
                                  gint64 origin_server_ts,
                                  JsonObject *content)
{
  if (confab_group_call_is_over (content)) {
    push (self, EVENT_TERMINATED, NULL);
    return;
  }
  if (!self->created)
    push (self, EVENT_CREATED, NULL); /* the echo overtook the answer */
  read_content (self, content);
}

/**
 * confab_group_call_handle_members:
 * @self: a call
 * @user_id: whose member event, or membership of the room, has changed
 */
void
confab_group_call_handle_members (ConfabGroupCall *self, const char *user_id)
{
  g_autoptr (GPtrArray) entries = confab_call_room_get_memberships (self->room, user_id);
  gint64 now_ms = confab_call_room_get_now (self->room);
  gboolean own_user = g_str_equal (user_id, confab_call_room_get_user_id (self->room));

  for (guint i = n_members (self); i-- > 0;) {
    ConfabCallMember *member = peek_member (self, i);
    if (g_str_equal (confab_call_member_get_user_id (member), user_id) &&
        find_entry (self, entries, confab_call_member_get_device_id (member)) == NULL)
      confab_call_member_remove (member);
  }
  for (guint i = 0; i < entries->len; i++) {
    const ConfabCallMembership *entry = entries->pdata[i];
    ConfabCallMember *member;

    if (!g_str_equal (entry->call_id, self->id) || self->state == CONFAB_CALL_STATE_ENDED ||
        (own_user && g_str_equal (entry->device_id, confab_call_room_get_device_id (self->room))))
      continue;
    member = find_member (self, user_id, entry->device_id);
    if (member != NULL)
      confab_call_member_update (member, entry);
    else if (entry->expires_ts > now_ms)
      add_member (self, user_id, entry);
  }
  self->own_changed |= own_user;
}

/* Returns: whether it is done with; if not, keep it for a while (section 9.3). */
gboolean
confab_group_call_handle_message (ConfabGroupCall *self,
                                  const char *sender,
                                  ConfabCallEvent *message,
                                  gboolean encrypted)
{
  ConfabCallMember *member = find_member (self, sender, message->device_id);

  return self->state == CONFAB_CALL_STATE_ENDED ||
         (member != NULL && confab_call_member_handle_message (member, message, encrypted));
}

/* Section 9.7. */
static gboolean
should_ring (ConfabGroupCall *self, gint64 now_ms)
{
  g_autoptr (GPtrArray) own = confab_call_room_get_memberships (self->room,
                                                     confab_call_room_get_user_id (self->room));
  gboolean others = FALSE;

  if (self->intent != CONFAB_CALL_INTENT_RING || self->state != CONFAB_CALL_STATE_KNOWN ||
      self->declined)
    return FALSE;
  for (guint i = 0; i < own->len; i++) {
    const ConfabCallMembership *entry = own->pdata[i];
    if (g_str_equal (entry->call_id, self->id) && entry->expires_ts > now_ms)
      return FALSE;
  }
  for (guint i = 0; i < n_members (self); i++)
    others |= !g_str_equal (confab_call_member_get_user_id (peek_member (self, i)),
                            confab_call_room_get_user_id (self->room));
  return others;
}

/**
 * confab_group_call_end_sync:
 * @self: a call
 * @server_time: the server's clock in ms, or 0
 *
 * A batch is through: only now is it known whether it rings.
 */
void
confab_group_call_end_sync (ConfabGroupCall *self, gint64 server_time)
{
  gint64 now_ms = confab_call_room_get_now (self->room);
  gint64 age_ms = (server_time > 0 ? server_time : now_ms) - self->origin_server_ts;
  gboolean ring;

  for (guint i = 0; i < n_members (self); i++)
    confab_call_member_end_sync (peek_member (self, i));
  take_own (self);
  ring = should_ring (self, now_ms);
  if (!ring) {
    set_ringing (self, FALSE);
  } else if (!self->ringing && age_ms < RING_MS) {
    self->ring_timer = confab_clock_add_timeout (self->clock,
                                                 (guint) CLAMP (RING_MS - age_ms, 0, RING_MS),
                                                 ring_cb,
                                                 self);
    set_ringing (self, TRUE);
  }
}

/* This user is out of the room, or the room is forgotten. */
void
confab_group_call_room_lost (ConfabGroupCall *self)
{
  push (self, EVENT_ROOM_LOST, NULL);
}

const char *
confab_group_call_get_id (ConfabGroupCall *self)
{
  return self->id;
}

/* This device's session, %NULL while it is not in the call. */
const char *
confab_group_call_get_session_id (ConfabGroupCall *self)
{
  return confab_call_is_active (CONFAB_CALL (self)) ? self->session_id : NULL;
}

/* Monotonic µs, 0 while not joined. */
gint64
confab_group_call_get_joined_at (ConfabGroupCall *self)
{
  return self->joined_at;
}
