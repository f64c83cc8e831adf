/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-early-messages.h"

#include "confab-log.h"

#define KEEP_US (60 * G_USEC_PER_SEC)
#define MAX_PER_DEVICE 50
#define MAX_PER_DEVICE_SIZE (1024 * 1024)
#define MAX_ALL 2000
#define MAX_ALL_SIZE (8 * 1024 * 1024)
#define INVITE_MARGIN_MS 3000

struct _ConfabEarlyMessages {
  ConfabClock *clock;
  GPtrArray *messages; /* Early, oldest first */
  gboolean flushing;
};

typedef struct {
  char *sender;
  gboolean encrypted;
  ConfabCallEvent *message;
  gsize size;         /* bytes, as confab_call_event_get_size() has it */
  gint64 received_at; /* monotonic, µs */
} Early;

static void
free_early (gpointer data)
{
  Early *early = data;

  g_free (early->sender);
  confab_call_event_unref (early->message);
  g_free (early);
}

static gboolean
is_from (const Early *early, const char *sender, ConfabCallEvent *message)
{
  return g_str_equal (early->sender, sender) &&
         g_str_equal (early->message->device_id, message->device_id);
}

/* A newer invite makes the older ones of its device void, a hangup the whole of its call. */
static void
drop_void (ConfabEarlyMessages *self, const char *sender, ConfabCallEvent *message)
{
  for (guint i = self->messages->len; i-- > 0;) {
    const Early *early = self->messages->pdata[i];
    gboolean same_call = g_str_equal (early->message->call_id, message->call_id);

    if (!is_from (early, sender, message) ||
        g_strcmp0 (early->message->conf_id, message->conf_id) != 0)
      continue;
    if ((message->type == CONFAB_CALL_EVENT_INVITE && !same_call &&
         early->message->type == CONFAB_CALL_EVENT_INVITE) ||
        (message->type == CONFAB_CALL_EVENT_HANGUP && same_call))
      g_ptr_array_remove_index (self->messages, i);
  }
}

/* Drops the oldest, of the sender's device or of all, until @size more bytes and one more message are within bounds. */
static void
make_room (ConfabEarlyMessages *self, const char *sender, ConfabCallEvent *message, gsize size)
{
  gsize n_device = 0, n_all = 0;
  gsize device_size = size, all_size = size;

  for (guint i = self->messages->len; i-- > 0;) {
    const Early *early = self->messages->pdata[i];
    gboolean same = is_from (early, sender, message);

    n_all++;
    all_size += early->size;
    if (same) {
      n_device++;
      device_size += early->size;
    }
    if (n_all < MAX_ALL && all_size <= MAX_ALL_SIZE &&
        (!same || (n_device < MAX_PER_DEVICE && device_size <= MAX_PER_DEVICE_SIZE)))
      continue;
    n_all--;
    all_size -= early->size;
    if (same) {
      n_device--;
      device_size -= early->size;
    }
    g_ptr_array_remove_index (self->messages, i);
  }
}

/* The age of a device message is unknown: it counts from when it came. */
static gboolean
is_too_old (ConfabEarlyMessages *self, const Early *early)
{
  gint64 age_ms = (confab_clock_get_time (self->clock) - early->received_at) / 1000;

  return early->message->type == CONFAB_CALL_EVENT_INVITE &&
         age_ms >= early->message->lifetime_ms - INVITE_MARGIN_MS;
}

/**
 * confab_early_messages_new:
 * @clock: for their age
 *
 * Returns: (transfer full): none yet
 */
ConfabEarlyMessages *
confab_early_messages_new (ConfabClock *clock)
{
  ConfabEarlyMessages *self = g_new0 (ConfabEarlyMessages, 1);

  self->clock = g_object_ref (clock);
  self->messages = g_ptr_array_new_with_free_func (free_early);
  return self;
}

void
confab_early_messages_free (ConfabEarlyMessages *self)
{
  g_ptr_array_unref (self->messages);
  g_object_unref (self->clock);
  g_free (self);
}

/**
 * confab_early_messages_keep:
 * @self: early messages
 * @sender: who sent it
 * @message: with `conf_id` and `device_id`
 * @encrypted: whether Olm says that it is from that device
 *
 * Keeps a message for a while.
 */
void
confab_early_messages_keep (ConfabEarlyMessages *self,
                            const char *sender,
                            ConfabCallEvent *message,
                            gboolean encrypted)
{
  gsize size = confab_call_event_get_size (message);
  Early *early = g_new0 (Early, 1);

  drop_void (self, sender, message);
  make_room (self, sender, message, size);
  early->size = size;
  early->sender = g_strdup (sender);
  early->encrypted = encrypted;
  early->message = confab_call_event_ref (message);
  early->received_at = confab_clock_get_time (self->clock);
  g_ptr_array_add (self->messages, early);
  confab_call_debug (message->call_id, "%s kept for later", confab_call_event_get_name (message));
}

/**
 * confab_early_messages_drop_old:
 * @self: early messages
 *
 * Forgets what came more than 60 s ago.
 */
void
confab_early_messages_drop_old (ConfabEarlyMessages *self)
{
  gint64 now = confab_clock_get_time (self->clock);

  guint n = 0;

  while (n < self->messages->len &&
         now - ((Early *) self->messages->pdata[n])->received_at > KEEP_US)
    n++;
  if (n > 0)
    g_ptr_array_remove_range (self->messages, 0, n);
}

/**
 * confab_early_messages_flush:
 * @self: early messages
 * @route: tries to find a place for each, oldest first; it may call this again, which then does nothing
 * @data: for @route
 *
 * Something has come that they may have waited for. Invites that are about to run out are not tried any more.
 */
void
confab_early_messages_flush (ConfabEarlyMessages *self,
                             ConfabEarlyMessagesFunc route,
                             gpointer data)
{
  g_autoptr (GPtrArray) messages = NULL;

  if (self->flushing || self->messages->len == 0)
    return;
  self->flushing = TRUE;
  confab_early_messages_drop_old (self);
  messages = g_steal_pointer (&self->messages);
  self->messages = g_ptr_array_new_with_free_func (free_early);
  for (guint i = 0; i < messages->len; i++) {
    Early *early = g_steal_pointer (&messages->pdata[i]);
    if (is_too_old (self, early) || route (early->sender, early->message, early->encrypted, data))
      free_early (early);
    else
      g_ptr_array_add (self->messages, early);
  }
  g_ptr_array_set_free_func (messages, NULL); /* each has found its place */
  self->flushing = FALSE;
}

/**
 * confab_early_messages_get_length:
 * @self: early messages
 *
 * Returns: how many wait
 */
guint
confab_early_messages_get_length (ConfabEarlyMessages *self)
{
  return self->messages->len;
}
