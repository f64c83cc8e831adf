/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-early-messages.h"
#include "confab-manual-clock.h"

#include <string.h>

/* The bounds of what is kept for later: protocol/mesh-calls.md section 9.3. */

typedef struct {
  ConfabManualClock *clock;
  ConfabEarlyMessages *early;
  GString *routed; /* call ids, a word each */
  gboolean take;
} Stage;

static void
start (Stage *stage)
{
  stage->clock = confab_manual_clock_new (0);
  stage->early = confab_early_messages_new (CONFAB_CLOCK (stage->clock));
  stage->routed = g_string_new (NULL);
  stage->take = TRUE;
}

static void
finish (Stage *stage)
{
  confab_early_messages_free (stage->early);
  g_assert_finalize_object (g_steal_pointer (&stage->clock));
  g_string_free (stage->routed, TRUE);
}

static void
keep_full (Stage *stage,
           const char *sender,
           gboolean encrypted,
           ConfabCallEventType type,
           const char *conf_id,
           const char *device_id,
           const char *call_id,
           gsize sdp_size)
{
  g_autoptr (ConfabCallEvent) message = confab_call_event_new (type, call_id);

  message->conf_id = g_strdup (conf_id);
  message->device_id = g_strdup (device_id);
  message->lifetime_ms = 60000;
  message->sdp = g_strnfill (sdp_size, 'x');
  confab_early_messages_keep (stage->early, sender, message, encrypted);
}

static void
keep (Stage *stage,
      ConfabCallEventType type,
      const char *device_id,
      const char *call_id,
      gsize sdp_size)
{
  keep_full (stage, "@a:x", TRUE, type, "conf", device_id, call_id, sdp_size);
}

/* From one of five users, in turn. */
static void
keep_of_many (Stage *stage, guint i, gsize sdp_size)
{
  g_autofree char *sender = g_strdup_printf ("@%u:x", i % 5);
  g_autofree char *device_id = g_strdup_printf ("D%04u", i);

  keep_full (
    stage, sender, TRUE, CONFAB_CALL_EVENT_CANDIDATES, "conf", device_id, device_id, sdp_size);
}

static gboolean
route_cb (const char *sender, ConfabCallEvent *message, gboolean encrypted, gpointer data)
{
  Stage *stage = data;

  g_string_append_printf (stage->routed, "%s ", message->call_id);
  confab_early_messages_flush (stage->early, route_cb, stage); /* does nothing meanwhile */
  return stage->take;
}

static const char *
flush (Stage *stage)
{
  g_string_truncate (stage->routed, 0);
  confab_early_messages_flush (stage->early, route_cb, stage);
  return stage->routed->str;
}

/* What finds no place goes on waiting, in the order in which it came. */
static void
test_order (void)
{
  Stage stage = { 0 };

  start (&stage);
  g_assert_cmpstr (flush (&stage), ==, "");
  keep (&stage, CONFAB_CALL_EVENT_CANDIDATES, "A", "c1", 0);
  keep (&stage, CONFAB_CALL_EVENT_INVITE, "A", "c2", 0);
  keep (&stage, CONFAB_CALL_EVENT_NEGOTIATE, "B", "c3", 0);
  stage.take = FALSE;
  g_assert_cmpstr (flush (&stage), ==, "c1 c2 c3 ");
  stage.take = TRUE;
  g_assert_cmpstr (flush (&stage), ==, "c1 c2 c3 ");
  g_assert_cmpuint (confab_early_messages_get_length (stage.early), ==, 0);
  finish (&stage);
}

static void
test_age (void)
{
  Stage stage = { 0 };

  start (&stage);
  confab_manual_clock_advance (stage.clock, 100000);
  keep (&stage, CONFAB_CALL_EVENT_CANDIDATES, "A", "c1", 0);
  keep (&stage, CONFAB_CALL_EVENT_INVITE, "A", "c2", 0);
  confab_manual_clock_advance (stage.clock, 56999);
  stage.take = FALSE;
  g_assert_cmpstr (flush (&stage), ==, "c1 c2 ");
  confab_manual_clock_advance (stage.clock, 1); /* lifetime less 3 s */
  g_assert_cmpstr (flush (&stage), ==, "c1 ");
  confab_manual_clock_advance (stage.clock, 3000);
  g_assert_cmpstr (flush (&stage), ==, "c1 ");
  confab_manual_clock_advance (stage.clock, 1);
  g_assert_cmpstr (flush (&stage), ==, "");
  keep (&stage, CONFAB_CALL_EVENT_CANDIDATES, "A", "c1", 0);
  confab_manual_clock_advance (stage.clock, 60001);
  confab_early_messages_drop_old (stage.early);
  g_assert_cmpuint (confab_early_messages_get_length (stage.early), ==, 0);
  finish (&stage);
}

/* A newer invite makes the older ones of its device void, a hangup the whole of its call. */
static void
test_void (void)
{
  Stage stage = { 0 };

  start (&stage);
  keep (&stage, CONFAB_CALL_EVENT_INVITE, "A", "c1", 0);
  keep (&stage, CONFAB_CALL_EVENT_CANDIDATES, "A", "c2", 0);
  keep (&stage, CONFAB_CALL_EVENT_INVITE, "B", "c3", 0);
  keep (&stage, CONFAB_CALL_EVENT_INVITE, "A", "c2", 0);
  stage.take = FALSE;
  g_assert_cmpstr (flush (&stage), ==, "c2 c3 c2 ");
  keep (&stage, CONFAB_CALL_EVENT_HANGUP, "A", "c2", 0);
  g_assert_cmpstr (flush (&stage), ==, "c3 c2 "); /* the hangup itself: an invite may still come */
  finish (&stage);
}

static void
test_number (void)
{
  Stage stage = { 0 };

  start (&stage);
  keep (&stage, CONFAB_CALL_EVENT_CANDIDATES, "B", "b", 0);
  for (guint i = 0; i < 60; i++) {
    g_autofree char *call_id = g_strdup_printf ("c%u", i);
    keep (&stage, CONFAB_CALL_EVENT_CANDIDATES, "A", call_id, 0);
  }
  g_assert_cmpuint (confab_early_messages_get_length (stage.early), ==, 51);
  g_assert_true (g_str_has_prefix (flush (&stage), "b c10 c11 "));
  g_assert_true (g_str_has_suffix (stage.routed->str, " c59 "));
  for (guint i = 0; i < 2100; i++)
    keep_of_many (&stage, i, 0);
  g_assert_cmpuint (confab_early_messages_get_length (stage.early), ==, 2000);
  g_assert_true (g_str_has_prefix (flush (&stage), "D0100 D0101 "));
  finish (&stage);
}

static void
test_size (void)
{
  Stage stage = { 0 };

  start (&stage);
  for (guint i = 0; i < 10; i++) {
    g_autofree char *call_id = g_strdup_printf ("c%u", i);
    keep (&stage, CONFAB_CALL_EVENT_CANDIDATES, "A", call_id, 250 * 1024);
  }
  g_assert_cmpstr (flush (&stage), ==, "c6 c7 c8 c9 ");
  for (guint i = 0; i < 50; i++)
    keep_of_many (&stage, i, 250 * 1024);
  g_assert_cmpuint (confab_early_messages_get_length (stage.early), ==, 32);
  g_assert_true (g_str_has_prefix (flush (&stage), "D0018 D0019 "));
  finish (&stage);
}

/* Another call's is none of its business. */
static void
test_void_in_its_call (void)
{
  Stage stage = { 0 };

  start (&stage);
  stage.take = FALSE;
  keep (&stage, CONFAB_CALL_EVENT_INVITE, "A", "c1", 0);
  keep_full (&stage, "@a:x", TRUE, CONFAB_CALL_EVENT_INVITE, "other", "A", "c2", 0);
  g_assert_cmpstr (flush (&stage), ==, "c1 c2 ");
  keep_full (&stage, "@a:x", TRUE, CONFAB_CALL_EVENT_HANGUP, "other", "A", "c1", 0);
  g_assert_cmpstr (flush (&stage), ==, "c1 c2 c1 ");
  finish (&stage);
}

/* A homeserver can write in clear in anybody's name. */
static void
test_void_in_clear (void)
{
  Stage stage = { 0 };

  start (&stage);
  stage.take = FALSE;
  keep_full (&stage, "@a:x", TRUE, CONFAB_CALL_EVENT_INVITE, "conf", "A", "c1", 0);
  keep_full (&stage, "@a:x", FALSE, CONFAB_CALL_EVENT_HANGUP, "conf", "A", "c1", 0);
  keep_full (&stage, "@a:x", FALSE, CONFAB_CALL_EVENT_INVITE, "conf", "A", "c2", 0);
  g_assert_cmpstr (flush (&stage), ==, "c1 c1 c2 ");
  keep_full (&stage, "@a:x", TRUE, CONFAB_CALL_EVENT_INVITE, "conf", "A", "c3", 0);
  g_assert_cmpstr (flush (&stage), ==, "c1 c3 ");
  finish (&stage);
}

static void
keep_strangers (Stage *stage, guint n_strangers, guint n, gsize sdp_size)
{
  for (guint i = 0; i < n; i++) {
    g_autofree char *sender = g_strdup_printf ("@stranger%u:x", i % n_strangers);
    g_autofree char *device_id = g_strdup_printf ("D%u", i);
    keep_full (
      stage, sender, FALSE, CONFAB_CALL_EVENT_CANDIDATES, "conf", device_id, "stranger", sdp_size);
  }
}

/* Whoever signals in clear can name any number of devices: that is one user's share, and no caller loses a message by
 * it, nor by several of the kind. */
static void
test_strangers (gconstpointer data)
{
  gsize sdp_size = GPOINTER_TO_SIZE (data);
  guint most = sdp_size == 0 ? 500 : 8; /* of one user: 2 MiB by a little less than a quarter */
  Stage stage = { 0 };

  start (&stage);
  stage.take = FALSE;
  keep_full (&stage, "@c:x", FALSE, CONFAB_CALL_EVENT_INVITE, "conf", "C", "c0", sdp_size);
  keep (&stage, CONFAB_CALL_EVENT_INVITE, "A", "c1", sdp_size);
  keep (&stage, CONFAB_CALL_EVENT_CANDIDATES, "A", "c1", sdp_size);
  keep_strangers (&stage, 1, most + 30, sdp_size);
  g_assert_cmpuint (confab_early_messages_get_length (stage.early), ==, most + 3);
  keep_strangers (&stage, 6, 6 * most, sdp_size);
  g_assert_cmpuint (confab_early_messages_get_length (stage.early), ==, 4 * most);
  g_assert_true (g_str_has_prefix (flush (&stage), "c0 c1 c1 stranger "));
  keep (&stage, CONFAB_CALL_EVENT_CANDIDATES, "A", "c2", sdp_size);
  g_assert_cmpuint (confab_early_messages_get_length (stage.early), ==, 4 * most);
  g_assert_true (g_str_has_prefix (flush (&stage), "c0 c1 c1 stranger "));
  g_assert_true (g_str_has_suffix (flush (&stage), " stranger c2 "));
  finish (&stage);
}

/* What a server may have made up in a caller's name does not push out what Olm says is theirs. */
static void
test_clear_first (void)
{
  Stage stage = { 0 };

  start (&stage);
  stage.take = FALSE;
  keep (&stage, CONFAB_CALL_EVENT_CANDIDATES, "A", "c1", 0);
  for (guint i = 0; i < 60; i++)
    keep_full (&stage, "@a:x", FALSE, CONFAB_CALL_EVENT_CANDIDATES, "conf", "A", "clear", 0);
  g_assert_cmpuint (confab_early_messages_get_length (stage.early), ==, 50);
  for (guint i = 0; i < 49; i++)
    keep (&stage, CONFAB_CALL_EVENT_CANDIDATES, "A", "c2", 0);
  g_assert_true (g_str_has_prefix (flush (&stage), "c1 c2 "));
  g_assert_null (strstr (stage.routed->str, "clear"));
  keep_full (&stage, "@a:x", FALSE, CONFAB_CALL_EVENT_CANDIDATES, "conf", "A", "clear", 0);
  g_assert_true (g_str_has_prefix (flush (&stage), "c1 c2 "));
  g_assert_cmpuint (confab_early_messages_get_length (stage.early), ==, 50);
  finish (&stage);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/early-messages/order", test_order);
  g_test_add_func ("/early-messages/age", test_age);
  g_test_add_func ("/early-messages/void", test_void);
  g_test_add_func ("/early-messages/number", test_number);
  g_test_add_func ("/early-messages/size", test_size);
  g_test_add_func ("/early-messages/void-in-its-call", test_void_in_its_call);
  g_test_add_func ("/early-messages/void-in-clear", test_void_in_clear);
  g_test_add_data_func ("/early-messages/strangers/number", NULL, test_strangers);
  g_test_add_data_func ("/early-messages/strangers/size",
                        GSIZE_TO_POINTER (255000),
                        test_strangers);
  g_test_add_func ("/early-messages/clear-first", test_clear_first);
  return g_test_run ();
}
