/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-call.h"
#include "confab-error-text.h"
#include "confab-matrix-error.h"
#include "confab-store.h"

/* One row an error that a person may meet there; the words are in design/ui.md, sections 3 and 14. */
typedef struct {
  GQuark (*domain) (void);
  int code;
  const char *text;
} Sentence;

static char *
text_for_server (const GError *error)
{
  return confab_error_text_for_server (error, "matrix.exmaple.org");
}

static char *
text_for_start (const GError *error)
{
  return g_strdup (confab_error_text_for_start (error));
}

static char *
text_for_banner (const GError *error)
{
  return g_strdup (confab_error_text_for_banner (error));
}

#define QUOTED "“\342\201\250matrix.exmaple.org\342\201\251”"
#define WRONG_SERVER "There is no homeserver at " QUOTED ". Check the spelling."
#define DISK                                                                                       \
  "Confab cannot read or write what it keeps on this computer. Nothing was deleted. Check "        \
  "whether "                                                                                       \
  "the disk is full and try again."
#define RUNNING "Confab is running already. Close the other one and try again."
#define TOO_NEW "A newer version of Confab was used on this computer. Use that one."
#define NO_KEYRING "Confab needs a keyring to keep you signed in. Start one and try again."

static const Sentence server[] = {
  { confab_matrix_error_quark, CONFAB_MATRIX_ERROR_NO_HOMESERVER, WRONG_SERVER },
  { confab_matrix_error_quark, CONFAB_MATRIX_ERROR_NOT_FOUND, WRONG_SERVER },
  { confab_matrix_error_quark, CONFAB_MATRIX_ERROR_BAD_RESPONSE, WRONG_SERVER },
  { confab_matrix_error_quark, CONFAB_MATRIX_ERROR_TOO_LARGE, WRONG_SERVER },
  { confab_matrix_error_quark,
    CONFAB_MATRIX_ERROR_TLS,
    "The server's certificate is not valid. Nothing was sent. Check the spelling and this "
    "computer's date." },
  { confab_matrix_error_quark,
    CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL,
    "This network wants you to sign in first." },
  { confab_matrix_error_quark,
    CONFAB_MATRIX_ERROR_UNSUPPORTED,
    "This homeserver does not offer what Confab needs. Choose another." },
  { confab_matrix_error_quark,
    CONFAB_MATRIX_ERROR_SERVER,
    "The homeserver has trouble. Try again later." },
  { confab_matrix_error_quark,
    CONFAB_MATRIX_ERROR_NETWORK,
    QUOTED " does not answer. Check the spelling and your network." },
  { confab_matrix_error_quark,
    CONFAB_MATRIX_ERROR_NO_ANSWER,
    QUOTED " does not answer. Check the spelling and your network." },
};

static const Sentence account[] = {
  { confab_matrix_error_quark,
    CONFAB_MATRIX_ERROR_FORBIDDEN,
    "The user name or the password is wrong." },
  { confab_matrix_error_quark,
    CONFAB_MATRIX_ERROR_DEACTIVATED,
    "This account was deactivated. Use another one." },
  { confab_matrix_error_quark, CONFAB_MATRIX_ERROR_NO_KEYRING, NO_KEYRING },
  { confab_matrix_error_quark,
    CONFAB_MATRIX_ERROR_KEYRING_LOCKED,
    "The keyring is locked. Unlock it and try again." },
  { confab_store_error_quark, CONFAB_STORE_ERROR_FAILED, DISK },
  { confab_store_error_quark, CONFAB_STORE_ERROR_TOO_NEW, TOO_NEW },
  { confab_store_error_quark, CONFAB_STORE_ERROR_IN_USE, RUNNING },
};

static const Sentence start[] = {
  { confab_matrix_error_quark, CONFAB_MATRIX_ERROR_NO_KEYRING, NO_KEYRING },
  { confab_matrix_error_quark,
    CONFAB_MATRIX_ERROR_KEYRING_LOCKED,
    "You are still signed in. Unlock the keyring and try again." },
  { confab_store_error_quark, CONFAB_STORE_ERROR_FAILED, DISK },
  { confab_store_error_quark, CONFAB_STORE_ERROR_TOO_NEW, TOO_NEW },
  { confab_store_error_quark, CONFAB_STORE_ERROR_IN_USE, RUNNING },
};

static const Sentence banner[] = {
  { confab_matrix_error_quark, CONFAB_MATRIX_ERROR_NETWORK, "You are offline." },
  { confab_matrix_error_quark,
    CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL,
    "This network wants you to sign in first." },
  { confab_matrix_error_quark,
    CONFAB_MATRIX_ERROR_TLS,
    "Your homeserver's certificate is not valid." },
  { confab_store_error_quark, CONFAB_STORE_ERROR_FAILED, DISK },
  { confab_store_error_quark, CONFAB_STORE_ERROR_TOO_NEW, TOO_NEW },
  { confab_store_error_quark, CONFAB_STORE_ERROR_IN_USE, RUNNING },
};

static const Sentence call[] = {
  { confab_call_error_quark,
    CONFAB_CALL_ERROR_FORBIDDEN,
    "You may not take part in calls in this room. Ask a moderator." },
  { confab_call_error_quark,
    CONFAB_CALL_ERROR_NETWORK,
    "Your homeserver does not answer. Try again in a moment." },
  { confab_call_error_quark,
    CONFAB_CALL_ERROR_UNSUPPORTED,
    "This call needs a newer version of Confab." },
  { confab_call_error_quark, CONFAB_CALL_ERROR_ENDED, "The call has ended." },
  { confab_call_error_quark,
    CONFAB_CALL_ERROR_TAKEN_OUT,
    "You were taken out of the call on another device." },
  { confab_call_error_quark, CONFAB_CALL_ERROR_ROOM_LOST, "You are no longer in this room." },
};

static const struct {
  const char *path;
  char *(*text) (const GError *error);
  const Sentence *sentences;
  guint n_sentences;
  const char *otherwise; /* for what nobody foresaw */
} places[] = {
  { "/error-text/server",
    text_for_server,
    server,
    G_N_ELEMENTS (server),
    QUOTED " did not work: something unexpected happened. Try again later." },
  { "/error-text/account",
    confab_error_text_for_account,
    account,
    G_N_ELEMENTS (account),
    "Signing in did not work: something unexpected happened. Try again." },
  { "/error-text/start",
    text_for_start,
    start,
    G_N_ELEMENTS (start),
    "What it keeps on this computer cannot be read. Nothing was deleted. Try again." },
  { "/error-text/banner",
    text_for_banner,
    banner,
    G_N_ELEMENTS (banner),
    "Your homeserver does not answer." },
  { "/error-text/call",
    confab_error_text_for_call,
    call,
    G_N_ELEMENTS (call),
    "The call does not go on. Try to join again." },
};

static const Sentence *
find (guint place, GQuark domain, int code)
{
  for (guint i = 0; i < places[place].n_sentences; i++)
    if (places[place].sentences[i].domain () == domain && places[place].sentences[i].code == code)
      return &places[place].sentences[i];
  return NULL;
}

static void
check_place (guint place, GQuark domain, int code)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, "SQLITE_FULL at line 7");
  g_autofree char *text = places[place].text (error);
  const Sentence *sentence = find (place, domain, code);

  g_assert_cmpstr (text, ==, sentence != NULL ? sentence->text : places[place].otherwise);
  g_assert_true (g_str_has_suffix (text, "."));
  /* What is in the log is no help to a person. */
  g_assert_null (strstr (text, "SQLITE"));
}

/* Every code of every domain that can arrive says something, and nothing of what is written for logs. */
static void
test_place (gconstpointer data)
{
  guint place = GPOINTER_TO_UINT (data);

  for (int code = 0; code <= CONFAB_MATRIX_ERROR_FAILED; code++)
    if (code != CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED)
      check_place (place, CONFAB_MATRIX_ERROR, code);
  for (int code = 0; code <= CONFAB_STORE_ERROR_IN_USE; code++)
    check_place (place, CONFAB_STORE_ERROR, code);
  for (int code = 0; code <= CONFAB_CALL_ERROR_ROOM_LOST; code++)
    check_place (place, CONFAB_CALL_ERROR, code);
  check_place (place, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
}

static const struct {
  gint64 retry_after_ms;
  const char *text;
} waits[] = {
  { 12000, "The server asks to wait 12 s." },
  { 11001, "The server asks to wait 12 s." },
  { 1, "The server asks to wait 1 s." },
  { -1, "The server asks to wait. Try again later." },
  { 0, "The server asks to wait. Try again later." },
  { 86400001, "The server asks to wait. Try again later." },
  { G_MAXINT64, "The server asks to wait. Try again later." },
};

static void
test_wait (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (waits); i++) {
    g_autoptr (GError) error = confab_matrix_error_new (CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED,
                                             "M_LIMIT_EXCEEDED",
                                             waits[i].retry_after_ms,
                                             "slow down");
    g_autofree char *for_account = confab_error_text_for_account (error);
    g_autofree char *for_server = text_for_server (error);

    g_assert_cmpstr (for_account, ==, waits[i].text);
    g_assert_cmpstr (for_server, ==, waits[i].text);
  }
}

static const struct {
  GQuark (*domain) (void);
  int code;
  const char *title;
} titles[] = {
  { confab_matrix_error_quark, CONFAB_MATRIX_ERROR_KEYRING_LOCKED, "Your Keyring Is Locked" },
  { confab_matrix_error_quark, CONFAB_MATRIX_ERROR_NO_KEYRING, "There Is No Keyring" },
  { confab_store_error_quark, CONFAB_STORE_ERROR_IN_USE, "Confab Is Running Already" },
  { confab_store_error_quark, CONFAB_STORE_ERROR_FAILED, "Confab Cannot Open Your Account" },
  { confab_matrix_error_quark, CONFAB_MATRIX_ERROR_FAILED, "Confab Cannot Open Your Account" },
};

static void
test_start_title (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (titles); i++) {
    g_autoptr (GError) error = g_error_new_literal (titles[i].domain (), titles[i].code, "");

    g_assert_cmpstr (confab_error_title_for_start (error), ==, titles[i].title);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    g_test_add_data_func (places[i].path, GUINT_TO_POINTER (i), test_place);
  g_test_add_func ("/error-text/wait", test_wait);
  g_test_add_func ("/error-text/start-title", test_start_title);
  return g_test_run ();
}
