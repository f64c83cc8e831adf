/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-server-search.h"

#include "confab-clock.h"
#include "confab-error-text.h"
#include "confab-homeserver.h"

#include <libdex.h>
#include <string.h>

#define DELAY_MS 600

struct _ConfabServerSearch {
  GObject parent_instance;

  ConfabClock *clock;
  char *name;
  char *error;
  char *portal_uri;
  ConfabServerState state;
  ConfabHomeserver *homeserver; /* (nullable): when FOUND */
  gboolean may_pass;            /* WRONG, but the same name may do in a moment */
  guint timeout;
  guint question; /* the last one that was asked: the answer to an earlier one counts for nothing */
};

G_DEFINE_FINAL_TYPE (ConfabServerSearch, confab_server_search, G_TYPE_OBJECT)

enum {
  SIGNAL_CHANGED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

typedef struct {
  ConfabServerSearch *self;
  guint number;
} Question;

static void
question_free (Question *question)
{
  g_object_unref (question->self);
  g_free (question);
}

static void
set_state (ConfabServerSearch *self, ConfabServerState state)
{
  self->state = state;
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static gboolean
may_pass (const GError *error)
{
  static const ConfabMatrixError codes[] = {
    CONFAB_MATRIX_ERROR_NETWORK,        CONFAB_MATRIX_ERROR_NO_ANSWER,
    CONFAB_MATRIX_ERROR_SERVER,         CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL,
    CONFAB_MATRIX_ERROR_LIMIT_EXCEEDED,
  };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_error_matches (error, CONFAB_MATRIX_ERROR, codes[i]))
      return TRUE;
  return FALSE;
}

/* A network that wants to be signed in to answers any address that is not encrypted with its page. */
static char *
dup_portal_uri (const char *name, const GError *error)
{
  if (!g_error_matches (error, CONFAB_MATRIX_ERROR, CONFAB_MATRIX_ERROR_CAPTIVE_PORTAL))
    return g_strdup ("");
  if (g_str_has_prefix (name, "https://"))
    name += strlen ("https://");
  return g_str_has_prefix (name, "http://") ? g_strdup (name) : g_strconcat ("http://", name, NULL);
}

static DexFuture *
look_fiber (gpointer data)
{
  Question *question = data;
  ConfabServerSearch *self = question->self;
  g_autoptr (GError) error = NULL;
  g_autoptr (ConfabHomeserver) homeserver = NULL;

  homeserver = dex_await_object (confab_homeserver_discover (self->name), &error);
  if (question->number != self->question)
    return dex_future_new_false ();
  if (homeserver == NULL) {
    g_info ("No homeserver at “%s”: %s", self->name, error->message);
    confab_server_search_fail (self, error);
    return dex_future_new_false ();
  }
  g_set_object (&self->homeserver, homeserver);
  set_state (self, CONFAB_SERVER_FOUND);
  return dex_future_new_true ();
}

static void
look_cb (gpointer data)
{
  ConfabServerSearch *self = data;
  Question *question = g_new0 (Question, 1);

  self->timeout = 0;
  question->self = g_object_ref (self);
  question->number = ++self->question;
  dex_future_disown (
    dex_scheduler_spawn (NULL, 0, look_fiber, question, (GDestroyNotify) question_free));
  set_state (self, CONFAB_SERVER_LOOKING);
}

static void
look_soon (ConfabServerSearch *self, guint delay_ms)
{
  confab_clock_clear (self->clock, &self->timeout);
  self->question++;
  g_clear_object (&self->homeserver);
  g_set_str (&self->error, "");
  g_set_str (&self->portal_uri, "");
  if (*self->name != '\0')
    self->timeout = confab_clock_add_timeout (self->clock, delay_ms, look_cb, self);
  set_state (self, CONFAB_SERVER_NONE);
}

static void
confab_server_search_dispose (GObject *object)
{
  ConfabServerSearch *self = CONFAB_SERVER_SEARCH (object);

  if (self->clock != NULL)
    confab_clock_clear (self->clock, &self->timeout);
  g_clear_object (&self->homeserver);
  g_clear_object (&self->clock);

  G_OBJECT_CLASS (confab_server_search_parent_class)->dispose (object);
}

static void
confab_server_search_finalize (GObject *object)
{
  ConfabServerSearch *self = CONFAB_SERVER_SEARCH (object);

  g_free (self->name);
  g_free (self->error);
  g_free (self->portal_uri);

  G_OBJECT_CLASS (confab_server_search_parent_class)->finalize (object);
}

static void
confab_server_search_class_init (ConfabServerSearchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = confab_server_search_dispose;
  object_class->finalize = confab_server_search_finalize;

  signals[SIGNAL_CHANGED] = g_signal_new (
    "changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
confab_server_search_init (ConfabServerSearch *self)
{
  self->name = g_strdup ("");
  self->error = g_strdup ("");
  self->portal_uri = g_strdup ("");
}

/**
 * confab_server_search_new:
 * @clock: time
 *
 * Returns: (transfer full): a search without a name
 */
ConfabServerSearch *
confab_server_search_new (ConfabClock *clock)
{
  ConfabServerSearch *self = NULL;

  g_return_val_if_fail (CONFAB_IS_CLOCK (clock), NULL);

  self = g_object_new (CONFAB_TYPE_SERVER_SEARCH, NULL);
  self->clock = g_object_ref (clock);
  return self;
}

/**
 * confab_server_search_set_name:
 * @self: a search
 * @name: (nullable): what was typed; looked up 600 ms later, unless it changes before
 *
 * Returns: whether it is another name than before, less the spaces around it
 */
gboolean
confab_server_search_set_name (ConfabServerSearch *self, const char *name)
{
  g_autofree char *stripped = NULL;

  g_return_val_if_fail (CONFAB_IS_SERVER_SEARCH (self), FALSE);

  stripped = g_strstrip (g_strdup (name != NULL ? name : ""));
  if (!g_set_str (&self->name, stripped))
    return FALSE;
  look_soon (self, DELAY_MS);
  return TRUE;
}

/**
 * confab_server_search_look_now:
 * @self: a search
 *
 * Without the pause, and once more when it was looked up before.
 */
void
confab_server_search_look_now (ConfabServerSearch *self)
{
  g_return_if_fail (CONFAB_IS_SERVER_SEARCH (self));

  look_soon (self, 0);
}

/**
 * confab_server_search_fail:
 * @self: a search
 * @error: why the homeserver cannot be used after all
 */
void
confab_server_search_fail (ConfabServerSearch *self, const GError *error)
{
  g_return_if_fail (CONFAB_IS_SERVER_SEARCH (self));
  g_return_if_fail (error != NULL);

  g_clear_object (&self->homeserver);
  g_free (self->error);
  self->error = confab_error_text_for_server (error, self->name);
  g_free (self->portal_uri);
  self->portal_uri = dup_portal_uri (self->name, error);
  self->may_pass = may_pass (error);
  set_state (self, CONFAB_SERVER_WRONG);
}

const char *
confab_server_search_get_name (ConfabServerSearch *self)
{
  g_return_val_if_fail (CONFAB_IS_SERVER_SEARCH (self), NULL);

  return self->name;
}

ConfabServerState
confab_server_search_get_state (ConfabServerSearch *self)
{
  g_return_val_if_fail (CONFAB_IS_SERVER_SEARCH (self), CONFAB_SERVER_NONE);

  return self->state;
}

/**
 * confab_server_search_get_error:
 * @self: a search
 *
 * Returns: (transfer none): a sentence, empty unless it is %CONFAB_SERVER_WRONG
 */
const char *
confab_server_search_get_error (ConfabServerSearch *self)
{
  g_return_val_if_fail (CONFAB_IS_SERVER_SEARCH (self), NULL);

  return self->error;
}

/**
 * confab_server_search_get_portal_uri:
 * @self: a search
 *
 * Returns: (transfer none): where the page of a network is that wants to be signed in to first, or empty
 */
const char *
confab_server_search_get_portal_uri (ConfabServerSearch *self)
{
  g_return_val_if_fail (CONFAB_IS_SERVER_SEARCH (self), NULL);

  return self->portal_uri;
}

/**
 * confab_server_search_is_worth_a_try:
 * @self: a search
 *
 * Returns: whether it was found, or may be back by now
 */
gboolean
confab_server_search_is_worth_a_try (ConfabServerSearch *self)
{
  g_return_val_if_fail (CONFAB_IS_SERVER_SEARCH (self), FALSE);

  return self->state == CONFAB_SERVER_FOUND ||
         (self->state == CONFAB_SERVER_WRONG && self->may_pass);
}

/**
 * confab_server_search_get_homeserver:
 * @self: a search
 *
 * Returns: (transfer none) (nullable): what was found
 */
ConfabHomeserver *
confab_server_search_get_homeserver (ConfabServerSearch *self)
{
  g_return_val_if_fail (CONFAB_IS_SERVER_SEARCH (self), NULL);

  return self->homeserver;
}
