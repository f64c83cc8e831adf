/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-error-text.h"

#include "confab-call.h"
#include "confab-format.h"
#include "confab-matrix-error.h"
#include "confab-store.h"

#include <glib/gi18n.h>

#define MAX_WAIT_S 86400

static char *
wait_text (const GError *error)
{
  gint64 wait_ms = confab_matrix_error_get_retry_after_ms (error);

  if (wait_ms <= 0 || wait_ms > MAX_WAIT_S * G_GINT64_CONSTANT (1000))
    return g_strdup (_ ("The server asks to wait. Try again later."));
  return g_strdup_printf (_ ("The server asks to wait %d s."), (int) ((wait_ms + 999) / 1000));
}

/* Nothing was lost, and nothing is deleted: which of the two a person fears depends on where it is said. */
static const char *
store_text (const GError *error)
{
  switch ((ConfabStoreError) error->code) {
  case CONFAB_STORE_ERROR_IN_USE:
    return _ ("Confab is running already. Close the other one and try again.");
  case CONFAB_STORE_ERROR_TOO_NEW:
    return _ ("A newer version of Confab was used on this computer. Use that one.");
  case CONFAB_STORE_ERROR_FAILED:
  default:
    return _ ("Confab cannot read or write what it keeps on this computer. Nothing was deleted. "
              "Check whether the disk is full and try again.");
  }
}

/**
 * confab_error_text_for_server:
 * @error: why a homeserver cannot be used: any domain
 * @server: what the person typed, as in matrix.example.org
 *
 * Returns: (transfer full): what to say below the homeserver
 */
char *
confab_error_text_for_server (const GError *error, const char *server)
{
  g_autofree char *name = confab_format_name (server);

  if (error->domain == CONFAB_MATRIX_ERROR)
    switch ((ConfabMatrixError) error->code) {
    case CONFAB_MATRIX_ERROR_NO_HOMESERVER:
    case CONFAB_MATRIX_ERROR_NOT_FOUND:
    case CONFAB_MATRIX_ERROR_BAD_RESPONSE:
    case CONFAB_MATRIX_ERROR_TOO_LARGE:
      /* Translators: %s is what the person typed, as in matrix.example.org */
      return g_strdup_printf (_ ("There is no homeserver at “%s”. Check the spelling."), name);
    case CONFAB_MATRIX_ERROR_TLS:
      return g_strdup (_ ("The server's certificate is not valid. Nothing was sent. Check the "
                          "spelling and this computer's date."));
    case CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL:
      return g_strdup (_ ("This network wants you to sign in first."));
    case CONFAB_MATRIX_ERROR_UNSUPPORTED:
      return g_strdup (_ ("This homeserver does not offer what Confab needs. Choose another."));
    case CONFAB_MATRIX_ERROR_SERVER:
      return g_strdup (_ ("The homeserver has trouble. Try again later."));
    case CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED:
      return wait_text (error);
    case CONFAB_MATRIX_ERROR_NETWORK:
    case CONFAB_MATRIX_ERROR_NO_ANSWER:
      /* Translators: %s is what the person typed, as in matrix.example.org */
      return g_strdup_printf (_ ("“%s” does not answer. Check the spelling and your network."),
                              name);
    case CONFAB_MATRIX_ERROR_FORBIDDEN:
    case CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN:
    case CONFAB_MATRIX_ERROR_SOFT_LOGOUT:
    case CONFAB_MATRIX_ERROR_DEACTIVATED:
    case CONFAB_MATRIX_ERROR_NO_KEYRING:
    case CONFAB_MATRIX_ERROR_KEYRING_LOCKED:
    case CONFAB_MATRIX_ERROR_NO_KEYS:
    case CONFAB_MATRIX_ERROR_CANCELLED:
    case CONFAB_MATRIX_ERROR_FAILED:
    default:
      break;
    }
  /* Translators: %s is what the person typed, as in matrix.example.org */
  return g_strdup_printf (_ ("“%s” did not work: something unexpected happened. Try again later."),
                          name);
}

/**
 * confab_error_text_for_account:
 * @error: why signing in did not work: any domain
 *
 * Returns: (transfer full): what to say below user name and password
 */
char *
confab_error_text_for_account (const GError *error)
{
  if (error->domain == CONFAB_STORE_ERROR)
    return g_strdup (store_text (error));
  if (error->domain == CONFAB_MATRIX_ERROR)
    switch ((ConfabMatrixError) error->code) {
    case CONFAB_MATRIX_ERROR_FORBIDDEN:
      return g_strdup (_ ("The user name or the password is wrong."));
    case CONFAB_MATRIX_ERROR_DEACTIVATED:
      return g_strdup (_ ("This account was deactivated. Use another one."));
    case CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED:
      return wait_text (error);
    case CONFAB_MATRIX_ERROR_NO_KEYRING:
      return g_strdup (
        _ ("Confab needs a keyring to keep you signed in. Start one and try again."));
    case CONFAB_MATRIX_ERROR_KEYRING_LOCKED:
      return g_strdup (_ ("The keyring is locked. Unlock it and try again."));
    case CONFAB_MATRIX_ERROR_BAD_RESPONSE:
    case CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN:
    case CONFAB_MATRIX_ERROR_SOFT_LOGOUT:
    case CONFAB_MATRIX_ERROR_NOT_FOUND:
    case CONFAB_MATRIX_ERROR_TOO_LARGE:
    case CONFAB_MATRIX_ERROR_UNSUPPORTED:
    case CONFAB_MATRIX_ERROR_NO_HOMESERVER:
    case CONFAB_MATRIX_ERROR_NETWORK:
    case CONFAB_MATRIX_ERROR_NO_ANSWER:
    case CONFAB_MATRIX_ERROR_TLS:
    case CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL:
    case CONFAB_MATRIX_ERROR_SERVER:
    case CONFAB_MATRIX_ERROR_NO_KEYS:
    case CONFAB_MATRIX_ERROR_CANCELLED:
    case CONFAB_MATRIX_ERROR_FAILED:
    default:
      break;
    }
  return g_strdup (_ ("Signing in did not work: something unexpected happened. Try again."));
}

/**
 * confab_error_title_for_start:
 * @error: why the kept account cannot be opened: any domain
 *
 * Returns: (transfer none): the title of the page that says so
 */
const char *
confab_error_title_for_start (const GError *error)
{
  if (g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_KEYRING_LOCKED))
    return _ ("Your Keyring Is Locked");
  if (g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NO_KEYRING))
    return _ ("There Is No Keyring");
  if (g_error_matches (error, CONFAB_STORE_ERROR, CONFAB_STORE_ERROR_IN_USE))
    return _ ("Confab Is Running Already");
  return _ ("Confab Cannot Open Your Account");
}

/**
 * confab_error_text_for_start:
 * @error: why the kept account cannot be opened: any domain
 *
 * Returns: (transfer none): what to say on that page
 */
const char *
confab_error_text_for_start (const GError *error)
{
  if (error->domain == CONFAB_STORE_ERROR)
    return store_text (error);
  if (g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_KEYRING_LOCKED))
    return _ ("You are still signed in. Unlock the keyring and try again.");
  if (g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_NO_KEYRING))
    return _ ("Confab needs a keyring to keep you signed in. Start one and try again.");
  return _ ("What it keeps on this computer cannot be read. Nothing was deleted. Try again.");
}

/**
 * confab_error_text_for_banner:
 * @error: why the last sync did not work: any domain
 *
 * Returns: (transfer none): what to say above the rooms
 */
const char *
confab_error_text_for_banner (const GError *error)
{
  if (error->domain == CONFAB_STORE_ERROR)
    return store_text (error);
  if (error->domain == CONFAB_MATRIX_ERROR)
    switch ((ConfabMatrixError) error->code) {
    case CONFAB_MATRIX_ERROR_NETWORK:
      return _ ("You are offline.");
    case CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL:
      return _ ("This network wants you to sign in first.");
    case CONFAB_MATRIX_ERROR_TLS:
      return _ ("Your homeserver's certificate is not valid.");
    case CONFAB_MATRIX_ERROR_NO_ANSWER:
    case CONFAB_MATRIX_ERROR_BAD_RESPONSE:
    case CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED:
    case CONFAB_MATRIX_ERROR_FORBIDDEN:
    case CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN:
    case CONFAB_MATRIX_ERROR_SOFT_LOGOUT:
    case CONFAB_MATRIX_ERROR_DEACTIVATED:
    case CONFAB_MATRIX_ERROR_NOT_FOUND:
    case CONFAB_MATRIX_ERROR_TOO_LARGE:
    case CONFAB_MATRIX_ERROR_UNSUPPORTED:
    case CONFAB_MATRIX_ERROR_NO_HOMESERVER:
    case CONFAB_MATRIX_ERROR_SERVER:
    case CONFAB_MATRIX_ERROR_NO_KEYRING:
    case CONFAB_MATRIX_ERROR_KEYRING_LOCKED:
    case CONFAB_MATRIX_ERROR_NO_KEYS:
    case CONFAB_MATRIX_ERROR_CANCELLED:
    case CONFAB_MATRIX_ERROR_FAILED:
    default:
      break;
    }
  return _ ("Your homeserver does not answer.");
}

/**
 * confab_error_text_for_call:
 * @error: why a call did not work: any domain
 *
 * Returns: (transfer full): what to say
 */
char *
confab_error_text_for_call (const GError *error)
{
  if (error->domain == CONFAB_CALL_ERROR)
    switch ((ConfabCallError) error->code) {
    case CONFAB_CALL_ERROR_FORBIDDEN:
      /* On the way in, or within: the power was taken away, and the entry has run out. */
      return g_strdup (_ ("You may not take part in calls in this room. Ask a moderator."));
    case CONFAB_CALL_ERROR_NETWORK:
      return g_strdup (_ ("Your homeserver does not answer. Try again in a moment."));
    case CONFAB_CALL_ERROR_UNSUPPORTED:
      return g_strdup (_ ("This call needs a newer version of Confab."));
    case CONFAB_CALL_ERROR_ENDED:
      return g_strdup (_ ("The call has ended."));
    case CONFAB_CALL_ERROR_TAKEN_OUT:
      return g_strdup (_ ("You were taken out of the call on another device."));
    case CONFAB_CALL_ERROR_ROOM_LOST:
      return g_strdup (_ ("You are no longer in this room."));
    default:
      break;
    }
  return g_strdup (_ ("The call does not go on. Try to join again."));
}
