/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-call-handler.h"
#include "confab-call-room.h"
#include "confab-early-messages.h"
#include "confab-group-call.h"

G_BEGIN_DECLS

struct _ConfabCallHandler {
  GObject parent_instance;

  ConfabSignalling *signalling;
  ConfabClock *clock;
  char *user_id;
  char *device_id;
  GHashTable *rooms; /* room id → ConfabCallRoom */
  GListStore *calls; /* ConfabGroupCall */
  ConfabEarlyMessages *early;
  gboolean synced; /* in this run */
};

/* confab-call-handler.c */
guint confab_call_handler_get_n_calls (ConfabCallHandler *self);
ConfabGroupCall *confab_call_handler_peek_call (ConfabCallHandler *self, guint position);
gboolean confab_call_handler_is_in_room (ConfabGroupCall *call, const char *room_id);
ConfabGroupCall *
confab_call_handler_find_call (ConfabCallHandler *self, const char *room_id, const char *call_id);
ConfabCallRoom *confab_call_handler_ensure_room (ConfabCallHandler *self, const char *room_id);
void confab_call_handler_forget_call (ConfabCallHandler *self, ConfabGroupCall *call);
void confab_call_handler_add_call (ConfabCallHandler *self, ConfabGroupCall *call);

/* confab-call-handler-to-device.c */
void confab_call_handler_flush (ConfabCallHandler *self);

G_END_DECLS
