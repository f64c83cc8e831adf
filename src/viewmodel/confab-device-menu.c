/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-device-menu.h"

#include "confab-media-devices.h"

#include <glib/gi18n.h>

struct _ConfabDeviceMenu {
  GObject parent_instance;

  ConfabMediaDevices *devices;
  ConfabDeviceKind kind;
  char *action; /* takes a device's id */
  GListModel *list;
  GMenu *menu;
  char *name;
};

G_DEFINE_FINAL_TYPE (ConfabDeviceMenu, confab_device_menu, G_TYPE_OBJECT)

typedef enum {
  PROP_MENU = 1,
  PROP_NAME,
} Property;
static GParamSpec *properties[PROP_NAME + 1];

static const char *
name_of_none (ConfabDeviceKind kind)
{
  switch (kind) {
  case CONFAB_DEVICE_KIND_MICROPHONE:
    return _ ("No microphone");
  case CONFAB_DEVICE_KIND_SPEAKER:
    return _ ("No speaker");
  case CONFAB_DEVICE_KIND_CAMERA:
  default:
    return _ ("No camera");
  }
}

/* The second one with a name gets a number: rows of a menu must be told apart. */
static char *
label_for (GHashTable *seen, const char *name)
{
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (seen, name)) + 1;

  g_hash_table_insert (seen, g_strdup (name), GUINT_TO_POINTER (count));
  /* Translators: the second, third… device with the same name */
  return count > 1 ? g_strdup_printf (_ ("%s (%u)"), name, count) : g_strdup (name);
}

static void
refresh (ConfabDeviceMenu *self)
{
  ConfabMediaDevice *chosen = confab_media_devices_get_chosen (self->devices, self->kind);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *name = g_strdup (name_of_none (self->kind));

  g_menu_remove_all (self->menu);
  for (guint i = 0; i < g_list_model_get_n_items (self->list); i++) {
    g_autoptr (ConfabMediaDevice) device = g_list_model_get_item (self->list, i);
    g_autofree char *label = label_for (seen, confab_media_device_get_name (device));
    g_autoptr (GMenuItem) item = g_menu_item_new (NULL, NULL);

    g_menu_item_set_label (item, label);
    g_menu_item_set_action_and_target (item,
                                       self->action,
                                       "s",
                                       confab_media_device_get_id (device));
    g_menu_append_item (self->menu, item);
    if (chosen != NULL &&
        g_str_equal (confab_media_device_get_id (device), confab_media_device_get_id (chosen)))
      g_set_str (&name, label);
  }
  if (g_set_str (&self->name, name))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_NAME]);
}

static void
chosen_changed_cb (ConfabDeviceMenu *self, ConfabDeviceKind kind)
{
  if (kind == self->kind)
    refresh (self);
}

static void
confab_device_menu_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  ConfabDeviceMenu *self = CONFAB_DEVICE_MENU (object);

  switch ((Property) prop_id) {
  case PROP_MENU:
    g_value_set_object (value, self->menu);
    break;
  case PROP_NAME:
    g_value_set_string (value, self->name);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  }
}

static void
confab_device_menu_dispose (GObject *object)
{
  ConfabDeviceMenu *self = CONFAB_DEVICE_MENU (object);

  g_clear_object (&self->devices);
  g_clear_object (&self->list);
  g_clear_object (&self->menu);
  g_clear_pointer (&self->action, g_free);
  g_clear_pointer (&self->name, g_free);

  G_OBJECT_CLASS (confab_device_menu_parent_class)->dispose (object);
}

static void
confab_device_menu_class_init (ConfabDeviceMenuClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->get_property = confab_device_menu_get_property;
  object_class->dispose = confab_device_menu_dispose;
  /**
   * ConfabDeviceMenu:menu:
   *
   * One item a device; the same all the time.
   */
  properties[PROP_MENU] = g_param_spec_object ("menu", NULL, NULL, G_TYPE_MENU_MODEL, flags);
  /**
   * ConfabDeviceMenu:name:
   *
   * What the chosen device is called in the menu, or that there is none.
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
confab_device_menu_init (ConfabDeviceMenu *self)
{
  self->menu = g_menu_new ();
}

/**
 * confab_device_menu_new:
 * @devices: the devices
 * @kind: which of them
 * @action: a stateful action whose state is the chosen device's id
 *
 * Returns: (transfer full): a menu
 */
ConfabDeviceMenu *
confab_device_menu_new (ConfabMediaDevices *devices, ConfabDeviceKind kind, const char *action)
{
  ConfabDeviceMenu *self = NULL;

  g_return_val_if_fail (CONFAB_IS_MEDIA_DEVICES (devices), NULL);
  g_return_val_if_fail (action != NULL, NULL);

  self = g_object_new (CONFAB_TYPE_DEVICE_MENU, NULL);
  self->devices = g_object_ref (devices);
  self->kind = kind;
  self->action = g_strdup (action);
  self->list = g_object_ref (confab_media_devices_get_devices (devices, kind));
  g_signal_connect_object (
    self->list, "items-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (
    devices, "chosen-changed", G_CALLBACK (chosen_changed_cb), self, G_CONNECT_SWAPPED);
  refresh (self);
  return self;
}

GMenuModel *
confab_device_menu_get_menu (ConfabDeviceMenu *self)
{
  g_return_val_if_fail (CONFAB_IS_DEVICE_MENU (self), NULL);

  return G_MENU_MODEL (self->menu);
}

const char *
confab_device_menu_get_name (ConfabDeviceMenu *self)
{
  g_return_val_if_fail (CONFAB_IS_DEVICE_MENU (self), NULL);

  return self->name;
}
