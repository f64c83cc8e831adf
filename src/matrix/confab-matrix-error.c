/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-matrix"

#include "config.h"

#include "confab-matrix-error.h"

typedef struct {
  char *errcode;
  gint64 retry_after_ms;
} ConfabMatrixErrorPrivate;

static void
confab_matrix_error_private_init (ConfabMatrixErrorPrivate *priv)
{
  priv->retry_after_ms = -1;
}

static void
confab_matrix_error_private_copy (const ConfabMatrixErrorPrivate *source,
                                  ConfabMatrixErrorPrivate *copy)
{
  copy->errcode = g_strdup (source->errcode);
  copy->retry_after_ms = source->retry_after_ms;
}

static void
confab_matrix_error_private_clear (ConfabMatrixErrorPrivate *priv)
{
  g_free (priv->errcode);
}

G_DEFINE_EXTENDED_ERROR (ConfabMatrixError, confab_matrix_error)

/**
 * confab_matrix_error_new:
 * @code: what it means to a caller
 * @errcode: (nullable): what the server called it
 * @retry_after_ms: when the server wants to be asked again, -1 when it did not say
 * @message: English, for logs
 *
 * Returns: (transfer full): the error
 */
GError *
confab_matrix_error_new (ConfabMatrixError code,
                         const char *errcode,
                         gint64 retry_after_ms,
                         const char *message)
{
  GError *error = g_error_new_literal (CONFAB_MATRIX_ERROR, code, message);
  ConfabMatrixErrorPrivate *priv = confab_matrix_error_get_private (error);

  priv->errcode = g_strdup (errcode);
  priv->retry_after_ms = retry_after_ms;
  return error;
}

/**
 * confab_matrix_error_get_errcode:
 * @error: any error
 *
 * Returns: (nullable): the server's `errcode`, `M_…`; %NULL when the error did not come from the server
 */
const char *
confab_matrix_error_get_errcode (const GError *error)
{
  if (error == NULL || error->domain != CONFAB_MATRIX_ERROR)
    return NULL;
  return confab_matrix_error_get_private (error)->errcode;
}

/**
 * confab_matrix_error_get_retry_after_ms:
 * @error: any error
 *
 * Returns: in how many ms the server wants to be asked again; -1 when it did not say
 */
gint64
confab_matrix_error_get_retry_after_ms (const GError *error)
{
  if (error == NULL || error->domain != CONFAB_MATRIX_ERROR)
    return -1;
  return confab_matrix_error_get_private (error)->retry_after_ms;
}
