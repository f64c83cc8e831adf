/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "fake-call-handler.h"

#include "confab-json.h"

void (*fake_call_handler_hook) (const char *line);

struct _ConfabCallHandler {
  GObject parent_instance;

  GString *log;
  GListStore *calls;
};

static void fake_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ConfabCallHandler,
                               confab_call_handler,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, fake_model_init))

static GType
fake_get_item_type (GListModel *model)
{
  return CONFAB_TYPE_CALL;
}

static guint
fake_get_n_items (GListModel *model)
{
  return g_list_model_get_n_items (G_LIST_MODEL (CONFAB_CALL_HANDLER (model)->calls));
}

static gpointer
fake_get_item (GListModel *model, guint position)
{
  return g_list_model_get_item (G_LIST_MODEL (CONFAB_CALL_HANDLER (model)->calls), position);
}

static void
fake_model_init (GListModelInterface *iface)
{
  iface->get_item_type = fake_get_item_type;
  iface->get_n_items = fake_get_n_items;
  iface->get_item = fake_get_item;
}

static void
confab_call_handler_finalize (GObject *object)
{
  ConfabCallHandler *self = CONFAB_CALL_HANDLER (object);

  g_string_free (self->log, TRUE);
  g_object_unref (self->calls);
  G_OBJECT_CLASS (confab_call_handler_parent_class)->finalize (object);
}

static void
confab_call_handler_class_init (ConfabCallHandlerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = confab_call_handler_finalize;
  g_signal_new ("rtc-changed",
                G_TYPE_FROM_CLASS (klass),
                G_SIGNAL_RUN_LAST,
                0,
                NULL,
                NULL,
                NULL,
                G_TYPE_NONE,
                2,
                G_TYPE_STRING,
                G_TYPE_UINT);
  g_signal_new ("silenced",
                G_TYPE_FROM_CLASS (klass),
                G_SIGNAL_RUN_LAST,
                0,
                NULL,
                NULL,
                NULL,
                G_TYPE_NONE,
                2,
                G_TYPE_STRING,
                G_TYPE_STRING);
}

static void
confab_call_handler_init (ConfabCallHandler *self)
{
  self->log = g_string_new (NULL);
  self->calls = g_list_store_new (G_TYPE_OBJECT);
}

ConfabCallHandler *
confab_call_handler_new (ConfabSignalling *signalling,
                         ConfabClock *clock,
                         const char *user_id,
                         const char *device_id)
{
  return g_object_new (CONFAB_TYPE_CALL_HANDLER, NULL);
}

static G_GNUC_PRINTF (2, 3) void
note (ConfabCallHandler *self, const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  g_string_append_printf (self->log, "%s\n", line);
  if (fake_call_handler_hook != NULL)
    fake_call_handler_hook (line);
}

void
confab_call_handler_handle_state (ConfabCallHandler *self,
                                  const char *room_id,
                                  const char *type,
                                  const char *state_key,
                                  const char *sender,
                                  gint64 origin_server_ts,
                                  JsonObject *content)
{
  note (self,
        "state %s %s %s%s",
        room_id,
        type,
        state_key,
        json_object_get_size (content) == 0 ? " empty" : "");
}

void
confab_call_handler_handle_fork (ConfabCallHandler *self, const char *room_id)
{
  note (self, "fork %s", room_id);
}

void
confab_call_handler_handle_to_device (ConfabCallHandler *self,
                                      const char *sender,
                                      const char *sender_device_id,
                                      const char *type,
                                      JsonObject *content)
{
  note (self,
        "to-device %s %s %s %s",
        sender,
        sender_device_id != NULL ? sender_device_id : "clear",
        type,
        confab_json_peek_string (content, "call_id"));
}

void
confab_call_handler_handle_account_data (ConfabCallHandler *self,
                                         const char *room_id,
                                         const char *type,
                                         JsonObject *content)
{
  note (self, "account-data %s %s", room_id, type);
}

void
confab_call_handler_add_silenced (ConfabCallHandler *self, const char *room_id, const char *call_id)
{
  note (self, "silenced %s %s", room_id, call_id);
}

void
confab_call_handler_handle_membership (ConfabCallHandler *self,
                                       const char *room_id,
                                       const char *user_id,
                                       gboolean joined)
{
  note (self, "member %s %s %s", room_id, user_id, joined ? "in" : "out");
}

void
confab_call_handler_set_room_encrypted (ConfabCallHandler *self,
                                        const char *room_id,
                                        gboolean encrypted)
{
  note (self, "encrypted %s %d", room_id, encrypted);
}

void
confab_call_handler_set_can_send_call (ConfabCallHandler *self,
                                       const char *room_id,
                                       gboolean can_send)
{
  note (self, "can-send %s %d", room_id, can_send);
}

void
confab_call_handler_set_can_send_member (ConfabCallHandler *self,
                                         const char *room_id,
                                         gboolean can_send)
{
  note (self, "can-send-member %s %d", room_id, can_send);
}

void
confab_call_handler_remove_room (ConfabCallHandler *self, const char *room_id)
{
  note (self, "remove %s", room_id);
}

void
confab_call_handler_end_stored (ConfabCallHandler *self, gint64 server_time)
{
  note (self, "end-stored");
}

void
confab_call_handler_end_sync (ConfabCallHandler *self, gint64 server_time)
{
  note (self, "end-sync");
}

void
confab_call_handler_back_online (ConfabCallHandler *self)
{
  note (self, "back-online");
}

const char *
fake_call_handler_get_log (ConfabCallHandler *self)
{
  return self->log->str;
}
