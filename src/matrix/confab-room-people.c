/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-room-people.h"

#include "confab-json.h"
#include "confab-matrix-error.h"

#define MAX_HEROES 5

struct _ConfabRoomPeople {
  GHashTable *people; /* user id → ConfabPerson */
  GHashTable *names;  /* display name → how many of those who are in or invited are called so */
  guint age;          /* of who is taken in now; goes up when the list of members is asked for */
};

static void
person_free (gpointer data)
{
  ConfabPerson *person = data;

  g_free (person->name);
  g_free (person->avatar_url);
  g_free (person);
}

ConfabRoomPeople *
confab_room_people_new (void)
{
  ConfabRoomPeople *self = g_new0 (ConfabRoomPeople, 1);

  self->people = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, person_free);
  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
confab_room_people_free (ConfabRoomPeople *self)
{
  g_hash_table_unref (self->people);
  g_hash_table_unref (self->names);
  g_free (self);
}

static gboolean
is_present (const ConfabPerson *person)
{
  return person->joined || person->invited;
}

static void
count_name (ConfabRoomPeople *self, const ConfabPerson *person, int difference)
{
  guint n;

  if (person->name == NULL || !is_present (person))
    return;
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->names, person->name)) + difference;
  if (n > 0)
    g_hash_table_replace (self->names, g_strdup (person->name), GUINT_TO_POINTER (n));
  else
    g_hash_table_remove (self->names, person->name);
}

static void
take (ConfabRoomPeople *self,
      const char *user_id,
      const char *membership,
      const char *name,
      const char *avatar_url,
      guint age)
{
  ConfabPerson *before = g_hash_table_lookup (self->people, user_id);
  ConfabPerson *person = g_new0 (ConfabPerson, 1);

  person->joined = g_str_equal (membership, "join");
  person->invited = g_str_equal (membership, "invite");
  person->age = age;
  /* Who leaves is called what they were called: such events seldom say it. */
  if (before != NULL && !is_present (person)) {
    name = name != NULL ? name : before->name;
    avatar_url = avatar_url != NULL ? avatar_url : before->avatar_url;
  }
  person->name = g_strdup (name);
  person->avatar_url = g_strdup (avatar_url);
  if (before != NULL)
    count_name (self, before, -1);
  count_name (self, person, 1);
  g_hash_table_replace (self->people, g_strdup (user_id), person);
}

void
confab_room_people_take_event (ConfabRoomPeople *self, const char *user_id, JsonObject *content)
{
  const char *membership = confab_json_peek_string (content, "membership");

  if (membership != NULL)
    take (self,
          user_id,
          membership,
          confab_json_peek_string (content, "displayname"),
          confab_json_peek_string (content, "avatar_url"),
          self->age);
}

const ConfabPerson *
confab_room_people_lookup (ConfabRoomPeople *self, const char *user_id)
{
  return g_hash_table_lookup (self->people, user_id);
}

char *
confab_room_people_dup_display_name (ConfabRoomPeople *self, const char *user_id)
{
  const ConfabPerson *person = g_hash_table_lookup (self->people, user_id);
  guint n;

  if (person == NULL || person->name == NULL || person->name[0] == '\0')
    return g_strdup (user_id);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->names, person->name));
  if (n > (is_present (person) ? 1u : 0u))
    return g_strdup_printf ("%s (%s)", person->name, user_id);
  return g_strdup (person->name);
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

typedef gboolean (*Choose) (const ConfabPerson *person);

static gboolean
is_joined (const ConfabPerson *person)
{
  return person->joined;
}

static gboolean
is_anybody (const ConfabPerson *person)
{
  return TRUE;
}

static GPtrArray *
choose_ids (ConfabRoomPeople *self, Choose choose, const char *but_user_id)
{
  GPtrArray *ids = g_ptr_array_new_null_terminated (8, g_free, TRUE);
  GHashTableIter iter;
  const char *user_id;
  const ConfabPerson *person;

  g_hash_table_iter_init (&iter, self->people);
  while (g_hash_table_iter_next (&iter, (gpointer *) &user_id, (gpointer *) &person)) {
    if (choose (person) && g_strcmp0 (user_id, but_user_id) != 0)
      g_ptr_array_add (ids, g_strdup (user_id));
  }
  g_ptr_array_sort (ids, compare_ids);
  return ids;
}

GStrv
confab_room_people_dup_heroes (ConfabRoomPeople *self, const char *own_user_id)
{
  g_autoptr (GPtrArray) ids = choose_ids (self, is_present, own_user_id);

  if (ids->len == 0) {
    g_ptr_array_unref (ids);
    ids = choose_ids (self, is_anybody, own_user_id);
  }
  if (ids->len > MAX_HEROES)
    g_ptr_array_set_size (ids, MAX_HEROES);
  return (GStrv) g_ptr_array_steal (ids, NULL);
}

GStrv
confab_room_people_dup_present (ConfabRoomPeople *self)
{
  g_autoptr (GPtrArray) ids = choose_ids (self, is_present, NULL);

  return (GStrv) g_ptr_array_steal (ids, NULL);
}

GStrv
confab_room_people_dup_joined (ConfabRoomPeople *self)
{
  g_autoptr (GPtrArray) ids = choose_ids (self, is_joined, NULL);

  return (GStrv) g_ptr_array_steal (ids, NULL);
}

static void
listed_member_free (gpointer data)
{
  ConfabListedMember *member = data;

  g_free (member->user_id);
  g_free (member->membership);
  g_free (member->name);
  g_free (member->avatar_url);
  g_free (member);
}

/**
 * confab_room_people_read_list:
 * @reply: to `GET /_matrix/client/v3/rooms/{roomId}/members`
 * @error: %CONFAB_MATRIX_ERROR_BAD_RESPONSE
 *
 * Any thread.
 *
 * Returns: (transfer full) (element-type ConfabListedMember): who is in it; what is no member is left out
 */
GPtrArray *
confab_room_people_read_list (GBytes *reply, GError **error)
{
  gsize size;
  const char *text = g_bytes_get_data (reply, &size);
  g_autoptr (JsonObject) object = confab_json_parse_object (text != NULL ? text : "", size, NULL);
  JsonArray *chunk = confab_json_peek_array (object, "chunk");
  GPtrArray *members;

  if (chunk == NULL) {
    g_set_error_literal (error,
                         CONFAB_MATRIX_ERROR,
                         CONFAB_MATRIX_ERROR_BAD_RESPONSE,
                         "members without “chunk”");
    return NULL;
  }
  members = g_ptr_array_new_with_free_func (listed_member_free);
  for (guint i = 0; i < json_array_get_length (chunk); i++) {
    JsonObject *event = confab_json_array_peek_object (chunk, i);
    const char *user_id = confab_json_peek_string (event, "state_key");
    JsonObject *content = confab_json_peek_object (event, "content");
    const char *membership = confab_json_peek_string (content, "membership");
    ConfabListedMember *member;

    if (user_id == NULL || user_id[0] != '@' || membership == NULL)
      continue;
    member = g_new (ConfabListedMember, 1);
    *member = (ConfabListedMember) {
      .user_id = g_strdup (user_id),
      .membership = g_strdup (membership),
      .name = g_strdup (confab_json_peek_string (content, "displayname")),
      .avatar_url = g_strdup (confab_json_peek_string (content, "avatar_url")),
    };
    g_ptr_array_add (members, member);
  }
  return members;
}

void
confab_room_people_begin_load (ConfabRoomPeople *self)
{
  self->age++;
}

void
confab_room_people_take_listed (ConfabRoomPeople *self, const ConfabListedMember *member)
{
  const ConfabPerson *known = g_hash_table_lookup (self->people, member->user_id);

  if (known == NULL || known->age < self->age)
    take (self, member->user_id, member->membership, member->name, member->avatar_url, self->age);
}

void
confab_room_people_end_load (ConfabRoomPeople *self)
{
  GHashTableIter iter;
  ConfabPerson *person;

  g_hash_table_iter_init (&iter, self->people);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &person)) {
    if (person->age == self->age || !is_present (person))
      continue;
    count_name (self, person, -1);
    person->joined = FALSE;
    person->invited = FALSE;
  }
}
