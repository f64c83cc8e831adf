/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define CONFAB_CALL_MEMBERSHIP_TYPE "org.matrix.msc3401.call.member"
#define CONFAB_CALL_MEMBERSHIP_LIFETIME_MS (60 * 60 * 1000)

/* What carries the calls that a member event speaks of (protocol/mesh-calls.md section 1). */
typedef enum {
  CONFAB_CALL_MEMBERSHIP_NONE, /* of nobody, or of a kind that is not known */
  CONFAB_CALL_MEMBERSHIP_MESH, /* MSC3401: one event a user */
  CONFAB_CALL_MEMBERSHIP_RTC,  /* MatrixRTC: one event a device */
} ConfabCallMembershipKind;

/**
 * ConfabCallMembership:
 * @call_id: the call
 * @device_id: the device that is in it
 * @session_id: changes when the device lost its state
 * @expires_ts: ms since the epoch; void from then on
 * @active_foci: whether it uses an SFU
 * @shares_screen: whether its `feeds` have one of purpose `m.screenshare`
 *
 * One device in one call.
 */
typedef struct {
  char *call_id;
  char *device_id;
  char *session_id;
  gint64 expires_ts;
  gboolean active_foci;
  gboolean shares_screen;
} ConfabCallMembership;

void confab_call_membership_free (ConfabCallMembership *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabCallMembership, confab_call_membership_free)

ConfabCallMembershipKind
confab_call_membership_get_kind (const char *state_key, const char *sender, JsonObject *content);
GPtrArray *confab_call_membership_parse (JsonObject *content) G_GNUC_WARN_UNUSED_RESULT;
gboolean confab_call_membership_lacks (GPtrArray *after, GPtrArray *before);
GStrv
confab_call_membership_list_renewed (GPtrArray *after, GPtrArray *before) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *confab_call_membership_merge (JsonObject *content,
                                          const char *device_id,
                                          GPtrArray *own,
                                          gint64 now_ms) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
