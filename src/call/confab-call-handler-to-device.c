/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call-handler-private.h"

#include "confab-call-event.h"
#include "confab-log.h"

/* Device messages: to which call each goes, and those that come too early (protocol/mesh-calls.md section 9.3). */

static gboolean
route (const char *sender, ConfabCallEvent *message, gboolean encrypted, gpointer data)
{
  ConfabCallHandler *self = data;

  for (guint i = 0; i < confab_call_handler_get_n_calls (self); i++) {
    ConfabGroupCall *call = confab_call_handler_peek_call (self, i);
    if (g_str_equal (confab_group_call_get_id (call), message->conf_id) &&
        confab_group_call_handle_message (call, sender, message, encrypted))
      return TRUE;
  }
  return FALSE;
}

/* Only when a message comes: what waits is older than what its member has had since. */
static void
check_session (ConfabCallHandler *self,
               const char *sender,
               ConfabCallEvent *message,
               gboolean encrypted)
{
  for (guint i = confab_call_handler_get_n_calls (self); i-- > 0;) {
    g_autoptr (ConfabGroupCall) call = g_object_ref (confab_call_handler_peek_call (self, i));
    if (g_str_equal (confab_group_call_get_id (call), message->conf_id))
      confab_group_call_check_session (call, sender, message, encrypted);
  }
}

/* Something has come that early messages may have waited for. */
void
confab_call_handler_flush (ConfabCallHandler *self)
{
  confab_early_messages_flush (self->early, route, self);
}

/**
 * confab_call_handler_handle_to_device:
 * @self: a handler
 * @sender: who sent it
 * @sender_device_id: (nullable): the device as Olm proves it, %NULL when the message came in clear
 * @type: the event type, decrypted
 * @content: a stranger's content, decrypted
 */
void
confab_call_handler_handle_to_device (ConfabCallHandler *self,
                                      const char *sender,
                                      const char *sender_device_id,
                                      const char *type,
                                      JsonObject *content)
{
  g_autoptr (ConfabCallEvent) message = NULL;
  g_autoptr (GError) error = NULL;

  g_return_if_fail (CONFAB_IS_CALL_HANDLER (self));
  g_return_if_fail (content != NULL);

  if (!confab_call_event_is_name (type))
    return;
  message = confab_call_event_parse (type, content, &error);
  if (message == NULL || message->conf_id == NULL || message->device_id == NULL) {
    g_info ("%s from %s/%s dropped: %s",
            type,
            sender,
            sender_device_id,
            error != NULL ? error->message : "no conf_id or device_id");
    return;
  }
  if (sender_device_id != NULL && !g_str_equal (sender_device_id, message->device_id)) {
    confab_call_info (message->call_id,
                      "%s from %s/%s dropped: it calls itself %s",
                      type,
                      sender,
                      sender_device_id,
                      message->device_id);
    return;
  }
  if (g_str_equal (sender, self->user_id) && g_str_equal (message->device_id, self->device_id))
    return;
  confab_early_messages_drop_old (self->early);
  if (route (sender, message, sender_device_id != NULL, self))
    return;
  confab_early_messages_keep (self->early, sender, message, sender_device_id != NULL);
  check_session (self, sender, message, sender_device_id != NULL);
}

/**
 * confab_call_handler_get_n_early:
 * @self: a handler
 *
 * Returns: how many device messages wait for what they belong to (protocol/mesh-calls.md section 9.3)
 */
guint
confab_call_handler_get_n_early (ConfabCallHandler *self)
{
  g_return_val_if_fail (CONFAB_IS_CALL_HANDLER (self), 0);

  confab_early_messages_drop_old (self->early);
  return confab_early_messages_get_length (self->early);
}
