/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-olm-vault.h"

/* What no fuzzer can guess: people with real keys, whose ciphertexts stand in a sync wherever it asks for them.
 *
 * - An object with the member “%megolm”: [SESSION, INDEX, PLAINTEXT] becomes a Megolm message: what is not in it of
 *   algorithm, session_id and ciphertext is added. PLAINTEXT is a string, or JSON that becomes its text.
 * - One with “%olm”: [DEVICE, PAYLOAD] becomes an Olm message for this device: what is not in the payload of its envelope
 *   is added, unless it is a string.
 * - “%id0” is the id of session 0, “%key0” its key from its first message on; “%device0” are the signed keys of device 0,
 *   “%curve0” is the one, “%signer0” the other of its keys.
 *
 * All of it is the same each time. Sessions, in !a:x: */
typedef enum {
  SEALED_KNOWN,    /* @b:x's device DEV; @c:x has passed it off as their own before */
  SEALED_LATE,     /* DEV again, from index 2; and by DEV2 from index 4 */
  SEALED_BLOCKED,  /* @c:x's BAD, which is blocked */
  SEALED_GONE,     /* @c:x's GONE, which their list does not have any more */
  SEALED_RESIGNED, /* @c:x's ODD, which has another signing key in their list */
  SEALED_OWN,      /* @me:x's ME, this device */
  SEALED_OTHER,    /* of which the key has not come yet */
  SEALED_N,
} SealedSession;

/* Who speaks Olm. */
typedef enum {
  SEALED_DEV,  /* @b:x's DEV, with whom there is no session yet */
  SEALED_TALK, /* @b:x's TALK, with whom there is one, used both ways */
  SEALED_NEW,  /* @b:x's NEW, which is in no list yet */
  SEALED_BAD,  /* @c:x's BAD, which is blocked */
  SEALED_N_DEVICES,
} SealedDevice;

/* A #ConfabStoreFunc: data is the vault, of @me:x's ME. */
gboolean sealed_world_make (ConfabStoreTransaction *transaction, gpointer data, GError **error);
/* @b:x's list has SEALED_NEW now. */
gboolean sealed_world_list_new (ConfabStoreTransaction *transaction, GError **error);
/* Random numbers begin again, and so do ciphertexts. */
void sealed_world_rewind (void);
/* A copy of @reply, with what it asks for. */
JsonObject *sealed_world_fill (JsonObject *reply) G_GNUC_WARN_UNUSED_RESULT;
