/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <json-glib/json-glib.h>

#define CALL "org.matrix.msc3401.call"
#define MEMBER "org.matrix.msc3401.call.member"
#define UNSTABLE_METADATA "org.matrix.msc3077.sdp_stream_metadata"
#define LIFETIME_MS 3600000

/* A recording (data/README): entries “at”, “by”, “type”, “content”, and “to” or “key”. */
typedef struct {
  JsonObject *root;
  JsonArray *entries;
  gint64 start; /* real time of its beginning, ms */
} Transcript;

Transcript *transcript_load (const char *scenario);
void transcript_free (Transcript *self);
JsonObject *transcript_get (Transcript *self, guint i);
gboolean transcript_is_hydrogen (Transcript *self, const char *user);

/* A word and a blank for what is said with a message; NULL for candidates and for what is not ours to say. */
const char *transcript_word (const char *type, JsonObject *content);
/* The same for a member event: out of the call, in it, in it with the screen. */
const char *transcript_entry_word (JsonObject *content);
JsonObject *transcript_peek_metadata (JsonObject *content);
/* The entry of the @nth message (from 0) with that word that @by sent to @to (NULL: to whomever); NULL when there are not
 * so many. */
JsonObject *
transcript_find (Transcript *self, const char *by, const char *to, const char *word, guint nth);
