/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-session-view-model-private.h"

#include <glib/gi18n.h>

/*
 * The machine sleeps, and wakes up.
 *
 * Nobody can be in a call and asleep: the others would see a frozen face until the connection times out, and the room
 * would say for an hour that somebody is there. After waking the call is offered, never entered: a camera that comes on
 * because a lid was opened would show a person who does not know of it.
 */

void
confab_session_view_model_forget_slept (ConfabSessionViewModel *self)
{
  if (self->session != NULL)
    g_clear_signal_handler (&self->slept.handler, self->session);
  g_clear_pointer (&self->slept.room_id, g_free);
  g_clear_pointer (&self->slept.call_id, g_free);
}

static void
synced_cb (ConfabSessionViewModel *self)
{
  ConfabCallHandler *handler = confab_session_get_call_handler (self->session);
  g_autofree char *room_id = g_steal_pointer (&self->slept.room_id);
  g_autofree char *call_id = g_steal_pointer (&self->slept.call_id);

  confab_session_view_model_forget_slept (self);
  /* Whoever is in a call already has seen to it. */
  if (self->call != NULL || handler == NULL)
    return;
  if (confab_call_handler_lookup (handler, room_id, call_id) != NULL)
    confab_session_view_model_offer_rejoin (
      self, _ ("The computer was asleep"), room_id, self->slept.audio, self->slept.video);
  else
    confab_session_view_model_toast (self, _ ("The call ended meanwhile"));
}

static DexFuture *
left_cb (DexFuture *future, gpointer data)
{
  confab_session_view_model_suspended (data);
  return dex_future_new_true ();
}

/**
 * confab_session_view_model_suspend:
 * @self: the window
 *
 * The machine is about to sleep: leaves the call, and gives up what was asked for and has not come about.
 * ConfabSessionViewModel::suspended follows when the others were told, or cannot be told in 2 s.
 */
void
confab_session_view_model_suspend (ConfabSessionViewModel *self)
{
  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));

  confab_session_view_model_drop_request (self);
  if (self->call != NULL && self->call_room != NULL) {
    confab_session_view_model_forget_slept (self);
    self->slept.room_id = g_strdup (confab_room_view_model_get_id (self->call_room));
    self->slept.call_id = confab_call_dup_id (confab_call_view_model_get_call (self->call));
    self->slept.audio = !confab_call_view_model_get_microphone_muted (self->call);
    self->slept.video = !confab_call_view_model_get_camera_muted (self->call);
  }
  if (self->call != NULL)
    confab_call_view_model_leave (self->call);
  dex_future_disown (dex_future_finally (
    confab_session_leave_calls (self->session), left_cb, g_object_ref (self), g_object_unref));
}

/**
 * confab_session_view_model_resume:
 * @self: the window
 *
 * The machine is awake again: asks the server at once, and offers the call that was left if it is still on.
 */
void
confab_session_view_model_resume (ConfabSessionViewModel *self)
{
  g_return_if_fail (CONFAB_IS_SESSION_VIEW_MODEL (self));

  /* Only the next answer knows what happened meanwhile. */
  if (self->slept.room_id != NULL && self->slept.handler == 0)
    self->slept.handler = g_signal_connect_object (
      self->session, "notify::last-sync-at", G_CALLBACK (synced_cb), self, G_CONNECT_SWAPPED);
  confab_session_try_now (self->session);
}
