/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ConfabMegolmOutbound:
 *
 * The group session with which this device encrypts for a room: one ratchet, whose key the other devices are given by
 * Olm. Whoever encrypts with it stores its pickle before the message leaves the process: two messages with one index
 * give their contents away. Any thread, one at a time.
 *
 * Spec: Client-Server API, `m.megolm.v1.aes-sha2`.
 */
#define CONFAB_TYPE_MEGOLM_OUTBOUND (confab_megolm_outbound_get_type ())
G_DECLARE_FINAL_TYPE (
  ConfabMegolmOutbound, confab_megolm_outbound, CONFAB, MEGOLM_OUTBOUND, GObject)

ConfabMegolmOutbound *confab_megolm_outbound_new (GError **error) G_GNUC_WARN_UNUSED_RESULT;
ConfabMegolmOutbound *
confab_megolm_outbound_unpickle (GBytes *pickle, GBytes *pickle_key, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
GBytes *
confab_megolm_outbound_pickle (ConfabMegolmOutbound *self, GBytes *pickle_key, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
const char *confab_megolm_outbound_get_id (ConfabMegolmOutbound *self);
guint32 confab_megolm_outbound_get_index (ConfabMegolmOutbound *self);
char *confab_megolm_outbound_dup_key (ConfabMegolmOutbound *self) G_GNUC_WARN_UNUSED_RESULT;
char *confab_megolm_outbound_encrypt (ConfabMegolmOutbound *self, const char *text, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
