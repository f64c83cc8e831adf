/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ConfabMegolmInbound:
 *
 * Another device's group session, as far as its key was given to this one: from one index on. It decrypts any message
 * any number of times: whoever uses it remembers which index belonged to which event, and refuses a second one. Any
 * thread, one at a time.
 */
#define CONFAB_TYPE_MEGOLM_INBOUND (confab_megolm_inbound_get_type ())
G_DECLARE_FINAL_TYPE (ConfabMegolmInbound, confab_megolm_inbound, CONFAB, MEGOLM_INBOUND, GObject)

ConfabMegolmInbound *
confab_megolm_inbound_new (const char *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;
ConfabMegolmInbound *
confab_megolm_inbound_unpickle (GBytes *pickle, GBytes *pickle_key, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
GBytes *confab_megolm_inbound_pickle (ConfabMegolmInbound *self, GBytes *pickle_key, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
const char *confab_megolm_inbound_get_id (ConfabMegolmInbound *self);
guint32 confab_megolm_inbound_get_first_index (ConfabMegolmInbound *self);
char *confab_megolm_inbound_decrypt (ConfabMegolmInbound *self,
                                     const char *body,
                                     gsize *length,
                                     guint32 *index,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
