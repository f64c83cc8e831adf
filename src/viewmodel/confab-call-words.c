/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-call-words.h"

#include <glib/gi18n.h>

static gboolean
all_are_lost (const ConfabCallFacts *facts)
{
  return facts->others.n_lost > 0 && facts->others.n_connected == 0;
}

ConfabCallPageState
confab_call_words_find_state (const ConfabCallFacts *facts)
{
  switch (facts->state) {
  case CONFAB_CALL_STATE_LOCAL_DRAFT:
  case CONFAB_CALL_STATE_PREPARING:
  case CONFAB_CALL_STATE_JOINING:
    return CONFAB_CALL_PAGE_JOINING;
  case CONFAB_CALL_STATE_JOINED:
    return facts->offline || all_are_lost (facts) ? CONFAB_CALL_PAGE_RECONNECTING
                                                  : CONFAB_CALL_PAGE_JOINED;
  case CONFAB_CALL_STATE_KNOWN:
    return facts->was_active ? CONFAB_CALL_PAGE_ENDED : CONFAB_CALL_PAGE_JOINING;
  case CONFAB_CALL_STATE_LEAVING:
  case CONFAB_CALL_STATE_ENDED:
  default:
    return CONFAB_CALL_PAGE_ENDED;
  }
}

/* What stands in the way of the call itself, the worst first. */
static const char *
find_problem (const ConfabCallFacts *facts)
{
  if (facts->signed_out)
    return _ ("Your homeserver signed you out. The call goes on.");
  /* The server and everybody else at once: that is this side. */
  if (facts->offline && all_are_lost (facts))
    return _ ("You are offline. Trying again…");
  if (facts->offline && facts->others.n > 0 && facts->others.n_connected == 0)
    return _ ("Your homeserver does not answer. Trying again…");
  if (facts->offline)
    return _ ("Your homeserver does not answer. The call goes on.");
  /* One person who is lost is a matter of their tile; when all are, it is this side. */
  if (all_are_lost (facts) && facts->others.n_lost > 1)
    return _ ("Your connection is lost. Trying again…");
  if (facts->microphone_lost)
    return _ ("Microphone lost. Nobody hears you.");
  if (facts->camera_lost)
    return _ ("Camera lost. Others see your avatar.");
  if (facts->clear_room || facts->others.n_clear > 0)
    return _ ("This call is not encrypted.");
  return NULL;
}

/**
 * confab_call_words_make_banner:
 * @facts: what is known of a call
 *
 * Returns: (transfer full) (nullable): what is wrong, the worst first
 */
char *
confab_call_words_make_banner (const ConfabCallFacts *facts)
{
  const char *problem = find_problem (facts);

  if (confab_call_words_find_state (facts) == CONFAB_CALL_PAGE_ENDED)
    return NULL;
  if (problem != NULL)
    return g_strdup (problem);
  /* Short: there is a button beside it. */
  if (facts->unread)
    return g_strdup (_ ("Some messages cannot be read."));
  if (facts->unsure)
    return g_strdup (_ ("Some messages may not be genuine."));
  if (facts->replaced)
    return g_strdup (_ ("This room was replaced by another one. The call goes on."));
  return NULL;
}

gboolean
confab_call_words_has_details (const ConfabCallFacts *facts)
{
  return confab_call_words_find_state (facts) != CONFAB_CALL_PAGE_ENDED &&
         find_problem (facts) == NULL && (facts->unread || facts->unsure);
}

/**
 * confab_call_words_make_subtitle:
 * @state: of the page
 * @n_people: in the call, with oneself
 * @duration: for how long it has been on
 * @narrow: whether only the first half may be seen: then it is the time
 *
 * Returns: (transfer full): what stands under the title
 */
char *
confab_call_words_make_subtitle (ConfabCallPageState state,
                                 guint n_people,
                                 const char *duration,
                                 gboolean narrow)
{
  g_autofree char *people = NULL;

  if (state == CONFAB_CALL_PAGE_JOINING)
    return g_strdup (_ ("Joining…"));
  if (n_people <= CONFAB_CALL_FEW_PEOPLE)
    return g_strdup (duration);
  people = g_strdup_printf (ngettext ("%u person", "%u people", n_people), n_people);
  /* Translators: how many people are in the call, and how long it has been on; or the other way round */
  return g_strdup_printf (C_ ("call", "%1$s · %2$s"),
                          narrow ? duration : people,
                          narrow ? people : duration);
}

/**
 * confab_call_words_make_link:
 * @room_id: (nullable): where the call is
 *
 * Returns: (transfer full) (nullable): what to give to others who want to join
 */
char *
confab_call_words_make_link (const char *room_id)
{
  g_autofree char *escaped = NULL;

  if (room_id == NULL || room_id[0] == '\0')
    return NULL;
  escaped = g_uri_escape_string (room_id, "!:", FALSE);
  return g_strconcat ("https://matrix.to/#/", escaped, NULL);
}
