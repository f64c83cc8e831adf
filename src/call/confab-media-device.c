/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-media-device.h"

struct _ConfabMediaDevice {
  GObject parent_instance;

  ConfabDeviceKind kind;
  char *id;
  char *name;
};

G_DEFINE_FINAL_TYPE (ConfabMediaDevice, confab_media_device, G_TYPE_OBJECT)

typedef enum {
  PROP_KIND = 1,
  PROP_ID,
  PROP_NAME,
} Property;
static GParamSpec *properties[PROP_NAME + 1];

static void
confab_media_device_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabMediaDevice *self = CONFAB_MEDIA_DEVICE (object);

  switch ((Property) prop_id) {
  case PROP_KIND:
    g_value_set_enum (value, self->kind);
    break;
  case PROP_ID:
    g_value_set_string (value, self->id);
    break;
  case PROP_NAME:
    g_value_set_string (value, self->name);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_media_device_finalize (GObject *object)
{
  ConfabMediaDevice *self = CONFAB_MEDIA_DEVICE (object);

  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->name, g_free);
  G_OBJECT_CLASS (confab_media_device_parent_class)->finalize (object);
}

static void
confab_media_device_class_init (ConfabMediaDeviceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_media_device_get_property;
  object_class->finalize = confab_media_device_finalize;
  /**
   * ConfabMediaDevice:kind:
   *
   * What it is.
   */
  properties[PROP_KIND] = g_param_spec_enum (
    "kind", NULL, NULL, CONFAB_TYPE_DEVICE_KIND, CONFAB_DEVICE_KIND_MICROPHONE, flags);
  /**
   * ConfabMediaDevice:id:
   *
   * Names the device over restarts as well as the system can.
   */
  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  /**
   * ConfabMediaDevice:name:
   *
   * What the system calls it, for people.
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_media_device_init (ConfabMediaDevice *self)
{
}

/**
 * confab_media_device_new:
 * @kind: what it is
 * @id: names it over restarts
 * @name: for people
 *
 * Returns: (transfer full): the device
 */
ConfabMediaDevice *
confab_media_device_new (ConfabDeviceKind kind, const char *id, const char *name)
{
  ConfabMediaDevice *self = g_object_new (CONFAB_TYPE_MEDIA_DEVICE, NULL);

  self->kind = kind;
  self->id = g_strdup (id);
  self->name = g_strdup (name);
  return self;
}

ConfabDeviceKind
confab_media_device_get_kind (ConfabMediaDevice *self)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_DEVICE (self), CONFAB_DEVICE_KIND_MICROPHONE);

  return self->kind;
}

const char *
confab_media_device_get_id (ConfabMediaDevice *self)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_DEVICE (self), NULL);

  return self->id;
}

const char *
confab_media_device_get_name (ConfabMediaDevice *self)
{
  g_return_val_if_fail (CONFAB_IS_MEDIA_DEVICE (self), NULL);

  return self->name;
}
