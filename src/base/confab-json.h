/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum {
  CONFAB_JSON_ERROR_INVALID,   /* not JSON, or too large */
  CONFAB_JSON_ERROR_MISSING,   /* a member that must be there is not */
  CONFAB_JSON_ERROR_WRONG_TYPE /* a member has another type than it must have, or is out of range */
} ConfabJsonError;
#define CONFAB_JSON_ERROR (confab_json_error_quark ())
GQuark confab_json_error_quark (void);

#define CONFAB_JSON_MAX_DEPTH 100

JsonNode *
confab_json_parse (const char *data, gssize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *confab_json_parse_object (const char *data, gssize length, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
char *confab_json_to_string (JsonObject *object) G_GNUC_WARN_UNUSED_RESULT;
char *confab_json_to_canonical (JsonObject *object, GError **error) G_GNUC_WARN_UNUSED_RESULT;
JsonObject *confab_json_copy_object (JsonObject *object) G_GNUC_WARN_UNUSED_RESULT;
void confab_json_wipe_string (JsonObject *object, const char *name);

/* What must be there: FALSE and an error when it is missing or of another type. Nothing is copied. */
gboolean
confab_json_get_string (JsonObject *object, const char *name, const char **value, GError **error);
gboolean confab_json_get_int (JsonObject *object, const char *name, gint64 *value, GError **error);
gboolean
confab_json_get_object (JsonObject *object, const char *name, JsonObject **value, GError **error);
gboolean
confab_json_get_array (JsonObject *object, const char *name, JsonArray **value, GError **error);
gboolean confab_json_get_strv (JsonObject *object, const char *name, GStrv *value, GError **error);

/* What may be there: NULL or the fallback when it is missing or of another type. Nothing is copied. */
const char *confab_json_peek_string (JsonObject *object, const char *name);
gint64 confab_json_peek_int (JsonObject *object, const char *name, gint64 fallback);
double confab_json_peek_double (JsonObject *object, const char *name, double fallback);
gboolean confab_json_peek_boolean (JsonObject *object, const char *name, gboolean fallback);
JsonObject *confab_json_peek_object (JsonObject *object, const char *name);
JsonArray *confab_json_peek_array (JsonObject *object, const char *name);
JsonObject *confab_json_array_peek_object (JsonArray *array, guint index);
const char *confab_json_array_peek_string (JsonArray *array, guint index);

G_END_DECLS
