/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  CONFAB_MATRIX_ERROR_BAD_RESPONSE, /* the homeserver's JSON lacks a member or gives it a wrong type */
  CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED, /* M_LIMIT_EXCEEDED, retries used up; see confab_matrix_error_get_retry_after_ms () */
  CONFAB_MATRIX_ERROR_FORBIDDEN, /* M_FORBIDDEN: wrong password, missing power, not in the room; also of the key that goes before a message */
  CONFAB_MATRIX_ERROR_UNKNOWN_TOKEN, /* M_UNKNOWN_TOKEN: signed out by the server */
  CONFAB_MATRIX_ERROR_SOFT_LOGOUT, /* M_UNKNOWN_TOKEN with soft_logout: sign in again, the device and its keys stay */
  CONFAB_MATRIX_ERROR_DEACTIVATED, /* M_USER_DEACTIVATED */
  CONFAB_MATRIX_ERROR_NOT_FOUND,   /* M_NOT_FOUND */
  CONFAB_MATRIX_ERROR_TOO_LARGE,   /* M_TOO_LARGE, or a reply over our own bound */
  CONFAB_MATRIX_ERROR_UNSUPPORTED, /* the server offers nothing that Confab speaks (versions, login flows) */
  CONFAB_MATRIX_ERROR_NO_HOMESERVER, /* nothing at that name, or it is no homeserver */
  CONFAB_MATRIX_ERROR_NETWORK,       /* no way there: no network, no such name, no route */
  CONFAB_MATRIX_ERROR_NO_ANSWER, /* the server takes no connection, or does not answer on it in time */
  CONFAB_MATRIX_ERROR_TLS,       /* the certificate is not valid; nothing was sent */
  CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL, /* this network wants a sign-in page first */
  CONFAB_MATRIX_ERROR_SERVER,         /* 5xx, retries used up */
  CONFAB_MATRIX_ERROR_NO_KEYRING,     /* there is no keyring: nothing is kept in plain text */
  CONFAB_MATRIX_ERROR_KEYRING_LOCKED, /* the keyring is locked, or does not answer: not “never signed in” */
  CONFAB_MATRIX_ERROR_NO_KEYS,   /* a device's keys cannot be had or are not rightly signed */
  CONFAB_MATRIX_ERROR_CANCELLED, /* stopped by us */
  CONFAB_MATRIX_ERROR_FAILED,    /* any other code; it is in the message */
} ConfabMatrixError;
#define CONFAB_MATRIX_ERROR (confab_matrix_error_quark ())
GQuark confab_matrix_error_quark (void);

GError *confab_matrix_error_new (ConfabMatrixError code,
                                 const char *errcode,
                                 gint64 retry_after_ms,
                                 const char *message) G_GNUC_WARN_UNUSED_RESULT;
const char *confab_matrix_error_get_errcode (const GError *error);
gint64 confab_matrix_error_get_retry_after_ms (const GError *error);

G_END_DECLS
