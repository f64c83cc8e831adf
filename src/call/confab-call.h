/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

#include "confab-call-enums.h"
#include "confab-local-media.h"
#include "confab-participant.h"

G_BEGIN_DECLS

typedef enum {
  CONFAB_CALL_ERROR_FORBIDDEN, /* the room does not let this person do it: missing power */
  CONFAB_CALL_ERROR_NETWORK,   /* the homeserver could not be reached */
  CONFAB_CALL_ERROR_UNSUPPORTED, /* the call runs over something that this version does not speak (an SFU) */
  CONFAB_CALL_ERROR_ENDED, /* the call is over */
  CONFAB_CALL_ERROR_TAKEN_OUT, /* another device of the user, or the server, took this one out of the call */
  CONFAB_CALL_ERROR_ROOM_LOST, /* this person is not in the room any more: kicked, banned, left elsewhere */
} ConfabCallError;
#define CONFAB_CALL_ERROR (confab_call_error_quark ())
GQuark confab_call_error_quark (void);

/**
 * ConfabCall:
 *
 * A call as everything above `call` sees it, whether a mesh (#ConfabGroupCall), 1:1 or over an SFU.
 * Properties (all notify, except id and room-id): `id`, `room-id`, `intent`, `call-type`, `name`, `state`,
 * `ringing`, `started-at`, `local-media`, `sharing`, `sharing-problem`. Commands answer at once (local echo in
 * `state`); what goes wrong later comes as ::failed. Main thread only.
 */
#define CONFAB_TYPE_CALL (confab_call_get_type ())
G_DECLARE_INTERFACE (ConfabCall, confab_call, CONFAB, CALL, GObject)

typedef enum {
  CONFAB_DECLINE_HERE,       /* it may ring on elsewhere */
  CONFAB_DECLINE_EVERYWHERE, /* on all of this user's devices, those that are offline now, too */
} ConfabDeclineScope;

struct _ConfabCallInterface {
  GTypeInterface parent_iface;

  GListModel *(*get_participants) (ConfabCall *self);
  void (*join) (ConfabCall *self, ConfabLocalMedia *media);
  void (*leave) (ConfabCall *self);
  void (*terminate) (ConfabCall *self);
  void (*decline) (ConfabCall *self, ConfabDeclineScope scope);
  void (*set_microphone_muted) (ConfabCall *self, gboolean muted);
  void (*set_camera_muted) (ConfabCall *self, gboolean muted);
  void (*share_screen) (ConfabCall *self);
  void (*stop_sharing) (ConfabCall *self);
};

char *confab_call_dup_id (ConfabCall *self) G_GNUC_WARN_UNUSED_RESULT;
char *confab_call_dup_room_id (ConfabCall *self) G_GNUC_WARN_UNUSED_RESULT;
char *confab_call_dup_name (ConfabCall *self) G_GNUC_WARN_UNUSED_RESULT;
ConfabCallIntent confab_call_get_intent (ConfabCall *self);
ConfabCallType confab_call_get_call_type (ConfabCall *self);
ConfabCallState confab_call_get_state (ConfabCall *self);
gboolean confab_call_get_ringing (ConfabCall *self);
gint64 confab_call_get_started_at (ConfabCall *self);
ConfabLocalMedia *confab_call_dup_local_media (ConfabCall *self) G_GNUC_WARN_UNUSED_RESULT;
ConfabSharing confab_call_get_sharing (ConfabCall *self);
ConfabSharingProblem confab_call_get_sharing_problem (ConfabCall *self);
gboolean confab_call_is_active (ConfabCall *self);
GListModel *confab_call_get_participants (ConfabCall *self);

void confab_call_join (ConfabCall *self, ConfabLocalMedia *media);
void confab_call_leave (ConfabCall *self);
void confab_call_terminate (ConfabCall *self);
void confab_call_decline (ConfabCall *self, ConfabDeclineScope scope);
void confab_call_set_microphone_muted (ConfabCall *self, gboolean muted);
void confab_call_set_camera_muted (ConfabCall *self, gboolean muted);
void confab_call_share_screen (ConfabCall *self);
void confab_call_stop_sharing (ConfabCall *self);

/* For implementations. */
void confab_call_emit_failed (ConfabCall *self, const GError *error);

G_END_DECLS
