/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-turn-source.h"

#include <string.h>

#include "confab-json.h"

#define TURN_SERVER_PATH "/_matrix/client/v3/voip/turnServer"
#define MAX_TTL_S (7 * 24 * 60 * 60)
#define NONE_TTL_S (10 * 60) /* how long “there is none” is believed */
#define MAX_URIS 16

/**
 * ConfabTurnSource:
 *
 * The homeserver's TURN credentials: asked for when first needed, and again when 90 % of their time is over. A
 * server that has none (404, 403, an empty answer) makes for no servers, not for an error: calls work without on
 * most networks.
 *
 * Spec: Client-Server API, “Voice over IP”, `GET /_matrix/client/v3/voip/turnServer`.
 */
struct _ConfabTurnSource {
  GObject parent_instance;

  ConfabHomeserver *homeserver;
  ConfabClock *clock;
  ConfabIceServers *servers; /* (nullable) */
  gint64 refresh_at; /* boot time, µs: the server's time does not stand still while we sleep */
  DexFuture *fetch;  /* (nullable): one that runs */
};

G_DEFINE_FINAL_TYPE (ConfabTurnSource, confab_turn_source, G_TYPE_OBJECT)

static void
take_servers (ConfabTurnSource *self, ConfabIceServers *servers, gint64 ttl_s)
{
  g_clear_pointer (&self->servers, confab_ice_servers_free);
  self->servers = servers;
  self->refresh_at = confab_clock_get_boot_time (self->clock) + ttl_s * G_USEC_PER_SEC / 10 * 9;
}

/* @fresh_ms is rounded up: whoever asks again when they are over is not told the same. */
static ConfabIceServers *
dup_servers (ConfabTurnSource *self)
{
  ConfabIceServers *servers = confab_ice_servers_copy (self->servers);

  servers->fresh_ms = MAX (self->refresh_at - confab_clock_get_boot_time (self->clock) + 999, 0) /
                      1000;
  return servers;
}

static void
read_reply (ConfabTurnSource *self, JsonObject *reply)
{
  JsonArray *array = confab_json_peek_array (reply, "uris");
  gint64 ttl_s = CLAMP (confab_json_peek_int (reply, "ttl", NONE_TTL_S), 1, MAX_TTL_S);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) uris = NULL;

  for (guint i = 0; array != NULL && i < MIN (json_array_get_length (array), MAX_URIS); i++) {
    const char *uri = confab_json_array_peek_string (array, i);
    if (uri != NULL && (g_str_has_prefix (uri, "turn:") || g_str_has_prefix (uri, "turns:") ||
                        g_str_has_prefix (uri, "stun:") || g_str_has_prefix (uri, "stuns:")))
      g_strv_builder_add (builder, uri);
  }
  uris = g_strv_builder_end (builder);
  take_servers (self,
                confab_ice_servers_new ((const char *const *) uris,
                                        confab_json_peek_string (reply, "username"),
                                        confab_json_peek_string (reply, "password")),
                uris[0] != NULL ? ttl_s : NONE_TTL_S);
}

static DexFuture *
fetch_fiber (gpointer data)
{
  ConfabTurnSource *self = CONFAB_TURN_SOURCE (data);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) reply = dex_await_boxed (confab_homeserver_send (self->homeserver,
                                                               "GET",
                                                               TURN_SERVER_PATH,
                                                               NULL,
                                                               0,
                                                               CONFAB_REQUEST_URGENT),
                                       &error);

  dex_clear (&self->fetch);
  if (reply != NULL) {
    read_reply (self, reply);
  } else if (g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NOT_FOUND) ||
             g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_FORBIDDEN) ||
             g_strcmp0 (confab_matrix_error_get_errcode (error), "M_UNRECOGNIZED") == 0) {
    g_info ("the homeserver has no TURN server: %s", error->message);
    take_servers (self, confab_ice_servers_new (NULL, NULL, NULL), NONE_TTL_S);
  } else if (self->servers == NULL) {
    return dex_future_new_for_error (g_steal_pointer (&error));
  } else {
    /* The last tenth of their time is for this: the old ones still work, and the next call asks again. */
    g_info ("TURN credentials cannot be refreshed: %s", error->message);
  }
  return dex_future_new_take_boxed (CONFAB_TYPE_ICE_SERVERS, dup_servers (self));
}

static void
confab_turn_source_dispose (GObject *object)
{
  ConfabTurnSource *self = CONFAB_TURN_SOURCE (object);

  dex_clear (&self->fetch);
  g_clear_object (&self->homeserver);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->servers, confab_ice_servers_free);
  G_OBJECT_CLASS (confab_turn_source_parent_class)->dispose (object);
}

static void
confab_turn_source_class_init (ConfabTurnSourceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = confab_turn_source_dispose;
}

static void
confab_turn_source_init (ConfabTurnSource *self)
{
}

ConfabTurnSource *
confab_turn_source_new (ConfabHomeserver *homeserver, ConfabClock *clock)
{
  ConfabTurnSource *self = g_object_new (CONFAB_TYPE_TURN_SOURCE, NULL);

  self->homeserver = g_object_ref (homeserver);
  self->clock = g_object_ref (clock);
  return self;
}

/**
 * confab_turn_source_get:
 * @self: a TURN source
 *
 * Rejects with a #ConfabMatrixError only when nothing is known and the server cannot be reached.
 *
 * Returns: (transfer full): a future that resolves to #ConfabIceServers (boxed), which may be without any server;
 *   their @fresh_ms says when to ask again
 */
DexFuture *
confab_turn_source_get (ConfabTurnSource *self)
{
  dex_return_error_if_fail (CONFAB_IS_TURN_SOURCE (self));

  if (self->servers != NULL && confab_clock_get_boot_time (self->clock) < self->refresh_at)
    return dex_future_new_take_boxed (CONFAB_TYPE_ICE_SERVERS, dup_servers (self));
  if (self->fetch == NULL)
    self->fetch = dex_scheduler_spawn (NULL, 0, fetch_fiber, g_object_ref (self), g_object_unref);
  return dex_ref (self->fetch);
}
