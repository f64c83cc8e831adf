/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-sdp-private.h"

#include <string.h>

/*
 * m-sections that one side refuses (RFC 8829 section 5.3.1: port 0, not in the bundle).
 *
 * webrtcbin loses the whole bundle with its first m-section: it moves to a transport that never gathers candidates. So
 * it never hears of a refusal: in its place stands an inactive m-section within the bundle, and what webrtcbin says of
 * that is turned back into a refusal before it leaves.
 */

#define GROUP "a=group:BUNDLE"

/* One m-section: lines from its m= line to before `end`. */
typedef struct {
  char **lines;
  guint begin;
  guint end;
} Section;

typedef struct {
  const char *media;
  const char *encoding;
  const char *rtpmap;
  int payload; /* when it is free */
} Codec;

static const Codec codecs[] = {
  { "audio", "opus", "OPUS/48000/2", 111 },
  { "video", "vp8", "VP8/90000", 96 },
};

static GArray *
list_sections (char **lines)
{
  GArray *sections = g_array_new (FALSE, FALSE, sizeof (Section));
  guint n = g_strv_length (lines);

  for (guint i = 0; i < n; i++) {
    Section section = { lines, i, n };

    if (!g_str_has_prefix (lines[i], "m="))
      continue;
    if (sections->len > 0)
      g_array_index (sections, Section, sections->len - 1).end = i;
    g_array_append_val (sections, section);
  }
  return sections;
}

/* The value of the first line that begins so. */
static const char *
find_value (const Section *section, const char *prefix)
{
  for (guint i = section->begin; i < section->end; i++) {
    const char *value = confab_sdp_value_of (section->lines[i], prefix);

    if (value != NULL)
      return value;
  }
  return NULL;
}

/* `m=<media> <port> <rest>`; NULLs when it is not that. */
static GStrv
split_m_line (const Section *section)
{
  return g_strsplit (section->lines[section->begin] + strlen ("m="), " ", 3);
}

static const Codec *
find_codec (const char *media)
{
  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++) {
    if (g_strcmp0 (media, codecs[i].media) == 0)
      return &codecs[i];
  }
  return NULL;
}

static gboolean
has_encoding (const Section *section, const char *encoding)
{
  const gsize length = strlen (encoding);

  for (guint i = section->begin; i < section->end; i++) {
    const char *rtpmap = confab_sdp_value_of (section->lines[i], "a=rtpmap:");
    const char *name = rtpmap != NULL ? strchr (rtpmap, ' ') : NULL;

    if (name != NULL && g_ascii_strncasecmp (name + 1, encoding, length) == 0 &&
        name[1 + length] == '/')
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_refused (const Section *section, gboolean is_answer)
{
  g_auto (GStrv) words = split_m_line (section);
  const Codec *codec = find_codec (words[0]);

  /* Data that is not offered or not taken is nothing that webrtcbin stumbles over. */
  if (g_strv_length (words) < 3 || (!is_answer && codec == NULL))
    return FALSE;
  /* In an offer port 0 may only say that the m-section goes with the bundle (RFC 9143 section 6). */
  if (g_strcmp0 (words[1], "0") == 0 &&
      (is_answer || find_value (section, "a=bundle-only") == NULL))
    return TRUE;
  return !is_answer && !has_encoding (section, codec->encoding);
}

static gboolean
is_payload_taken (char **lines, int payload)
{
  g_autofree char *prefix = g_strdup_printf ("a=rtpmap:%d ", payload);

  for (guint i = 0; lines[i] != NULL; i++) {
    if (g_str_has_prefix (lines[i], prefix))
      return TRUE;
  }
  return FALSE;
}

/* What an m-section that is not there could be about: what we can send and receive. */
static void
add_our_codec (GPtrArray *out, const Section *refused, const char *media, const char *protocol)
{
  const Codec *codec = find_codec (media);
  int payload = codec->payload;

  for (int i = 127; i >= 96 && is_payload_taken (refused->lines, payload); i--)
    payload = i;
  g_ptr_array_add (out, g_strdup_printf ("m=%s 9 %s %d", media, protocol, payload));
  g_ptr_array_add (out, g_strdup ("c=IN IP4 0.0.0.0"));
  g_ptr_array_add (out, g_strdup_printf ("a=rtpmap:%d %s", payload, codec->rtpmap));
}

/* What our offer said, so that it is the same track with the same payload types. */
static void
add_offered_codec (GPtrArray *out, const Section *offered)
{
  static const char *const names[] = { "a=rtpmap:", "a=fmtp:", "a=rtcp-fb:" };
  g_auto (GStrv) words = split_m_line (offered);

  g_ptr_array_add (out, g_strdup_printf ("m=%s 9 %s", words[0], words[2]));
  g_ptr_array_add (out, g_strdup ("c=IN IP4 0.0.0.0"));
  for (guint i = offered->begin; i < offered->end; i++) {
    for (guint j = 0; j < G_N_ELEMENTS (names); j++) {
      if (g_str_has_prefix (offered->lines[i], names[j]))
        g_ptr_array_add (out, g_strdup (offered->lines[i]));
    }
  }
}

/* The bundle's transport, where it is not said for the whole session. */
static void
add_transport (GPtrArray *out, const Section *accepted)
{
  static const char *const names[] = {
    "a=ice-ufrag:", "a=ice-pwd:", "a=ice-options:", "a=fingerprint:", "a=setup:"
  };

  for (guint i = accepted->begin; i < accepted->end; i++) {
    for (guint j = 0; j < G_N_ELEMENTS (names); j++) {
      if (g_str_has_prefix (accepted->lines[i], names[j]))
        g_ptr_array_add (out, g_strdup (accepted->lines[i]));
    }
  }
}

static gboolean
is_in_group (const char *group, const char *mid)
{
  g_auto (GStrv) mids = g_strsplit (group, " ", -1);

  return g_strv_contains ((const char *const *) mids, mid);
}

/* The bundle with (or without) these m-sections, in the order of the m-lines. */
static char *
make_group (const char *old, GArray *sections, const char *const *mids, gboolean with)
{
  GString *group = g_string_new (GROUP);

  for (guint i = 0; i < sections->len; i++) {
    const char *mid = find_value (&g_array_index (sections, Section, i), "a=mid:");

    if (mid == NULL)
      continue;
    if (g_strv_contains (mids, mid) ? with : is_in_group (old, mid))
      g_string_append_printf (group, " %s", mid);
  }
  return g_string_free (group, FALSE);
}

static const char *
find_group (char **lines)
{
  for (guint i = 0; lines[i] != NULL && !g_str_has_prefix (lines[i], "m="); i++) {
    if (g_str_has_prefix (lines[i], GROUP " "))
      return lines[i];
  }
  return NULL;
}

/* The session part, with another group. */
static void
add_session (GPtrArray *out, char **lines, const char *old_group, const char *group)
{
  for (guint i = 0; lines[i] != NULL && !g_str_has_prefix (lines[i], "m="); i++)
    g_ptr_array_add (out, g_strdup (lines[i] == old_group ? group : lines[i]));
}

static void
add_lines (GPtrArray *out, const Section *section)
{
  for (guint i = section->begin; i < section->end; i++)
    g_ptr_array_add (out, g_strdup (section->lines[i]));
}

/* Which m-sections are refused: their mids. Gives back the first that is not. */
static const Section *
sort_out (GArray *sections, gboolean is_answer, GPtrArray *mids)
{
  const Section *accepted = NULL;

  for (guint i = 0; i < sections->len; i++) {
    const Section *section = &g_array_index (sections, Section, i);
    const char *mid = find_value (section, "a=mid:");

    if (mid != NULL && is_refused (section, is_answer))
      g_ptr_array_add (mids, g_strdup (mid));
    else if (accepted == NULL)
      accepted = section;
  }
  g_ptr_array_add (mids, NULL);
  return accepted;
}

static void
add_stand_in (GPtrArray *out,
              const Section *refused,
              const Section *offered,
              const Section *accepted)
{
  g_auto (GStrv) words = split_m_line (refused);
  g_auto (GStrv) protocol = g_strsplit (words[2], " ", 2);

  if (offered != NULL)
    add_offered_codec (out, offered);
  else
    add_our_codec (out, refused, words[0], protocol[0]);
  add_transport (out, accepted);
  g_ptr_array_add (out, g_strdup ("a=rtcp-mux"));
  g_ptr_array_add (out, g_strdup ("a=inactive"));
  g_ptr_array_add (out, g_strconcat ("a=mid:", find_value (refused, "a=mid:"), NULL));
}

/**
 * confab_sdp_fill_refused:
 * @text: the other side's checked description
 * @offer: (nullable): our offer when @text answers it, with as many m-sections; %NULL when @text is an offer
 * @refused: (out) (transfer full): the mids of the m-sections that are refused: by the other side, or, in an offer, by
 *   us, since they have none of our encodings
 * @error: %CONFAB_SDP_ERROR_UNUSABLE when nothing is left
 *
 * Returns: (transfer full) (nullable): @text with inactive m-sections in place of the refused ones
 */
char *
confab_sdp_fill_refused (const char *text, const char *offer, GStrv *refused, GError **error)
{
  g_auto (GStrv) lines = confab_sdp_split_lines (text);
  g_auto (GStrv) offer_lines = offer != NULL ? confab_sdp_split_lines (offer) : NULL;
  g_autoptr (GArray) sections = list_sections (lines);
  g_autoptr (GArray) offered = offer != NULL ? list_sections (offer_lines) : NULL;
  g_autoptr (GPtrArray) mids = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *group = NULL;
  const Section *accepted = sort_out (sections, offer != NULL, mids);
  const char *const *refused_mids = (const char *const *) mids->pdata;
  const char *old_group = find_group (lines);

  if (accepted == NULL) {
    g_set_error (error,
                 CONFAB_SDP_ERROR,
                 CONFAB_SDP_ERROR_UNUSABLE,
                 "Every m-section of the session description is refused");
    return NULL;
  }
  /* Without a bundle each m-section has its own transport, and none goes down with another. */
  if (refused_mids[0] != NULL && old_group != NULL) {
    group = make_group (old_group, sections, refused_mids, TRUE);
    add_session (out, lines, old_group, group);
    for (guint i = 0; i < sections->len; i++) {
      const Section *section = &g_array_index (sections, Section, i);
      const Section *ours = offered != NULL && i < offered->len
                              ? &g_array_index (offered, Section, i)
                              : NULL;
      const char *mid = find_value (section, "a=mid:");

      if (mid != NULL && g_strv_contains (refused_mids, mid))
        add_stand_in (out, section, ours, accepted);
      else
        add_lines (out, section);
    }
  }
  *refused = (GStrv) g_ptr_array_free (g_steal_pointer (&mids), FALSE);
  return out->len > 0 ? confab_sdp_join_lines (out) : g_strdup (text);
}

/**
 * confab_sdp_refuse:
 * @text: our description
 * @mids: (array zero-terminated=1): m-sections
 *
 * Returns: (transfer full): @text with those m-sections refused
 */
char *
confab_sdp_refuse (const char *text, const char *const *mids)
{
  g_auto (GStrv) lines = confab_sdp_split_lines (text);
  g_autoptr (GArray) sections = list_sections (lines);
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func (g_free);
  const char *old_group = find_group (lines);
  g_autofree char *group = old_group != NULL ? make_group (old_group, sections, mids, FALSE) : NULL;

  add_session (out, lines, old_group, group);
  for (guint i = 0; i < sections->len; i++) {
    const Section *section = &g_array_index (sections, Section, i);
    const char *mid = find_value (section, "a=mid:");
    g_auto (GStrv) words = split_m_line (section);

    if (mid == NULL || !g_strv_contains (mids, mid) || g_strv_length (words) < 3) {
      add_lines (out, section);
      continue;
    }
    g_ptr_array_add (out, g_strdup_printf ("m=%s 0 %s", words[0], words[2]));
    g_ptr_array_add (out, g_strdup ("c=IN IP4 0.0.0.0"));
    g_ptr_array_add (out, g_strdup ("a=inactive"));
    g_ptr_array_add (out, g_strconcat ("a=mid:", mid, NULL));
  }
  return confab_sdp_join_lines (out);
}
