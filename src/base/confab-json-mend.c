/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-json-mend.h"

#include "confab-json.h"

#include <math.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define MAX_NUMBER 1024            /* characters; JSON-GLib has no limit */

typedef struct {
  const char *data;
  gsize length;
  gsize at;      /* here it is read */
  gsize copied;  /* up to here it is in @text, or was left out */
  GString *text; /* (nullable): NULL as long as nothing was mended */
  guint depth;
} Mender;

/* What lies between @start and @at is to be @instead. */
static void
replace (Mender *self, gsize start, const char *instead)
{
  if (self->text == NULL)
    self->text = g_string_sized_new (self->length);
  g_string_append_len (self->text, self->data + self->copied, start - self->copied);
  g_string_append (self->text, instead);
  self->copied = self->at;
}

/* The code unit of an escape that begins at @at, or -1. */
static int
read_escape (Mender *self, gsize at)
{
  int unit = 0;

  if (at + 6 > self->length || self->data[at] != '\\' || self->data[at + 1] != 'u')
    return -1;
  for (guint i = 2; i < 6; i++) {
    int digit = g_ascii_xdigit_value (self->data[at + i]);
    if (digit < 0)
      return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

static void
take_escape (Mender *self)
{
  gsize start = self->at;
  int unit = read_escape (self, start);
  gboolean high = unit >= 0xd800 && unit < 0xdc00;
  int low = high ? read_escape (self, start + 6) : -1;

  self->at = MIN (start + (unit >= 0 ? 6 : 2), self->length);
  if (low >= 0xdc00 && low < 0xe000)
    self->at += 6;
  else if (unit == 0 || (unit >= 0xd800 && unit < 0xe000))
    replace (self, start, REPLACEMENT);
}

/* @at is behind the quotation mark. */
static void
take_string (Mender *self)
{
  while (self->at < self->length) {
    char c = self->data[self->at];
    if (c == '\\') {
      take_escape (self);
      continue;
    }
    self->at++;
    if (c == '"')
      return;
  }
}

/* @at is behind the bracket of what is too deep: goes on behind the one that closes it. */
static void
skip (Mender *self)
{
  guint depth = 1;

  while (self->at < self->length && depth > 0) {
    char c = self->data[self->at++];
    if (c == '"') {
      while (self->at < self->length && self->data[self->at] != '"')
        self->at = MIN (self->at + (self->data[self->at] == '\\' ? 2 : 1), self->length);
      self->at = MIN (self->at + 1, self->length);
    } else if (c == '{' || c == '[') {
      depth++;
    } else if (c == '}' || c == ']') {
      depth--;
    }
  }
}

static gboolean
is_word (char c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '+' || c == '.';
}

/* As Python writes them, and other languages; and as JSON-GLib does, which reads none of them: before there was a mender that
 * went into stores. */
static gboolean
is_no_number (const char *word, gsize length)
{
  static const char *const words[] = {
    "NaN", "Infinity", "-Infinity", "nan.0", "-nan.0", "inf.0", "-inf.0",
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    if (length == strlen (words[i]) && strncmp (word, words[i], length) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_sound (const char *word, gsize length)
{
  char number[MAX_NUMBER + 1];

  if (*word == '-' ? length > 1 && g_ascii_isalpha (word[1]) : g_ascii_isalpha (*word))
    return !is_no_number (word, length);
  if (length < 300 && memchr (word, 'e', length) == NULL && memchr (word, 'E', length) == NULL)
    return TRUE; /* the largest double has more digits */
  if (length > MAX_NUMBER)
    return FALSE;
  memcpy (number, word, length);
  number[length] = '\0';
  return isfinite (g_ascii_strtod (number, NULL));
}

static void
take_word (Mender *self)
{
  gsize start = self->at;

  while (self->at < self->length && is_word (self->data[self->at]))
    self->at++;
  if (!is_sound (self->data + start, self->at - start))
    replace (self, start, "null");
}

GString *
confab_json_mend (const char *data, gsize length)
{
  Mender self = { .data = data, .length = length };

  while (self.at < length) {
    gsize start = self.at;
    char c = data[start];

    if (is_word (c)) {
      take_word (&self);
      continue;
    }
    self.at++;
    if (c == '"') {
      take_string (&self);
    } else if (c == '{' || c == '[') {
      if (self.depth < CONFAB_JSON_MAX_DEPTH) {
        self.depth++;
      } else {
        skip (&self);
        replace (&self, start, "null");
      }
    } else if ((c == '}' || c == ']') && self.depth > 0) {
      self.depth--;
    }
  }
  if (self.text != NULL)
    g_string_append_len (self.text, data + self.copied, length - self.copied);
  return self.text;
}
