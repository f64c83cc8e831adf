/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-settings.h"

/**
 * confab_settings_new:
 *
 * What is remembered on this computer. Without the schema, as when a program is run that was never installed, nothing
 * is remembered; g_settings_new() would end the process.
 *
 * Returns: (transfer full) (nullable): the settings
 */
GSettings *
confab_settings_new (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, CONFAB_APP_ID, TRUE);
  return schema != NULL ? g_settings_new (CONFAB_APP_ID) : NULL;
}
