/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-room-member.h"

#include "confab-room-private.h"

struct _ConfabRoomMember {
  GObject parent_instance;

  char *user_id;
  char *name;
  char *avatar_url;
  gboolean joined;
};

G_DEFINE_FINAL_TYPE (ConfabRoomMember, confab_room_member, G_TYPE_OBJECT)

typedef enum {
  PROP_USER_ID = 1,
  PROP_NAME,
  PROP_AVATAR_URL,
  PROP_JOINED,
} Property;
static GParamSpec *properties[PROP_JOINED + 1];

static void
confab_room_member_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabRoomMember *self = CONFAB_ROOM_MEMBER (object);

  switch ((Property) prop_id) {
  case PROP_USER_ID:
    g_value_set_string (value, self->user_id);
    break;
  case PROP_NAME:
    g_value_set_string (value, self->name);
    break;
  case PROP_AVATAR_URL:
    g_value_set_string (value, self->avatar_url);
    break;
  case PROP_JOINED:
    g_value_set_boolean (value, self->joined);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_room_member_finalize (GObject *object)
{
  ConfabRoomMember *self = CONFAB_ROOM_MEMBER (object);

  g_free (self->user_id);
  g_free (self->name);
  g_free (self->avatar_url);
  G_OBJECT_CLASS (confab_room_member_parent_class)->finalize (object);
}

static void
confab_room_member_class_init (ConfabRoomMemberClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_room_member_get_property;
  object_class->finalize = confab_room_member_finalize;
  properties[PROP_USER_ID] = g_param_spec_string ("user-id", NULL, NULL, NULL, flags);
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_AVATAR_URL] = g_param_spec_string ("avatar-url", NULL, NULL, NULL, flags);
  properties[PROP_JOINED] = g_param_spec_boolean ("joined", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_room_member_init (ConfabRoomMember *self)
{
}

ConfabRoomMember *
confab_room_member_new (const char *user_id)
{
  ConfabRoomMember *self = g_object_new (CONFAB_TYPE_ROOM_MEMBER, NULL);

  self->user_id = g_strdup (user_id);
  self->name = g_strdup (user_id);
  return self;
}

void
confab_room_member_update (ConfabRoomMember *self,
                           const char *name,
                           const char *avatar_url,
                           gboolean joined)
{
  if (g_set_str (&self->name, name))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
  if (g_set_str (&self->avatar_url, avatar_url))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AVATAR_URL]);
  if (self->joined != joined) {
    self->joined = joined;
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_JOINED]);
  }
}

const char *
confab_room_member_get_user_id (ConfabRoomMember *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_MEMBER (self), NULL);
  return self->user_id;
}

const char *
confab_room_member_get_name (ConfabRoomMember *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_MEMBER (self), NULL);
  return self->name;
}

const char *
confab_room_member_get_avatar_url (ConfabRoomMember *self)
{
  g_return_val_if_fail (CONFAB_IS_ROOM_MEMBER (self), NULL);
  return self->avatar_url;
}
