/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-tile-connection.h"

#include "confab-clock.h"
#include "confab-participant.h"

#include <glib/gi18n.h>

#define BUSY_MS 10000        /* a spinner draws as long as it is seen: then a still icon */
#define LAST_PICTURE_MS 2000 /* how long the last picture stays while reconnecting */
#define TICK_MS 1000

struct _ConfabTileConnection {
  GObject parent_instance;

  ConfabClock *clock;
  ConfabParticipant *participant; /* NULL: one's own, always normal */

  ConfabTileStatus status;
  char *text;
  gboolean connected; /* now, or at some time before */
  gboolean shown;
  gboolean busy;
  gint64 lost_at; /* when the last sign came; monotonic, µs */
  guint busy_timeout;
  guint tick_timeout;
  guint picture_timeout; /* while the last picture stays */
};

G_DEFINE_ENUM_TYPE (ConfabTileStatus,
                    confab_tile_status,
                    G_DEFINE_ENUM_VALUE (CONFAB_TILE_STATUS_NORMAL, "normal"),
                    G_DEFINE_ENUM_VALUE (CONFAB_TILE_STATUS_WEAK, "weak"),
                    G_DEFINE_ENUM_VALUE (CONFAB_TILE_STATUS_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (CONFAB_TILE_STATUS_RECONNECTING, "reconnecting"),
                    G_DEFINE_ENUM_VALUE (CONFAB_TILE_STATUS_QUIET, "quiet"),
                    G_DEFINE_ENUM_VALUE (CONFAB_TILE_STATUS_NO_KEY, "no-key"))

G_DEFINE_FINAL_TYPE (ConfabTileConnection, confab_tile_connection, G_TYPE_OBJECT)

typedef enum {
  PROP_STATUS = 1,
  PROP_TEXT,
  PROP_BUSY,
  PROP_LAST_PICTURE,
} Property;
static GParamSpec *properties[PROP_LAST_PICTURE + 1];

static void
notify (ConfabTileConnection *self, Property property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static char *
make_text (ConfabTileConnection *self)
{
  gint64 past = confab_clock_get_time (self->clock) - self->lost_at;
  guint seconds = (guint) MAX (0, past / G_USEC_PER_SEC);

  switch (self->status) {
  case CONFAB_TILE_STATUS_WEAK:
    return g_strdup (_ ("Weak connection"));
  case CONFAB_TILE_STATUS_CONNECTING:
    return g_strdup (_ ("Connecting…"));
  case CONFAB_TILE_STATUS_RECONNECTING:
    /* Translators: on a person's picture; for how many seconds it has been tried */
    return g_strdup_printf (ngettext ("Reconnecting… %u s", "Reconnecting… %u s", seconds),
                            seconds);
  case CONFAB_TILE_STATUS_QUIET:
    /* Translators: on a person's picture; for how many seconds nothing has come from them */
    return g_strdup_printf (ngettext ("No sign for %u s", "No sign for %u s", seconds), seconds);
  case CONFAB_TILE_STATUS_NO_KEY:
    return g_strdup (_ ("Waiting for their key"));
  case CONFAB_TILE_STATUS_NORMAL:
  default:
    return NULL;
  }
}

static void
update_text (ConfabTileConnection *self)
{
  g_autofree char *text = make_text (self);

  if (g_set_str (&self->text, text))
    notify (self, PROP_TEXT);
}

static void tick_cb (gpointer data);

static void
update_tick (ConfabTileConnection *self)
{
  gboolean counts = self->status == CONFAB_TILE_STATUS_RECONNECTING ||
                    self->status == CONFAB_TILE_STATUS_QUIET;
  gint64 past;

  confab_clock_clear (self->clock, &self->tick_timeout);
  if (!counts || !self->shown)
    return;

  /* On the second, so that the number is right when it is shown. */
  past = (confab_clock_get_time (self->clock) - self->lost_at) / 1000 % TICK_MS;
  self->tick_timeout = confab_clock_add_timeout (self->clock,
                                                 (guint) (TICK_MS - past),
                                                 tick_cb,
                                                 self);
}

static void
tick_cb (gpointer data)
{
  ConfabTileConnection *self = CONFAB_TILE_CONNECTION (data);

  self->tick_timeout = 0;
  update_tick (self);
  update_text (self);
}

static void
busy_cb (gpointer data)
{
  ConfabTileConnection *self = CONFAB_TILE_CONNECTION (data);

  self->busy_timeout = 0;
  self->busy = FALSE;
  notify (self, PROP_BUSY);
}

static void
picture_cb (gpointer data)
{
  ConfabTileConnection *self = CONFAB_TILE_CONNECTION (data);

  self->picture_timeout = 0;
  notify (self, PROP_LAST_PICTURE);
}

static ConfabTileStatus
find_status (ConfabTileConnection *self)
{
  if (self->participant == NULL)
    return CONFAB_TILE_STATUS_NORMAL;

  switch (confab_participant_get_state (self->participant)) {
  case CONFAB_PARTICIPANT_STATE_CONNECTED:
    if (confab_participant_get_quiet_since (self->participant) != 0)
      return CONFAB_TILE_STATUS_QUIET;
    return confab_participant_get_weak (self->participant) ? CONFAB_TILE_STATUS_WEAK
                                                           : CONFAB_TILE_STATUS_NORMAL;
  case CONFAB_PARTICIPANT_STATE_RECONNECTING:
    return CONFAB_TILE_STATUS_RECONNECTING;
  case CONFAB_PARTICIPANT_STATE_UNREACHABLE:
    return confab_participant_get_waiting_for_key (self->participant) ? CONFAB_TILE_STATUS_NO_KEY
                                                                      : CONFAB_TILE_STATUS_QUIET;
  case CONFAB_PARTICIPANT_STATE_ADVERTISED:
  case CONFAB_PARTICIPANT_STATE_WAITING:
  case CONFAB_PARTICIPANT_STATE_CONNECTING:
  default:
    if (confab_participant_get_waiting_for_key (self->participant))
      return CONFAB_TILE_STATUS_NO_KEY;
    if (self->connected)
      return CONFAB_TILE_STATUS_RECONNECTING;
    return confab_participant_get_quiet_since (self->participant) != 0
             ? CONFAB_TILE_STATUS_QUIET
             : CONFAB_TILE_STATUS_CONNECTING;
  }
}

static gboolean
is_connected (ConfabTileStatus status)
{
  return status == CONFAB_TILE_STATUS_NORMAL || status == CONFAB_TILE_STATUS_WEAK;
}

static void
start_timers (ConfabTileConnection *self, ConfabTileStatus before)
{
  confab_clock_clear (self->clock, &self->picture_timeout);
  if (self->status == CONFAB_TILE_STATUS_RECONNECTING && is_connected (before))
    self->picture_timeout = confab_clock_add_timeout (self->clock,
                                                      LAST_PICTURE_MS,
                                                      picture_cb,
                                                      self);

  confab_clock_clear (self->clock, &self->busy_timeout);
  if (self->busy)
    self->busy_timeout = confab_clock_add_timeout (self->clock, BUSY_MS, busy_cb, self);
  update_tick (self);
}

/* Who has gone quiet was last there some time ago. */
static gint64
get_lost_at (ConfabTileConnection *self)
{
  gint64 quiet_since = confab_participant_get_quiet_since (self->participant);

  return quiet_since != 0 ? quiet_since : confab_clock_get_time (self->clock);
}

static void
update_status (ConfabTileConnection *self)
{
  ConfabTileStatus status = find_status (self);
  ConfabTileStatus before = self->status;
  gboolean was_busy = self->busy;

  if (status == before)
    return;

  self->status = status;
  if (is_connected (before) || (status == CONFAB_TILE_STATUS_QUIET && !self->connected))
    self->lost_at = get_lost_at (self);
  if (is_connected (status))
    self->connected = TRUE;
  self->busy = status == CONFAB_TILE_STATUS_CONNECTING || status == CONFAB_TILE_STATUS_RECONNECTING;
  start_timers (self, before);
  notify (self, PROP_STATUS);
  notify (self, PROP_LAST_PICTURE);
  if (self->busy != was_busy)
    notify (self, PROP_BUSY);
  update_text (self);
}

static void
confab_tile_connection_get_property (GObject *object,
                                     guint prop_id,
                                     GValue *value,
                                     GParamSpec *pspec)
{
  ConfabTileConnection *self = CONFAB_TILE_CONNECTION (object);

  switch ((Property) prop_id) {
  case PROP_STATUS:
    g_value_set_enum (value, self->status);
    break;
  case PROP_TEXT:
    g_value_set_string (value, self->text);
    break;
  case PROP_BUSY:
    g_value_set_boolean (value, self->busy);
    break;
  case PROP_LAST_PICTURE:
    g_value_set_boolean (value, self->picture_timeout != 0);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_tile_connection_dispose (GObject *object)
{
  ConfabTileConnection *self = CONFAB_TILE_CONNECTION (object);

  if (self->clock != NULL) {
    confab_clock_clear (self->clock, &self->busy_timeout);
    confab_clock_clear (self->clock, &self->tick_timeout);
    confab_clock_clear (self->clock, &self->picture_timeout);
  }
  g_clear_object (&self->participant);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (confab_tile_connection_parent_class)->dispose (object);
}

static void
confab_tile_connection_finalize (GObject *object)
{
  g_free (CONFAB_TILE_CONNECTION (object)->text);
  G_OBJECT_CLASS (confab_tile_connection_parent_class)->finalize (object);
}

static void
confab_tile_connection_class_init (ConfabTileConnectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_tile_connection_get_property;
  object_class->dispose = confab_tile_connection_dispose;
  object_class->finalize = confab_tile_connection_finalize;
  properties[PROP_STATUS] = g_param_spec_enum (
    "status", NULL, NULL, CONFAB_TYPE_TILE_STATUS, CONFAB_TILE_STATUS_NORMAL, flags);
  properties[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL, flags);
  properties[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, flags);
  properties[PROP_LAST_PICTURE] = g_param_spec_boolean ("last-picture", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_tile_connection_init (ConfabTileConnection *self)
{
}

/**
 * confab_tile_connection_new:
 * @clock: for the timers
 * @participant: (nullable): whose connection, %NULL for one's own
 *
 * Returns: (transfer full): the connection as it is now
 */
ConfabTileConnection *
confab_tile_connection_new (ConfabClock *clock, ConfabParticipant *participant)
{
  ConfabTileConnection *self = NULL;

  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_TILE_CONNECTION, NULL);
  self->clock = g_object_ref (clock);
  g_set_object (&self->participant, participant);
  if (participant != NULL) {
    g_signal_connect_object (
      participant, "notify::state", G_CALLBACK (update_status), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (
      participant, "notify::waiting-for-key", G_CALLBACK (update_status), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (
      participant, "notify::weak", G_CALLBACK (update_status), self, G_CONNECT_SWAPPED);
    g_signal_connect_object (
      participant, "notify::quiet-since", G_CALLBACK (update_status), self, G_CONNECT_SWAPPED);
  }
  self->lost_at = confab_clock_get_time (clock);
  self->connected = is_connected (find_status (self));
  update_status (self);
  return self;
}

ConfabTileStatus
confab_tile_connection_get_status (ConfabTileConnection *self)
{
  g_return_val_if_fail (CONFAB_IS_TILE_CONNECTION (self), CONFAB_TILE_STATUS_NORMAL);

  return self->status;
}

/**
 * confab_tile_connection_get_text:
 * @self: a connection
 *
 * Returns: (transfer none) (nullable): what to write on the tile, %NULL when all is normal
 */
const char *
confab_tile_connection_get_text (ConfabTileConnection *self)
{
  g_return_val_if_fail (CONFAB_IS_TILE_CONNECTION (self), NULL);

  return self->text;
}

/**
 * confab_tile_connection_get_icon:
 * @self: a connection
 *
 * Returns: (transfer none) (nullable): a themed icon; %NULL: none, or a spinner while `busy`
 */
const char *
confab_tile_connection_get_icon (ConfabTileConnection *self)
{
  g_return_val_if_fail (CONFAB_IS_TILE_CONNECTION (self), NULL);

  switch (self->status) {
  case CONFAB_TILE_STATUS_WEAK:
    return "network-cellular-signal-weak-symbolic";
  case CONFAB_TILE_STATUS_CONNECTING:
  case CONFAB_TILE_STATUS_RECONNECTING:
    return self->busy ? NULL : "network-cellular-signal-weak-symbolic";
  case CONFAB_TILE_STATUS_QUIET:
    return "network-offline-symbolic";
  case CONFAB_TILE_STATUS_NO_KEY:
    return "dialog-password-symbolic";
  case CONFAB_TILE_STATUS_NORMAL:
  default:
    return NULL;
  }
}

/**
 * confab_tile_connection_get_description:
 * @self: a connection
 *
 * Returns: (transfer none) (nullable): a sentence for a screen reader: without running seconds, else it would never stop
 */
const char *
confab_tile_connection_get_description (ConfabTileConnection *self)
{
  g_return_val_if_fail (CONFAB_IS_TILE_CONNECTION (self), NULL);

  switch (self->status) {
  case CONFAB_TILE_STATUS_WEAK:
    return _ ("Weak connection.");
  case CONFAB_TILE_STATUS_CONNECTING:
    return _ ("Connecting.");
  case CONFAB_TILE_STATUS_RECONNECTING:
    return _ ("Reconnecting.");
  case CONFAB_TILE_STATUS_QUIET:
    return _ ("No sign of them.");
  case CONFAB_TILE_STATUS_NO_KEY:
    return _ ("Waiting for their key.");
  case CONFAB_TILE_STATUS_NORMAL:
  default:
    return NULL;
  }
}

gboolean
confab_tile_connection_get_busy (ConfabTileConnection *self)
{
  g_return_val_if_fail (CONFAB_IS_TILE_CONNECTION (self), FALSE);

  return self->busy;
}

/**
 * confab_tile_connection_get_last_picture:
 * @self: a connection
 *
 * Returns: whether the connection was lost so recently that the last picture stays
 */
gboolean
confab_tile_connection_get_last_picture (ConfabTileConnection *self)
{
  g_return_val_if_fail (CONFAB_IS_TILE_CONNECTION (self), FALSE);

  return self->picture_timeout != 0;
}

/**
 * confab_tile_connection_set_shown:
 * @self: a connection
 * @shown: whether somebody sees it: only then its seconds count
 */
void
confab_tile_connection_set_shown (ConfabTileConnection *self, gboolean shown)
{
  g_return_if_fail (CONFAB_IS_TILE_CONNECTION (self));

  shown = !!shown;
  if (self->shown == shown || self->clock == NULL)
    return;
  self->shown = shown;
  update_tick (self);
  if (shown)
    update_text (self);
}

/**
 * confab_tile_connection_get_connected:
 * @self: a connection
 *
 * Returns: whether pictures and sound come through, be it with gaps
 */
gboolean
confab_tile_connection_get_connected (ConfabTileConnection *self)
{
  g_return_val_if_fail (CONFAB_IS_TILE_CONNECTION (self), FALSE);

  return is_connected (self->status);
}
