/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* MSC3401 `m.intent`. */
typedef enum {
  CONFAB_CALL_INTENT_RING,   /* m.ring: rings everybody */
  CONFAB_CALL_INTENT_PROMPT, /* m.prompt: others see that the call is on */
  CONFAB_CALL_INTENT_ROOM,   /* m.room: the room itself is the call; never ends by itself */
} ConfabCallIntent;
#define CONFAB_TYPE_CALL_INTENT (confab_call_intent_get_type ())
GType confab_call_intent_get_type (void);

/* MSC3401 `m.type`: how the call starts; either kind of media may be used later. */
typedef enum {
  CONFAB_CALL_TYPE_VIDEO, /* m.video */
  CONFAB_CALL_TYPE_VOICE, /* m.voice */
} ConfabCallType;
#define CONFAB_TYPE_CALL_TYPE (confab_call_type_get_type ())
GType confab_call_type_get_type (void);

/* protocol/mesh-calls.md section 10.1, column “State (Confab)”. */
typedef enum {
  CONFAB_CALL_STATE_LOCAL_DRAFT, /* being created; the server has not taken it yet */
  CONFAB_CALL_STATE_KNOWN,       /* on in the room, without this device */
  CONFAB_CALL_STATE_PREPARING,   /* TURN and media are fetched */
  CONFAB_CALL_STATE_JOINING,     /* the own membership is on its way, or not yet back from sync */
  CONFAB_CALL_STATE_JOINED,
  CONFAB_CALL_STATE_LEAVING,
  CONFAB_CALL_STATE_ENDED, /* terminated; never comes back */
} ConfabCallState;
#define CONFAB_TYPE_CALL_STATE (confab_call_state_get_type ())
GType confab_call_state_get_type (void);

/* What a person sees of one remote participant's connection, whatever carries it. */
typedef enum {
  CONFAB_PARTICIPANT_STATE_ADVERTISED, /* in the call; this device is not, or has not begun to connect */
  CONFAB_PARTICIPANT_STATE_WAITING,      /* it is the other side's turn to connect */
  CONFAB_PARTICIPANT_STATE_CONNECTING,   /* first connection under way */
  CONFAB_PARTICIPANT_STATE_CONNECTED,    /* media can flow */
  CONFAB_PARTICIPANT_STATE_RECONNECTING, /* was connected; being repaired or retried */
  CONFAB_PARTICIPANT_STATE_UNREACHABLE,  /* given up until the other side comes anew */
} ConfabParticipantState;
#define CONFAB_TYPE_PARTICIPANT_STATE (confab_participant_state_get_type ())
GType confab_participant_state_get_type (void);

/* MSC3077 `purpose`. */
typedef enum {
  CONFAB_STREAM_PURPOSE_USERMEDIA,   /* m.usermedia: microphone and camera */
  CONFAB_STREAM_PURPOSE_SCREENSHARE, /* m.screenshare */
  CONFAB_STREAM_PURPOSE_UNKNOWN,     /* media came without metadata: shown as an extra tile */
} ConfabStreamPurpose;
#define CONFAB_TYPE_STREAM_PURPOSE (confab_stream_purpose_get_type ())
GType confab_stream_purpose_get_type (void);

typedef enum {
  CONFAB_MEDIA_KIND_AUDIO,
  CONFAB_MEDIA_KIND_VIDEO,
} ConfabMediaKind;
#define CONFAB_TYPE_MEDIA_KIND (confab_media_kind_get_type ())
GType confab_media_kind_get_type (void);

/* W3C RTCSdpType, less rollback, which webrtcbin cannot do. */
typedef enum {
  CONFAB_SDP_TYPE_OFFER,
  CONFAB_SDP_TYPE_ANSWER,
} ConfabSdpType;
#define CONFAB_TYPE_SDP_TYPE (confab_sdp_type_get_type ())
GType confab_sdp_type_get_type (void);

/* W3C RTCPeerConnectionState. */
typedef enum {
  CONFAB_CONNECTION_STATE_NEW,
  CONFAB_CONNECTION_STATE_CONNECTING,
  CONFAB_CONNECTION_STATE_CONNECTED,
  CONFAB_CONNECTION_STATE_DISCONNECTED,
  CONFAB_CONNECTION_STATE_FAILED,
  CONFAB_CONNECTION_STATE_CLOSED,
} ConfabConnectionState;
#define CONFAB_TYPE_CONNECTION_STATE (confab_connection_state_get_type ())
GType confab_connection_state_get_type (void);

typedef enum {
  CONFAB_DEVICE_KIND_MICROPHONE,
  CONFAB_DEVICE_KIND_SPEAKER,
  CONFAB_DEVICE_KIND_CAMERA,
} ConfabDeviceKind;
#define CONFAB_TYPE_DEVICE_KIND (confab_device_kind_get_type ())
GType confab_device_kind_get_type (void);

/* Why a local device gives nothing. */
typedef enum {
  CONFAB_DEVICE_PROBLEM_NONE,
  CONFAB_DEVICE_PROBLEM_MISSING, /* there is none, or the chosen one was taken away */
  CONFAB_DEVICE_PROBLEM_BUSY,    /* another program has it */
  CONFAB_DEVICE_PROBLEM_DENIED,  /* the system does not allow it */
  CONFAB_DEVICE_PROBLEM_FAILED,  /* anything else */
} ConfabDeviceProblem;
#define CONFAB_TYPE_DEVICE_PROBLEM (confab_device_problem_get_type ())
GType confab_device_problem_get_type (void);

/* One's own screen. */
typedef enum {
  CONFAB_SHARING_OFF,
  CONFAB_SHARING_ASKING, /* the person is choosing what to share, or the system is asked for it */
  CONFAB_SHARING_ON,     /* also while something else to share is being chosen */
} ConfabSharing;
#define CONFAB_TYPE_SHARING (confab_sharing_get_type ())
GType confab_sharing_get_type (void);

/* Why the screen is not shared. That a person chose nothing, or had enough, is no problem. */
typedef enum {
  CONFAB_SHARING_PROBLEM_NONE,
  CONFAB_SHARING_PROBLEM_UNSUPPORTED, /* there is no way to capture a screen here: known without asking */
  CONFAB_SHARING_PROBLEM_DENIED, /* the system does not allow it */
  CONFAB_SHARING_PROBLEM_FAILED, /* anything else, be it at the start or later */
} ConfabSharingProblem;
#define CONFAB_TYPE_SHARING_PROBLEM (confab_sharing_problem_get_type ())
GType confab_sharing_problem_get_type (void);

const char *confab_enum_nick (GType type, int value);

G_END_DECLS
