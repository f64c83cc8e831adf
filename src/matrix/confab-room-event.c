/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-room-event.h"

G_DEFINE_ENUM_TYPE (ConfabRoomEventTrust,
                    confab_room_event_trust,
                    G_DEFINE_ENUM_VALUE (CONFAB_ROOM_EVENT_TRUST_CLEAR, "clear"),
                    G_DEFINE_ENUM_VALUE (CONFAB_ROOM_EVENT_TRUST_DEVICE, "device"),
                    G_DEFINE_ENUM_VALUE (CONFAB_ROOM_EVENT_TRUST_DEVICE_GONE, "device-gone"),
                    G_DEFINE_ENUM_VALUE (CONFAB_ROOM_EVENT_TRUST_WITHHELD, "withheld"))

G_DEFINE_BOXED_TYPE (ConfabRoomEvent,
                     confab_room_event,
                     confab_room_event_ref,
                     confab_room_event_unref)

/* For whoever fills it in before anybody else sees it. */
ConfabRoomEvent *
confab_room_event_new (void)
{
  ConfabRoomEvent *self = g_new0 (ConfabRoomEvent, 1);

  g_atomic_ref_count_init (&self->ref_count);
  return self;
}

ConfabRoomEvent *
confab_room_event_ref (ConfabRoomEvent *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
confab_room_event_unref (ConfabRoomEvent *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_free (self->room_id);
  g_free (self->event_id);
  g_free (self->sender);
  g_free (self->device_id);
  g_free (self->type);
  g_clear_pointer (&self->content, json_object_unref);
  g_free (self->withheld_code);
  g_free (self);
}
