/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call.h"
#include "confab-notice-board.h"
#include "confab-room-notices-private.h"
#include "confab-session-view-model.h"
#include "fake-devices.h"
#include "world.h"

#define ROOM "!a:x"
#define OTHER "!b:x"
#define FSI "\342\201\250"
#define PDI "\342\201\251"
#define LRM "\342\200\216"
#define BEN LRM FSI "Ben" PDI
#define MIN_MS G_GINT64_CONSTANT (60000)

typedef struct {
  World *world;
  FakeDevices *devices;
  ConfabSessionViewModel *model;
  GString *added; /* “sender:reason;” of each that came into the list */
  GString *spoken;
  guint n_wanted; /* to be waited for */
  guint n_events;
} Fixture;

static ConfabRoomNotices *
get_notices (Fixture *f)
{
  return confab_session_view_model_get_notices (f->model);
}

static guint
count (Fixture *f)
{
  return g_list_model_get_n_items (confab_room_notices_get_list (get_notices (f)));
}

static ConfabRoomNotice *
get (Fixture *f, guint position)
{
  g_autoptr (ConfabRoomNotice) notice = g_list_model_get_item (confab_room_notices_get_list (get_notices (f)),
                                                    position);

  g_assert_nonnull (notice);
  return notice; /* the list has it */
}

static void
changed_cb (GListModel *list, guint position, guint removed, guint added, Fixture *f)
{
  for (guint i = 0; i < added; i++) {
    g_autoptr (ConfabRoomNotice) notice = g_list_model_get_item (list, position + i);

    g_string_append_printf (f->added,
                            "%s:%s;",
                            confab_room_notice_get_user_id (notice),
                            confab_room_notice_get_reason (notice));
  }
}

static void
announce_cb (gpointer object, const char *text, GString *spoken)
{
  g_string_append_printf (spoken, "%s;", text);
}

static void
assert_added (Fixture *f, const char *expected)
{
  g_assert_cmpstr (f->added->str, ==, expected);
  g_string_truncate (f->added, 0);
}

/* Who is there, for whoever opens a room and asks; nobody else would be. */
static const char
  members[] = "{\"chunk\":["
              "{\"type\":\"m.room.member\",\"state_key\":\"@anna:x\",\"sender\":\"@anna:x\","
              "\"content\":{\"membership\":\"join\",\"displayname\":\"Anna\"}},"
              "{\"type\":\"m.room.member\",\"state_key\":\"@ben:x\",\"sender\":\"@ben:x\","
              "\"content\":{\"membership\":\"join\",\"displayname\":\"Ben\"}}]}";

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autofree char *first = world_new_room (ROOM, "Field Survey");
  g_autofree char *second = world_new_room (OTHER, "Kitchen Table");
  g_autofree char *rooms = g_strdup_printf ("%s,%s", first, second);

  f->world = world_new ();
  fake_homeserver_reply (f->world->account->server,
                         "/_matrix/client/v3/rooms/%21a%3Ax/members",
                         200,
                         members);
  f->devices = fake_devices_new (CONFAB_CLOCK (f->world->clock));
  f->model = confab_session_view_model_new (f->world->session,
                                            CONFAB_MEDIA_DEVICES (f->devices),
                                            CONFAB_CLOCK (f->world->clock));
  f->added = g_string_new (NULL);
  f->spoken = g_string_new (NULL);
  world_sign_in (f->world, rooms);
  g_assert_true (confab_session_view_model_open_room (f->model, ROOM));
  g_signal_connect (confab_room_notices_get_list (get_notices (f)),
                    "items-changed",
                    G_CALLBACK (changed_cb),
                    f);
  g_signal_connect (get_notices (f), "announce", G_CALLBACK (announce_cb), f->spoken);
}

static gboolean
is_let_go (gpointer data)
{
  return G_OBJECT (((Fixture *) data)->model)->ref_count == 1;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  test_until (is_let_go, f);
  g_assert_finalize_object (f->model);
  g_assert_finalize_object (f->devices);
  world_free (f->world);
  g_string_free (f->added, TRUE);
  g_string_free (f->spoken, TRUE);
}

/* ---- what is heard ---- */

static ConfabRoomEvent *
make_event (Fixture *f, const char *sender, ConfabRoomEventTrust trust, const char *code, gint64 ms)
{
  ConfabRoomEvent *event = confab_room_event_new ();
  gboolean withheld = trust == CONFAB_ROOM_EVENT_TRUST_WITHHELD;

  event->room_id = g_strdup (ROOM);
  event->event_id = g_strdup_printf ("$e%u", f->n_events++);
  event->sender = g_strdup (sender);
  event->type = g_strdup (withheld ? "m.room.encrypted" : "m.room.message");
  event->content = json_object_new ();
  event->withheld_code = g_strdup (code);
  event->trust = trust;
  event->origin_server_ts = ms;
  if (trust == CONFAB_ROOM_EVENT_TRUST_DEVICE || trust == CONFAB_ROOM_EVENT_TRUST_DEVICE_GONE)
    event->device_id = g_strdup ("BDEV");
  return event;
}

static void
tell (Fixture *f, ConfabRoomEvent *event)
{
  g_signal_emit_by_name (f->world->session, "room-event", event);
  confab_room_event_unref (event);
}

static void
withhold (Fixture *f, const char *sender, const char *code, gint64 ms)
{
  tell (f, make_event (f, sender, CONFAB_ROOM_EVENT_TRUST_WITHHELD, code, ms));
}

static void
read_one (Fixture *f, const char *sender, gint64 ms)
{
  tell (f, make_event (f, sender, CONFAB_ROOM_EVENT_TRUST_DEVICE, NULL, ms));
}

static gboolean
is_there (gpointer data)
{
  Fixture *f = data;

  return count (f) == f->n_wanted;
}

static void
until_there (Fixture *f, guint n)
{
  f->n_wanted = n;
  test_until (is_there, f);
}

/* An event that cannot be read, and before it why, through a sync. */
static void
sync_withheld (Fixture *f, const char *room, const char *sender, const char *code)
{
  g_autofree char *rest = g_strdup_printf (
    "'to_device':{'events':[{'type':'m.room_key.withheld','sender':'%s','content':{"
    "'algorithm':'m.megolm.v1.aes-sha2','code':'%s','sender_key':'KEY','room_id':'%s',"
    "'session_id':'S-%s'}}]},"
    "'rooms':{'join':{'%s':{'timeline':{'events':[{'type':'m.room.encrypted','sender':'%s',"
    "'event_id':'$%u','origin_server_ts':%" G_GINT64_FORMAT ",'content':{"
    "'algorithm':'m.megolm.v1.aes-sha2','session_id':'S-%s','sender_key':'KEY',"
    "'ciphertext':'AAAA'}}]}}}}",
    sender,
    code,
    room,
    code,
    room,
    sender,
    f->n_events++,
    WORLD_NOW_MS,
    code);

  world_sync_full (f->world, rest);
}

/* ---- words ---- */

typedef struct {
  const char *code;
  const char *title; /* after the name */
  const char *text;  /* what is told to do, in part */
} Words;

static const Words words[] = {
  { "m.blacklisted", " has blocked this device", "Ask them to unblock this device" },
  { "m.unverified", " sends only to verified devices", "Ask them to verify this device" },
  { "m.unauthorised", " sent something that is not for this device", "ask them to send it again" },
  { "m.unavailable", " no longer has a key that is needed", "Ask them to send it again" },
  { "m.no_olm", " has no secure connection to this device", "by itself" },
  { "org.example.quota", " keeps something from this device", "“" FSI "org.example.quota" PDI "”" },
};

static void
test_words (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    g_autofree char *title = g_strconcat (BEN, words[i].title, NULL);

    sync_withheld (f, ROOM, "@ben:x", words[i].code);
    until_there (f, i + 1);
    g_assert_cmpstr (confab_room_notice_get_title (get (f, 0)), ==, title);
    g_assert_cmpstr (confab_room_notice_get_reason (get (f, 0)), ==, words[i].code);
    g_assert_nonnull (strstr (confab_room_notice_get_text (get (f, 0)), words[i].text));
    g_assert_null (strstr (confab_room_notice_get_text (get (f, 0)), "%"));
  }
}

/* The person has to name this device to others. */
static void
test_device (Fixture *f, gconstpointer data)
{
  g_autofree char *device = g_strdup_printf ("“" FSI "%s" PDI "”",
                                             confab_session_get_device_id (f->world->session));

  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS);
  g_assert_nonnull (strstr (confab_room_notice_get_text (get (f, 0)), device));
}

/* A reason is a stranger's string: only what looks like one is repeated. */
static void
test_strange_code (Fixture *f, gconstpointer data)
{
  static const char *const codes[] = { "<b>Ben</b>", "call 555-1234 now!", "\342\200\256abc", "" };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++) {
    withhold (f, "@ben:x", codes[i], WORLD_NOW_MS);
    g_assert_cmpuint (count (f), ==, 1);
    g_assert_null (strstr (confab_room_notice_get_text (get (f, 0)), "The reason"));
  }
  withhold (f, "@ben:x", "m.new-one", WORLD_NOW_MS);
  g_assert_nonnull (strstr (confab_room_notice_get_text (get (f, 0)), "m.new-one"));
}

static void
test_own_device (Fixture *f, gconstpointer data)
{
  ConfabRoomEvent *own = NULL;

  withhold (f, "@anna:x", "m.unverified", WORLD_NOW_MS);
  g_assert_cmpstr (confab_room_notice_get_title (get (f, 0)),
                   ==,
                   "Another device of yours sends only to verified devices");
  g_assert_null (strstr (confab_room_notice_get_text (get (f, 0)), "them"));
  /* What this device sends says nothing of the other one. */
  own = make_event (f, "@anna:x", CONFAB_ROOM_EVENT_TRUST_DEVICE, NULL, WORLD_NOW_MS + 1);
  g_set_str (&own->device_id, confab_session_get_device_id (f->world->session));
  tell (f, own);
  g_assert_cmpuint (count (f), ==, 1);
  read_one (f, "@anna:x", WORLD_NOW_MS + 2);
  g_assert_cmpuint (count (f), ==, 0);
}

static void
test_named_later (Fixture *f, gconstpointer data)
{
  g_autofree char *event = world_event ("m.room.member",
                                        "@ben:x",
                                        "@ben:x",
                                        WORLD_NOW_MS,
                                        "{'membership':'join','displayname':'<i>Ben</i> %s'}");
  g_autofree char *news = world_room (ROOM, 0, event);

  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS);
  world_sync (f->world, news);
  g_assert_cmpstr (confab_room_notice_get_title (get (f, 0)),
                   ==,
                   LRM FSI "<i>Ben</i> %s" PDI " has blocked this device");
  g_assert_cmpstr (confab_room_notices_get_title (get_notices (f)),
                   ==,
                   confab_room_notice_get_title (get (f, 0)));
}

/* ---- coming and going ---- */

static void
test_one_each (Fixture *f, gconstpointer data)
{
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_local ((WORLD_NOW_MS - 4 * MIN_MS) / 1000);
  g_autofree char *clock = g_date_time_format (when, "%H:%M");
  g_autofree char *three = g_strdup_printf ("3 times, last: %s", clock);

  g_assert_cmpstr (confab_room_notices_get_title (get_notices (f)), ==, "");
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS - 9 * MIN_MS);
  g_assert_true (confab_room_notices_get_unseen (get_notices (f)));
  confab_room_notices_see (get_notices (f));
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS - 4 * MIN_MS);
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS - 5 * MIN_MS);
  g_assert_cmpuint (count (f), ==, 1);
  g_assert_cmpuint (confab_room_notice_get_count (get (f, 0)), ==, 3);
  test_assert_string (get (f, 0), "times", three);
  g_assert_false (confab_room_notices_get_unseen (get_notices (f)));
  assert_added (f, "@ben:x:m.blacklisted;");
  /* Another reason is another matter, somebody else as well. */
  withhold (f, "@ben:x", "m.no_olm", WORLD_NOW_MS);
  g_assert_true (confab_room_notices_get_unseen (get_notices (f)));
  g_assert_cmpstr (confab_room_notices_get_title (get_notices (f)),
                   ==,
                   "Messages of " FSI "Ben" PDI " cannot be read");
  withhold (f, "@cem:x", "m.no_olm", WORLD_NOW_MS);
  assert_added (f, "@ben:x:m.no_olm;@cem:x:m.no_olm;");
  g_assert_cmpstr (confab_room_notices_get_title (get_notices (f)),
                   ==,
                   "Messages of 2 people cannot be read");
}

/* One sentence each two seconds, of many what they are together; what is over or seen by then, not at all. */
static void
test_spoken (Fixture *f, gconstpointer data)
{
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS);
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS);
  g_assert_cmpstr (f->spoken->str, ==, BEN " has blocked this device;");
  g_string_truncate (f->spoken, 0);
  for (guint i = 0; i < 20; i++) {
    g_autofree char *sender = g_strdup_printf ("@p%u:x", i);

    withhold (f, sender, "m.blacklisted", WORLD_NOW_MS);
  }
  confab_manual_clock_advance (f->world->clock, 1999);
  g_assert_cmpstr (f->spoken->str, ==, "");
  confab_manual_clock_advance (f->world->clock, 1);
  g_assert_cmpstr (f->spoken->str, ==, "Messages of 21 people cannot be read;");
  withhold (f, "@cem:x", "m.blacklisted", WORLD_NOW_MS);
  confab_room_notices_see (get_notices (f));
  confab_manual_clock_advance (f->world->clock, 10000);
  g_assert_cmpstr (f->spoken->str, ==, "Messages of 21 people cannot be read;");
}

/* A homeserver may say any time: what is to come is now. */
static void
test_strange_times (Fixture *f, gconstpointer data)
{
  static const gint64 times[] = { G_MININT64, -1, 0, G_MAXINT64, WORLD_NOW_MS + 1000000 };
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_local (WORLD_NOW_MS / 1000);
  g_autofree char *clock = g_date_time_format (now, "5 times, last: %H:%M");

  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    withhold (f, "@ben:x", "m.blacklisted", times[i]);
  test_assert_string (get (f, 0), "times", clock);
  read_one (f, "@ben:x", WORLD_NOW_MS);
  g_assert_cmpuint (count (f), ==, 0);
}

static void
test_read_again (Fixture *f, gconstpointer data)
{
  ConfabRoomEvent *late = NULL;

  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS);
  withhold (f, "@cem:x", "m.blacklisted", WORLD_NOW_MS);
  read_one (f, "@dua:x", WORLD_NOW_MS + 1);
  /* A key that came late opened what is older. */
  read_one (f, "@ben:x", WORLD_NOW_MS - 1);
  g_assert_cmpuint (count (f), ==, 2);
  read_one (f, "@ben:x", WORLD_NOW_MS + 1);
  g_assert_cmpuint (count (f), ==, 1);
  g_assert_cmpstr (confab_room_notice_get_user_id (get (f, 0)), ==, "@cem:x");
  /* The very event can be read after all, whatever its time was said to be. */
  late = make_event (f, "@cem:x", CONFAB_ROOM_EVENT_TRUST_DEVICE, NULL, 0);
  g_set_str (&late->event_id, "$e1");
  tell (f, late);
  g_assert_cmpuint (count (f), ==, 0);
  g_assert_false (confab_room_notices_get_unseen (get_notices (f)));
  assert_added (f, "@ben:x:m.blacklisted;@cem:x:m.blacklisted;");
  /* It begins again, and is said again. */
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS + 2);
  assert_added (f, "@ben:x:m.blacklisted;");
  g_assert_cmpuint (confab_room_notice_get_count (get (f, 0)), ==, 1);
}

static void
test_close (Fixture *f, gconstpointer data)
{
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS);
  withhold (f, "@cem:x", "m.no_olm", WORLD_NOW_MS);
  confab_room_notices_close (get_notices (f), get (f, 1));
  g_assert_cmpuint (count (f), ==, 1);
  g_assert_cmpstr (confab_room_notice_get_user_id (get (f, 0)), ==, "@cem:x");
  assert_added (f, "@ben:x:m.blacklisted;@cem:x:m.no_olm;");
  /* Nobody who has closed it is told of each event. */
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS + 1);
  g_assert_cmpuint (count (f), ==, 1);
  confab_room_notices_close (get_notices (f), get (f, 0));
  g_assert_cmpuint (count (f), ==, 0);
  g_assert_false (confab_room_notices_get_unseen (get_notices (f)));
  g_assert_cmpstr (confab_room_notices_get_title (get_notices (f)), ==, "");
  assert_added (f, "");
  /* Until it was over, and began again. */
  read_one (f, "@ben:x", WORLD_NOW_MS + 2);
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS + 3);
  assert_added (f, "@ben:x:m.blacklisted;");
}

static gboolean
has_left (gpointer data)
{
  return count (data) == 0;
}

static void
test_sender_leaves (Fixture *f, gconstpointer data)
{
  g_autofree char *event = world_event (
    "m.room.member", "@ben:x", "@ben:x", WORLD_NOW_MS, "{'membership':'leave'}");
  g_autofree char *news = world_room (ROOM, 1, event);

  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS);
  withhold (f, "@ben:x", "m.no_olm", WORLD_NOW_MS);
  world_sync (f->world, news);
  test_until (has_left, f);
}

static void
test_room_left (Fixture *f, gconstpointer data)
{
  g_autoptr (ConfabRoomNotices) notices = g_object_ref (get_notices (f));

  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS);
  world_sync_full (f->world, "'rooms':{'leave':{'" ROOM "':{}}}");
  g_assert_null (get_notices (f));
  g_assert_cmpuint (g_list_model_get_n_items (confab_room_notices_get_list (notices)), ==, 0);
  /* What is told late of a room that is not there any more is of no use. */
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS);
  g_assert_false (confab_session_view_model_open_room (f->model, ROOM));
}

/* Heard while another room is open, or none. */
static void
test_other_room (Fixture *f, gconstpointer data)
{
  g_assert_true (confab_session_view_model_open_room (f->model, OTHER));
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS);
  g_assert_cmpuint (count (f), ==, 0);
  confab_session_view_model_open_room (f->model, NULL);
  g_assert_null (get_notices (f));
  g_assert_true (confab_session_view_model_open_room (f->model, ROOM));
  g_assert_cmpuint (count (f), ==, 1);
}

/* ---- bounds ---- */

static void
test_many_people (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < CONFAB_ROOM_NOTICES_MAX_PEOPLE + 10; i++) {
    g_autofree char *sender = g_strdup_printf ("@p%u:x", i);

    withhold (f, sender, "m.blacklisted", WORLD_NOW_MS);
    withhold (f, sender, "m.no_olm", WORLD_NOW_MS);
    withhold (f, "@p0:x", "m.blacklisted", WORLD_NOW_MS);
  }
  g_assert_cmpuint (confab_room_notices_get_n_people (get_notices (f)),
                    ==,
                    CONFAB_ROOM_NOTICES_MAX_PEOPLE);
  g_assert_cmpuint (count (f), ==, 2 * CONFAB_ROOM_NOTICES_MAX_PEOPLE);
  /* Whose last event is longest ago went, not who came first. */
  g_assert_cmpstr (confab_room_notice_get_user_id (get (f, count (f) - 1)), ==, "@p0:x");
  g_assert_cmpstr (confab_room_notice_get_user_id (get (f, count (f) - 3)), ==, "@p11:x");
}

static void
test_many_reasons (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 200; i++) {
    g_autofree char *code = g_strdup_printf ("org.example.%u", i);

    withhold (f, "@ben:x", code, WORLD_NOW_MS);
  }
  g_assert_cmpuint (count (f), ==, 1);
  g_assert_nonnull (strstr (confab_room_notice_get_text (get (f, 0)), "org.example.199"));
}

static void
test_many_rooms (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) rooms = g_string_new (NULL);
  ConfabRoomListViewModel *list = confab_session_view_model_get_room_list (f->model);

  for (guint i = 0; i < CONFAB_NOTICE_BOARD_MAX_ROOMS; i++) {
    g_autofree char *id = g_strdup_printf ("!r%u:x", i);
    g_autofree char *room = world_new_room (id, "Room");

    g_string_append_printf (rooms, "%s%s", i > 0 ? "," : "", room);
  }
  world_sync (f->world, rooms->str);
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS);
  for (guint i = 0; i < CONFAB_NOTICE_BOARD_MAX_ROOMS; i++) {
    g_autofree char *id = g_strdup_printf ("!r%u:x", i);
    ConfabRoomEvent *event = make_event (
      f, "@ben:x", CONFAB_ROOM_EVENT_TRUST_WITHHELD, "m.no_olm", WORLD_NOW_MS);

    g_assert_cmpuint (count (f), ==, 1);
    g_set_str (&event->room_id, id);
    tell (f, event);
  }
  /* That is one too many: the open one was heard of first. */
  g_assert_cmpuint (count (f), ==, 0);
  while (confab_room_list_view_model_lookup (list, "!r7:x") == NULL)
    confab_manual_clock_advance (f->world->clock, 1); /* they are made in turns */
  g_assert_true (confab_session_view_model_open_room (f->model, "!r7:x"));
  g_assert_cmpuint (count (f), ==, 1);
}

/* ---- what can be read, and is not to be relied on ---- */

static void
test_clear (Fixture *f, gconstpointer data)
{
  ConfabRoomEvent *reaction = make_event (
    f, "@ben:x", CONFAB_ROOM_EVENT_TRUST_CLEAR, NULL, WORLD_NOW_MS + 1);

  /* Other clients never encrypt them. */
  g_set_str (&reaction->type, "m.reaction");
  tell (f, reaction);
  /* From before this was the person's room, or before it was encrypted. */
  tell (f, make_event (f, "@ben:x", CONFAB_ROOM_EVENT_TRUST_CLEAR, NULL, WORLD_NOW_MS - 1));
  g_assert_cmpuint (count (f), ==, 0);
  tell (f, make_event (f, "@ben:x", CONFAB_ROOM_EVENT_TRUST_CLEAR, NULL, WORLD_NOW_MS + 1));
  g_assert_cmpstr (confab_room_notice_get_title (get (f, 0)),
                   ==,
                   BEN " sent something that is not encrypted");
  g_assert_false (confab_room_notices_get_unread (get_notices (f)));
  /* That others are encrypted does not make it genuine. */
  read_one (f, "@ben:x", WORLD_NOW_MS + 2);
  g_assert_cmpuint (count (f), ==, 1);
  tell (f, make_event (f, "@cem:x", CONFAB_ROOM_EVENT_TRUST_CLEAR, NULL, WORLD_NOW_MS + 1));
  g_assert_cmpstr (confab_room_notices_get_title (get_notices (f)),
                   ==,
                   "Some messages may not be genuine");
  assert_added (f, "@ben:x:clear;@cem:x:clear;");
}

static void
test_device_gone (Fixture *f, gconstpointer data)
{
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS);
  tell (f, make_event (f, "@ben:x", CONFAB_ROOM_EVENT_TRUST_DEVICE_GONE, NULL, WORLD_NOW_MS + 1));
  g_assert_cmpuint (count (f), ==, 1); /* it could be read, too */
  g_assert_cmpstr (confab_room_notice_get_title (get (f, 0)),
                   ==,
                   BEN " sent something from a device that is gone");
  assert_added (f, "@ben:x:m.blacklisted;@ben:x:device-gone;");
}

/* ---- in a call ---- */

static void
test_call (Fixture *f, gconstpointer data)
{
  g_autofree char *begins = world_call (ROOM, "c1", "m.prompt", "m.video", 10);
  g_autofree char *others = world_call_members (ROOM,
                                                "c1",
                                                (const char *const[]) { "@ben:x", NULL });
  g_autoptr (ConfabCallViewModel) model = NULL;
  g_autoptr (GString) said = g_string_new (NULL);
  ConfabRoomViewModel *room = NULL;

  world_sync (f->world, begins);
  world_sync (f->world, others);
  room = confab_session_view_model_get_room (f->model);
  g_assert_nonnull (confab_room_view_model_get_call (room));
  model = confab_call_view_model_new_with_clock (confab_room_view_model_get_call (room),
                                                 confab_room_view_model_get_room (room),
                                                 f->world->session,
                                                 CONFAB_CLOCK (f->world->clock));
  g_signal_connect (model, "announce", G_CALLBACK (announce_cb), said);
  confab_call_view_model_set_notices (model, get_notices (f));
  g_assert_null (confab_call_view_model_get_banner (model));
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS);
  g_assert_cmpstr (confab_call_view_model_get_banner (model), ==, "Some messages cannot be read.");
  g_assert_true (confab_call_view_model_get_has_details (model));
  /* What stands in the way of the call is told first. */
  world_go_offline (f->world);
  g_assert_false (confab_call_view_model_get_has_details (model));
  g_assert_null (strstr (confab_call_view_model_get_banner (model), "messages"));
  world_go_online (f->world);
  g_assert_true (confab_call_view_model_get_has_details (model));
  g_string_truncate (said, 0);
  confab_manual_clock_advance (f->world->clock, 20000);
  g_string_truncate (said, 0);
  withhold (f, "@ben:x", "m.blacklisted", WORLD_NOW_MS);
  withhold (f, "@cem:x", "m.blacklisted", WORLD_NOW_MS);
  confab_manual_clock_advance (f->world->clock, 20000);
  g_assert_cmpstr (said->str, ==, "");
  /* Whoever has seen why has seen it, and the call's banner is free. */
  confab_room_notices_see (get_notices (f));
  g_assert_null (confab_call_view_model_get_banner (model));
  g_assert_false (confab_call_view_model_get_has_details (model));
  tell (f, make_event (f, "@ben:x", CONFAB_ROOM_EVENT_TRUST_DEVICE_GONE, NULL, WORLD_NOW_MS + 1));
  read_one (f, "@cem:x", WORLD_NOW_MS + 1);
  g_assert_cmpstr (confab_call_view_model_get_banner (model),
                   ==,
                   "Some messages may not be genuine.");
  confab_manual_clock_advance (f->world->clock, 2000);
  g_assert_nonnull (strstr (said->str, "Some messages may not be genuine.;"));
  g_assert_finalize_object (g_steal_pointer (&model));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(name, func) g_test_add ("/room-notices/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("words", test_words);
  ADD ("device", test_device);
  ADD ("strange-code", test_strange_code);
  ADD ("own-device", test_own_device);
  ADD ("named-later", test_named_later);
  ADD ("one-each", test_one_each);
  ADD ("spoken", test_spoken);
  ADD ("strange-times", test_strange_times);
  ADD ("read-again", test_read_again);
  ADD ("close", test_close);
  ADD ("sender-leaves", test_sender_leaves);
  ADD ("room-left", test_room_left);
  ADD ("other-room", test_other_room);
  ADD ("many-people", test_many_people);
  ADD ("many-reasons", test_many_reasons);
  ADD ("many-rooms", test_many_rooms);
  ADD ("clear", test_clear);
  ADD ("device-gone", test_device_gone);
  ADD ("call", test_call);
#undef ADD
  return g_test_run ();
}
