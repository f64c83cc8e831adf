/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call-enums.h"

G_DEFINE_ENUM_TYPE (ConfabCallIntent,
                    confab_call_intent,
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_INTENT_RING, "m.ring"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_INTENT_PROMPT, "m.prompt"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_INTENT_ROOM, "m.room"))

G_DEFINE_ENUM_TYPE (ConfabCallType,
                    confab_call_type,
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_TYPE_VIDEO, "m.video"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_TYPE_VOICE, "m.voice"))

G_DEFINE_ENUM_TYPE (ConfabCallState,
                    confab_call_state,
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_STATE_LOCAL_DRAFT, "local-draft"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_STATE_KNOWN, "known"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_STATE_PREPARING, "preparing"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_STATE_JOINING, "joining"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_STATE_JOINED, "joined"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_STATE_LEAVING, "leaving"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CALL_STATE_ENDED, "ended"))

G_DEFINE_ENUM_TYPE (ConfabParticipantState,
                    confab_participant_state,
                    G_DEFINE_ENUM_VALUE (CONFAB_PARTICIPANT_STATE_ADVERTISED, "advertised"),
                    G_DEFINE_ENUM_VALUE (CONFAB_PARTICIPANT_STATE_WAITING, "waiting"),
                    G_DEFINE_ENUM_VALUE (CONFAB_PARTICIPANT_STATE_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (CONFAB_PARTICIPANT_STATE_CONNECTED, "connected"),
                    G_DEFINE_ENUM_VALUE (CONFAB_PARTICIPANT_STATE_RECONNECTING, "reconnecting"),
                    G_DEFINE_ENUM_VALUE (CONFAB_PARTICIPANT_STATE_UNREACHABLE, "unreachable"))

G_DEFINE_ENUM_TYPE (ConfabStreamPurpose,
                    confab_stream_purpose,
                    G_DEFINE_ENUM_VALUE (CONFAB_STREAM_PURPOSE_USERMEDIA, "usermedia"),
                    G_DEFINE_ENUM_VALUE (CONFAB_STREAM_PURPOSE_SCREENSHARE, "screenshare"),
                    G_DEFINE_ENUM_VALUE (CONFAB_STREAM_PURPOSE_UNKNOWN, "unknown"))

G_DEFINE_ENUM_TYPE (ConfabMediaKind,
                    confab_media_kind,
                    G_DEFINE_ENUM_VALUE (CONFAB_MEDIA_KIND_AUDIO, "audio"),
                    G_DEFINE_ENUM_VALUE (CONFAB_MEDIA_KIND_VIDEO, "video"))

G_DEFINE_ENUM_TYPE (ConfabSdpType,
                    confab_sdp_type,
                    G_DEFINE_ENUM_VALUE (CONFAB_SDP_TYPE_OFFER, "offer"),
                    G_DEFINE_ENUM_VALUE (CONFAB_SDP_TYPE_ANSWER, "answer"))

G_DEFINE_ENUM_TYPE (ConfabConnectionState,
                    confab_connection_state,
                    G_DEFINE_ENUM_VALUE (CONFAB_CONNECTION_STATE_NEW, "new"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CONNECTION_STATE_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CONNECTION_STATE_CONNECTED, "connected"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CONNECTION_STATE_DISCONNECTED, "disconnected"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CONNECTION_STATE_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (CONFAB_CONNECTION_STATE_CLOSED, "closed"))

G_DEFINE_ENUM_TYPE (ConfabDeviceKind,
                    confab_device_kind,
                    G_DEFINE_ENUM_VALUE (CONFAB_DEVICE_KIND_MICROPHONE, "microphone"),
                    G_DEFINE_ENUM_VALUE (CONFAB_DEVICE_KIND_SPEAKER, "speaker"),
                    G_DEFINE_ENUM_VALUE (CONFAB_DEVICE_KIND_CAMERA, "camera"))

G_DEFINE_ENUM_TYPE (ConfabDeviceProblem,
                    confab_device_problem,
                    G_DEFINE_ENUM_VALUE (CONFAB_DEVICE_PROBLEM_NONE, "none"),
                    G_DEFINE_ENUM_VALUE (CONFAB_DEVICE_PROBLEM_MISSING, "missing"),
                    G_DEFINE_ENUM_VALUE (CONFAB_DEVICE_PROBLEM_BUSY, "busy"),
                    G_DEFINE_ENUM_VALUE (CONFAB_DEVICE_PROBLEM_DENIED, "denied"),
                    G_DEFINE_ENUM_VALUE (CONFAB_DEVICE_PROBLEM_FAILED, "failed"))

G_DEFINE_ENUM_TYPE (ConfabSharing,
                    confab_sharing,
                    G_DEFINE_ENUM_VALUE (CONFAB_SHARING_OFF, "off"),
                    G_DEFINE_ENUM_VALUE (CONFAB_SHARING_ASKING, "asking"),
                    G_DEFINE_ENUM_VALUE (CONFAB_SHARING_ON, "on"))

G_DEFINE_ENUM_TYPE (ConfabSharingProblem,
                    confab_sharing_problem,
                    G_DEFINE_ENUM_VALUE (CONFAB_SHARING_PROBLEM_NONE, "none"),
                    G_DEFINE_ENUM_VALUE (CONFAB_SHARING_PROBLEM_UNSUPPORTED, "unsupported"),
                    G_DEFINE_ENUM_VALUE (CONFAB_SHARING_PROBLEM_DENIED, "denied"),
                    G_DEFINE_ENUM_VALUE (CONFAB_SHARING_PROBLEM_FAILED, "failed"))

/**
 * confab_enum_nick:
 * @type: an enum type
 * @value: one of its values
 *
 * Returns: the value's nick, for logs and for the wire; “?” for a value that the type does not have
 */
const char *
confab_enum_nick (GType type, int value)
{
  /* The class stays: a static type's class is never freed once it was made. */
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);
  GEnumValue *found = g_enum_get_value (klass, value);

  return found != NULL ? found->value_nick : "?";
}
