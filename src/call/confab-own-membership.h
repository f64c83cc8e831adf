/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-room.h"

G_BEGIN_DECLS

typedef enum {
  CONFAB_OWN_MEMBERSHIP_WRITTEN,      /* the homeserver took the entry */
  CONFAB_OWN_MEMBERSHIP_WRITE_FAILED, /* it did not take the first one */
  CONFAB_OWN_MEMBERSHIP_RENEW_FAILED, /* it did not take a later one */
  CONFAB_OWN_MEMBERSHIP_RENEWAL_DUE, /* 45 min after the last, 30 s after one that failed, or undone */
  CONFAB_OWN_MEMBERSHIP_SEEN,        /* the entry came in sync */
  CONFAB_OWN_MEMBERSHIP_LOST,        /* a member event without the entry came in sync */
  CONFAB_OWN_MEMBERSHIP_WITHDRAWN, /* it is gone, or could not be removed */
} ConfabOwnMembershipEvent;

typedef void (*ConfabOwnMembershipFunc) (ConfabOwnMembershipEvent event,
                                         const GError *error,
                                         gpointer data);

/**
 * ConfabOwnMembership:
 *
 * This device's entry of one call in the own user's member event: written with a session id that is new for each
 * join, renewed every 45 min with 2 min of jitter, looked for in what comes back in sync (protocol/mesh-calls.md
 * sections 7.2 and 7.3). What to do about it is the call's to decide.
 */
typedef struct _ConfabOwnMembership ConfabOwnMembership;

ConfabOwnMembership *confab_own_membership_new (ConfabCallRoom *room,
                                                const char *call_id,
                                                ConfabOwnMembershipFunc func,
                                                gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void confab_own_membership_free (ConfabOwnMembership *self);
void confab_own_membership_start (ConfabOwnMembership *self);
void confab_own_membership_write (ConfabOwnMembership *self);
void confab_own_membership_set_sharing (ConfabOwnMembership *self, gboolean sharing);
void confab_own_membership_renew (ConfabOwnMembership *self);
void confab_own_membership_rewrite (ConfabOwnMembership *self);
void confab_own_membership_reaffirm (ConfabOwnMembership *self);
void confab_own_membership_in_force (ConfabOwnMembership *self);
void confab_own_membership_renew_later (ConfabOwnMembership *self);
void confab_own_membership_check (ConfabOwnMembership *self);
void confab_own_membership_check_age (ConfabOwnMembership *self);
void confab_own_membership_stop (ConfabOwnMembership *self);
void confab_own_membership_withdraw (ConfabOwnMembership *self);
const char *confab_own_membership_get_session_id (ConfabOwnMembership *self);
gboolean confab_own_membership_is_in_force (ConfabOwnMembership *self);
gboolean confab_own_membership_is_listed (ConfabOwnMembership *self);
gboolean confab_own_membership_is_overdue (ConfabOwnMembership *self);
gboolean confab_own_membership_is_valid (ConfabOwnMembership *self);
gboolean confab_own_membership_may_rewrite (ConfabOwnMembership *self);

G_END_DECLS
