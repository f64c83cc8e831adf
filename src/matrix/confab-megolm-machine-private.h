/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-megolm-machine.h"

G_BEGIN_DECLS

/* For the files that make up ConfabMegolmMachine. */
struct _ConfabMegolmMachine {
  GObject parent_instance;

  ConfabOlmMachine *olm;
  ConfabStore *store;
  ConfabHomeserver *homeserver;
  ConfabClock *clock;
  ConfabMembersFunc members_func;
  gpointer members_data;

  /* (element-type utf8 DexPromise): resolved when the last event of a room is through */
  GHashTable *tails;
  GHashTable *restored_tails; /* the same for those that a process before this one left */
  GHashTable *txn_ids;        /* (element-type utf8): of what this process was asked to send */
  DexPromise *restoring;      /* (nullable): resolved when these are on their way */
  char *shown;                /* (nullable): the token of the sync that the members are from */
  DexPromise *moved;          /* resolved when @shown changes; then there is another one */
  DexPromise *heard;          /* resolved when the server has answered a sync of this process */
  DexPromise *stopping;
  DexPromise *idle; /* (nullable): resolved when the last of @n_sending is through */
  guint n_sending;
  DexFuture *handing_on; /* (nullable) */
  gboolean again;
  gint64 handed_on; /* the last row that was */
  gboolean stopped;
};

G_END_DECLS
