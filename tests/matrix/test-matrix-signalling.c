/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-matrix-signalling.h"

#include "olm-world.h"

#include <string.h>

#include "confab-json.h"

typedef struct {
  World *world;
  Device *alice;
  Device *bob;
  ConfabMatrixSignalling *signalling;
  GString *outcomes;
  GString *bodies;
  GString *wire;
  guint n_destroyed;
  guint status;
} Fixture;

static void
state_cb (FakeHomeserver *fake, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  Fixture *f = data;

  g_string_append_printf (f->bodies, "%d ", (int) confab_json_peek_int (body, "n", -1));
  if (f->status == 200)
    fake_homeserver_respond (message, 200, "{\"event_id\":\"$e\"}");
  else
    fake_homeserver_respond (message,
                             f->status,
                             f->status == 403 ? "{\"errcode\":\"M_FORBIDDEN\"}" : "{}");
}

static void
wire_cb (gboolean outgoing,
         const char *user_id,
         const char *device_id,
         const char *type,
         JsonObject *content,
         gboolean encrypted,
         gpointer data)
{
  Fixture *f = data;

  g_assert_true (outgoing);
  g_string_append_printf (
    f->wire, "%s|%s|%s|%d ", user_id, device_id != NULL ? device_id : "-", type, encrypted);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->world = world_new ();
  f->alice = device_new (f->world, "@alice:x|ADEV", NULL);
  f->bob = device_new (f->world, "@bob:x|BDEV", NULL);
  device_start (f->alice);
  device_start (f->bob);
  f->signalling = confab_matrix_signalling_new (f->alice->machine,
                                                f->alice->homeserver,
                                                CONFAB_CLOCK (f->world->clock),
                                                "@alice:x");
  confab_matrix_signalling_set_wire_func (f->signalling, wire_cb, f);
  f->outcomes = g_string_new (NULL);
  f->bodies = g_string_new (NULL);
  f->wire = g_string_new (NULL);
  f->status = 200;
  fake_homeserver_handle (f->world->fake, "/_matrix/client/v3/rooms/", state_cb, f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  confab_matrix_signalling_stop (f->signalling);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (f->signalling);
  device_free (f->alice);
  device_free (f->bob);
  world_free (f->world);
  g_string_free (f->outcomes, TRUE);
  g_string_free (f->bodies, TRUE);
  g_string_free (f->wire, TRUE);
}

static void
done_cb (const GError *error, gpointer data)
{
  Fixture *f = data;

  g_assert_true (error == NULL || error->domain == CONFAB_SIGNALLING_ERROR);
  g_string_append_printf (f->outcomes, "%d ", error != NULL ? error->code : -1);
}

static void
destroy_cb (gpointer data)
{
  ((Fixture *) data)->n_destroyed++;
}

static gboolean
destroyed_cb (gpointer data)
{
  gpointer *pair = data;

  return ((Fixture *) pair[0])->n_destroyed >= GPOINTER_TO_UINT (pair[1]);
}

static void
wait_destroyed (Fixture *f, guint n)
{
  gpointer pair[] = { f, GUINT_TO_POINTER (n) };

  test_until (destroyed_cb, pair);
  g_assert_cmpuint (f->n_destroyed, ==, n);
}

static void
send_state (Fixture *f, int n)
{
  g_autoptr (JsonObject) content = json_object_new ();

  json_object_set_int_member (content, "n", n);
  confab_signalling_send_state (CONFAB_SIGNALLING (f->signalling),
                                "!r:x",
                                "org.example.call/member",
                                "@a:x",
                                content,
                                done_cb,
                                f,
                                destroy_cb);
}

static gboolean
one_sent_cb (gpointer data)
{
  return ((Fixture *) data)->bodies->len > 0;
}

static void
test_state (Fixture *f, gconstpointer data)
{
  GPtrArray *log = fake_homeserver_get_log (f->world->fake);

  send_state (f, 1);
  g_assert_cmpstr (f->outcomes->str, ==, ""); /* never from within the call */
  test_until (one_sent_cb, f);
  /* While the first is on its way: the last one stands for all that wait, and all hear. */
  send_state (f, 2);
  send_state (f, 3);
  send_state (f, 4);
  wait_destroyed (f, 4);
  g_assert_cmpstr (f->bodies->str, ==, "1 4 ");
  g_assert_cmpstr (f->outcomes->str, ==, "-1 -1 -1 -1 ");
  g_assert_nonnull (strstr (g_ptr_array_index (log, log->len - 1),
                            "%21r%3Ax/state/org.example.call%2Fmember/%40a%3Ax"));
  send_state (f, 5);
  wait_destroyed (f, 5);
  g_assert_cmpstr (f->bodies->str, ==, "1 4 5 ");
}

static void
test_state_errors (Fixture *f, gconstpointer data)
{
  f->status = 403;
  send_state (f, 1);
  wait_destroyed (f, 1);
  f->status = 502;
  send_state (f, 2);
  wait_destroyed (f, 2);
  f->status = 400;
  send_state (f, 3);
  wait_destroyed (f, 3);
  g_assert_cmpstr (f->outcomes->str, ==, "1 0 4 "); /* FORBIDDEN, NETWORK, FAILED */
  confab_matrix_signalling_stop (f->signalling);
  send_state (f, 4);
  wait_destroyed (f, 4);
  g_assert_cmpstr (f->outcomes->str, ==, "1 0 4 0 ");
}

static void
test_to_device (Fixture *f, gconstpointer data)
{
  g_autoptr (JsonObject) content = json_object_new ();
  g_autofree char *got = NULL;

  json_object_set_string_member (content, "device_id", "ADEV");
  json_object_set_string_member (content, "text", "hi");
  confab_signalling_send_to_device (CONFAB_SIGNALLING (f->signalling),
                                    "!r:x",
                                    "@bob:x",
                                    "BDEV",
                                    "m.call.invite",
                                    content,
                                    CONFAB_SIGNALLING_ENCRYPTED,
                                    done_cb,
                                    f,
                                    destroy_cb);
  wait_destroyed (f, 1);
  g_assert_cmpstr (f->outcomes->str, ==, "-1 ");
  g_assert_cmpstr (f->wire->str, ==, "@bob:x|BDEV|m.call.invite|1 ");
  device_sync (f->bob, NULL);
  got = device_drain (f->bob);
  g_assert_cmpstr (got, ==, "@alice:x|ADEV|hi ");
}

static DexFuture *
get_servers (gpointer data)
{
  static const char *const uris[] = { "turn:x", NULL };

  if (data == NULL)
    return dex_future_new_reject (G_IO_ERROR, G_IO_ERROR_FAILED, "none");
  return dex_future_new_take_boxed (CONFAB_TYPE_ICE_SERVERS,
                                    confab_ice_servers_new (uris, "u", "p"));
}

static void
servers_cb (const ConfabIceServers *servers, const GError *error, gpointer data)
{
  Fixture *f = data;

  g_assert_true ((servers == NULL) == (error != NULL));
  g_string_append_printf (f->outcomes, "%s ", servers != NULL ? servers->uris[0] : "error");
}

static void
test_ice_servers (Fixture *f, gconstpointer data)
{
  ConfabSignalling *signalling = CONFAB_SIGNALLING (f->signalling);

  confab_signalling_get_ice_servers (signalling, servers_cb, f, destroy_cb);
  wait_destroyed (f, 1);
  confab_matrix_signalling_set_ice_func (f->signalling, get_servers, f, NULL);
  confab_signalling_get_ice_servers (signalling, servers_cb, f, destroy_cb);
  wait_destroyed (f, 2);
  confab_matrix_signalling_set_ice_func (f->signalling, get_servers, NULL, NULL);
  confab_signalling_get_ice_servers (signalling, servers_cb, f, destroy_cb);
  wait_destroyed (f, 3);
  g_assert_cmpstr (f->outcomes->str, ==, "error turn:x error ");
}

#define ADD(name, func)                                                                            \
  g_test_add ("/matrix-signalling/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  ADD ("state", test_state);
  ADD ("state-errors", test_state_errors);
  ADD ("to-device", test_to_device);
  ADD ("ice-servers", test_ice_servers);
  return g_test_run ();
}
