/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-clock.h"
#include "confab-fake-peer-connection.h"
#include "confab-local-media.h"

G_BEGIN_DECLS

/* Local media without devices; gives fake connections. */
#define CONFAB_TYPE_FAKE_LOCAL_MEDIA (confab_fake_local_media_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabFakeLocalMedia, confab_fake_local_media, CONFAB, FAKE_LOCAL_MEDIA, GObject)

ConfabFakeLocalMedia *confab_fake_local_media_new (ConfabClock *clock, const char *stream_id);
void confab_fake_local_media_set_problem (ConfabFakeLocalMedia *self, ConfabDeviceProblem problem);
void confab_fake_local_media_set_asks (ConfabFakeLocalMedia *self, gboolean asks);
void confab_fake_local_media_set_sharing (ConfabFakeLocalMedia *self,
                                          ConfabSharing sharing,
                                          ConfabSharingProblem problem);
guint confab_fake_local_media_get_n_servers (ConfabFakeLocalMedia *self);
const char *confab_fake_local_media_get_username (ConfabFakeLocalMedia *self);
gboolean confab_fake_local_media_get_closed (ConfabFakeLocalMedia *self);
void confab_fake_local_media_set_gather (ConfabFakeLocalMedia *self, guint gather_ms);
void confab_fake_local_media_set_relayed (ConfabFakeLocalMedia *self, gboolean relayed);
ConfabFakePeerConnection *
confab_fake_local_media_peek_connection (ConfabFakeLocalMedia *self, guint i);
guint confab_fake_local_media_get_n_connections (ConfabFakeLocalMedia *self);
ConfabFakePeerConnection *confab_fake_local_media_get_last (ConfabFakeLocalMedia *self);

G_END_DECLS
