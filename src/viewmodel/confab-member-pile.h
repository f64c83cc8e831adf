/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _ConfabRoom ConfabRoom;
typedef struct _ConfabSession ConfabSession;

/* So many faces stand on a room's page, and then a number. */
#define CONFAB_MEMBER_PILE_SHOWN 4

/**
 * ConfabMemberPile:
 *
 * The faces of a room's members, which are loaded only when they are wanted, and how many there are beside those that
 * are shown. Signal `changed`: the number did. Main thread only.
 */
#define CONFAB_TYPE_MEMBER_PILE (confab_member_pile_get_type ())
G_DECLARE_FINAL_TYPE (ConfabMemberPile, confab_member_pile, CONFAB, MEMBER_PILE, GObject)

ConfabMemberPile *
confab_member_pile_new (ConfabRoom *room, ConfabSession *session) G_GNUC_WARN_UNUSED_RESULT;
void confab_member_pile_load (ConfabMemberPile *self);
GListModel *confab_member_pile_get_list (ConfabMemberPile *self);
char *confab_member_pile_dup_more (ConfabMemberPile *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
