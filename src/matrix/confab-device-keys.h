/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#include "confab-olm-account.h"

G_BEGIN_DECLS

/**
 * ConfabDeviceKeys:
 *
 * A device's identity, from a DeviceKeys object whose own signature was checked.
 * Spec: Client-Server API, “Device keys” and “Key and signature security”.
 */
typedef struct {
  char *user_id;
  char *device_id;
  char *curve25519;
  char *ed25519;
  char *json; /* the signed object */
} ConfabDeviceKeys;

ConfabDeviceKeys *confab_device_keys_parse (JsonObject *object,
                                            const char *user_id,
                                            const char *device_id,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
ConfabDeviceKeys *confab_device_keys_copy (const ConfabDeviceKeys *self);
void confab_device_keys_free (ConfabDeviceKeys *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabDeviceKeys, confab_device_keys_free)

JsonObject *
confab_device_keys_make (ConfabOlmAccount *account, const char *user_id, const char *device_id)
  G_GNUC_WARN_UNUSED_RESULT;
void confab_signed_json_sign (JsonObject *object,
                              ConfabOlmAccount *account,
                              const char *user_id,
                              const char *device_id);
gboolean confab_signed_json_verify (JsonObject *object,
                                    const char *user_id,
                                    const char *device_id,
                                    const char *ed25519,
                                    GError **error);

G_END_DECLS
