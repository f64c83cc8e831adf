/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "fake-discovery.h"

#include "confab-homeserver.h"
#include "confab-matrix-error.h"

static char *discovered_url;
static DexCancellable *slow;

void
fake_discovery_set_url (const char *url)
{
  g_set_str (&discovered_url, url);
  if (slow != NULL)
    dex_cancellable_cancel (slow);
  dex_clear (&slow);
}

DexFuture *
confab_homeserver_discover (const char *name)
{
  if (g_str_equal (name, "matrix.example.org") && discovered_url != NULL)
    return dex_future_new_take_object (confab_homeserver_new (discovered_url));
  if (g_str_equal (name, "slow.example.org")) {
    if (slow == NULL)
      slow = dex_cancellable_new ();
    return dex_ref (DEX_FUTURE (slow));
  }
  if (g_str_equal (name, "portal.example.org"))
    return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                  CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL,
                                  "a page of the network answers");
  return dex_future_new_reject (CONFAB_MATRIX_ERROR,
                                CONFAB_MATRIX_ERROR_NO_HOMESERVER,
                                "nothing answers at %s",
                                name);
}
