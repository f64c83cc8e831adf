/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-call"

#include "config.h"

#include "confab-call-room-private.h"

#include "confab-log.h"

G_DEFINE_FINAL_TYPE (ConfabCallRoom, confab_call_room, G_TYPE_OBJECT)

enum {
  SIGNAL_RTC_CHANGED,
  SIGNAL_SILENCED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
rtc_changed_cb (gpointer data)
{
  g_signal_emit (data, signals[SIGNAL_RTC_CHANGED], 0);
}

static void
confab_call_room_dispose (GObject *object)
{
  confab_call_room_close (CONFAB_CALL_ROOM (object));
  G_OBJECT_CLASS (confab_call_room_parent_class)->dispose (object);
}

static void
confab_call_room_finalize (GObject *object)
{
  ConfabCallRoom *self = CONFAB_CALL_ROOM (object);

  g_clear_object (&self->signalling);
  g_clear_pointer (&self->rtc, confab_rtc_roster_free);
  g_clear_object (&self->clock);
  g_free (self->user_id);
  g_free (self->device_id);
  g_free (self->id);
  g_hash_table_unref (self->members);
  g_hash_table_unref (self->dates);
  g_hash_table_unref (self->writers);
  g_hash_table_unref (self->left);
  g_hash_table_unref (self->over);
  confab_declined_calls_free (self->declined);
  g_hash_table_unref (self->silenced);
  g_ptr_array_unref (self->own);
  G_OBJECT_CLASS (confab_call_room_parent_class)->finalize (object);
}

static void
confab_call_room_class_init (ConfabCallRoomClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_call_room_dispose;
  G_OBJECT_CLASS (klass)->finalize = confab_call_room_finalize;
  /**
   * ConfabCallRoom::rtc-changed:
   *
   * confab_call_room_get_n_rtc_users() says something else now.
   */
  signals[SIGNAL_RTC_CHANGED] = g_signal_new ("rtc-changed",
                                              G_TYPE_FROM_CLASS (klass),
                                              G_SIGNAL_RUN_LAST,
                                              0,
                                              NULL,
                                              NULL,
                                              NULL,
                                              G_TYPE_NONE,
                                              0);
  /**
   * ConfabCallRoom::silenced:
   * @call_id: a call
   *
   * It need not ring on this device any more: whoever keeps its calls from one run to the next is to keep that too.
   */
  signals[SIGNAL_SILENCED] = g_signal_new ("silenced",
                                           G_TYPE_FROM_CLASS (klass),
                                           G_SIGNAL_RUN_LAST,
                                           0,
                                           NULL,
                                           NULL,
                                           NULL,
                                           G_TYPE_NONE,
                                           1,
                                           G_TYPE_STRING);
}

static void
confab_call_room_init (ConfabCallRoom *self)
{
  self->can_send_member = TRUE;
  self->members = g_hash_table_new_full (g_str_hash,
                                         g_str_equal,
                                         g_free,
                                         (GDestroyNotify) json_object_unref);
  self->dates = g_hash_table_new_full (g_str_hash,
                                       g_str_equal,
                                       g_free,
                                       (GDestroyNotify) g_array_unref);
  self->writers = g_hash_table_new_full (g_str_hash,
                                         g_str_equal,
                                         g_free,
                                         (GDestroyNotify) g_strfreev);
  self->left = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->declined = confab_declined_calls_new ();
  self->silenced = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->over = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->own = g_ptr_array_new_with_free_func ((GDestroyNotify) confab_call_membership_free);
}

/**
 * confab_call_room_new:
 * @signalling: how its calls reach the homeserver
 * @clock: for their timers
 * @user_id: this account
 * @device_id: this device
 * @room_id: the room
 *
 * Returns: (transfer full): a room of which nothing is known: open, everybody joined, nobody in a call
 */
ConfabCallRoom *
confab_call_room_new (ConfabSignalling *signalling,
                      ConfabClock *clock,
                      const char *user_id,
                      const char *device_id,
                      const char *room_id)
{
  ConfabCallRoom *self = g_object_new (CONFAB_TYPE_CALL_ROOM, NULL);

  self->signalling = g_object_ref (signalling);
  self->clock = g_object_ref (clock);
  self->user_id = g_strdup (user_id);
  self->device_id = g_strdup (device_id);
  self->id = g_strdup (room_id);
  self->rtc = confab_rtc_roster_new (clock, rtc_changed_cb, self);
  return self;
}

ConfabSignalling *
confab_call_room_get_signalling (ConfabCallRoom *self)
{
  return self->signalling;
}

ConfabClock *
confab_call_room_get_clock (ConfabCallRoom *self)
{
  return self->clock;
}

const char *
confab_call_room_get_user_id (ConfabCallRoom *self)
{
  return self->user_id;
}

const char *
confab_call_room_get_device_id (ConfabCallRoom *self)
{
  return self->device_id;
}

const char *
confab_call_room_get_id (ConfabCallRoom *self)
{
  return self->id;
}

/**
 * confab_call_room_get_now:
 * @self: a room
 *
 * Returns: ms since the epoch, as the wall clock has it: what `expires_ts` is compared with
 */
gint64
confab_call_room_get_now (ConfabCallRoom *self)
{
  return confab_clock_get_real_time (self->clock) / 1000;
}

gboolean
confab_call_room_get_encrypted (ConfabCallRoom *self)
{
  return self->encrypted;
}

/**
 * confab_call_room_set_encrypted:
 * @self: a room
 * @encrypted: whether it is encrypted; a room never stops being so
 */
void
confab_call_room_set_encrypted (ConfabCallRoom *self, gboolean encrypted)
{
  self->encrypted |= !!encrypted;
}

gboolean
confab_call_room_get_can_send_call (ConfabCallRoom *self)
{
  return self->can_send_call;
}

/**
 * confab_call_room_set_can_send_call:
 * @self: a room
 * @can_send: whether this user may send `m.call` state
 */
void
confab_call_room_set_can_send_call (ConfabCallRoom *self, gboolean can_send)
{
  self->can_send_call = can_send;
}

/**
 * confab_call_room_set_can_send_member:
 * @self: a room
 * @can_send: whether this user may send their member event; %TRUE until said
 *
 * Returns: whether they may again, who might not before: what was not written meanwhile is due
 */
gboolean
confab_call_room_set_can_send_member (ConfabCallRoom *self, gboolean can_send)
{
  gboolean regained = can_send && !self->can_send_member;

  self->can_send_member = can_send;
  self->own_changed |= regained;
  return regained;
}

/**
 * confab_call_room_set_joined:
 * @self: a room
 * @user_id: somebody
 * @joined: whether they are in the room; entries of those who are not are void (section 7.2)
 */
void
confab_call_room_set_joined (ConfabCallRoom *self, const char *user_id, gboolean joined)
{
  if (joined)
    g_hash_table_remove (self->left, user_id);
  else
    g_hash_table_add (self->left, g_strdup (user_id));
  confab_rtc_roster_set_joined (self->rtc, user_id, joined);
}

/**
 * confab_call_room_handle_rtc:
 * @self: a room
 * @state_key: of a member event that is none of a mesh
 * @sender: who sent it
 * @origin_server_ts: ms since the epoch
 * @content: a stranger's
 */
void
confab_call_room_handle_rtc (ConfabCallRoom *self,
                             const char *state_key,
                             const char *sender,
                             gint64 origin_server_ts,
                             JsonObject *content)
{
  confab_rtc_roster_handle (self->rtc, state_key, sender, origin_server_ts, content);
}

/**
 * confab_call_room_get_n_rtc_users:
 * @self: a room
 *
 * Returns: how many people are in its MatrixRTC call
 */
guint
confab_call_room_get_n_rtc_users (ConfabCallRoom *self)
{
  return confab_rtc_roster_get_n_users (self->rtc);
}

GWeakRef *
confab_call_room_weak_new (ConfabCallRoom *self)
{
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, self);
  return weak;
}

void
confab_call_room_weak_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static void declined_cb (const GError *error, gpointer data);

static void
write_declined (ConfabCallRoom *self)
{
  g_autoptr (JsonObject) content = confab_declined_calls_to_json (self->declined);

  self->n_declining++;
  confab_signalling_send_account_data (self->signalling,
                                       self->id,
                                       CONFAB_DECLINED_CALLS_TYPE,
                                       content,
                                       declined_cb,
                                       confab_call_room_weak_new (self),
                                       confab_call_room_weak_free);
}

/* What was written last may be what is missing: whether it is shows when it has gone out. */
static void
restore_declined (ConfabCallRoom *self)
{
  if (self->n_declining > 0 || g_hash_table_contains (self->left, self->user_id) ||
      !confab_declined_calls_restore (self->declined, self->over, confab_call_room_get_now (self)))
    return;
  confab_call_debug (self->id, "what was declined here was overwritten: once more");
  write_declined (self);
}

/* Should it have failed it rings on elsewhere, for a minute at most: nobody is told. */
static void
declined_cb (const GError *error, gpointer data)
{
  g_autoptr (ConfabCallRoom) self = g_weak_ref_get (data);

  if (self == NULL)
    return;
  self->n_declining--;
  if (error == NULL)
    restore_declined (self);
}

/**
 * confab_call_room_decline:
 * @self: a room
 * @call_id: a call that rings
 * @until_ts: when nobody needs to know of it any more: ms since the epoch
 *
 * Tells this user's other devices.
 */
void
confab_call_room_decline (ConfabCallRoom *self, const char *call_id, gint64 until_ts)
{
  gint64 now_ms = confab_call_room_get_now (self);

  (void) confab_declined_calls_restore (self->declined, self->over, now_ms);
  confab_declined_calls_add (self->declined, call_id, until_ts, self->over, now_ms);
  write_declined (self);
}

/**
 * confab_call_room_set_declined:
 * @self: a room
 * @content: a stranger's, of %CONFAB_DECLINED_CALLS_TYPE
 *
 * What this user has declined, as the server keeps it.
 */
void
confab_call_room_set_declined (ConfabCallRoom *self, JsonObject *content)
{
  confab_declined_calls_read (self->declined, content);
  restore_declined (self);
}

/**
 * confab_call_room_silence:
 * @self: a room
 * @call_id: a call that is on
 *
 * It need not ring on this device any more: it was declined or answered here, or rang out.
 */
void
confab_call_room_silence (ConfabCallRoom *self, const char *call_id)
{
  if (g_hash_table_add (self->silenced, g_strdup (call_id)))
    g_signal_emit (self, signals[SIGNAL_SILENCED], 0, call_id);
}

/* What confab_call_room_silence() has said in an earlier run. */
void
confab_call_room_add_silenced (ConfabCallRoom *self, const char *call_id)
{
  g_hash_table_add (self->silenced, g_strdup (call_id));
}

/* Returns: whether it need not ring here: one of this user's devices has declined it for all of them, or this one is
 * through with it */
gboolean
confab_call_room_is_silent (ConfabCallRoom *self, const char *call_id)
{
  return g_hash_table_contains (self->silenced, call_id) ||
         confab_declined_calls_contains (self->declined, call_id);
}

/**
 * confab_call_room_add_over:
 * @self: a room
 * @call_id: a call that was terminated
 *
 * Its id is never used again (section 7.1).
 */
void
confab_call_room_add_over (ConfabCallRoom *self, const char *call_id)
{
  g_hash_table_add (self->over, g_strdup (call_id));
  g_hash_table_remove (self->silenced, call_id);
}

/**
 * confab_call_room_is_over:
 * @self: a room
 * @call_id: a call
 *
 * Returns: whether it was terminated
 */
gboolean
confab_call_room_is_over (ConfabCallRoom *self, const char *call_id)
{
  return g_hash_table_contains (self->over, call_id);
}

/**
 * confab_call_room_close:
 * @self: a room
 *
 * Nothing is written any more by itself.
 */
void
confab_call_room_close (ConfabCallRoom *self)
{
  self->closed = TRUE;
  confab_rtc_roster_stop (self->rtc);
  confab_clock_clear (self->clock, &self->stale_timer);
  confab_declined_calls_forget_own (self->declined);
}
