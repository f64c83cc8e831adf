/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "olm-world.h"

#include <glib/gstdio.h>

#include "confab-device-list.h"
#include "confab-json.h"
#include "confab-olm-account.h"
#include "confab-olm-machine-private.h"

#define QUERY "/_matrix/client/v3/keys/query"
#define COUNT_DEVICES "SELECT count (*) FROM devices"

typedef struct {
  World *world;
  Device *alice;
  Device *bob;
  ConfabDeviceList *list; /* over alice's store */
  guint n_refused;
} Fixture;

static void
refused_cb (ConfabDeviceList *list, const char *message, const char *user_id, Fixture *f)
{
  f->n_refused++;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->world = world_new ();
  f->alice = device_new (f->world, "@alice:x|ADEV", NULL);
  f->bob = device_new (f->world, "@bob:x|BDEV", NULL);
  device_start (f->bob);
  f->list = confab_device_list_new (f->alice->store,
                                    f->alice->homeserver,
                                    CONFAB_CLOCK (f->world->clock));
  g_signal_connect (f->list, "refused", G_CALLBACK (refused_cb), f);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (f->list);
  device_free (f->alice);
  device_free (f->bob);
  world_free (f->world);
}

static gboolean
track_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_device_list_track (transaction, data, error);
}

static gboolean
changed_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_device_list_mark_changed (transaction, data, error);
}

static gboolean
left_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  return confab_device_list_mark_left (transaction, data, error);
}

static void
run (Fixture *f, ConfabStoreFunc func, const char *user_id)
{
  g_autoptr (GError) error = NULL;

  confab_store_run (f->alice->store, func, (gpointer) user_id, &error);
  g_assert_no_error (error);
}

static guint
n_queries (Fixture *f)
{
  return fake_homeserver_get_n_requests (f->world->fake, QUERY);
}

static void
test_follow (Fixture *f, gconstpointer data)
{
  /* Nobody is followed: nothing is asked. */
  test_expect (confab_device_list_update (f->list));
  run (f, changed_func, "@bob:x");
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpuint (n_queries (f), ==, 0);
  run (f, track_func, "@bob:x");
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpuint (n_queries (f), ==, 1);
  g_assert_cmpint (device_count (f->alice, COUNT_DEVICES), ==, 1);
  run (f, track_func, "@bob:x");
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpuint (n_queries (f), ==, 1);
  run (f, changed_func, "@bob:x");
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpuint (n_queries (f), ==, 2);
  /* Whom we lost sight of may have changed meanwhile. */
  run (f, left_func, "@bob:x");
  run (f, changed_func, "@bob:x");
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpuint (n_queries (f), ==, 2);
  run (f, track_func, "@bob:x");
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpuint (n_queries (f), ==, 3);
}

static void
test_single_flight (Fixture *f, gconstpointer data)
{
  DexFuture *futures[5];

  run (f, track_func, "@bob:x");
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    futures[i] = confab_device_list_update (f->list);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    test_expect (futures[i]);
  g_assert_cmpuint (n_queries (f), ==, 1);
}

static void
change_meanwhile_cb (JsonObject *reply, gpointer data)
{
  Fixture *f = data;

  f->world->on_query = NULL;
  run (f, changed_func, "@bob:x");
}

static void
test_change_during_query (Fixture *f, gconstpointer data)
{
  run (f, track_func, "@bob:x");
  f->world->on_query = change_meanwhile_cb;
  f->world->hook_data = f;
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpuint (n_queries (f), ==, 2);
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM device_users WHERE stale"),
                   ==,
                   0);
}

static void
test_device_gone (Fixture *f, gconstpointer data)
{
  run (f, track_func, "@bob:x");
  test_expect (confab_device_list_update (f->list));
  g_hash_table_remove (f->world->device_keys, f->bob->name);
  run (f, changed_func, "@bob:x");
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpint (device_count (f->alice, COUNT_DEVICES), ==, 0);
}

typedef void (*Tamper) (JsonObject *device);

static void
other_user (JsonObject *device)
{
  json_object_set_string_member (device, "user_id", "@mallory:x");
}

static void
other_device (JsonObject *device)
{
  json_object_set_string_member (device, "device_id", "OTHER");
}

static void
other_key (JsonObject *device)
{
  json_object_set_string_member (json_object_get_object_member (device, "keys"),
                                 "curve25519:BDEV",
                                 "Xw4hUo2Ld9rPk6sZbN1vQy8cTe5mJg3fAi7nRx0uKsE");
}

static void
no_signature (JsonObject *device)
{
  json_object_remove_member (device, "signatures");
}

static void
no_keys (JsonObject *device)
{
  json_object_set_array_member (device, "keys", json_array_new ());
}

static void
a_float (JsonObject *device)
{
  json_object_set_double_member (device, "more", 1.5);
}

static void
unsigned_is_free (JsonObject *device)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "device_display_name", "Bob's");
  json_object_set_object_member (device, "unsigned", object);
}

static const struct {
  Tamper tamper;
  guint n_devices;
} tampers[] = {
  { other_user, 0 }, { other_device, 0 }, { other_key, 0 },        { no_signature, 0 },
  { no_keys, 0 },    { a_float, 0 },      { unsigned_is_free, 1 },
};

static void
tamper_cb (JsonObject *reply, gpointer data)
{
  JsonObject *users = json_object_get_object_member (reply, "device_keys");
  JsonObject *devices = json_object_get_object_member (users, "@bob:x");

  ((Tamper) data) (json_object_get_object_member (devices, "BDEV"));
}

static void
test_tampered (Fixture *f, gconstpointer data)
{
  run (f, track_func, "@bob:x");
  for (guint i = 0; i < G_N_ELEMENTS (tampers); i++) {
    f->n_refused = 0;
    f->world->on_query = tamper_cb;
    f->world->hook_data = (gpointer) tampers[i].tamper;
    run (f, changed_func, "@bob:x");
    test_expect (confab_device_list_update (f->list));
    g_assert_cmpint (device_count (f->alice, COUNT_DEVICES), ==, tampers[i].n_devices);
    g_assert_cmpuint (f->n_refused, ==, 1 - tampers[i].n_devices);
  }
}

typedef struct {
  const char *key_id;
  const char *key;          /* a stranger's */
  ConfabOlmAccount *signer; /* whose ed25519 the device then has */
} Swap;

static void
swap_key_cb (JsonObject *reply, gpointer data)
{
  const Swap *swap = data;
  JsonObject *users = json_object_get_object_member (reply, "device_keys");
  JsonObject *devices = json_object_get_object_member (users, "@bob:x");
  JsonObject *device = json_object_get_object_member (devices, "BDEV");

  json_object_set_string_member (json_object_get_object_member (device, "keys"),
                                 swap->key_id,
                                 swap->key);
  json_object_remove_member (device, "signatures");
  confab_signed_json_sign (device, swap->signer, "@bob:x", "BDEV");
}

static gboolean
load_account_func (ConfabStoreTransaction *transaction, gpointer data, GError **error)
{
  Device *device = ((gpointer *) data)[0];
  ConfabOlmAccount **account = ((gpointer *) data)[1];

  *account = confab_olm_vault_load_account (confab_olm_machine_get_vault (device->machine),
                                            transaction,
                                            NULL,
                                            error);
  return *account != NULL;
}

/* All is well signed, and still neither of a device's keys ever changes: the one that says who signs, and the one that
 * messages go to. */
static void
test_other_identity (Fixture *f, gconstpointer algorithm)
{
  g_autofree char *key_id = g_strconcat (algorithm, ":BDEV", NULL);
  g_autoptr (ConfabOlmAccount) stranger = confab_olm_account_new (NULL);
  g_autoptr (ConfabOlmAccount) account = NULL;
  gpointer load[] = { f->bob, &account };
  gboolean signs = g_str_equal (algorithm, "ed25519");
  Swap swap = { .key_id = key_id };

  g_assert_true (confab_store_run (f->bob->store, load_account_func, load, NULL));
  swap.signer = signs ? stranger : account;
  swap.key = signs ? confab_olm_account_get_ed25519 (stranger)
                   : confab_olm_account_get_curve25519 (stranger);
  run (f, track_func, "@bob:x");
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpuint (f->n_refused, ==, 0);
  f->world->on_query = swap_key_cb;
  f->world->hook_data = &swap;
  run (f, changed_func, "@bob:x");
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpuint (f->n_refused, ==, 1);
  g_assert_cmpint (device_count (f->alice, "SELECT count (*) FROM refused_devices"), ==, 1);
  /* Of a device that nobody knew it is as good as any. */
  device_exec (f->alice, "DELETE FROM devices");
  run (f, changed_func, "@bob:x");
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpuint (f->n_refused, ==, 1);
  g_assert_cmpint (device_count (f->alice, COUNT_DEVICES), ==, 1);
}

static void
odd_reply_cb (JsonObject *reply, gpointer data)
{
  json_object_set_array_member (reply, "device_keys", json_array_new ());
  json_object_set_string_member (reply, "failures", "x");
}

static void
test_odd_reply (Fixture *f, gconstpointer data)
{
  run (f, track_func, "@bob:x");
  f->world->on_query = odd_reply_cb;
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpint (device_count (f->alice, COUNT_DEVICES), ==, 0);
}

static void
test_server_away (Fixture *f, gconstpointer data)
{
  run (f, track_func, "@bob:x");
  f->world->query_fails = TRUE;
  test_expect (confab_device_list_update (f->list));
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpuint (n_queries (f), ==, 1);
  f->world->query_fails = FALSE;
  confab_manual_clock_advance (f->world->clock, 14 * 1000);
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpuint (n_queries (f), ==, 1);
  confab_manual_clock_advance (f->world->clock, 1 * 1000);
  test_expect (confab_device_list_update (f->list));
  g_assert_cmpuint (n_queries (f), ==, 2);
  g_assert_cmpint (device_count (f->alice, COUNT_DEVICES), ==, 1);
}

/* A process that dies between the sync and the query: the next one asks. */
static void
test_resumed (Fixture *f, gconstpointer data)
{
  g_autofree char *dir = g_dir_make_tmp ("confab-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "store.db", NULL);
  Device *carol = device_new (f->world, "@carol:x|CDEV", path);

  confab_store_run (carol->store, track_func, (gpointer) "@bob:x", NULL);
  device_free (carol);
  carol = device_new (f->world, "@carol:x|CDEV", path);
  device_start (carol);
  g_assert_cmpuint (n_queries (f), ==, 1);
  g_assert_cmpint (device_count (carol, COUNT_DEVICES), ==, 1);
  device_free (carol);
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

#define ADD(name, func) g_test_add ("/device-list/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  ADD ("follow", test_follow);
  ADD ("single-flight", test_single_flight);
  ADD ("change-during-query", test_change_during_query);
  ADD ("device-gone", test_device_gone);
  ADD ("tampered", test_tampered);
  g_test_add (
    "/device-list/other-ed25519", Fixture, "ed25519", set_up, test_other_identity, tear_down);
  g_test_add (
    "/device-list/other-curve25519", Fixture, "curve25519", set_up, test_other_identity, tear_down);
  ADD ("odd-reply", test_odd_reply);
  ADD ("server-away", test_server_away);
  ADD ("resumed", test_resumed);
  return g_test_run ();
}
