/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call.h"

G_DEFINE_INTERFACE (ConfabCall, confab_call, G_TYPE_OBJECT)

G_DEFINE_QUARK (confab-call-error-quark, confab_call_error)

enum {
  SIGNAL_FAILED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
confab_call_default_init (ConfabCallInterface *iface)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * ConfabCall:id:
   *
   * The call's id; for a group call the state key of its `m.call` event.
   */
  g_object_interface_install_property (iface, g_param_spec_string ("id", NULL, NULL, NULL, flags));
  /**
   * ConfabCall:room-id:
   *
   * Where it is.
   */
  g_object_interface_install_property (iface,
                                       g_param_spec_string ("room-id", NULL, NULL, NULL, flags));
  /**
   * ConfabCall:intent:
   *
   * Ring, prompt or room.
   */
  g_object_interface_install_property (iface,
                                       g_param_spec_enum ("intent",
                                                          NULL,
                                                          NULL,
                                                          CONFAB_TYPE_CALL_INTENT,
                                                          CONFAB_CALL_INTENT_PROMPT,
                                                          flags));
  /**
   * ConfabCall:call-type:
   *
   * Whether it starts with pictures.
   */
  g_object_interface_install_property (iface,
                                       g_param_spec_enum ("call-type",
                                                          NULL,
                                                          NULL,
                                                          CONFAB_TYPE_CALL_TYPE,
                                                          CONFAB_CALL_TYPE_VIDEO,
                                                          flags));
  /**
   * ConfabCall:name:
   *
   * The call's own name, %NULL when it has none.
   */
  g_object_interface_install_property (iface,
                                       g_param_spec_string ("name", NULL, NULL, NULL, flags));
  /**
   * ConfabCall:state:
   *
   * Where this device stands.
   */
  g_object_interface_install_property (iface,
                                       g_param_spec_enum ("state",
                                                          NULL,
                                                          NULL,
                                                          CONFAB_TYPE_CALL_STATE,
                                                          CONFAB_CALL_STATE_KNOWN,
                                                          flags));
  /**
   * ConfabCall:ringing:
   *
   * Whether it asks for attention now (protocol/mesh-calls.md section 9.7).
   */
  g_object_interface_install_property (iface,
                                       g_param_spec_boolean ("ringing", NULL, NULL, FALSE, flags));
  /**
   * ConfabCall:started-at:
   *
   * When it began, as far as is known: µs since the epoch, 0 when not known.
   */
  g_object_interface_install_property (
    iface, g_param_spec_int64 ("started-at", NULL, NULL, 0, G_MAXINT64, 0, flags));
  /**
   * ConfabCall:local-media:
   *
   * What this device sends, while it is in the call.
   */
  g_object_interface_install_property (
    iface, g_param_spec_object ("local-media", NULL, NULL, CONFAB_TYPE_LOCAL_MEDIA, flags));
  /**
   * ConfabCall:sharing:
   *
   * Whether the own screen is shared, or about to be: that of #ConfabCall:local-media.
   */
  g_object_interface_install_property (
    iface,
    g_param_spec_enum ("sharing", NULL, NULL, CONFAB_TYPE_SHARING, CONFAB_SHARING_OFF, flags));
  /**
   * ConfabCall:sharing-problem:
   *
   * Why it is not shared, though somebody wanted it, or why it cannot be.
   */
  g_object_interface_install_property (iface,
                                       g_param_spec_enum ("sharing-problem",
                                                          NULL,
                                                          NULL,
                                                          CONFAB_TYPE_SHARING_PROBLEM,
                                                          CONFAB_SHARING_PROBLEM_NONE,
                                                          flags));

  /**
   * ConfabCall::failed:
   * @error: a #ConfabCallError
   *
   * A command came to nothing, or the call was lost; `state` says where it stands now.
   */
  signals[SIGNAL_FAILED] = g_signal_new ("failed",
                                         CONFAB_TYPE_CALL,
                                         G_SIGNAL_RUN_LAST,
                                         0,
                                         NULL,
                                         NULL,
                                         NULL,
                                         G_TYPE_NONE,
                                         1,
                                         G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static char *
dup_string (ConfabCall *self, const char *property)
{
  char *text = NULL;

  g_object_get (self, property, &text, NULL);
  return text;
}

static int
get_enum (ConfabCall *self, const char *property)
{
  int value = 0;

  g_object_get (self, property, &value, NULL);
  return value;
}

/**
 * confab_call_dup_id:
 * @self: a call
 *
 * Returns: (transfer full): its id
 */
char *
confab_call_dup_id (ConfabCall *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL (self), NULL);

  return dup_string (self, "id");
}

/**
 * confab_call_dup_room_id:
 * @self: a call
 *
 * Returns: (transfer full): the room it is in
 */
char *
confab_call_dup_room_id (ConfabCall *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL (self), NULL);

  return dup_string (self, "room-id");
}

/**
 * confab_call_dup_name:
 * @self: a call
 *
 * Returns: (transfer full) (nullable): its own name
 */
char *
confab_call_dup_name (ConfabCall *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL (self), NULL);

  return dup_string (self, "name");
}

/**
 * confab_call_get_intent:
 * @self: a call
 *
 * Returns: whether it rings, is offered, or belongs to the room
 */
ConfabCallIntent
confab_call_get_intent (ConfabCall *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL (self), CONFAB_CALL_INTENT_PROMPT);

  return get_enum (self, "intent");
}

/**
 * confab_call_get_call_type:
 * @self: a call
 *
 * Returns: whether it starts with pictures
 */
ConfabCallType
confab_call_get_call_type (ConfabCall *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL (self), CONFAB_CALL_TYPE_VIDEO);

  return get_enum (self, "call-type");
}

/**
 * confab_call_get_state:
 * @self: a call
 *
 * Returns: where this device stands
 */
ConfabCallState
confab_call_get_state (ConfabCall *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL (self), CONFAB_CALL_STATE_ENDED);

  return get_enum (self, "state");
}

/**
 * confab_call_get_ringing:
 * @self: a call
 *
 * Returns: whether it asks for attention now
 */
gboolean
confab_call_get_ringing (ConfabCall *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL (self), FALSE);

  return get_enum (self, "ringing");
}

/**
 * confab_call_get_started_at:
 * @self: a call
 *
 * Returns: when it began: µs since the epoch, 0 when that is not known
 */
gint64
confab_call_get_started_at (ConfabCall *self)
{
  gint64 started_at;

  g_return_val_if_fail (CONFAB_IS_CALL (self), 0);

  g_object_get (self, "started-at", &started_at, NULL);
  return started_at;
}

/**
 * confab_call_dup_local_media:
 * @self: a call
 *
 * Returns: (transfer full) (nullable): what this device sends, %NULL outside of the call
 */
ConfabLocalMedia *
confab_call_dup_local_media (ConfabCall *self)
{
  ConfabLocalMedia *media;

  g_return_val_if_fail (CONFAB_IS_CALL (self), NULL);

  g_object_get (self, "local-media", &media, NULL);
  return media;
}

ConfabSharing
confab_call_get_sharing (ConfabCall *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL (self), CONFAB_SHARING_OFF);

  return get_enum (self, "sharing");
}

ConfabSharingProblem
confab_call_get_sharing_problem (ConfabCall *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL (self), CONFAB_SHARING_PROBLEM_FAILED);

  return get_enum (self, "sharing-problem");
}

/**
 * confab_call_is_active:
 * @self: a call
 *
 * Returns: whether this device is in the call, or on its way in
 */
gboolean
confab_call_is_active (ConfabCall *self)
{
  ConfabCallState state = confab_call_get_state (self);

  return state == CONFAB_CALL_STATE_PREPARING || state == CONFAB_CALL_STATE_JOINING ||
         state == CONFAB_CALL_STATE_JOINED;
}

#define IFACE CONFAB_CALL_GET_IFACE

/**
 * confab_call_get_participants:
 * @self: a call
 *
 * Returns: (transfer none): a model of #ConfabParticipant: the other devices, longest in the call first
 */
GListModel *
confab_call_get_participants (ConfabCall *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL (self), NULL);

  return IFACE (self)->get_participants (self);
}

/**
 * confab_call_join:
 * @self: a call
 * @media: what to send; the call closes it when this device is out of the call again
 *
 * Does nothing when this device is in the call. Of a call that is over, or that runs over an SFU, @media is closed at
 * once, and ::failed says why.
 */
void
confab_call_join (ConfabCall *self, ConfabLocalMedia *media)
{
  g_return_if_fail (CONFAB_IS_CALL (self));
  g_return_if_fail (CONFAB_IS_LOCAL_MEDIA (media));

  IFACE (self)->join (self, media);
}

/**
 * confab_call_leave:
 * @self: a call
 *
 * Microphone, camera and shared screen are off when this returns.
 */
void
confab_call_leave (ConfabCall *self)
{
  g_return_if_fail (CONFAB_IS_CALL (self));

  IFACE (self)->leave (self);
}

/**
 * confab_call_terminate:
 * @self: a call
 *
 * Ends it for everybody.
 */
void
confab_call_terminate (ConfabCall *self)
{
  g_return_if_fail (CONFAB_IS_CALL (self));

  IFACE (self)->terminate (self);
}

/**
 * confab_call_decline:
 * @self: a call
 * @scope: where it stops ringing
 *
 * Stops the ringing; the others in the call are not told.
 */
void
confab_call_decline (ConfabCall *self, ConfabDeclineScope scope)
{
  g_return_if_fail (CONFAB_IS_CALL (self));

  IFACE (self)->decline (self, scope);
}

/**
 * confab_call_set_microphone_muted:
 * @self: a call
 * @muted: whether the others hear silence
 *
 * At once, and the others are told. Does nothing while this device is not in the call.
 */
void
confab_call_set_microphone_muted (ConfabCall *self, gboolean muted)
{
  g_return_if_fail (CONFAB_IS_CALL (self));

  IFACE (self)->set_microphone_muted (self, muted);
}

/**
 * confab_call_set_camera_muted:
 * @self: a call
 * @muted: whether the camera is closed
 *
 * As confab_call_set_microphone_muted().
 */
void
confab_call_set_camera_muted (ConfabCall *self, gboolean muted)
{
  g_return_if_fail (CONFAB_IS_CALL (self));

  IFACE (self)->set_camera_muted (self, muted);
}

/**
 * confab_call_share_screen:
 * @self: a call
 *
 * As confab_local_media_share_screen(); the others see it as soon as there is something. `sharing` says how it goes. Does
 * nothing while this device is not in the call: what is shared then, in the media that it joins with, stays shared.
 */
void
confab_call_share_screen (ConfabCall *self)
{
  g_return_if_fail (CONFAB_IS_CALL (self));

  IFACE (self)->share_screen (self);
}

/**
 * confab_call_stop_sharing:
 * @self: a call
 *
 * As confab_local_media_stop_sharing(), and the others are told.
 */
void
confab_call_stop_sharing (ConfabCall *self)
{
  g_return_if_fail (CONFAB_IS_CALL (self));

  IFACE (self)->stop_sharing (self);
}

/**
 * confab_call_emit_failed:
 * @self: a call
 * @error: a #ConfabCallError
 *
 * For implementations: emits ::failed.
 */
void
confab_call_emit_failed (ConfabCall *self, const GError *error)
{
  g_signal_emit (self, signals[SIGNAL_FAILED], 0, error);
}
