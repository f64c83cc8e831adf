/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-call-departure.h"

#include "confab-call.h"
#include "olm-world.h"

#define DEADLINE_US (2 * G_USEC_PER_SEC)

/* A call that does as the test says: it has left at once, as told, or never. */
#define STUB_TYPE_CALL (stub_call_get_type ())
G_DECLARE_FINAL_TYPE (StubCall, stub_call, STUB, CALL, GObject)

struct _StubCall {
  GObject parent_instance;

  ConfabCallState state;
  gboolean stays; /* in LEAVING */
  guint n_left;
  Device *from; /* (nullable): says goodbye */
  Device *to;
};

static void stub_call_iface_init (ConfabCallInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StubCall,
                               stub_call,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CONFAB_TYPE_CALL, stub_call_iface_init))

typedef enum {
  PROP_ID = 1,
  PROP_ROOM_ID,
  PROP_INTENT,
  PROP_CALL_TYPE,
  PROP_NAME,
  PROP_STATE,
  PROP_RINGING,
  PROP_STARTED_AT,
  PROP_LOCAL_MEDIA,
  PROP_SHARING,
  PROP_SHARING_PROBLEM,
} Property;

static void
stub_call_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  if ((Property) prop_id == PROP_STATE)
    g_value_set_enum (value, STUB_CALL (object)->state);
}

static void
stub_call_class_init (StubCallClass *klass)
{
  static const char *const names[] = {
    [PROP_ID] = "id",
    [PROP_ROOM_ID] = "room-id",
    [PROP_INTENT] = "intent",
    [PROP_CALL_TYPE] = "call-type",
    [PROP_NAME] = "name",
    [PROP_STATE] = "state",
    [PROP_RINGING] = "ringing",
    [PROP_STARTED_AT] = "started-at",
    [PROP_LOCAL_MEDIA] = "local-media",
    [PROP_SHARING] = "sharing",
    [PROP_SHARING_PROBLEM] = "sharing-problem",
  };

  G_OBJECT_CLASS (klass)->get_property = stub_call_get_property;
  for (guint i = 1; i < G_N_ELEMENTS (names); i++)
    g_object_class_override_property (G_OBJECT_CLASS (klass), i, names[i]);
}

static void
stub_call_init (StubCall *self)
{
}

static void
set_state (StubCall *self, ConfabCallState state)
{
  self->state = state;
  g_object_notify (G_OBJECT (self), "state");
}

static void
stub_call_leave (ConfabCall *call)
{
  StubCall *self = STUB_CALL (call);

  self->n_left++;
  if (self->from != NULL)
    device_send (self->from, self->to, "bye");
  set_state (self, self->stays ? CONFAB_CALL_STATE_LEAVING : CONFAB_CALL_STATE_KNOWN);
}

static void
stub_call_iface_init (ConfabCallInterface *iface)
{
  iface->leave = stub_call_leave;
}

typedef struct {
  World *world;
  Device *alice;
  Device *bob;
  GListStore *calls;
  StubCall *call;
} Fixture;

static StubCall *
add_call (Fixture *f, ConfabCallState state)
{
  StubCall *call = g_object_new (STUB_TYPE_CALL, NULL);

  call->state = state;
  g_list_store_append (f->calls, call);
  return call;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->world = world_new ();
  f->alice = device_new (f->world, "@alice:x|ADEV", NULL);
  f->bob = device_new (f->world, "@bob:x|BDEV", NULL);
  device_start (f->alice);
  device_start (f->bob);
  f->calls = g_list_store_new (CONFAB_TYPE_CALL);
  f->call = add_call (f, CONFAB_CALL_STATE_JOINED);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (g_steal_pointer (&f->calls));
  g_assert_finalize_object (g_steal_pointer (&f->call));
  device_free (f->alice);
  device_free (f->bob);
  world_free (f->world);
}

static DexFuture *
depart (Fixture *f)
{
  return confab_call_departure (G_LIST_MODEL (f->calls),
                                confab_olm_machine_get_outbox (f->alice->machine));
}

/* Nothing that is said goes through. */
static void
block (Fixture *f)
{
  f->world->refuse_sends = G_MAXUINT;
}

/* What is said on leaving goes out before the end; a call that this device is not in is left alone. */
static void
test_goodbye_goes_out (Fixture *f, gconstpointer data)
{
  g_autoptr (StubCall) other = add_call (f, CONFAB_CALL_STATE_KNOWN);
  g_autofree char *got = NULL;

  f->call->from = f->alice;
  f->call->to = f->bob;
  test_expect (depart (f));
  g_assert_cmpuint (f->call->n_left, ==, 1);
  g_assert_cmpuint (other->n_left, ==, 0);
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM outbox"), ==, 0);
  device_sync (f->bob, NULL);
  got = device_drain (f->bob);
  g_assert_cmpstr (got, ==, "@alice:x|ADEV|bye ");
}

static gboolean
has_left_cb (gpointer call)
{
  return STUB_CALL (call)->n_left > 0;
}

/* The main loop has nothing to do: what could come of what was done has come. */
static void
let_run (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* One that is on its way out, because it was told to here or before, is waited for, and not told again. */
static void
test_leaving_is_waited_for (Fixture *f, gconstpointer before)
{
  g_autoptr (DexFuture) departed = NULL;
  g_autoptr (StubCall) other = NULL;

  f->call->stays = TRUE;
  if (before != NULL) {
    f->call->state = CONFAB_CALL_STATE_LEAVING;
    other = add_call (f, CONFAB_CALL_STATE_JOINED);
  }
  departed = depart (f);
  test_until (has_left_cb, before != NULL ? other : f->call);
  let_run ();
  g_assert_true (dex_future_is_pending (departed));
  g_assert_cmpuint (f->call->n_left, ==, before != NULL ? 0 : 1);
  set_state (f->call, CONFAB_CALL_STATE_ENDED);
  test_expect (g_steal_pointer (&departed));
}

/* Nothing else holds it up: nobody is in a call, though there is something to send. */
static void
test_nothing_to_leave (Fixture *f, gconstpointer data)
{
  gint64 began_at;

  f->call->state = CONFAB_CALL_STATE_KNOWN;
  block (f);
  device_send (f->alice, f->bob, "later");
  began_at = g_get_monotonic_time ();
  test_expect (depart (f));
  g_assert_cmpint (g_get_monotonic_time () - began_at, <, DEADLINE_US);
  g_assert_cmpuint (f->call->n_left, ==, 0);
}

/* A machine that goes to sleep does not wait: for 2 s in all, whatever does not go through. */
static void
test_deadline (Fixture *f, gconstpointer stays)
{
  gint64 began_at = g_get_monotonic_time ();

  block (f);
  f->call->stays = stays != NULL;
  f->call->from = f->alice;
  f->call->to = f->bob;
  test_expect (depart (f));
  g_assert_cmpint (g_get_monotonic_time () - began_at, >=, DEADLINE_US);
  g_assert_cmpint (g_get_monotonic_time () - began_at, <, 2 * DEADLINE_US);
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM outbox"), ==, 1);
}

#define ADD(name, data, func)                                                                      \
  g_test_add ("/call-departure/" name, Fixture, data, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  ADD ("goodbye-goes-out", NULL, test_goodbye_goes_out);
  ADD ("leaving-is-waited-for", NULL, test_leaving_is_waited_for);
  ADD ("leaving-is-waited-for/before", "before", test_leaving_is_waited_for);
  ADD ("nothing-to-leave", NULL, test_nothing_to_leave);
  ADD ("deadline", NULL, test_deadline);
  ADD ("deadline/stays", "stays", test_deadline);
  return g_test_run ();
}
