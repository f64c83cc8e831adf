/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "confab-fake-peer-connection.h"

#define LOST_MS 15000       /* from the other side's end to failed */
#define CUT_NOTICED_MS 5000 /* from the loss of the way to disconnected, and then to failed */
#define CUT_FAILED_MS 20000
#define CONNECT_MS 20
#define SLOW_CONNECT 10 /* as often as any other step takes: packets of DTLS are lost on one side */
#define FIRST_CANDIDATE_MS 40
#define FIRST_CANDIDATE "candidate:1"
#define LAST_CANDIDATE "candidate:2"
#define MAX_FAILURES 3 /* in a row, after which nothing is offered again */
#define WANTED "a=x-wanted:"
#define BREAK_MS 500 /* from connected to failed, where the way does not hold */

typedef enum {
  TASK_OFFER,
  TASK_PREPARED_OFFER,
  TASK_ANSWER,
  TASK_REMOTE,
} Task;

/* As JSEP has it, and an offer that is kept out of force. */
typedef enum {
  SIGNALING_STABLE,
  SIGNALING_PREPARED_OFFER,
  SIGNALING_HAVE_LOCAL_OFFER,
  SIGNALING_HAVE_REMOTE_OFFER,
} Signaling;

struct _ConfabFakePeerConnection {
  GObject parent_instance;

  ConfabClock *clock;
  char *stream_id;
  char *screen_id;
  char *ufrag;
  char *remote_ufrag;
  char *remote_sdp;
  ConfabConnectionState state;
  ConfabSdpType remote_type;
  GString *log;        /* commands as they came, a word each */
  GString *candidates; /* gathered so far */
  Task task;
  guint task_timer;
  guint connect_timer;
  guint lost_timer;
  guint gather_timer;
  guint gather_ms; /* 0: only when told */
  Signaling signaling;
  gboolean cut;    /* no packet comes through */
  gboolean lost;   /* and none ever will; nothing says that it failed */
  gboolean broken; /* each connection fails */
  gboolean breaks_late;
  gboolean shaken;    /* hands: DTLS is through */
  gboolean hurt;      /* it never will be */
  gboolean relayed;   /* only the last candidates of both sides reach each other */
  gboolean has_first; /* of the other side's candidates */
  gboolean has_last;
  guint n_candidates; /* of the other side, by trickle */
  guint n_failures;   /* told to; what follows may be illegal */
  guint n_illegal;    /* commands that the signaling state does not allow */
  gint64 received_at; /* monotonic, µs */
  gboolean has_local;
  gboolean sharing;   /* is wanted */
  gboolean described; /* the own description says so */
  gboolean told;      /* and so does the last that came into force */
  gboolean exchanged; /* there was a first offer and answer */
  gboolean restarts;  /* ICE, with the next offer */
  gboolean restarted; /* and the own description says so */
  guint n_wanted;     /* offers, for what only an offer tells */
  guint n_offered;    /* as many are told by the last own offer */
  guint n_answered;   /* and by the one that the last answer is to */
  guint n_asked;      /* by the last offer of the other side */
  guint needed_timer;
  gboolean gathering_complete;
  gboolean fail_next;
  gboolean closed;
};

static void connection_iface_init (ConfabPeerConnectionInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabFakePeerConnection,
                               confab_fake_peer_connection,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_PEER_CONNECTION,
                                                      connection_iface_init))

enum {
  PROP_STATE = 1,
  PROP_GATHERING_COMPLETE,
};

/* Those that are open, by their ufrag. */
static GHashTable *open_connections;
static guint last_ufrag;

static ConfabFakePeerConnection *
find_other (ConfabFakePeerConnection *self)
{
  ConfabFakePeerConnection *other = self->remote_ufrag != NULL
                                      ? g_hash_table_lookup (open_connections, self->remote_ufrag)
                                      : NULL;

  /* What has its own description for the other side's is connected to nobody. */
  return other != NULL && other != self && g_strcmp0 (other->remote_ufrag, self->ufrag) == 0 ? other
                                                                                             : NULL;
}

static gboolean
is_flowing (ConfabFakePeerConnection *self)
{
  return !self->cut && self->state == CONFAB_CONNECTION_STATE_CONNECTED &&
         find_other (self) != NULL;
}

/* From another one at the other end packets come all the time; that may be over now. */
static void
note_received (ConfabFakePeerConnection *self)
{
  if (is_flowing (self))
    self->received_at = confab_clock_get_time (self->clock);
}

static void
lost_cb (gpointer data)
{
  ConfabFakePeerConnection *self = data;

  self->lost_timer = 0;
  if (self->cut && self->state == CONFAB_CONNECTION_STATE_CONNECTED) {
    if (!self->lost)
      self->lost_timer = confab_clock_add_timeout (self->clock, CUT_FAILED_MS, lost_cb, self);
    confab_fake_peer_connection_set_state (self, CONFAB_CONNECTION_STATE_DISCONNECTED);
  } else {
    confab_fake_peer_connection_set_state (self, CONFAB_CONNECTION_STATE_FAILED);
  }
}

static void
connect_cb (gpointer data)
{
  ConfabFakePeerConnection *self = data;

  self->connect_timer = 0;
  if (find_other (self) == NULL || self->cut)
    return;
  if (self->hurt || (self->broken && !self->breaks_late)) {
    confab_fake_peer_connection_set_state (self, CONFAB_CONNECTION_STATE_FAILED);
    return;
  }
  if (self->broken && self->lost_timer == 0)
    self->lost_timer = confab_clock_add_timeout (self->clock, BREAK_MS, lost_cb, self);
  confab_fake_peer_connection_set_state (self, CONFAB_CONNECTION_STATE_CONNECTED);
}

/* By trickle or in the description; where nothing is gathered by itself there is no need of any. */
static void
note_candidates (ConfabFakePeerConnection *self, const char *text)
{
  self->has_first |= strstr (text, FIRST_CANDIDATE) != NULL;
  self->has_last |= strstr (text, LAST_CANDIDATE) != NULL;
}

static gboolean
has_way (ConfabFakePeerConnection *self, ConfabFakePeerConnection *other)
{
  if (other->gather_ms == 0)
    return TRUE;
  return self->relayed || other->relayed ? self->has_last : self->has_first || self->has_last;
}

static ConfabFakePeerConnectionPace pace;
static gpointer pace_data;

/* One side may be there while DTLS still shakes hands on the other. */
static guint
get_connect_ms (void)
{
  return CONNECT_MS + (pace != NULL ? SLOW_CONNECT * (pace (pace_data) - 1) : 0);
}

static void
check_connected (ConfabFakePeerConnection *self)
{
  ConfabFakePeerConnection *other = find_other (self);

  if (other == NULL || !self->has_local || !other->has_local || !has_way (self, other) ||
      !has_way (other, self))
    return;
  if (self->connect_timer == 0 && self->state != CONFAB_CONNECTION_STATE_CONNECTED)
    self->connect_timer = confab_clock_add_timeout (self->clock,
                                                    get_connect_ms (),
                                                    connect_cb,
                                                    self);
  if (other->connect_timer == 0 && other->state != CONFAB_CONNECTION_STATE_CONNECTED)
    other->connect_timer = confab_clock_add_timeout (other->clock,
                                                     get_connect_ms (),
                                                     connect_cb,
                                                     other);
}

static void
needed_cb (gpointer data)
{
  ConfabFakePeerConnection *self = data;

  self->needed_timer = 0;
  /* An offer that is being made, or waits for its answer, may say it already. */
  if (self->told != self->sharing && self->signaling == SIGNALING_STABLE && self->task_timer == 0)
    confab_peer_connection_emit_negotiation_needed (CONFAB_PEER_CONNECTION (self));
}

static void
check_needed (ConfabFakePeerConnection *self)
{
  if (self->exchanged && self->signaling == SIGNALING_STABLE && self->told != self->sharing &&
      self->needed_timer == 0)
    self->needed_timer = confab_clock_add_timeout (self->clock, 1, needed_cb, self);
}

/* What is not told yet is for an offer of ours: an answer has only what the other side knows, and takes back the rest. */
static void
describe (ConfabFakePeerConnection *self)
{
  self->described = self->task == TASK_ANSWER ? self->told && self->sharing : self->sharing;
  self->restarted = self->task != TASK_ANSWER && self->restarts;
  if (self->task != TASK_ANSWER)
    self->n_offered = self->n_wanted;
}

static void
become_stable (ConfabFakePeerConnection *self)
{
  self->exchanged = TRUE;
  self->told = self->described;
  check_needed (self);
}

static void
gather_cb (gpointer data)
{
  ConfabFakePeerConnection *self = data;
  gboolean first = self->candidates->len == 0;

  self->gather_timer = first
                         ? confab_clock_add_timeout (self->clock, self->gather_ms, gather_cb, self)
                         : 0;
  confab_fake_peer_connection_gather (self, first ? FIRST_CANDIDATE : LAST_CANDIDATE, !first);
}

/* Whether the signaling state allows the task, and where it leads. */
static gboolean
is_legal (ConfabFakePeerConnection *self, Signaling *next)
{
  Signaling now = self->signaling;

  switch (self->task) {
  case TASK_OFFER:
    *next = SIGNALING_HAVE_LOCAL_OFFER;
    return now == SIGNALING_STABLE || now == SIGNALING_HAVE_LOCAL_OFFER;
  case TASK_PREPARED_OFFER:
    *next = SIGNALING_PREPARED_OFFER;
    return now == SIGNALING_STABLE || now == SIGNALING_PREPARED_OFFER;
  case TASK_ANSWER:
    *next = SIGNALING_STABLE;
    return now == SIGNALING_HAVE_REMOTE_OFFER;
  case TASK_REMOTE:
  default:
    break;
  }
  if (self->remote_type == CONFAB_SDP_TYPE_OFFER) {
    *next = SIGNALING_HAVE_REMOTE_OFFER;
    return now != SIGNALING_HAVE_LOCAL_OFFER; /* there is no rollback */
  }
  *next = SIGNALING_STABLE;
  return now == SIGNALING_HAVE_LOCAL_OFFER || now == SIGNALING_PREPARED_OFFER;
}

static gboolean
check_task (ConfabFakePeerConnection *self)
{
  g_autoptr (GError) error = NULL;
  Signaling next;

  if (self->fail_next) {
    self->fail_next = FALSE;
    self->n_failures++;
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "told to fail");
  } else if (!is_legal (self, &next)) {
    self->n_illegal++;
    error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "not allowed now");
  } else {
    self->signaling = next;
    return TRUE;
  }
  confab_peer_connection_emit_description_failed (CONFAB_PEER_CONNECTION (self), error);
  return FALSE;
}

/* An answer says which offer it is to, by what that was for. */
static void
note_wanted (ConfabFakePeerConnection *self)
{
  const char *line = strstr (self->remote_sdp, WANTED);
  guint n = line != NULL ? (guint) g_ascii_strtoull (line + strlen (WANTED), NULL, 10) : 0;

  if (self->remote_type == CONFAB_SDP_TYPE_ANSWER)
    self->n_answered = n;
  else
    self->n_asked = n;
}

static void
task_cb (gpointer data)
{
  ConfabFakePeerConnection *self = data;
  g_autoptr (ConfabFakePeerConnection) hold = g_object_ref (self);

  self->task_timer = 0;
  if (!check_task (self))
    return;
  if (self->task == TASK_REMOTE) {
    note_candidates (self, self->remote_sdp);
    note_wanted (self);
    check_connected (self);
    if (self->remote_type == CONFAB_SDP_TYPE_ANSWER)
      become_stable (self);
    confab_peer_connection_emit_remote_description_set (CONFAB_PEER_CONNECTION (self),
                                                        self->remote_type);
    return;
  }
  if (!self->has_local && self->gather_ms > 0)
    self->gather_timer = confab_clock_add_timeout (self->clock,
                                                   FIRST_CANDIDATE_MS,
                                                   gather_cb,
                                                   self);
  self->has_local = TRUE;
  describe (self);
  if (self->task == TASK_ANSWER)
    become_stable (self);
  check_connected (self);
  confab_peer_connection_emit_local_description_set (CONFAB_PEER_CONNECTION (self),
                                                     self->task == TASK_ANSWER
                                                       ? CONFAB_SDP_TYPE_ANSWER
                                                       : CONFAB_SDP_TYPE_OFFER);
}

void
confab_fake_peer_connection_set_pace (ConfabFakePeerConnectionPace func, gpointer data)
{
  pace = func;
  pace_data = data;
}

static void
start_task (ConfabFakePeerConnection *self, Task task, const char *word)
{
  g_assert_false (self->closed);
  g_assert_cmpuint (self->task_timer, ==, 0); /* one at a time */
  g_string_append_printf (self->log, "%s ", word);
  self->task = task;
  self->task_timer = confab_clock_add_timeout (self->clock,
                                               pace != NULL ? pace (pace_data) : 1,
                                               task_cb,
                                               self);
}

static void
fake_create_offer (ConfabPeerConnection *connection)
{
  start_task (CONFAB_FAKE_PEER_CONNECTION (connection), TASK_OFFER, "create-offer");
}

static void
fake_prepare_offer (ConfabPeerConnection *connection)
{
  start_task (CONFAB_FAKE_PEER_CONNECTION (connection), TASK_PREPARED_OFFER, "prepare-offer");
}

static void
fake_create_answer (ConfabPeerConnection *connection)
{
  start_task (CONFAB_FAKE_PEER_CONNECTION (connection), TASK_ANSWER, "create-answer");
}

static void
fake_set_remote_description (ConfabPeerConnection *connection, ConfabSdpType type, const char *sdp)
{
  ConfabFakePeerConnection *self = CONFAB_FAKE_PEER_CONNECTION (connection);
  const char *line = strstr (sdp, "a=ice-ufrag:");

  note_received (self);
  g_set_str (&self->remote_sdp, sdp);
  g_free (self->remote_ufrag);
  self->remote_ufrag = line != NULL ? g_strndup (line + 12, strcspn (line + 12, "\r\n")) : NULL;
  self->remote_type = type;
  /* As with webrtcbin: DTLS does not survive an offer that is applied while it shakes hands. */
  self->hurt |= type == CONFAB_SDP_TYPE_OFFER && self->exchanged && !self->shaken;
  start_task (self, TASK_REMOTE, type == CONFAB_SDP_TYPE_OFFER ? "remote-offer" : "remote-answer");
}

static char *
fake_get_local_sdp (ConfabPeerConnection *connection)
{
  ConfabFakePeerConnection *self = CONFAB_FAKE_PEER_CONNECTION (connection);
  g_autofree char *screen = NULL;
  g_autofree char *wanted = NULL;
  guint n;

  if (!self->has_local)
    return NULL;
  screen = self->described
             ? g_strdup_printf ("m=video 9 x\r\na=mid:video2\r\na=msid:%s t\r\n", self->screen_id)
             : g_strdup ("");
  n = self->task == TASK_ANSWER ? self->n_asked : self->n_offered;
  wanted = n > 0 ? g_strdup_printf (WANTED "%u\r\n", n) : g_strdup ("");
  return g_strdup_printf ("v=0\r\nm=audio 9 x\r\na=mid:audio0\r\na=ice-ufrag:%s%s\r\n"
                          "a=msid:%s t\r\n%s%s%s",
                          self->ufrag,
                          self->restarted ? "again" : "",
                          self->stream_id,
                          self->candidates->str,
                          screen,
                          wanted);
}

static void
fake_add_candidate (ConfabPeerConnection *connection,
                    const char *candidate,
                    const char *mid,
                    int index)
{
  ConfabFakePeerConnection *self = CONFAB_FAKE_PEER_CONNECTION (connection);

  g_assert_nonnull (self->remote_sdp);
  g_string_append_printf (self->log, "[%s|%s|%d] ", candidate, mid != NULL ? mid : "", index);
  self->n_candidates++;
  note_candidates (self, candidate);
  check_connected (self);
}

static void
fake_set_sharing (ConfabPeerConnection *connection, gboolean sharing)
{
  ConfabFakePeerConnection *self = CONFAB_FAKE_PEER_CONNECTION (connection);

  g_assert_false (self->closed);
  g_string_append (self->log, sharing ? "share " : "unshare ");
  self->sharing = sharing;
  check_needed (self);
}

static void
fake_close (ConfabPeerConnection *connection)
{
  ConfabFakePeerConnection *self = CONFAB_FAKE_PEER_CONNECTION (connection);
  ConfabFakePeerConnection *other;

  if (self->closed)
    return;
  note_received (self);
  self->closed = TRUE;
  other = find_other (self);
  if (other != NULL)
    note_received (other);
  g_hash_table_remove (open_connections, self->ufrag);
  confab_clock_clear (self->clock, &self->task_timer);
  confab_clock_clear (self->clock, &self->connect_timer);
  confab_clock_clear (self->clock, &self->lost_timer);
  confab_clock_clear (self->clock, &self->gather_timer);
  confab_clock_clear (self->clock, &self->needed_timer);
  self->state = CONFAB_CONNECTION_STATE_CLOSED;
  if (other != NULL && other->lost_timer == 0)
    other->lost_timer = confab_clock_add_timeout (other->clock, LOST_MS, lost_cb, other);
}

static ConfabConnectionState
fake_get_state (ConfabPeerConnection *connection)
{
  return CONFAB_FAKE_PEER_CONNECTION (connection)->state;
}

static gboolean
fake_get_gathering_complete (ConfabPeerConnection *connection)
{
  return CONFAB_FAKE_PEER_CONNECTION (connection)->gathering_complete;
}

static gint64
fake_get_last_received_at (ConfabPeerConnection *connection)
{
  ConfabFakePeerConnection *self = CONFAB_FAKE_PEER_CONNECTION (connection);

  note_received (self);
  return self->received_at;
}

static void
connection_iface_init (ConfabPeerConnectionInterface *iface)
{
  iface->create_offer = fake_create_offer;
  iface->prepare_offer = fake_prepare_offer;
  iface->create_answer = fake_create_answer;
  iface->set_remote_description = fake_set_remote_description;
  iface->get_local_sdp = fake_get_local_sdp;
  iface->add_candidate = fake_add_candidate;
  iface->set_sharing = fake_set_sharing;
  iface->close = fake_close;
  iface->get_state = fake_get_state;
  iface->get_gathering_complete = fake_get_gathering_complete;
  iface->get_last_received_at = fake_get_last_received_at;
}

static void
confab_fake_peer_connection_get_property (GObject *object,
                                          guint prop_id,
                                          GValue *value,
                                          GParamSpec *pspec)
{
  ConfabFakePeerConnection *self = CONFAB_FAKE_PEER_CONNECTION (object);

  if (prop_id == PROP_STATE)
    g_value_set_enum (value, self->state);
  else
    g_value_set_boolean (value, self->gathering_complete);
}

static void
confab_fake_peer_connection_finalize (GObject *object)
{
  ConfabFakePeerConnection *self = CONFAB_FAKE_PEER_CONNECTION (object);

  g_assert_true (self->closed);
  g_object_unref (self->clock);
  g_free (self->stream_id);
  g_free (self->screen_id);
  g_free (self->ufrag);
  g_free (self->remote_ufrag);
  g_free (self->remote_sdp);
  g_string_free (self->log, TRUE);
  g_string_free (self->candidates, TRUE);
  G_OBJECT_CLASS (confab_fake_peer_connection_parent_class)->finalize (object);
}

static void
confab_fake_peer_connection_class_init (ConfabFakePeerConnectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  open_connections = g_hash_table_new (g_str_hash, g_str_equal);
  object_class->get_property = confab_fake_peer_connection_get_property;
  object_class->finalize = confab_fake_peer_connection_finalize;
  g_object_class_override_property (object_class, PROP_STATE, "state");
  g_object_class_override_property (object_class, PROP_GATHERING_COMPLETE, "gathering-complete");
}

static void
confab_fake_peer_connection_init (ConfabFakePeerConnection *self)
{
  self->log = g_string_new (NULL);
  self->candidates = g_string_new (NULL);
  self->ufrag = g_strdup_printf ("u%u", ++last_ufrag);
  g_hash_table_insert (open_connections, self->ufrag, self);
}

ConfabFakePeerConnection *
confab_fake_peer_connection_new (ConfabClock *clock, const char *stream_id)
{
  ConfabFakePeerConnection *self = g_object_new (CONFAB_TYPE_FAKE_PEER_CONNECTION, NULL);

  self->clock = g_object_ref (clock);
  self->stream_id = g_strdup (stream_id);
  self->screen_id = g_strconcat (stream_id, "-screen", NULL);
  return self;
}

void
confab_fake_peer_connection_set_state (ConfabFakePeerConnection *self, ConfabConnectionState state)
{
  if (self->closed || self->state == state)
    return;
  note_received (self);
  self->state = state;
  self->shaken |= state == CONFAB_CONNECTION_STATE_CONNECTED;
  g_object_notify (G_OBJECT (self), "state");
}

/* The next command comes to nothing. */
void
confab_fake_peer_connection_fail_next (ConfabFakePeerConnection *self)
{
  self->fail_next = TRUE;
}

/* A local candidate is found, or (%NULL) none any more. */
void
confab_fake_peer_connection_gather (ConfabFakePeerConnection *self,
                                    const char *candidate,
                                    gboolean complete)
{
  if (candidate != NULL) {
    g_string_append_printf (self->candidates, "a=%s\r\n", candidate);
    confab_peer_connection_emit_local_candidate (CONFAB_PEER_CONNECTION (self),
                                                 candidate,
                                                 "audio0",
                                                 0);
  }
  if (complete && !self->gathering_complete) {
    self->gathering_complete = TRUE;
    g_object_notify (G_OBJECT (self), "gathering-complete");
  }
}

/* Candidates come by themselves: one soon, another and the end @gather_ms after it. */
void
confab_fake_peer_connection_set_gather (ConfabFakePeerConnection *self, guint gather_ms)
{
  self->gather_ms = gather_ms;
}

/* Whether the way to the other side is cut: noticed after five seconds, and given up after some more. */
void
confab_fake_peer_connection_set_cut (ConfabFakePeerConnection *self, gboolean cut)
{
  if (self->closed || self->lost || self->cut == cut)
    return;
  note_received (self);
  self->cut = cut;
  if (cut && self->state == CONFAB_CONNECTION_STATE_CONNECTED && self->lost_timer == 0)
    self->lost_timer = confab_clock_add_timeout (self->clock, CUT_NOTICED_MS, lost_cb, self);
  if (cut || find_other (self) == NULL)
    return;
  confab_clock_clear (self->clock, &self->lost_timer);
  if (self->state == CONFAB_CONNECTION_STATE_DISCONNECTED)
    confab_fake_peer_connection_set_state (self, CONFAB_CONNECTION_STATE_CONNECTED);
  else
    check_connected (self);
}

/* Whether each connection comes to nothing: at once, or (@late) soon after it is there. */
void
confab_fake_peer_connection_set_broken (ConfabFakePeerConnection *self,
                                        gboolean broken,
                                        gboolean late)
{
  self->broken = broken;
  self->breaks_late = late;
  if (broken && late && !self->closed && self->state == CONFAB_CONNECTION_STATE_CONNECTED &&
      self->lost_timer == 0)
    self->lost_timer = confab_clock_add_timeout (self->clock, BREAK_MS, lost_cb, self);
}

/* As a browser restarts ICE: its offers have another ufrag, and what is there stays until that is answered. Before there is
 * anything it does nothing. */
void
confab_fake_peer_connection_restart_ice (ConfabFakePeerConnection *self)
{
  if (self->closed || !self->exchanged)
    return;
  self->restarts = TRUE;
  confab_peer_connection_emit_negotiation_needed (CONFAB_PEER_CONNECTION (self));
}

/* There is something that only an offer of this side tells: it says so once. */
void
confab_fake_peer_connection_want_offer (ConfabFakePeerConnection *self)
{
  if (self->closed)
    return;
  self->n_wanted++;
  confab_peer_connection_emit_negotiation_needed (CONFAB_PEER_CONNECTION (self));
}

/* Whether all that an offer was wanted for was told by one that was answered, unless too much of it failed. */
gboolean
confab_fake_peer_connection_has_told_all (ConfabFakePeerConnection *self)
{
  return self->n_answered == self->n_wanted || self->n_failures >= MAX_FAILURES;
}

/* The way to the other side is lost for good, and nothing but the loss is noticed. */
void
confab_fake_peer_connection_lose_way (ConfabFakePeerConnection *self)
{
  confab_fake_peer_connection_set_cut (self, TRUE);
  self->lost = self->cut;
}

/* Whether it takes the last candidates of both sides to connect, as where each is behind a NAT and needs TURN. */
void
confab_fake_peer_connection_set_relayed (ConfabFakePeerConnection *self, gboolean relayed)
{
  self->relayed = relayed;
}

/* Whether the last description that is in force has the screen. */
gboolean
confab_fake_peer_connection_get_shares (ConfabFakePeerConnection *self)
{
  return self->told;
}

/* Returns: how many of the other side's candidates it was given by themselves */
guint
confab_fake_peer_connection_get_n_candidates (ConfabFakePeerConnection *self)
{
  return self->n_candidates;
}

/* Whether no offer waits for its answer. */
gboolean
confab_fake_peer_connection_is_stable (ConfabFakePeerConnection *self)
{
  return self->signaling == SIGNALING_STABLE;
}

/* The next connections are named as the first of the process were: what follows is the same each time. */
void
confab_fake_peer_connection_reset (void)
{
  last_ufrag = 0;
}

/* Returns: (transfer none) (nullable): the connection at the other end, when each has the other's description */
ConfabFakePeerConnection *
confab_fake_peer_connection_get_other (ConfabFakePeerConnection *self)
{
  return find_other (self);
}

/* Whether it was told something that the signaling state does not allow, without having been told to fail before. */
gboolean
confab_fake_peer_connection_is_abused (ConfabFakePeerConnection *self)
{
  return self->n_illegal > 0 && self->n_failures == 0;
}

/* A packet comes. */
void
confab_fake_peer_connection_receive (ConfabFakePeerConnection *self)
{
  self->received_at = confab_clock_get_time (self->clock);
}

/* What was to be applied last. */
const char *
confab_fake_peer_connection_get_remote_sdp (ConfabFakePeerConnection *self)
{
  return self->remote_sdp;
}

const char *
confab_fake_peer_connection_get_log (ConfabFakePeerConnection *self)
{
  return self->log->str;
}

gboolean
confab_fake_peer_connection_get_closed (ConfabFakePeerConnection *self)
{
  return self->closed;
}
