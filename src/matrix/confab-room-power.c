/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-room-power.h"

#include "confab-call-content.h"
#include "confab-call-membership.h"
#include "confab-json.h"

#define MAX_POWER (G_GINT64_CONSTANT (1) << 53)

static const char *const asked_types[] = { CONFAB_CALL_CONTENT_TYPE, CONFAB_CALL_MEMBERSHIP_TYPE };

static gint64
get_power (JsonObject *object, const char *name, gint64 fallback)
{
  return CLAMP (confab_json_peek_int (object, name, fallback), -MAX_POWER, MAX_POWER);
}

void
confab_room_power_take_levels (ConfabRoomPower *self, JsonObject *content, const char *own_user_id)
{
  JsonObject *events = confab_json_peek_object (content, "events");
  gint64 state_default = get_power (content, "state_default", 50);

  self->has_levels = TRUE;
  self->own = get_power (confab_json_peek_object (content, "users"),
                         own_user_id,
                         get_power (content, "users_default", 0));
  for (guint i = 0; i < G_N_ELEMENTS (asked_types); i++)
    self->needed[i] = get_power (events, asked_types[i], state_default);
}

static gboolean
names (JsonArray *users, const char *user_id)
{
  for (guint i = 0; users != NULL && i < json_array_get_length (users); i++) {
    if (g_strcmp0 (confab_json_array_peek_string (users, i), user_id) == 0)
      return TRUE;
  }
  return FALSE;
}

void
confab_room_power_take_create (ConfabRoomPower *self,
                               JsonObject *content,
                               const char *creator,
                               const char *own_user_id)
{
  const char *version = confab_json_peek_string (content, "room_version");
  guint64 number;

  self->is_creator = g_strcmp0 (creator, own_user_id) == 0;
  self->is_supreme = version != NULL &&
                     g_ascii_string_to_unsigned (version, 10, 12, G_MAXUINT32, &number, NULL) &&
                     (self->is_creator ||
                      names (confab_json_peek_array (content, "additional_creators"), own_user_id));
}

/* Spec: Client-Server API, `m.room.power_levels`. */
gboolean
confab_room_power_can_send_state (const ConfabRoomPower *self, const char *type)
{
  if (self->is_supreme)
    return TRUE;
  /* Without the event state takes 50, which only who made the room has. */
  if (!self->has_levels)
    return self->is_creator;
  for (guint i = 0; i < G_N_ELEMENTS (asked_types); i++) {
    if (g_str_equal (type, asked_types[i]))
      return self->own >= self->needed[i];
  }
  g_return_val_if_reached (FALSE);
}
