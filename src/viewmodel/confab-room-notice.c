/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-room-notice-private.h"

#include "confab-format.h"

#include <glib/gi18n.h>

struct _ConfabRoomNotice {
  GObject parent_instance;

  ConfabRoomNoticeKind kind;
  char *user_id;
  gboolean own; /* by another device of the same user */
  char *device_id;
  ConfabAvatarModel *face;
  ConfabClock *clock;
  char *code;     /* (nullable): of the last event */
  char *event_id; /* (nullable): of the last event */
  gint64 last;    /* µs since the epoch, never in the future */
  guint count;
  gboolean closed;
  char *title;
  char *text;
  char *close_label;
};

G_DEFINE_FINAL_TYPE (ConfabRoomNotice, confab_room_notice, G_TYPE_OBJECT)

typedef enum {
  PROP_FACE = 1,
  PROP_TITLE,
  PROP_TEXT,
  PROP_TIMES,
  PROP_CLOSE_LABEL,
} Property;
static GParamSpec *properties[PROP_CLOSE_LABEL + 1];

static void
take_text (ConfabRoomNotice *self, Property property, char **place, char *text)
{
  g_autofree char *taken = text;

  if (g_set_str (place, taken))
    g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
refresh (ConfabRoomNotice *self)
{
  const char *name = self->own ? NULL : confab_avatar_model_get_name (self->face);

  if (!self->own && name == NULL)
    name = self->user_id;
  take_text (self,
             PROP_TITLE,
             &self->title,
             confab_room_notice_words_make_title (self->kind, name));
  take_text (
    self,
    PROP_TEXT,
    &self->text,
    confab_room_notice_words_make_text (self->kind, self->own, self->device_id, self->code));
  /* Translators: of a button with a cross; %s is the sentence that it makes go away */
  take_text (self,
             PROP_CLOSE_LABEL,
             &self->close_label,
             g_strdup_printf (_ ("Close: %s"), self->title));
}

static void
confab_room_notice_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabRoomNotice *self = CONFAB_ROOM_NOTICE (object);

  switch ((Property) prop_id) {
  case PROP_FACE:
    g_value_set_object (value, self->face);
    break;
  case PROP_TITLE:
    g_value_set_string (value, self->title);
    break;
  case PROP_TEXT:
    g_value_set_string (value, self->text);
    break;
  case PROP_TIMES:
    /* Not kept: what was today is of another day tomorrow. */
    g_value_take_string (value,
                         confab_room_notice_words_make_times (
                           self->count, self->last, confab_clock_get_real_time (self->clock)));
    break;
  case PROP_CLOSE_LABEL:
    g_value_set_string (value, self->close_label);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_room_notice_finalize (GObject *object)
{
  ConfabRoomNotice *self = CONFAB_ROOM_NOTICE (object);

  g_clear_object (&self->face);
  g_clear_object (&self->clock);
  g_free (self->user_id);
  g_free (self->device_id);
  g_free (self->code);
  g_free (self->event_id);
  g_free (self->title);
  g_free (self->text);
  g_free (self->close_label);

  G_OBJECT_CLASS (confab_room_notice_parent_class)->finalize (object);
}

static void
confab_room_notice_class_init (ConfabRoomNoticeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_room_notice_get_property;
  object_class->finalize = confab_room_notice_finalize;
  properties[PROP_FACE] = g_param_spec_object ("face", NULL, NULL, CONFAB_TYPE_AVATAR_MODEL, flags);
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  properties[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL, flags);
  properties[PROP_TIMES] = g_param_spec_string ("times", NULL, NULL, NULL, flags);
  properties[PROP_CLOSE_LABEL] = g_param_spec_string ("close-label", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_room_notice_init (ConfabRoomNotice *self)
{
}

ConfabRoomNotice *
confab_room_notice_new (ConfabRoomNoticeKind kind,
                        const char *user_id,
                        gboolean own,
                        const char *device_id,
                        ConfabAvatarModel *face,
                        ConfabClock *clock)
{
  ConfabRoomNotice *self = g_object_new (CONFAB_TYPE_ROOM_NOTICE, NULL);

  self->kind = kind;
  self->user_id = g_strdup (user_id);
  self->own = own;
  self->device_id = g_strdup (device_id);
  self->face = g_object_ref (face);
  self->clock = g_object_ref (clock);
  g_signal_connect_object (face, "notify::name", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  refresh (self);
  return self;
}

void
confab_room_notice_add (ConfabRoomNotice *self, const ConfabRoomEvent *event)
{
  gint64 now = confab_clock_get_real_time (self->clock);
  /* As a stranger's homeserver says. */
  gint64 when = CLAMP (event->origin_server_ts, 0, G_MAXINT64 / 1000) * 1000;

  if (self->count < G_MAXUINT)
    self->count++;
  self->last = MAX (self->last, MIN (when, now));
  g_set_str (&self->event_id, event->event_id);
  g_set_str (&self->code, event->withheld_code);
  refresh (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TIMES]);
}

gboolean
confab_room_notice_is_settled_by (ConfabRoomNotice *self, const ConfabRoomEvent *event)
{
  /* A key that came late opens what is old: that says nothing of what was sent after it. */
  return confab_room_notice_words_is_unread (self->kind) &&
         (g_strcmp0 (event->event_id, self->event_id) == 0 ||
          CLAMP (event->origin_server_ts, 0, G_MAXINT64 / 1000) * 1000 >= self->last);
}

const char *
confab_room_notice_get_title (ConfabRoomNotice *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_NOTICE (self), NULL);

  return self->title;
}

const char *
confab_room_notice_get_text (ConfabRoomNotice *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_NOTICE (self), NULL);

  return self->text;
}

const char *
confab_room_notice_get_user_id (ConfabRoomNotice *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_NOTICE (self), NULL);

  return self->user_id;
}

const char *
confab_room_notice_get_reason (ConfabRoomNotice *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_NOTICE (self), NULL);

  if (confab_room_notice_words_is_unread (self->kind))
    return self->code;
  return self->kind == CONFAB_ROOM_NOTICE_CLEAR ? "clear" : "device-gone";
}

guint
confab_room_notice_get_count (ConfabRoomNotice *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_NOTICE (self), 0);

  return self->count;
}

ConfabRoomNoticeKind
confab_room_notice_get_kind (ConfabRoomNotice *self)
{
  return self->kind;
}

gboolean
confab_room_notice_get_closed (ConfabRoomNotice *self)
{
  return self->closed;
}

void
confab_room_notice_close (ConfabRoomNotice *self)
{
  self->closed = TRUE;
}
