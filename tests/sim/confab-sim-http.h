/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-sim-network.h"

G_BEGIN_DECLS

/**
 * ConfabSimHttp:
 *
 * The requests of one process, as `matrix` makes them (ConfabHomeserver): five tries with growing pauses, never sooner
 * than the server says with 429, also when the next request for the same thing comes from elsewhere. What is told to
 * wait for longer than half a minute fails instead.
 */
typedef struct _ConfabSimHttp ConfabSimHttp;

/* The server does what is asked. */
typedef void (*ConfabSimHttpEffect) (gpointer data);

/* @retry_after_ms: after a failure, how long the server wants to be left alone */
typedef void (*ConfabSimHttpDone) (gboolean answered, guint retry_after_ms, gpointer data);

ConfabSimHttp *confab_sim_http_new (ConfabSimNetwork *network, ConfabClock *clock, guint index)
  G_GNUC_WARN_UNUSED_RESULT;
void confab_sim_http_free (ConfabSimHttp *self);
void confab_sim_http_send (ConfabSimHttp *self,
                           const char *resource,
                           ConfabSimHttpEffect effect,
                           ConfabSimHttpDone done,
                           gpointer data);
guint confab_sim_http_get_wait (ConfabSimHttp *self, const char *resource);
gboolean confab_sim_http_try (ConfabSimHttp *self, const char *resource, guint *retry_after_ms);

G_END_DECLS
