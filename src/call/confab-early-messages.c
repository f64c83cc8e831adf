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
#define MAX_PER_USER (MAX_ALL / 4)
#define MAX_PER_USER_SIZE (MAX_ALL_SIZE / 4)
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
drop_void (ConfabEarlyMessages *self,
           const char *sender,
           ConfabCallEvent *message,
           gboolean encrypted)
{
  for (guint i = self->messages->len; i-- > 0;) {
    const Early *early = self->messages->pdata[i];
    gboolean same_call = g_str_equal (early->message->call_id, message->call_id);

    /* Clear text may be anybody's: it says nothing of what the device itself has said. */
    if (!is_from (early, sender, message) || (early->encrypted && !encrypted) ||
        g_strcmp0 (early->message->conf_id, message->conf_id) != 0)
      continue;
    if ((message->type == CONFAB_CALL_EVENT_INVITE && !same_call &&
         early->message->type == CONFAB_CALL_EVENT_INVITE) ||
        (message->type == CONFAB_CALL_EVENT_HANGUP && same_call))
      g_ptr_array_remove_index (self->messages, i);
  }
}

typedef struct {
  const char *sender;    /* (nullable): %NULL: anybody */
  const char *device_id; /* (nullable) */
} Scope;

typedef struct {
  guint n;
  gsize size;
} Share;

static gboolean
is_in (const Early *early, const Scope *scope)
{
  return (scope->sender == NULL || g_str_equal (early->sender, scope->sender)) &&
         (scope->device_id == NULL || g_str_equal (early->message->device_id, scope->device_id));
}

static Share
measure (ConfabEarlyMessages *self, const Scope *scope)
{
  Share share = { 0 };

  for (guint i = 0; i < self->messages->len; i++) {
    const Early *early = self->messages->pdata[i];
    if (is_in (early, scope)) {
      share.n++;
      share.size += early->size;
    }
  }
  return share;
}

/* The oldest that anybody could have sent in the sender's name; if there is none, the oldest. */
static void
drop_one (ConfabEarlyMessages *self, const Scope *scope)
{
  guint victim = G_MAXUINT;

  for (guint i = 0; i < self->messages->len; i++) {
    const Early *early = self->messages->pdata[i];
    if (!is_in (early, scope))
      continue;
    if (victim == G_MAXUINT || !early->encrypted)
      victim = i;
    if (!early->encrypted)
      break;
  }
  g_assert (victim != G_MAXUINT);
  g_ptr_array_remove_index (self->messages, victim);
}

/* Whoever has most of what there is too much of; of several the one who has the oldest. */
static const char *
find_greediest (ConfabEarlyMessages *self, gboolean by_size)
{
  g_autoptr (GHashTable) amounts = g_hash_table_new (g_str_hash, g_str_equal);
  const char *greediest = NULL;
  gsize most = 0;

  for (guint i = 0; i < self->messages->len; i++) {
    const Early *early = self->messages->pdata[i];
    gsize amount = GPOINTER_TO_SIZE (g_hash_table_lookup (amounts, early->sender));
    amount += by_size ? early->size : 1;
    g_hash_table_insert (amounts, early->sender, GSIZE_TO_POINTER (amount));
    most = MAX (most, amount);
  }
  for (guint i = 0; i < self->messages->len && greediest == NULL; i++) {
    const Early *early = self->messages->pdata[i];
    if (GPOINTER_TO_SIZE (g_hash_table_lookup (amounts, early->sender)) == most)
      greediest = early->sender;
  }
  return greediest;
}

static void
bound (ConfabEarlyMessages *self, const Scope *scope, guint max, gsize max_size)
{
  Share share = measure (self, scope);

  while (share.n > max || share.size > max_size) {
    drop_one (self, scope);
    share = measure (self, scope);
  }
}

/* What one user sends must not cost another's messages their place: a user can have any number of devices, and name
 * any in clear. */
static void
keep_bounds (ConfabEarlyMessages *self, const char *sender, const char *device_id)
{
  const Scope device = { sender, device_id };
  const Scope user = { sender, NULL };
  const Scope all = { NULL, NULL };
  Share share;

  bound (self, &device, MAX_PER_DEVICE, MAX_PER_DEVICE_SIZE);
  bound (self, &user, MAX_PER_USER, MAX_PER_USER_SIZE);
  for (share = measure (self, &all); share.n > MAX_ALL || share.size > MAX_ALL_SIZE;
       share = measure (self, &all)) {
    const Scope greediest = { find_greediest (self, share.n <= MAX_ALL), NULL };
    drop_one (self, &greediest);
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
  Early *early = g_new0 (Early, 1);

  drop_void (self, sender, message, encrypted);
  early->size = confab_call_event_get_size (message);
  early->sender = g_strdup (sender);
  early->encrypted = encrypted;
  early->message = confab_call_event_ref (message);
  early->received_at = confab_clock_get_time (self->clock);
  g_ptr_array_add (self->messages, early);
  confab_call_debug (message->call_id, "%s kept for later", confab_call_event_get_name (message));
  keep_bounds (self, sender, message->device_id);
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
