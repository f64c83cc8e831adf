/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-base"

#include "config.h"

#include <math.h>
#include <string.h>

#include "confab-json.h"
#include "confab-json-mend.h"

/* Canonical JSON has no floats; an integer is exact in a double up to here (2^53 - 1). */
#define MAX_SAFE_INTEGER G_GINT64_CONSTANT (9007199254740991)

G_DEFINE_QUARK (confab-json-error-quark, confab_json_error)

/**
 * confab_json_parse:
 * @data: bytes from anywhere
 * @length: how many, or -1 when they end with NUL
 * @error: #CONFAB_JSON_ERROR_INVALID
 *
 * The one place where JSON is parsed: strict, since JSON-GLib 1.10's immutable parser otherwise aborts
 * the process on two values in a row, and without what it cannot read, see confab_json_mend(): so a stranger's
 * value does not keep what stands beside it from being read. Any thread.
 *
 * Returns: (transfer full): the immutable root
 */
JsonNode *
confab_json_parse (const char *data, gssize length, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GString) mended = NULL;
  g_autoptr (GError) parse_error = NULL;
  JsonNode *root;

  if (data == NULL) /* an empty GBytes has no data */
    data = "";
  if (length < 0)
    length = strlen (data);
  if (!g_utf8_validate_len (data, length, NULL) || memchr (data, '\0', length) != NULL) {
    g_set_error_literal (error, CONFAB_JSON_ERROR, CONFAB_JSON_ERROR_INVALID, "not UTF-8");
    return NULL;
  }
  mended = confab_json_mend (data, (gsize) length);
  if (mended != NULL) {
    data = mended->str;
    length = (gssize) mended->len;
  }
  json_parser_set_strict (parser, TRUE);
  if (!json_parser_load_from_data (parser, data, length, &parse_error)) {
    g_set_error_literal (error, CONFAB_JSON_ERROR, CONFAB_JSON_ERROR_INVALID, parse_error->message);
    return NULL;
  }
  root = json_parser_steal_root (parser);
  if (root == NULL)
    g_set_error_literal (error, CONFAB_JSON_ERROR, CONFAB_JSON_ERROR_INVALID, "no JSON value");
  return root;
}

/**
 * confab_json_parse_object:
 * @data: bytes from anywhere
 * @length: how many, or -1 when they end with NUL
 * @error: #CONFAB_JSON_ERROR_INVALID, or #CONFAB_JSON_ERROR_WRONG_TYPE if it is not an object
 *
 * Returns: (transfer full): the root object, immutable
 */
JsonObject *
confab_json_parse_object (const char *data, gssize length, GError **error)
{
  g_autoptr (JsonNode) root = confab_json_parse (data, length, error);

  if (root == NULL)
    return NULL;
  if (!JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error_literal (error, CONFAB_JSON_ERROR, CONFAB_JSON_ERROR_WRONG_TYPE, "not an object");
    return NULL;
  }
  return json_node_dup_object (root);
}

/**
 * confab_json_to_string:
 * @object: an object
 *
 * Returns: (transfer full): its text, on one line
 */
char *
confab_json_to_string (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_set_object (node, object);
  return json_to_string (node, FALSE);
}

static gboolean
is_safe (gint64 number)
{
  return number >= -MAX_SAFE_INTEGER && number <= MAX_SAFE_INTEGER;
}

static gboolean
check_canonical_numbers (JsonNode *node, GError **error)
{
  if (JSON_NODE_HOLDS_VALUE (node)) {
    GType type = json_node_get_value_type (node);
    if (type == G_TYPE_DOUBLE || (type == G_TYPE_INT64 && !is_safe (json_node_get_int (node)))) {
      g_set_error_literal (error,
                           CONFAB_JSON_ERROR,
                           CONFAB_JSON_ERROR_WRONG_TYPE,
                           "canonical JSON has integers of at most 2^53-1 only");
      return FALSE;
    }
  } else if (JSON_NODE_HOLDS_OBJECT (node)) {
    JsonObjectIter iter;
    JsonNode *member;
    json_object_iter_init (&iter, json_node_get_object (node));
    while (json_object_iter_next (&iter, NULL, &member)) {
      if (!check_canonical_numbers (member, error))
        return FALSE;
    }
  } else if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_node_get_array (node);
    for (guint i = 0; i < json_array_get_length (array); i++) {
      if (!check_canonical_numbers (json_array_get_element (array, i), error))
        return FALSE;
    }
  }
  return TRUE;
}

static void
append_string (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (const char *p = text; *p != '\0'; p++) {
    switch (*p) {
    case '"':
      g_string_append (out, "\\\"");
      break;
    case '\\':
      g_string_append (out, "\\\\");
      break;
    case '\b':
      g_string_append (out, "\\b");
      break;
    case '\f':
      g_string_append (out, "\\f");
      break;
    case '\n':
      g_string_append (out, "\\n");
      break;
    case '\r':
      g_string_append (out, "\\r");
      break;
    case '\t':
      g_string_append (out, "\\t");
      break;
    default:
      if ((guchar) *p < 0x20)
        g_string_append_printf (out, "\\u%04x", (guchar) *p);
      else
        g_string_append_c (out, *p);
    }
  }
  g_string_append_c (out, '"');
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  /* By code point, which for UTF-8 is by byte. */
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
append_canonical (GString *out, JsonNode *node)
{
  switch (json_node_get_node_type (node)) {
  case JSON_NODE_OBJECT: {
    JsonObject *object = json_node_get_object (node);
    g_autoptr (GPtrArray) names = g_ptr_array_new ();
    JsonObjectIter iter;
    const char *name;

    json_object_iter_init (&iter, object);
    while (json_object_iter_next (&iter, &name, NULL))
      g_ptr_array_add (names, (gpointer) name);
    g_ptr_array_sort (names, compare_names);
    g_string_append_c (out, '{');
    for (guint i = 0; i < names->len; i++) {
      if (i > 0)
        g_string_append_c (out, ',');
      append_string (out, names->pdata[i]);
      g_string_append_c (out, ':');
      append_canonical (out, json_object_get_member (object, names->pdata[i]));
    }
    g_string_append_c (out, '}');
    break;
  }
  case JSON_NODE_ARRAY: {
    JsonArray *array = json_node_get_array (node);
    g_string_append_c (out, '[');
    for (guint i = 0; i < json_array_get_length (array); i++) {
      if (i > 0)
        g_string_append_c (out, ',');
      append_canonical (out, json_array_get_element (array, i));
    }
    g_string_append_c (out, ']');
    break;
  }
  case JSON_NODE_VALUE:
    if (json_node_get_value_type (node) == G_TYPE_STRING)
      append_string (out, json_node_get_string (node));
    else if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
      g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
    else
      g_string_append_printf (out, "%" G_GINT64_FORMAT, json_node_get_int (node));
    break;
  case JSON_NODE_NULL:
    g_string_append (out, "null");
    break;
  default:
    g_assert_not_reached ();
  }
}

/**
 * confab_json_to_canonical:
 * @object: an object
 * @error: #CONFAB_JSON_ERROR_WRONG_TYPE when it holds a number that canonical JSON does not have
 *
 * Matrix specification, appendices, “Canonical JSON”: what signatures are made over.
 *
 * Returns: (transfer full): its canonical text
 */
char *
confab_json_to_canonical (JsonObject *object, GError **error)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (GString) out = NULL;

  json_node_set_object (node, object);
  if (!check_canonical_numbers (node, error))
    return NULL;
  out = g_string_new (NULL);
  append_canonical (out, node);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static JsonNode *
copy_node (JsonNode *node)
{
  JsonNode *copy;

  if (JSON_NODE_HOLDS_OBJECT (node)) {
    copy = json_node_new (JSON_NODE_OBJECT);
    json_node_take_object (copy, confab_json_copy_object (json_node_get_object (node)));
    return copy;
  }
  if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_node_get_array (node);
    g_autoptr (JsonArray) array_copy = json_array_new ();
    for (guint i = 0; i < json_array_get_length (array); i++)
      json_array_add_element (array_copy, copy_node (json_array_get_element (array, i)));
    copy = json_node_new (JSON_NODE_ARRAY);
    json_node_set_array (copy, array_copy);
    return copy;
  }
  return json_node_copy (node);
}

/**
 * confab_json_copy_object:
 * @object: an object, immutable or not
 *
 * Returns: (transfer full): a deep copy that may be changed
 */
JsonObject *
confab_json_copy_object (JsonObject *object)
{
  JsonObject *copy = json_object_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &member))
    json_object_set_member (copy, name, copy_node (member));
  return copy;
}

static JsonNode *
peek_member (JsonObject *object, const char *name)
{
  return object != NULL ? json_object_get_member (object, name) : NULL;
}

static gboolean
holds (JsonNode *node, GType type)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

/**
 * confab_json_wipe_string:
 * @object: an object that is about to go
 * @name: a secret in it
 *
 * Overwrites the text where it lies: of its copies, which share it, too.
 */
void
confab_json_wipe_string (JsonObject *object, const char *name)
{
  JsonNode *node = peek_member (object, name);
  char *text = holds (node, G_TYPE_STRING) ? (char *) json_node_get_string (node) : NULL;

  if (text != NULL)
    explicit_bzero (text, strlen (text));
}

static gboolean
fail (JsonObject *object, const char *name, const char *wanted, GError **error)
{
  gboolean missing = peek_member (object, name) == NULL;

  g_set_error (error,
               CONFAB_JSON_ERROR,
               missing ? CONFAB_JSON_ERROR_MISSING : CONFAB_JSON_ERROR_WRONG_TYPE,
               missing ? "“%s” (%s) is missing" : "“%s” is not %s",
               name,
               wanted);
  return FALSE;
}

gboolean
confab_json_get_string (JsonObject *object, const char *name, const char **value, GError **error)
{
  const char *found = confab_json_peek_string (object, name);

  if (found == NULL)
    return fail (object, name, "a string", error);
  *value = found;
  return TRUE;
}

/* JSON knows one kind of number: 3600000.0 is an integer too, as JavaScript writes and reads it. */
static gboolean
read_int (JsonNode *node, gint64 *value)
{
  if (holds (node, G_TYPE_INT64)) {
    *value = json_node_get_int (node);
    return TRUE;
  }
  if (holds (node, G_TYPE_DOUBLE)) {
    double number = json_node_get_double (node);
    if (isfinite (number) && fabs (number) <= MAX_SAFE_INTEGER && number == trunc (number)) {
      *value = number;
      return TRUE;
    }
  }
  return FALSE;
}

gboolean
confab_json_get_int (JsonObject *object, const char *name, gint64 *value, GError **error)
{
  if (!read_int (peek_member (object, name), value))
    return fail (object, name, "an integer", error);
  return TRUE;
}

gboolean
confab_json_get_object (JsonObject *object, const char *name, JsonObject **value, GError **error)
{
  JsonObject *found = confab_json_peek_object (object, name);

  if (found == NULL)
    return fail (object, name, "an object", error);
  *value = found;
  return TRUE;
}

gboolean
confab_json_get_array (JsonObject *object, const char *name, JsonArray **value, GError **error)
{
  JsonArray *found = confab_json_peek_array (object, name);

  if (found == NULL)
    return fail (object, name, "an array", error);
  *value = found;
  return TRUE;
}

/**
 * confab_json_get_strv:
 * @object: an object
 * @name: a member
 * @value: (out) (transfer full): its strings
 * @error: #CONFAB_JSON_ERROR_MISSING, or #CONFAB_JSON_ERROR_WRONG_TYPE if one of them is no string
 *
 * Returns: whether @name is an array of strings
 */
gboolean
confab_json_get_strv (JsonObject *object, const char *name, GStrv *value, GError **error)
{
  JsonArray *array = confab_json_peek_array (object, name);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (array == NULL)
    return fail (object, name, "an array of strings", error);
  for (guint i = 0; i < json_array_get_length (array); i++) {
    const char *text = confab_json_array_peek_string (array, i);
    if (text == NULL)
      return fail (object, name, "an array of strings", error);
    g_strv_builder_add (builder, text);
  }
  *value = g_strv_builder_end (builder);
  return TRUE;
}

const char *
confab_json_peek_string (JsonObject *object, const char *name)
{
  JsonNode *node = peek_member (object, name);

  return holds (node, G_TYPE_STRING) ? json_node_get_string (node) : NULL;
}

gint64
confab_json_peek_int (JsonObject *object, const char *name, gint64 fallback)
{
  gint64 value = fallback;

  read_int (peek_member (object, name), &value);
  return value;
}

double
confab_json_peek_double (JsonObject *object, const char *name, double fallback)
{
  JsonNode *node = peek_member (object, name);

  if (holds (node, G_TYPE_INT64) || holds (node, G_TYPE_DOUBLE))
    return json_node_get_double (node);
  return fallback;
}

gboolean
confab_json_peek_boolean (JsonObject *object, const char *name, gboolean fallback)
{
  JsonNode *node = peek_member (object, name);

  return holds (node, G_TYPE_BOOLEAN) ? json_node_get_boolean (node) : fallback;
}

JsonObject *
confab_json_peek_object (JsonObject *object, const char *name)
{
  JsonNode *node = peek_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

JsonArray *
confab_json_peek_array (JsonObject *object, const char *name)
{
  JsonNode *node = peek_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

JsonObject *
confab_json_array_peek_object (JsonArray *array, guint index)
{
  JsonNode *node = json_array_get_element (array, index);

  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

const char *
confab_json_array_peek_string (JsonArray *array, guint index)
{
  JsonNode *node = json_array_get_element (array, index);

  return holds (node, G_TYPE_STRING) ? json_node_get_string (node) : NULL;
}
