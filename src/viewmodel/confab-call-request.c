/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-call-request.h"

#include "confab-clock.h"
#include "confab-format.h"
#include "confab-media-devices.h"
#include "confab-session.h"

#include <glib/gi18n.h>

#define PATIENCE_MS 60000
#define HINT_MS 2000 /* shorter waits need no words */

struct _ConfabCallRequest {
  GObject parent_instance;

  ConfabSession *session;
  ConfabRoomListViewModel *rooms;
  ConfabClock *clock;
  ConfabMediaDevices *devices; /* NULL: not known yet */
  char *room_id;
  GSignalGroup *room; /* the room, once it is known */
  gboolean start;
  gboolean audio;
  gboolean video;
  gboolean over;
  guint timeout;
  guint hint_timeout;
};

G_DEFINE_FINAL_TYPE (ConfabCallRequest, confab_call_request, G_TYPE_OBJECT)

enum {
  SIGNAL_READY,
  SIGNAL_FAILED,
  SIGNAL_WAITING,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
finish (ConfabCallRequest *self)
{
  self->over = TRUE;
  confab_clock_clear (self->clock, &self->timeout);
  confab_clock_clear (self->clock, &self->hint_timeout);
  g_signal_group_set_target (self->room, NULL);
  g_signal_handlers_disconnect_by_data (self->session, self);
}

static void
fail (ConfabCallRequest *self, const char *text)
{
  g_autoptr (ConfabCallRequest) kept = g_object_ref (self);

  g_info ("%s: the call that was asked for: %s", self->room_id, text);
  finish (self);
  g_signal_emit (self, signals[SIGNAL_FAILED], 0, text);
}

static gboolean
is_signed_in (ConfabCallRequest *self)
{
  ConfabSessionState state = confab_session_get_state (self->session);

  return state == CONFAB_SESSION_STATE_ONLINE || state == CONFAB_SESSION_STATE_OFFLINE;
}

static gboolean
is_under_way (ConfabCallRequest *self)
{
  ConfabSessionState state = confab_session_get_state (self->session);

  return state == CONFAB_SESSION_STATE_RESTORING || state == CONFAB_SESSION_STATE_SIGNING_IN ||
         state == CONFAB_SESSION_STATE_FIRST_SYNC;
}

/* What it still waits for when time is up. */
static void
timeout_cb (gpointer data)
{
  ConfabCallRequest *self = data;
  ConfabRoomViewModel *room = confab_room_list_view_model_lookup (self->rooms, self->room_id);
  g_autofree char *reason = NULL;

  self->timeout = 0;
  if (room != NULL)
    g_object_get (room, "reason", &reason, NULL);
  if (!is_signed_in (self))
    fail (self, _ ("Sign in to take part in calls."));
  else if (room == NULL)
    fail (self, _ ("You are not in that room."));
  else if (reason != NULL && *reason != '\0')
    fail (self, reason);
  else if (self->devices == NULL)
    fail (self, _ ("Camera and microphone are not ready."));
  else
    fail (self, _ ("There is no call in that room."));
}

static void
hint_cb (gpointer data)
{
  ConfabCallRequest *self = data;
  ConfabRoomViewModel *room = confab_room_list_view_model_lookup (self->rooms, self->room_id);
  g_autofree char *text = NULL;

  self->hint_timeout = 0;
  if (confab_session_get_state (self->session) != CONFAB_SESSION_STATE_ONLINE)
    return; /* the page says so */
  if (room == NULL) {
    text = g_strdup (_ ("That room is not here yet. You join as soon as it is."));
  } else if (!self->start && !confab_room_view_model_get_has_call (room)) {
    g_autofree char *name = confab_format_name (confab_room_view_model_get_name (room));

    /* Translators: %s is a room’s name */
    text = g_strdup_printf (_ ("There is no call in “%s” yet. You join as soon as there is one."),
                            name);
  }
  if (text != NULL)
    g_signal_emit (self, signals[SIGNAL_WAITING], 0, text);
}

/* What does not change by waiting; (transfer full) (nullable). */
static char *
refusal (ConfabCallRequest *self, ConfabRoomViewModel *room)
{
  char *reason = NULL;

  if (confab_session_get_state (self->session) == CONFAB_SESSION_STATE_ONLINE &&
      (self->start || confab_room_view_model_get_has_call (room)) &&
      !confab_room_view_model_get_can_act (room))
    g_object_get (room, "reason", &reason, NULL);
  return reason;
}

static void
look (ConfabCallRequest *self)
{
  g_autofree char *why_not = NULL;
  ConfabRoomViewModel *room = confab_room_list_view_model_lookup (self->rooms, self->room_id);

  if (self->over)
    return;
  g_signal_group_set_target (self->room, room);
  if (is_under_way (self))
    confab_clock_clear (self->clock, &self->timeout);
  else if (self->timeout == 0)
    self->timeout = confab_clock_add_timeout (self->clock, PATIENCE_MS, timeout_cb, self);
  if (room != NULL)
    why_not = refusal (self, room);
  if (why_not != NULL) {
    fail (self, why_not);
    return;
  }
  if (room == NULL || self->devices == NULL || !confab_room_view_model_get_can_act (room))
    return;
  if (confab_room_view_model_get_has_call (room) != self->start) {
    g_autoptr (ConfabCallRequest) kept = g_object_ref (self);

    finish (self);
    g_signal_emit (self, signals[SIGNAL_READY], 0, room);
  } else if (self->start) {
    fail (self, _ ("There is a call in that room already."));
  }
}

static void
confab_call_request_dispose (GObject *object)
{
  ConfabCallRequest *self = CONFAB_CALL_REQUEST (object);

  if (self->clock != NULL)
    finish (self);
  g_clear_object (&self->room);
  g_clear_object (&self->devices);
  g_clear_object (&self->rooms);
  g_clear_object (&self->session);
  g_clear_object (&self->clock);

  G_OBJECT_CLASS (confab_call_request_parent_class)->dispose (object);
}

static void
confab_call_request_finalize (GObject *object)
{
  g_free (CONFAB_CALL_REQUEST (object)->room_id);

  G_OBJECT_CLASS (confab_call_request_parent_class)->finalize (object);
}

static void
confab_call_request_class_init (ConfabCallRequestClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = confab_call_request_dispose;
  object_class->finalize = confab_call_request_finalize;
  signals[SIGNAL_READY] = g_signal_new ("ready",
                                        G_TYPE_FROM_CLASS (klass),
                                        G_SIGNAL_RUN_LAST,
                                        0,
                                        NULL,
                                        NULL,
                                        NULL,
                                        G_TYPE_NONE,
                                        1,
                                        CONFAB_TYPE_ROOM_VIEW_MODEL);
  signals[SIGNAL_FAILED] = g_signal_new ("failed",
                                         G_TYPE_FROM_CLASS (klass),
                                         G_SIGNAL_RUN_LAST,
                                         0,
                                         NULL,
                                         NULL,
                                         NULL,
                                         G_TYPE_NONE,
                                         1,
                                         G_TYPE_STRING);
  signals[SIGNAL_WAITING] = g_signal_new ("waiting",
                                          G_TYPE_FROM_CLASS (klass),
                                          G_SIGNAL_RUN_LAST,
                                          0,
                                          NULL,
                                          NULL,
                                          NULL,
                                          G_TYPE_NONE,
                                          1,
                                          G_TYPE_STRING);
}

static void
confab_call_request_init (ConfabCallRequest *self)
{
  self->room = g_signal_group_new (CONFAB_TYPE_ROOM_VIEW_MODEL);
  g_signal_group_connect_swapped (self->room, "notify::can-act", G_CALLBACK (look), self);
  g_signal_group_connect_swapped (self->room, "notify::has-call", G_CALLBACK (look), self);
}

ConfabCallRequest *
confab_call_request_new (ConfabSession *session,
                         ConfabRoomListViewModel *rooms,
                         ConfabClock *clock,
                         const char *room_id,
                         gboolean start,
                         gboolean audio,
                         gboolean video)
{
  ConfabCallRequest *self = g_object_new (CONFAB_TYPE_CALL_REQUEST, NULL);

  self->session = g_object_ref (session);
  self->rooms = g_object_ref (rooms);
  self->clock = g_object_ref (clock);
  self->room_id = g_strdup (room_id);
  self->start = start;
  self->audio = audio;
  self->video = video;
  self->hint_timeout = confab_clock_add_timeout (clock, HINT_MS, hint_cb, self);
  /* Each sync that was taken in, and each state: rooms come with nothing else. After the rooms have heard of it, which
   * say what can be done. */
  g_signal_connect_object (
    session, "notify::state", G_CALLBACK (look), self, G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  g_signal_connect_object (
    session, "notify::last-sync-at", G_CALLBACK (look), self, G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  return self;
}

gboolean
confab_call_request_get_audio (ConfabCallRequest *self)
{
  return self->audio;
}

gboolean
confab_call_request_get_video (ConfabCallRequest *self)
{
  return self->video;
}

void
confab_call_request_set_devices (ConfabCallRequest *self, ConfabMediaDevices *devices)
{
  g_return_if_fail (CONFAB_IS_CALL_REQUEST (self));

  g_set_object (&self->devices, devices);
  look (self);
}
