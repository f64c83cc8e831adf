/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-crypto"

#include "config.h"

#include "confab-olm-message-private.h"

#include <string.h>

#include "confab-crypto-error.h"
#include "confab-olm-session-private.h"

/* An Olm message from the outside, looked at before libolm sees it: that reads past the end of some that lack a part, and
 * dies. Spec: “Olm: A Cryptographic Ratchet”, “Message Format”. */

#define VERSION 3
#define KEY_SIZE 32
#define MAC_SIZE 8

/* In the order of protobuf: field number and kind. */
#define TAG_KEY_1 0x0a   /* the ratchet key, or the one-time key */
#define TAG_COUNTER 0x10 /* of a normal message */
#define TAG_KEY_2 0x12   /* the base key */
#define TAG_KEY_3 0x1a   /* the identity key */
#define TAG_BYTES 0x22   /* the ciphertext, or the message within */

typedef struct {
  const guint8 *data;
  gsize size;
} Bytes;

typedef struct {
  Bytes key_1;
  Bytes key_2;
  Bytes key_3;
  Bytes bytes;
  gboolean has_counter;
} Fields;

static gboolean
read_number (Bytes *from, guint64 *number)
{
  *number = 0;
  for (guint shift = 0; shift < 64 && from->size > 0; shift += 7) {
    guint8 byte = *from->data;

    from->data++;
    from->size--;
    *number |= (guint64) (byte & 0x7f) << shift;
    if (byte < 0x80)
      return TRUE;
  }
  return FALSE;
}

static gboolean
read_bytes (Bytes *from, Bytes *bytes)
{
  guint64 size;

  if (!read_number (from, &size) || size > from->size)
    return FALSE;
  *bytes = (Bytes) { from->data, size };
  from->data += size;
  from->size -= size;
  return TRUE;
}

/* Fields that are not known make it another kind of message than version 3. */
static gboolean
read_fields (Bytes from, Fields *fields)
{
  guint64 number;

  memset (fields, 0, sizeof *fields);
  while (from.size > 0) {
    guint8 tag = *from.data;
    gboolean good;

    from.data++;
    from.size--;
    switch (tag) {
    case TAG_KEY_1:
      good = read_bytes (&from, &fields->key_1) && fields->key_1.size == KEY_SIZE;
      break;
    case TAG_KEY_2:
      good = read_bytes (&from, &fields->key_2) && fields->key_2.size == KEY_SIZE;
      break;
    case TAG_KEY_3:
      good = read_bytes (&from, &fields->key_3) && fields->key_3.size == KEY_SIZE;
      break;
    case TAG_BYTES:
      good = read_bytes (&from, &fields->bytes) && fields->bytes.size > 0;
      break;
    case TAG_COUNTER:
      good = fields->has_counter = read_number (&from, &number) && number <= G_MAXUINT32;
      break;
    default:
      good = FALSE;
    }
    if (!good)
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_normal (Bytes message)
{
  Fields fields;

  return message.size > 1 + MAC_SIZE && message.data[0] == VERSION &&
         read_fields ((Bytes) { message.data + 1, message.size - 1 - MAC_SIZE }, &fields) &&
         fields.key_1.size > 0 && fields.has_counter && fields.bytes.size > 0;
}

static gboolean
check_pre_key (Bytes message)
{
  Fields fields;

  return message.size > 1 && message.data[0] == VERSION &&
         read_fields ((Bytes) { message.data + 1, message.size - 1 }, &fields) &&
         fields.key_1.size > 0 && fields.key_2.size > 0 && fields.key_3.size > 0 &&
         fields.bytes.size > 0 && check_normal (fields.bytes);
}

/* Returns: (transfer full): the bytes of base64 without padding */
static guint8 *
decode (const char *body, gsize *size)
{
  g_autofree char *padded = g_strconcat (body, "===", NULL);

  padded[(strlen (body) + 3) / 4 * 4] = '\0';
  return g_base64_decode (padded, size);
}

/**
 * confab_olm_check_message:
 * @type: what it is said to be
 * @body: from anywhere
 * @error: #CONFAB_CRYPTO_ERROR_BAD_MESSAGE
 *
 * Returns: whether all parts of it are there, and no others
 */
gboolean
confab_olm_check_message (ConfabOlmMessageType type, const char *body, GError **error)
{
  g_autofree guint8 *data = NULL;
  Bytes message = { 0 };

  if (!confab_olm_check_body (body, error))
    return FALSE;
  data = decode (body, &message.size);
  message.data = data;
  if (type == CONFAB_OLM_MESSAGE_PRE_KEY ? check_pre_key (message) : check_normal (message))
    return TRUE;
  g_set_error_literal (error,
                       CONFAB_CRYPTO_ERROR,
                       CONFAB_CRYPTO_ERROR_BAD_MESSAGE,
                       "a part of the Olm message is missing");
  return FALSE;
}
