/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-media"

#include "config.h"

#include "confab-sdp.h"

#include "confab-sdp-private.h"

#include <gst/sdp/gstsdpmessage.h>
#include <string.h>

/* Browsers with twenty m-sections and all codecs stay below 100 kB. */
#define MAX_SIZE 262144
#define MAX_LINES 8000
#define MAX_LINE_LENGTH 4096
#define MAX_MLINES 32

G_DEFINE_QUARK (confab - sdp - error - quark, confab_sdp_error)

/* The lines of a description without their ends; the empty one behind the last is left out. */
GStrv
confab_sdp_split_lines (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n = g_strv_length (lines);

  for (guint i = 0; i < n; i++) {
    gsize length = strlen (lines[i]);

    if (length > 0 && lines[i][length - 1] == '\r')
      lines[i][length - 1] = '\0';
  }
  while (n > 0 && lines[n - 1][0] == '\0')
    g_clear_pointer (&lines[--n], g_free);
  return g_steal_pointer (&lines);
}

char *
confab_sdp_join_lines (GPtrArray *lines)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < lines->len; i++) {
    g_string_append (text, g_ptr_array_index (lines, i));
    g_string_append (text, "\r\n");
  }
  return g_string_free (text, FALSE);
}

/* Counts m-lines on the way: -1 in the session part. */
static gboolean
enters_media (const char *line, int *mline)
{
  if (!g_str_has_prefix (line, "m="))
    return FALSE;

  (*mline)++;
  return TRUE;
}

/* What stands behind @prefix, NULL when the line begins otherwise. */
const char *
confab_sdp_value_of (const char *line, const char *prefix)
{
  return g_str_has_prefix (line, prefix) ? line + strlen (prefix) : NULL;
}

static gboolean
is_media (const char *line, const char *media)
{
  const char *rest = confab_sdp_value_of (line, "m=");

  return rest != NULL && g_str_has_prefix (rest, media) && rest[strlen (media)] == ' ';
}

/* Up to the first space; NULL for the `-` that stands for none, and for nothing. */
static char *
first_word (const char *text)
{
  g_autofree char *word = g_strndup (text, strcspn (text, " \t"));

  if (word[0] == '\0' || strcmp (word, "-") == 0)
    return NULL;
  return g_steal_pointer (&word);
}

/* `a=ssrc:<number> msid:<stream> <track>`: the part behind `msid:`. */
static const char *
ssrc_msid_of (const char *line)
{
  const char *rest = confab_sdp_value_of (line, "a=ssrc:");

  if (rest == NULL)
    return NULL;

  rest = strchr (rest, ' ');
  return rest != NULL ? confab_sdp_value_of (rest + 1, "msid:") : NULL;
}

static gboolean
check_text (const char *text, GError **error)
{
  const gsize length = strnlen (text, MAX_SIZE + 1);
  guint n_lines = 0;
  gsize line_length = 0;

  if (length > MAX_SIZE || !g_utf8_validate (text, length, NULL)) {
    g_set_error (error,
                 CONFAB_SDP_ERROR,
                 CONFAB_SDP_ERROR_INVALID,
                 "The session description is too large or not text");
    return FALSE;
  }
  for (const char *p = text; *p != '\0'; p++) {
    /* GStreamer ends a line there, too; nobody else does. */
    if (p[0] == '\r' && p[1] != '\n') {
      g_set_error (error,
                   CONFAB_SDP_ERROR,
                   CONFAB_SDP_ERROR_INVALID,
                   "The session description has half an end of a line");
      return FALSE;
    }
    line_length = *p == '\n' ? 0 : line_length + 1;
    n_lines += *p == '\n';
    if (line_length > MAX_LINE_LENGTH || n_lines > MAX_LINES) {
      g_set_error (error,
                   CONFAB_SDP_ERROR,
                   CONFAB_SDP_ERROR_INVALID,
                   "The session description has too many or too long lines");
      return FALSE;
    }
  }
  if (!g_str_has_prefix (text, "v=0")) {
    g_set_error (error,
                 CONFAB_SDP_ERROR,
                 CONFAB_SDP_ERROR_INVALID,
                 "The session description does not begin with v=0");
    return FALSE;
  }
  return TRUE;
}

static const char *
media_or_session_attribute (const GstSDPMessage *message, const GstSDPMedia *media, const char *key)
{
  const char *value = gst_sdp_media_get_attribute_val (media, key);

  return value != NULL ? value : gst_sdp_message_get_attribute_val (message, key);
}

static gboolean
check_formats (const GstSDPMedia *media)
{
  const gboolean is_rtp = g_strcmp0 (gst_sdp_media_get_media (media), "application") != 0;

  if (gst_sdp_media_formats_len (media) == 0)
    return FALSE;

  for (guint i = 0; is_rtp && i < gst_sdp_media_formats_len (media); i++) {
    if (!g_ascii_string_to_unsigned (gst_sdp_media_get_format (media, i), 10, 0, 127, NULL, NULL))
      return FALSE;
  }
  return TRUE;
}

/* `a=rtpmap:<payload> <name>/<rate>`, as webrtcbin takes for granted. */
static gboolean
check_attributes (const GstSDPMedia *media)
{
  for (guint i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    const GstSDPAttribute *attribute = gst_sdp_media_get_attribute (media, i);
    gboolean is_rtpmap = g_strcmp0 (attribute->key, "rtpmap") == 0;

    if (is_rtpmap && (attribute->value == NULL || strchr (attribute->value, ' ') == NULL ||
                      strchr (attribute->value, '/') == NULL))
      return FALSE;
    if (g_strcmp0 (attribute->key, "mid") == 0 &&
        (attribute->value == NULL || attribute->value[0] == '\0' ||
         strpbrk (attribute->value, " \t\r\n") != NULL)) /* they are in a row in the group */
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_media (const GstSDPMessage *message, const GstSDPMedia *media, GHashTable *mids)
{
  const char *mid = gst_sdp_media_get_attribute_val (media, "mid");
  const char *ufrag = media_or_session_attribute (message, media, "ice-ufrag");
  const char *pwd = media_or_session_attribute (message, media, "ice-pwd");
  const char *fingerprint = media_or_session_attribute (message, media, "fingerprint");
  const char *setup = media_or_session_attribute (message, media, "setup");
  const char *const setups[] = { "actpass", "active", "passive", NULL };
  gboolean rejected = gst_sdp_media_get_port (media) == 0 &&
                      gst_sdp_media_get_attribute_val (media, "bundle-only") == NULL;

  if (mid == NULL || !g_hash_table_add (mids, (gpointer) mid) || !check_formats (media) ||
      !check_attributes (media))
    return FALSE;
  if (rejected)
    return TRUE;
  return ufrag != NULL && ufrag[0] != '\0' && pwd != NULL && pwd[0] != '\0' &&
         fingerprint != NULL && strchr (fingerprint, ' ') != NULL && setup != NULL &&
         g_strv_contains (setups, setup);
}

/**
 * confab_sdp_check:
 * @text: a stranger's session description
 * @error: %CONFAB_SDP_ERROR_INVALID or %CONFAB_SDP_ERROR_UNUSABLE
 *
 * Whether webrtcbin can be given this: it takes several things for granted, some under an assertion.
 *
 * Returns: %TRUE if it is a WebRTC session description of a sane size
 */
gboolean
confab_sdp_check (const char *text, GError **error)
{
  g_autoptr (GHashTable) mids = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) names = NULL;
  GstSDPMessage *message = NULL;
  gboolean usable;

  if (!check_text (text, error))
    return FALSE;
  if (gst_sdp_message_new_from_text (text, &message) != GST_SDP_OK) {
    g_set_error (error,
                 CONFAB_SDP_ERROR,
                 CONFAB_SDP_ERROR_INVALID,
                 "The session description cannot be parsed");
    return FALSE;
  }

  /* What is changed here goes by lines: both ways of reading have to see the same m-sections. */
  names = confab_sdp_list_mids (text);
  usable = gst_sdp_message_medias_len (message) > 0 &&
           gst_sdp_message_medias_len (message) <= MAX_MLINES &&
           gst_sdp_message_medias_len (message) == names->len;
  for (guint i = 0; usable && i < names->len; i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (message, i);
    usable = check_media (message, media, mids) &&
             strcmp (gst_sdp_media_get_attribute_val (media, "mid"), names->pdata[i]) == 0;
  }
  gst_sdp_message_free (message);
  if (!usable) {
    g_set_error (error,
                 CONFAB_SDP_ERROR,
                 CONFAB_SDP_ERROR_UNUSABLE,
                 "The session description lacks what WebRTC needs in an m-section");
    return FALSE;
  }
  return TRUE;
}

/* The `mid` of each m-section, in order; "" where there is none. */
GPtrArray *
confab_sdp_list_mids (const char *text)
{
  g_auto (GStrv) lines = confab_sdp_split_lines (text);
  GPtrArray *mids = g_ptr_array_new_with_free_func (g_free);
  int mline = -1;

  for (guint i = 0; lines[i] != NULL; i++) {
    const char *mid = confab_sdp_value_of (lines[i], "a=mid:");

    if (enters_media (lines[i], &mline))
      g_ptr_array_add (mids, g_strdup (""));
    else if (mid != NULL && mids->len > 0) {
      g_free (mids->pdata[mids->len - 1]);
      mids->pdata[mids->len - 1] = g_strdup (mid);
    }
  }
  return mids;
}

/**
 * confab_sdp_check_follows:
 * @text: a checked description
 * @before: the offer that it answers, or the last description of the session that it goes on with
 * @is_answer: whether it must have exactly the same m-sections, rather than at least
 * @error: %CONFAB_SDP_ERROR_MISMATCHED
 *
 * RFC 8829 section 5.10: m-sections stay where they are for the life of a session.
 *
 * Returns: %TRUE if the m-sections are those of @before
 */
gboolean
confab_sdp_check_follows (const char *text, const char *before, gboolean is_answer, GError **error)
{
  g_autoptr (GPtrArray) mids = confab_sdp_list_mids (text);
  g_autoptr (GPtrArray) old_mids = confab_sdp_list_mids (before);
  gboolean fits = is_answer ? mids->len == old_mids->len : mids->len >= old_mids->len;

  for (guint i = 0; fits && i < old_mids->len; i++)
    fits = strcmp (mids->pdata[i], old_mids->pdata[i]) == 0;
  if (!fits)
    g_set_error (error,
                 CONFAB_SDP_ERROR,
                 CONFAB_SDP_ERROR_MISMATCHED,
                 "The session description has other m-sections than the session");
  return fits;
}

/**
 * confab_sdp_find_stream_id:
 * @text: a description
 * @mid: an m-section
 *
 * `a=msid:` counts before the older `a=ssrc:… msid:`. `-` is no stream.
 *
 * Returns: (transfer full) (nullable): the id of the stream that the m-section's track belongs to
 */
char *
confab_sdp_find_stream_id (const char *text, const char *mid)
{
  g_auto (GStrv) lines = confab_sdp_split_lines (text);
  const int wanted = confab_sdp_find_mline (text, mid);
  const char *by_ssrc = NULL;
  int mline = -1;

  for (guint i = 0; wanted >= 0 && lines[i] != NULL; i++) {
    const char *msid;

    if (enters_media (lines[i], &mline) || mline != wanted)
      continue;
    msid = confab_sdp_value_of (lines[i], "a=msid:");
    if (msid != NULL)
      return first_word (msid);
    if (by_ssrc == NULL)
      by_ssrc = ssrc_msid_of (lines[i]);
  }
  return by_ssrc != NULL ? first_word (by_ssrc) : NULL;
}

/**
 * confab_sdp_get_mid:
 * @text: a description
 * @mline_index: which m-section, from 0
 *
 * Returns: (transfer full) (nullable): its `mid`
 */
char *
confab_sdp_get_mid (const char *text, int mline_index)
{
  g_autoptr (GPtrArray) mids = confab_sdp_list_mids (text);

  if (mline_index < 0 || (guint) mline_index >= mids->len)
    return NULL;
  return g_steal_pointer (&mids->pdata[mline_index]);
}

/**
 * confab_sdp_find_mline:
 * @text: a description
 * @mid: the `mid` of an m-section
 *
 * Returns: the index of that m-section, -1 when there is none
 */
int
confab_sdp_find_mline (const char *text, const char *mid)
{
  g_autoptr (GPtrArray) mids = confab_sdp_list_mids (text);

  for (guint i = 0; i < mids->len; i++) {
    if (strcmp (mids->pdata[i], mid) == 0)
      return i;
  }
  return -1;
}

/**
 * confab_sdp_find_payload:
 * @text: a description
 * @media: `audio` or `video`
 * @encoding: an encoding's name; case does not matter
 *
 * Returns: the payload type that the first such m-section with that encoding gives it, -1 when none does
 */
int
confab_sdp_find_payload (const char *text, const char *media, const char *encoding)
{
  g_auto (GStrv) lines = confab_sdp_split_lines (text);
  gboolean inside = FALSE;
  int mline = -1;

  for (guint i = 0; lines[i] != NULL; i++) {
    const char *rtpmap = confab_sdp_value_of (lines[i], "a=rtpmap:");
    g_auto (GStrv) words = NULL;
    guint64 payload;

    if (enters_media (lines[i], &mline))
      inside = is_media (lines[i], media);
    if (!inside || rtpmap == NULL)
      continue;
    words = g_strsplit_set (rtpmap, " /", 3);
    if (words[0] != NULL && words[1] != NULL && g_ascii_strcasecmp (words[1], encoding) == 0 &&
        g_ascii_string_to_unsigned (words[0], 10, 0, 127, &payload, NULL))
      return payload;
  }
  return -1;
}

/**
 * confab_sdp_get_setup:
 * @text: a description
 *
 * Returns: (transfer full) (nullable): the first `a=setup:`, that is the DTLS role
 */
char *
confab_sdp_get_setup (const char *text)
{
  g_auto (GStrv) lines = confab_sdp_split_lines (text);

  for (guint i = 0; lines[i] != NULL; i++) {
    const char *setup = confab_sdp_value_of (lines[i], "a=setup:");

    if (setup != NULL)
      return g_strdup (setup);
  }
  return NULL;
}

/**
 * confab_sdp_set_setup:
 * @text: a description
 * @setup: `actpass`, `active` or `passive`
 *
 * Returns: (transfer full): @text with that DTLS role throughout
 */
char *
confab_sdp_set_setup (const char *text, const char *setup)
{
  g_auto (GStrv) lines = confab_sdp_split_lines (text);
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; lines[i] != NULL; i++) {
    if (confab_sdp_value_of (lines[i], "a=setup:") != NULL)
      g_ptr_array_add (out, g_strconcat ("a=setup:", setup, NULL));
    else
      g_ptr_array_add (out, g_strdup (lines[i]));
  }
  return confab_sdp_join_lines (out);
}

/* One m-section, from its m= line to before @end: whether it sends, what it has of msid. */
static char *
msid_for_section (char **lines, guint begin, guint end, const char *stream_id)
{
  const gboolean is_audio = is_media (lines[begin], "audio");
  const char *by_ssrc = NULL;
  const char *track;

  if (!is_audio && !is_media (lines[begin], "video"))
    return NULL;
  for (guint i = begin; i < end; i++) {
    if (confab_sdp_value_of (lines[i], "a=msid:") != NULL || strcmp (lines[i], "a=recvonly") == 0 ||
        strcmp (lines[i], "a=inactive") == 0)
      return NULL;
    if (by_ssrc == NULL)
      by_ssrc = ssrc_msid_of (lines[i]);
  }
  track = by_ssrc != NULL ? strchr (by_ssrc, ' ') : NULL;
  if (track != NULL && track[1] != '\0')
    return g_strconcat ("a=msid:", by_ssrc, NULL);
  return g_strconcat ("a=msid:", stream_id, " ", stream_id, is_audio ? "-audio" : "-video", NULL);
}

/**
 * confab_sdp_insert_msid:
 * @text: our own description
 * @stream_id: the stream that what names none beside its SSRC belongs to
 *
 * webrtcbin writes the stream's id only beside SSRCs; browsers go by `a=msid:` (RFC 8830).
 *
 * Returns: (transfer full): @text with `a=msid:` in each sending m-section that had none
 */
char *
confab_sdp_insert_msid (const char *text, const char *stream_id)
{
  g_auto (GStrv) lines = confab_sdp_split_lines (text);
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func (g_free);
  const guint n = g_strv_length (lines);
  g_autofree char *pending = NULL;

  for (guint i = 0; i < n; i++) {
    guint end = i + 1;

    if (g_str_has_prefix (lines[i], "m=")) {
      while (end < n && !g_str_has_prefix (lines[end], "m="))
        end++;
      g_free (pending);
      pending = msid_for_section (lines, i, end, stream_id);
    } else if (pending != NULL && g_str_has_prefix (lines[i], "a=")) {
      /* RFC 8866: attributes come last, after c= and b=. */
      g_ptr_array_add (out, g_steal_pointer (&pending));
    }
    g_ptr_array_add (out, g_strdup (lines[i]));
  }
  return confab_sdp_join_lines (out);
}

/**
 * confab_sdp_insert_candidate:
 * @text: our own description
 * @mline_index: which m-section, from 0
 * @candidate: `candidate:…`
 *
 * Returns: (transfer full): @text with the candidate at the end of that m-section
 */
char *
confab_sdp_insert_candidate (const char *text, int mline_index, const char *candidate)
{
  g_auto (GStrv) lines = confab_sdp_split_lines (text);
  g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func (g_free);
  int mline = -1;

  for (guint i = 0; lines[i] != NULL; i++) {
    g_ptr_array_add (out, g_strdup (lines[i]));
    enters_media (lines[i], &mline);
    if (mline == mline_index && (lines[i + 1] == NULL || g_str_has_prefix (lines[i + 1], "m=")))
      g_ptr_array_add (out, g_strconcat ("a=", candidate, NULL));
  }
  return confab_sdp_join_lines (out);
}
