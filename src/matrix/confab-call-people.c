/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-call-people.h"

#include "confab-call-membership.h"
#include "confab-json.h"
#include "confab-matrix-error.h"
#include "confab-room-private.h"
#include "confab-rtc-roster.h"
#include "confab-store-future.h"
#include "confab-sync-store.h"

#define MAX_ASKING 6 /* at a time: there may be a crowd */

typedef enum {
  STATE_NEW,     /* counts as not in the room, unless it has failed before */
  STATE_ASKING,  /* counts as before */
  STATE_FAILED,  /* counts as in the room; the next sync asks again */
  STATE_SETTLED, /* the server has nothing to say: asking again is no use */
} State;

typedef struct {
  ConfabRoom *room;
  char *user_id;
  State state;
} Person;

struct _ConfabCallPeople {
  GObject parent_instance;

  ConfabStore *store;
  ConfabRoomList *rooms;
  ConfabCallHandler *handler;
  ConfabClock *clock;
  char *user_id;
  GPtrArray *people; /* Person, of those who are not known */
  guint n_asking;
  gboolean stopped;
};

G_DEFINE_FINAL_TYPE (ConfabCallPeople, confab_call_people, G_TYPE_OBJECT)

enum {
  SIGNAL_TOLD,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
person_clear (gpointer data)
{
  Person *person = data;

  g_object_unref (person->room);
  g_free (person->user_id);
}

static void
person_unref (gpointer data)
{
  g_rc_box_release_full (data, person_clear);
}

static Person *
find_person (ConfabCallPeople *self, ConfabRoom *room, const char *user_id)
{
  for (guint i = 0; i < self->people->len; i++) {
    Person *person = self->people->pdata[i];
    if (person->room == room && g_str_equal (person->user_id, user_id))
      return person;
  }
  return NULL;
}

static gboolean
has_entry (ConfabCallPeople *self, const ConfabSyncEvent *event)
{
  gint64 now_ms = confab_clock_get_real_time (self->clock) / 1000;
  g_autoptr (GPtrArray) entries = NULL;

  if (confab_call_membership_get_kind (event->state_key, event->sender, event->content) !=
      CONFAB_CALL_MEMBERSHIP_MESH)
    return confab_rtc_roster_get_expires_ts (event->state_key,
                                             event->sender,
                                             event->origin_server_ts,
                                             event->content) > now_ms;
  entries = confab_call_membership_parse (event->content);
  for (guint i = 0; i < entries->len; i++) {
    if (((const ConfabCallMembership *) entries->pdata[i])->expires_ts > now_ms)
      return TRUE;
  }
  return FALSE;
}

static void
tell (ConfabCallPeople *self, ConfabRoom *room, const char *user_id, gboolean joined)
{
  confab_call_handler_handle_membership (self->handler, confab_room_get_id (room), user_id, joined);
}

/* Returns: whether it is known whether they are in the room */
static gboolean
tell_known (ConfabCallPeople *self, Person *person)
{
  gboolean joined;

  if (!confab_room_get_joined (person->room, person->user_id, &joined))
    return FALSE;
  tell (self, person->room, person->user_id, joined);
  g_ptr_array_remove (self->people, person);
  return TRUE;
}

/* What is no answer at all: another time there may be one. */
static gboolean
is_passing (const GError *error)
{
  if (error->domain != CONFAB_MATRIX_ERROR)
    return FALSE;
  switch ((ConfabMatrixError) error->code) {
  case CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED:
  case CONFAB_MATRIX_ERROR_NETWORK:
  case CONFAB_MATRIX_ERROR_NO_ANSWER:
  case CONFAB_MATRIX_ERROR_TLS:
  case CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL:
  case CONFAB_MATRIX_ERROR_SERVER:
    return TRUE;
  default:
    return FALSE;
  }
}

typedef struct {
  ConfabCallPeople *people;
  Person *person;
} Question;

static void
question_free (gpointer data)
{
  Question *question = data;

  g_object_unref (question->people);
  person_unref (question->person);
  g_free (question);
}

/* What was answered is kept: the next start has somebody's call, and rings, before any server is there. */
typedef struct {
  char *room_id;
  char *user_id;
  char *membership;
  char *display_name;
  char *avatar_url;
} Answer;

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  g_free (answer->room_id);
  g_free (answer->user_id);
  g_free (answer->membership);
  g_free (answer->display_name);
  g_free (answer->avatar_url);
  g_free (answer);
}

static gboolean
keep_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Answer *answer = data;

  return confab_sync_store_add_member (transaction,
                                       answer->room_id,
                                       answer->user_id,
                                       answer->membership,
                                       answer->display_name,
                                       answer->avatar_url,
                                       error);
}

static DexFuture *
kept_cb (DexFuture *future, gpointer data)
{
  Answer *answer = data;
  g_autoptr (GError) error = NULL;

  /* Nothing is lost: the next start asks again. */
  if (dex_future_get_value (future, &error) == NULL)
    g_info ("%s: what the server said of %s is not kept: %s",
            answer->room_id,
            answer->user_id,
            error->message);
  return dex_future_new_true ();
}

static void
keep (ConfabCallPeople *self, Person *person, JsonObject *content)
{
  const char *membership = confab_json_peek_string (content, "membership");
  Answer *answer;

  if (membership == NULL)
    return;
  answer = g_new (Answer, 1);
  *answer = (Answer) {
    .room_id = g_strdup (confab_room_get_id (person->room)),
    .user_id = g_strdup (person->user_id),
    .membership = g_strdup (membership),
    .display_name = g_strdup (confab_json_peek_string (content, "displayname")),
    .avatar_url = g_strdup (confab_json_peek_string (content, "avatar_url")),
  };
  dex_future_disown (dex_future_finally (
    confab_store_future (self->store, keep_func, answer), kept_cb, answer, answer_free));
}

static void ask_some (ConfabCallPeople *self);

static void
take_failure (ConfabCallPeople *self, Person *person, const GError *error)
{
  gboolean none = g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NOT_FOUND);

  person->state = error != NULL && is_passing (error) ? STATE_FAILED : STATE_SETTLED;
  g_info ("%s: whether they are in %s is not known: %s",
          person->user_id,
          confab_room_get_id (person->room),
          error != NULL ? error->message : "no membership");
  /* Who has no member event was never in the room. Of others nothing better is known than that they have an entry. */
  tell (self, person->room, person->user_id, !none);
}

static DexFuture *
answered_cb (DexFuture *future, gpointer data)
{
  Question *question = data;
  ConfabCallPeople *self = question->people;
  Person *person = question->person;
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (future, &error);

  self->n_asking--;
  if (self->stopped ||
      g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_CANCELLED)) {
    person->state = STATE_NEW;
    return dex_future_new_true ();
  }
  /* The room may have been left meanwhile. */
  if (g_ptr_array_find (self->people, person, NULL)) {
    if (value != NULL)
      keep (self, person, g_value_get_boxed (value));
    if (!tell_known (self, person))
      take_failure (self, person, error);
    g_signal_emit (self, signals[SIGNAL_TOLD], 0);
  }
  ask_some (self);
  return dex_future_new_true ();
}

static void
ask (ConfabCallPeople *self, Person *person)
{
  Question *question = g_new (Question, 1);

  *question = (Question) { g_object_ref (self), g_rc_box_acquire (person) };
  person->state = STATE_ASKING;
  self->n_asking++;
  dex_future_disown (dex_future_finally (confab_room_learn_member (person->room, person->user_id),
                                         answered_cb,
                                         question,
                                         question_free));
}

static void
ask_some (ConfabCallPeople *self)
{
  for (guint i = 0; i < self->people->len && self->n_asking < MAX_ASKING && !self->stopped; i++) {
    Person *person = self->people->pdata[i];
    if (person->state == STATE_NEW)
      ask (self, person);
  }
}

static void
confab_call_people_dispose (GObject *object)
{
  ConfabCallPeople *self = CONFAB_CALL_PEOPLE (object);

  self->stopped = TRUE;
  g_clear_object (&self->store);
  g_clear_object (&self->rooms);
  g_clear_object (&self->handler);
  g_clear_object (&self->clock);
  g_ptr_array_set_size (self->people, 0);
  G_OBJECT_CLASS (confab_call_people_parent_class)->dispose (object);
}

static void
confab_call_people_finalize (GObject *object)
{
  ConfabCallPeople *self = CONFAB_CALL_PEOPLE (object);

  g_free (self->user_id);
  g_ptr_array_unref (self->people);
  G_OBJECT_CLASS (confab_call_people_parent_class)->finalize (object);
}

static void
confab_call_people_class_init (ConfabCallPeopleClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_call_people_dispose;
  G_OBJECT_CLASS (klass)->finalize = confab_call_people_finalize;
  signals[SIGNAL_TOLD] = g_signal_new (
    "told", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_call_people_init (ConfabCallPeople *self)
{
  self->people = g_ptr_array_new_with_free_func (person_unref);
}

ConfabCallPeople *
confab_call_people_new (ConfabStore *store,
                        ConfabRoomList *rooms,
                        ConfabCallHandler *handler,
                        ConfabClock *clock,
                        const char *user_id)
{
  ConfabCallPeople *self = g_object_new (CONFAB_TYPE_CALL_PEOPLE, NULL);

  self->store = g_object_ref (store);
  self->rooms = g_object_ref (rooms);
  self->handler = g_object_ref (handler);
  self->clock = g_object_ref (clock);
  self->user_id = g_strdup (user_id);
  return self;
}

void
confab_call_people_note (ConfabCallPeople *self, const char *room_id, const ConfabSyncEvent *event)
{
  ConfabRoom *room = confab_room_list_lookup (self->rooms, room_id);
  gboolean joined;
  Person *person;

  /* Whether this user is in the room the sync itself says. */
  if (room == NULL || g_str_equal (event->sender, self->user_id) || !has_entry (self, event))
    return;
  if (confab_room_get_joined (room, event->sender, &joined)) {
    /* It need not have been a sync that said so: the list of members was loaded, or their face was shown. */
    tell (self, room, event->sender, joined);
    return;
  }
  if (find_person (self, room, event->sender) != NULL)
    return;
  person = g_rc_box_new (Person);
  *person = (Person) { g_object_ref (room), g_strdup (event->sender), STATE_NEW };
  g_ptr_array_add (self->people, person);
  tell (self, room, person->user_id, FALSE);
}

void
confab_call_people_ask (ConfabCallPeople *self)
{
  gboolean told = FALSE;

  for (guint i = self->people->len; i-- > 0;) {
    Person *person = self->people->pdata[i];
    if (person->state != STATE_ASKING && tell_known (self, person))
      told = TRUE;
    else if (person->state == STATE_FAILED)
      person->state = STATE_NEW;
  }
  ask_some (self);
  if (told)
    g_signal_emit (self, signals[SIGNAL_TOLD], 0);
}

void
confab_call_people_forget_room (ConfabCallPeople *self, const char *room_id)
{
  for (guint i = self->people->len; i-- > 0;) {
    Person *person = self->people->pdata[i];
    if (g_str_equal (confab_room_get_id (person->room), room_id))
      g_ptr_array_remove_index (self->people, i);
  }
}

void
confab_call_people_stop (ConfabCallPeople *self)
{
  self->stopped = TRUE;
}
