/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "fake-account.h"

#include <string.h>

#include "confab-json.h"

typedef struct {
  SoupServerMessage *message;
  char *since;
} Hanging;

static void
hanging_free (Hanging *hanging)
{
  g_object_unref (hanging->message);
  g_free (hanging->since);
  g_free (hanging);
}

static void
sync_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  FakeAccount *self = data;
  const char *query_text = g_uri_get_query (soup_server_message_get_uri (message));
  g_autoptr (GHashTable) query = soup_form_decode (query_text != NULL ? query_text : "");
  const char *since = g_hash_table_lookup (query, "since");
  const char *reply = g_hash_table_lookup (self->syncs, since != NULL ? since : "");
  Hanging *hanging;

  g_ptr_array_add (self->asked, g_strdup (since != NULL ? since : ""));
  if (self->sync_status != 0) {
    fake_homeserver_respond (message, self->sync_status, self->sync_error);
    return;
  }
  if (reply != NULL) {
    fake_homeserver_respond (message, 200, reply);
    return;
  }
  if (g_strcmp0 (g_hash_table_lookup (query, "timeout"), "0") == 0) {
    g_autofree char *empty = g_strdup_printf ("{\"next_batch\":\"%s\"}",
                                              since != NULL ? since : "s0");
    fake_homeserver_respond (message, 200, empty);
    return;
  }
  soup_server_message_pause (message);
  hanging = g_new (Hanging, 1);
  *hanging = (Hanging) { .message = g_object_ref (message),
                         .since = g_strdup (since != NULL ? since : "") };
  g_ptr_array_add (self->hanging, hanging);
}

static void
login_cb (FakeHomeserver *server, SoupServerMessage *message, JsonObject *body, gpointer data)
{
  FakeAccount *self = data;
  const char *device_id;
  g_autofree char *reply = NULL;

  if (g_str_equal (soup_server_message_get_method (message), "GET")) {
    fake_homeserver_respond (
      message, 200, "{\"flows\":[{\"type\":\"m.login.sso\"},{\"type\":\"m.login.password\"}]}");
    return;
  }
  g_free (self->login_body);
  self->login_body = g_strdup (fake_homeserver_get_last_body (server, "/_matrix/client/v3/login"));
  if (g_strcmp0 (json_object_get_string_member (body, "password"), "secret") != 0) {
    fake_homeserver_respond (message,
                             403,
                             "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"Wrong password\"}");
    return;
  }
  device_id = confab_json_peek_string (body, "device_id");
  reply = g_strdup_printf ("{\"user_id\":\"@anna:x\",\"device_id\":\"%s\",\"access_token\":\"t1\","
                           "\"refresh_token\":\"r1\",\"expires_in_ms\":3600000}",
                           device_id != NULL ? device_id : self->device_id);
  fake_homeserver_respond (message, 200, self->login_reply != NULL ? self->login_reply : reply);
}

FakeAccount *
fake_account_new (void)
{
  FakeAccount *self = g_new0 (FakeAccount, 1);

  self->server = fake_homeserver_new ();
  self->syncs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->asked = g_ptr_array_new_with_free_func (g_free);
  self->hanging = g_ptr_array_new_with_free_func ((GDestroyNotify) hanging_free);
  self->sync_error = "{}";
  self->device_id = "DEV1";
  fake_homeserver_handle (self->server, "/_matrix/client/v3/sync", sync_cb, self);
  fake_homeserver_handle (self->server, "/_matrix/client/v3/login", login_cb, self);
  fake_homeserver_reply (self->server, "/_matrix/client/v3/logout", 200, "{}");
  fake_homeserver_reply (self->server,
                         "/_matrix/client/v3/profile/",
                         200,
                         "{\"displayname\":\"Anna\",\"avatar_url\":\"mxc://x/a\"}");
  fake_homeserver_reply (self->server,
                         "/_matrix/client/v3/keys/upload",
                         200,
                         "{\"one_time_key_counts\":{\"signed_curve25519\":50}}");
  fake_homeserver_reply (self->server,
                         "/_matrix/client/v3/keys/query",
                         200,
                         "{\"device_keys\":{}}");
  return self;
}

void
fake_account_free (FakeAccount *self)
{
  g_ptr_array_unref (self->hanging);
  fake_homeserver_free (self->server);
  g_hash_table_unref (self->syncs);
  g_ptr_array_unref (self->asked);
  g_free (self->login_body);
  g_free (self);
}

void
fake_account_sync (FakeAccount *self, const char *since, const char *reply)
{
  g_hash_table_replace (self->syncs, g_strdup (since), g_strdup (reply));
  for (guint i = self->hanging->len; i > 0; i--) {
    Hanging *hanging = self->hanging->pdata[i - 1];
    if (!g_str_equal (hanging->since, since))
      continue;
    fake_homeserver_respond (hanging->message, 200, reply);
    soup_server_message_unpause (hanging->message);
    g_ptr_array_remove_index (self->hanging, i - 1);
  }
}
