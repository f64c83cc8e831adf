/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-error-text.h"

#include "confab-call.h"
#include "confab-format.h"
#include "confab-matrix-error.h"

#include <glib/gi18n.h>

static char *
wait_text (const GError *error)
{
  gint64 wait_s = (confab_matrix_error_get_retry_after_ms (error) + 999) / 1000;

  if (wait_s <= 0 || wait_s > 86400)
    return g_strdup (_ ("The server asks to wait. Try again later."));
  return g_strdup_printf (_ ("The server asks to wait %d s."), (int) wait_s);
}

char *
confab_error_text_for_server (const GError *error, const char *server)
{
  g_autofree char *name = confab_format_name (server);

  if (error->domain == CONFAB_MATRIX_ERROR)
    switch ((ConfabMatrixError) error->code) {
    case CONFAB_MATRIX_ERROR_NO_HOMESERVER:
    case CONFAB_MATRIX_ERROR_NOT_FOUND:
    case CONFAB_MATRIX_ERROR_BAD_RESPONSE:
      /* Translators: %s is what the person typed, as in matrix.example.org */
      return g_strdup_printf (_ ("There is no homeserver at “%s”. Check the spelling."), name);
    case CONFAB_MATRIX_ERROR_TLS:
      return g_strdup (_ ("The server's certificate is not valid. Nothing was sent."));
    case CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL:
      return g_strdup (_ ("This network wants you to sign in first."));
    case CONFAB_MATRIX_ERROR_UNSUPPORTED:
      return g_strdup (_ ("This homeserver does not offer what Confab needs."));
    case CONFAB_MATRIX_ERROR_SERVER:
      return g_strdup (_ ("The homeserver has trouble. Try again later."));
    case CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED:
      return wait_text (error);
    case CONFAB_MATRIX_ERROR_NETWORK:
      /* Translators: %s is what the person typed, as in matrix.example.org */
      return g_strdup_printf (_ ("“%s” does not answer. Check the spelling and your network."),
                              name);
    default:
      break;
    }
  return g_strdup_printf (_ ("“%s” cannot be used: something unexpected happened."), name);
}

char *
confab_error_text_for_account (const GError *error)
{
  if (error->domain == CONFAB_MATRIX_ERROR)
    switch ((ConfabMatrixError) error->code) {
    case CONFAB_MATRIX_ERROR_FORBIDDEN:
      return g_strdup (_ ("The user name or the password is wrong."));
    case CONFAB_MATRIX_ERROR_DEACTIVATED:
      return g_strdup (_ ("This account was deactivated."));
    case CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED:
      return wait_text (error);
    case CONFAB_MATRIX_ERROR_NO_KEYRING:
      return g_strdup (_ ("Confab needs a keyring to keep you signed in."));
    case CONFAB_MATRIX_ERROR_KEYRING_LOCKED:
      return g_strdup (_ ("The keyring is locked. Unlock it and try again."));
    default:
      break;
    }
  return g_strdup (_ ("Signing in did not work: something unexpected happened. Try again."));
}

char *
confab_error_text_for_call (const GError *error)
{
  if (error->domain == CONFAB_CALL_ERROR)
    switch ((ConfabCallError) error->code) {
    case CONFAB_CALL_ERROR_FORBIDDEN:
      return g_strdup (_ ("This room does not let you join calls."));
    case CONFAB_CALL_ERROR_NETWORK:
      return g_strdup (_ ("Your homeserver does not answer. Try again."));
    case CONFAB_CALL_ERROR_UNSUPPORTED:
      return g_strdup (_ ("This call needs a newer version of Confab."));
    case CONFAB_CALL_ERROR_ENDED:
      return g_strdup (_ ("The call has ended."));
    default:
      break;
    }
  return g_strdup (_ ("The call did not work: something unexpected happened."));
}
