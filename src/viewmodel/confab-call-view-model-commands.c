/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-call-view-model-private.h"

#include <glib/gi18n.h>

/* What a person at this device does in the call. */

/**
 * confab_call_view_model_set_microphone_muted:
 * @self: a call's view model
 * @muted: whether nobody is to hear this person
 *
 * Shown at once, before the call has taken it.
 */
void
confab_call_view_model_set_microphone_muted (ConfabCallViewModel *self, gboolean muted)
{
  g_return_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self));

  if (confab_own_media_get_microphone_muted (self->media) == !!muted)
    return;
  confab_call_announcer_say (self->announcer,
                             muted ? _ ("You are muted") : _ ("You are not muted"));
  confab_own_media_set_microphone_muted (self->media, muted);
}

void
confab_call_view_model_set_camera_muted (ConfabCallViewModel *self, gboolean muted)
{
  g_return_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self));

  if (confab_own_media_get_camera_muted (self->media) == !!muted)
    return;
  confab_call_announcer_say (self->announcer,
                             muted ? _ ("Your camera is off") : _ ("Your camera is on"));
  confab_own_media_set_camera_muted (self->media, muted);
}

void
confab_call_view_model_toggle_microphone (ConfabCallViewModel *self)
{
  g_return_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self));

  confab_call_view_model_set_microphone_muted (self,
                                               !confab_own_media_get_microphone_muted (
                                                 self->media));
}

void
confab_call_view_model_toggle_camera (ConfabCallViewModel *self)
{
  g_return_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self));

  confab_call_view_model_set_camera_muted (self, !confab_own_media_get_camera_muted (self->media));
}

/**
 * confab_call_view_model_leave:
 * @self: a call's view model
 *
 * `state` is %CONFAB_CALL_PAGE_ENDED when this returns.
 */
void
confab_call_view_model_leave (ConfabCallViewModel *self)
{
  /* Whoever hears that the call is over may drop the last other reference. */
  g_autoptr (ConfabCallViewModel) kept = NULL;

  g_return_if_fail (CONFAB_IS_CALL_VIEW_MODEL (self));

  if (self->state == CONFAB_CALL_PAGE_ENDED)
    return;
  kept = g_object_ref (self);
  self->was_active = TRUE;
  confab_call_leave (self->call);
  confab_call_view_model_update (self);
}
