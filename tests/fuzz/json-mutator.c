/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdint.h>
#include <string.h>

#include "confab-json.h"

/* For libFuzzer: an input is lines, of which each may end with a JSON object. One that does is mostly changed so that it
 * stays one, and now and then a line goes, or comes once more; else they are changed byte by byte. */

size_t LLVMFuzzerMutate (uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator (uint8_t *data, size_t size, size_t max_size, unsigned int seed);

#define MAX_TEXT 400

/* Where a value stands. */
typedef struct {
  JsonNode *parent;
  const char *name; /* in an object; else NULL */
  guint index;      /* in an array */
} Place;

typedef enum {
  CHANGE_REMOVE,
  CHANGE_COPY,   /* of another value in its place */
  CHANGE_ADD,    /* another member, or element, beside it */
  CHANGE_RENAME, /* to what another one is called */
  CHANGE_PLAIN,  /* something that is short */
  CHANGE_TEXT,   /* byte by byte, if it is a string */
  N_CHANGES,
} Change;

static void
add_places (JsonNode *node, GArray *places)
{
  if (JSON_NODE_HOLDS_OBJECT (node)) {
    JsonObject *object = json_node_get_object (node);
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;

    json_object_iter_init_ordered (&iter, object);
    while (json_object_iter_next_ordered (&iter, &name, &value)) {
      Place place = { .parent = node, .name = name };
      g_array_append_val (places, place);
      add_places (value, places);
    }
  } else if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_node_get_array (node);

    for (guint i = 0; i < json_array_get_length (array); i++) {
      Place place = { .parent = node, .index = i };
      g_array_append_val (places, place);
      add_places (json_array_get_element (array, i), places);
    }
  }
}

static JsonNode *
peek (const Place *place)
{
  if (place->name != NULL)
    return json_object_get_member (json_node_get_object (place->parent), place->name);
  return json_array_get_element (json_node_get_array (place->parent), place->index);
}

static void
put (const Place *place, const char *name, JsonNode *value)
{
  if (place->name != NULL) {
    json_object_set_member (json_node_get_object (place->parent), name, value);
  } else {
    JsonArray *array = json_node_get_array (place->parent);
    g_autoptr (JsonArray) after = json_array_new ();

    while (json_array_get_length (array) > place->index + 1) {
      json_array_add_element (after, json_array_dup_element (array, place->index + 1));
      json_array_remove_element (array, place->index + 1);
    }
    json_array_remove_element (array, place->index);
    json_array_add_element (array, value);
    for (guint i = 0; i < json_array_get_length (after); i++)
      json_array_add_element (array, json_array_dup_element (after, i));
  }
}

/* Deep: what is put into itself must end. */
static JsonNode *
copy_value (JsonNode *value)
{
  g_autofree char *text = json_to_string (value, FALSE);

  return json_from_string (text, NULL);
}

static JsonNode *
new_plain (GRand *rand)
{
  static const gint64 numbers[] = { 0, 1, -1, 2, 4, 7, G_MAXINT32, G_MAXINT64, G_MININT64 };
  JsonNode *node = json_node_alloc ();
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonArray) array = json_array_new ();

  switch (g_rand_int_range (rand, 0, 6)) {
  case 0:
    return json_node_init_int (node, numbers[g_rand_int_range (rand, 0, G_N_ELEMENTS (numbers))]);
  case 1:
    return json_node_init_string (node, "");
  case 2:
    return json_node_init_object (node, object);
  case 3:
    return json_node_init_array (node, array);
  case 4:
    return json_node_init_boolean (node, g_rand_boolean (rand));
  default:
    return json_node_init_null (node);
  }
}

static JsonNode *
new_text (JsonNode *value)
{
  char text[MAX_TEXT + 1] = "";
  g_autofree char *valid = NULL;
  size_t size;

  if (!JSON_NODE_HOLDS_VALUE (value) || json_node_get_value_type (value) != G_TYPE_STRING)
    return copy_value (value);
  g_strlcpy (text, json_node_get_string (value), sizeof text);
  size = LLVMFuzzerMutate ((uint8_t *) text, strlen (text), MAX_TEXT);
  valid = g_utf8_make_valid (text, (gssize) strnlen (text, size));
  return json_node_init_string (json_node_alloc (), valid);
}

static void
change (GRand *rand, const Place *place, const Place *other)
{
  const char *name = other->name != NULL ? other->name : place->name;
  JsonNode *copy = copy_value (peek (other));
  JsonNode *old = copy_value (peek (place));

  switch ((Change) g_rand_int_range (rand, 0, N_CHANGES)) {
  case CHANGE_REMOVE:
    if (place->name != NULL)
      json_object_remove_member (json_node_get_object (place->parent), place->name);
    else
      json_array_remove_element (json_node_get_array (place->parent), place->index);
    break;
  case CHANGE_ADD:
    if (place->name != NULL)
      json_object_set_member (json_node_get_object (place->parent), name, g_steal_pointer (&copy));
    else
      json_array_add_element (json_node_get_array (place->parent), g_steal_pointer (&copy));
    break;
  case CHANGE_RENAME:
    put (place, name, g_steal_pointer (&old));
    break;
  case CHANGE_PLAIN:
    put (place, place->name, new_plain (rand));
    break;
  case CHANGE_TEXT:
    put (place, place->name, new_text (old));
    break;
  case CHANGE_COPY:
  default:
    put (place, place->name, g_steal_pointer (&copy));
    break;
  }
  g_clear_pointer (&copy, json_node_unref);
  g_clear_pointer (&old, json_node_unref);
}

/* @start: where between @from and @to it may begin. */
static JsonObject *
read_object (const uint8_t *from, const uint8_t *to, const uint8_t **start)
{
  g_autoptr (JsonObject) parsed = NULL;

  *start = to > from ? memchr (from, '{', (size_t) (to - from)) : NULL;
  if (*start == NULL)
    return NULL;
  parsed = confab_json_parse_object ((const char *) *start, (gssize) (to - *start), NULL);
  return parsed != NULL ? confab_json_copy_object (parsed) : NULL;
}

static const uint8_t *
end_of_line (const uint8_t *from, const uint8_t *end)
{
  const uint8_t *to = from < end ? memchr (from, '\n', (size_t) (end - from)) : NULL;

  return to != NULL ? to : end;
}

/* One line, without its end. */
static void
pick_line (
  GRand *rand, const uint8_t *data, const uint8_t *end, const uint8_t **from, const uint8_t **to)
{
  guint n = 1;

  for (const uint8_t *p = end_of_line (data, end); p < end; p = end_of_line (p + 1, end))
    n++;
  n = (guint) g_rand_int_range (rand, 0, (gint32) n);
  *from = data;
  while (n-- > 0)
    *from = end_of_line (*from, end) + 1;
  *to = end_of_line (*from, end);
}

/* Puts @text where @from to @to is. Returns: the new size, 0 if there is no room for it */
static size_t
put_text (uint8_t *data,
          size_t size,
          size_t max_size,
          const uint8_t *from,
          const uint8_t *to,
          const char *text)
{
  size_t at = (size_t) (from - data);
  size_t after = size - (size_t) (to - data);
  size_t length = strlen (text);

  if (at + length + after > max_size)
    return 0;
  memmove (data + at + length, to, after);
  memcpy (data + at, text, length);
  return at + length + after;
}

/* A line goes, or comes a second time before another one. */
static size_t
change_lines (
  GRand *rand, uint8_t *data, size_t size, size_t max_size, const uint8_t *from, const uint8_t *to)
{
  g_autofree char *line = g_strdup_printf ("%.*s\n", (int) (to - from), (const char *) from);
  const uint8_t *before;
  const uint8_t *unused;

  if (g_rand_boolean (rand))
    return put_text (data, size, max_size, from, to < data + size ? to + 1 : to, "");
  pick_line (rand, data, data + size, &before, &unused);
  return put_text (data, size, max_size, before, before, line);
}

size_t
LLVMFuzzerCustomMutator (uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  const uint8_t *from;
  const uint8_t *to;
  const uint8_t *start;
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (Place));
  g_autofree char *text = NULL;
  size_t changed = 0;

  pick_line (rand, data, data + size, &from, &to);
  object = read_object (from, to, &start);
  if (object != NULL) {
    root = json_node_init_object (json_node_alloc (), object);
    add_places (root, places);
  }
  if (size > 0 && (size_t) (to - from) < size && g_rand_int_range (rand, 0, 6) == 0) {
    changed = change_lines (rand, data, size, max_size, from, to);
  } else if (places->len > 0 && g_rand_int_range (rand, 0, 4) != 0) {
    change (rand,
            &g_array_index (places, Place, g_rand_int_range (rand, 0, (gint32) places->len)),
            &g_array_index (places, Place, g_rand_int_range (rand, 0, (gint32) places->len)));
    text = json_to_string (root, FALSE);
    changed = put_text (data, size, max_size, start, to, text);
  }
  return changed > 0 ? changed : LLVMFuzzerMutate (data, size, max_size);
}
