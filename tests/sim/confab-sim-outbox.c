/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-sim-outbox.h"

#define MESSAGE_PATIENCE_US (60 * G_USEC_PER_SEC)
#define FIRST_PAUSE_MS 1000
#define MAX_PAUSE_MS 15000
#define MAX_LIMIT_MS 60000

/* A device message that waits to be sent. */
typedef struct {
  guint number;
  char *user_id;
  char *device_id;
  char *type;
  JsonObject *content;
  gint64 created_at;         /* monotonic, µs */
  gboolean in_request;       /* it has a transaction id */
  gboolean taken;            /* the server has it, under that id */
  ConfabSignallingDone done; /* (nullable): of the process that sent it, as long as that lives */
  gpointer data;
  GDestroyNotify destroy;
} Row;

struct _ConfabSimOutbox {
  ConfabSimNetwork *network;
  ConfabClock *clock; /* of its client */
  ConfabSimDisk *disk;
  guint index;
  GPtrArray *rows; /* Row: on @disk, by number */
  guint n_rows;    /* that there ever were */

  /* The process. */
  ConfabSimHttp *http;
  ConfabSimUnsentFunc unsent;
  gpointer data;
  GPtrArray *keyless; /* Keyless */
  guint pause_timer;
  guint n_failures; /* in a row */
  gboolean sending; /* a request is on its way */
};

/* A message for a device whose keys cannot be had. */
typedef struct {
  ConfabSimOutbox *self;
  Row *row;
  guint timer;
} Keyless;

static void
forget_sender (Row *row)
{
  if (row->destroy != NULL)
    row->destroy (row->data);
  row->done = NULL;
  row->destroy = NULL;
}

static void
free_row (gpointer data)
{
  Row *row = data;

  g_free (row->user_id);
  g_free (row->device_id);
  g_free (row->type);
  json_object_unref (row->content);
  forget_sender (row);
  g_free (row);
}

static void
answer (ConfabSimOutbox *self, Row *row, const GError *error)
{
  if (row->done == NULL)
    return;
  if (error != NULL)
    self->unsent (row->type, row->content, self->data);
  row->done (error, row->data);
}

static void pump (ConfabSimOutbox *self);

/* What is stored. */

typedef struct {
  ConfabSimOutbox *self;
  guint number;
  Row *removed; /* (nullable): what came off the disk; else it came on it */
} Change;

static void
free_change (gpointer data)
{
  Change *change = data;

  g_clear_pointer (&change->removed, free_row);
  g_free (change);
}

static guint
find_position (ConfabSimOutbox *self, guint number)
{
  guint i = 0;

  while (i < self->rows->len && ((Row *) self->rows->pdata[i])->number < number)
    i++;
  return i;
}

static void
undo_change (gpointer data)
{
  Change *change = data;
  guint position = find_position (change->self, change->number);

  if (change->removed != NULL)
    g_ptr_array_insert (change->self->rows, (int) position, g_steal_pointer (&change->removed));
  else
    g_ptr_array_remove_index (change->self->rows, position);
}

static void
write_change (ConfabSimOutbox *self, guint number, Row *removed)
{
  Change *change = g_new (Change, 1);

  *change = (Change) { self, number, removed };
  confab_sim_disk_write (self->disk, FALSE, undo_change, change, free_change);
}

/* They come off the disk, and their senders are answered. */
static void
remove_all (ConfabSimOutbox *self, GPtrArray *rows, const GError *error)
{
  for (guint i = 0; i < rows->len; i++) {
    Row *row = rows->pdata[i];
    answer (self, row, error);
    forget_sender (row);
    write_change (self, row->number, row);
  }
}

static void
drop_stale (ConfabSimOutbox *self)
{
  gint64 limit = confab_clock_get_time (self->clock) - MESSAGE_PATIENCE_US;
  g_autoptr (GPtrArray) stale = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < self->rows->len;) {
    Row *row = self->rows->pdata[i];
    if (row->created_at > limit)
      i++;
    else
      g_ptr_array_add (stale, g_ptr_array_steal_index (self->rows, i));
  }
  error = g_error_new_literal (CONFAB_SIGNALLING_ERROR,
                               CONFAB_SIGNALLING_ERROR_NETWORK,
                               "too late");
  remove_all (self, stale, error);
}

/* The server does what it is asked once, however often: the request has a transaction id. */
static void
take_request (gpointer data)
{
  ConfabSimOutbox *self = data;

  for (guint i = 0; i < self->rows->len; i++) {
    Row *row = self->rows->pdata[i];
    if (!row->in_request || row->taken)
      continue;
    row->taken = TRUE;
    confab_sim_network_carry (
      self->network, self->index, row->user_id, row->device_id, row->type, row->content);
  }
}

static void
finish_request (ConfabSimOutbox *self)
{
  g_autoptr (GPtrArray) sent = g_ptr_array_new ();

  for (guint i = 0; i < self->rows->len;) {
    if (((Row *) self->rows->pdata[i])->in_request)
      g_ptr_array_add (sent, g_ptr_array_steal_index (self->rows, i));
    else
      i++;
  }
  self->n_failures = 0;
  pump (self);
  remove_all (self, sent, NULL);
}

static void
pause_cb (gpointer data)
{
  ConfabSimOutbox *self = data;

  self->pause_timer = 0;
  pump (self);
}

static void
sent_cb (gboolean answered, guint retry_after_ms, gpointer data)
{
  ConfabSimOutbox *self = data;
  guint pause_ms;

  self->sending = FALSE;
  if (answered) {
    finish_request (self);
    return;
  }
  pause_ms = MIN ((guint) FIRST_PAUSE_MS << MIN (self->n_failures, 5), MAX_PAUSE_MS);
  pause_ms = MIN (MAX (pause_ms, retry_after_ms), MAX_LIMIT_MS);
  self->n_failures++;
  self->pause_timer = confab_clock_add_timeout (self->clock, pause_ms, pause_cb, self);
}

/* What was on its way goes out again as it was; otherwise the first message for each device does. */
static void
choose_request (ConfabSimOutbox *self)
{
  GPtrArray *rows = self->rows;

  for (guint i = 0; i < rows->len; i++) {
    if (((Row *) rows->pdata[i])->in_request)
      return;
  }
  for (guint i = 0; i < rows->len; i++) {
    Row *row = rows->pdata[i];
    gboolean first = TRUE;

    for (guint j = 0; j < i; j++) {
      const Row *other = rows->pdata[j];
      first &= !(g_str_equal (other->user_id, row->user_id) &&
                 g_str_equal (other->device_id, row->device_id));
    }
    row->in_request = first;
  }
}

static void
pump (ConfabSimOutbox *self)
{
  if (self->sending || self->pause_timer != 0)
    return;
  self->sending = TRUE; /* who is told of what is stale may send something */
  drop_stale (self);
  self->sending = self->rows->len > 0;
  if (!self->sending)
    return;
  choose_request (self);
  confab_sim_http_send (self->http, "messages", take_request, sent_cb, self);
}

static void
free_keyless (gpointer data)
{
  Keyless *keyless = data;

  confab_clock_clear (keyless->self->clock, &keyless->timer);
  g_clear_pointer (&keyless->row, free_row);
  g_free (keyless);
}

static void
keyless_cb (gpointer data)
{
  Keyless *keyless = data;
  ConfabSimOutbox *self = keyless->self;
  Row *row = g_steal_pointer (&keyless->row);
  g_autoptr (GError) error = g_error_new_literal (CONFAB_SIGNALLING_ERROR,
                                       CONFAB_SIGNALLING_ERROR_NO_KEYS,
                                       "no keys");

  keyless->timer = 0;
  g_ptr_array_remove (self->keyless, keyless);
  answer (self, row, error);
  free_row (row);
}

static void
refuse (ConfabSimOutbox *self, Row *row)
{
  Keyless *keyless = g_new0 (Keyless, 1);

  keyless->self = self;
  keyless->row = row;
  g_ptr_array_add (self->keyless, keyless);
  keyless->timer = confab_clock_add_timeout (self->clock,
                                             confab_sim_network_get_delay (self->network),
                                             keyless_cb,
                                             keyless);
}

ConfabSimOutbox *
confab_sim_outbox_new (ConfabSimNetwork *network,
                       ConfabClock *clock,
                       ConfabSimDisk *disk,
                       guint index)
{
  ConfabSimOutbox *self = g_new0 (ConfabSimOutbox, 1);

  self->network = network;
  self->clock = g_object_ref (clock);
  self->disk = disk;
  self->index = index;
  self->rows = g_ptr_array_new_with_free_func (free_row);
  self->keyless = g_ptr_array_new_with_free_func (free_keyless);
  return self;
}

void
confab_sim_outbox_free (ConfabSimOutbox *self)
{
  g_ptr_array_unref (self->keyless);
  g_ptr_array_unref (self->rows);
  g_object_unref (self->clock);
  g_free (self);
}

/**
 * confab_sim_outbox_start:
 * @self: an outbox
 * @http: the requests of a new process
 * @unsent: hears what could not be sent
 * @data: for @unsent
 *
 * What an earlier process left goes out first.
 */
void
confab_sim_outbox_start (ConfabSimOutbox *self,
                         ConfabSimHttp *http,
                         ConfabSimUnsentFunc unsent,
                         gpointer data)
{
  self->http = http;
  self->unsent = unsent;
  self->data = data;
  pump (self);
}

/* The process and its requests are gone. */
void
confab_sim_outbox_stop (ConfabSimOutbox *self)
{
  self->http = NULL;
  self->n_failures = 0;
  self->sending = FALSE;
  confab_clock_clear (self->clock, &self->pause_timer);
  g_ptr_array_set_size (self->keyless, 0);
  for (guint i = 0; i < self->rows->len; i++)
    forget_sender (self->rows->pdata[i]);
}

/* As ConfabSignalling has it. */
void
confab_sim_outbox_send (ConfabSimOutbox *self,
                        const char *user_id,
                        const char *device_id,
                        const char *type,
                        JsonObject *content,
                        ConfabSignallingDone done,
                        gpointer data,
                        GDestroyNotify destroy)
{
  Row *row = g_new0 (Row, 1);

  row->number = ++self->n_rows;
  row->user_id = g_strdup (user_id);
  row->device_id = g_strdup (device_id);
  row->type = g_strdup (type);
  row->content = json_object_ref (content);
  row->created_at = confab_clock_get_time (self->clock);
  row->done = done;
  row->data = data;
  row->destroy = destroy;
  if (!confab_sim_network_has_keys (self->network, self->index, user_id, device_id)) {
    refuse (self, row);
    return;
  }
  g_ptr_array_add (self->rows, row);
  write_change (self, row->number, NULL);
  pump (self);
}

/* Whether nothing waits to be sent. */
gboolean
confab_sim_outbox_is_idle (ConfabSimOutbox *self)
{
  return self->rows->len == 0 && self->keyless->len == 0;
}
