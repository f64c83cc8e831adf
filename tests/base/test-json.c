/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "confab-json.h"
#include "confab-json-mend.h"

static void
test_invalid (void)
{
  static const char *const inputs[] = {
    "", " ", "{", "{}{}", "0{}", "\"a\"{}", "0[]", "{\"a\":1,}", "[1 2]", "nul", "{\"a\"}", "\xff",
  };

  for (guint i = 0; i < G_N_ELEMENTS (inputs); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (confab_json_parse (inputs[i], -1, &error));
    g_assert_error (error, CONFAB_JSON_ERROR, CONFAB_JSON_ERROR_INVALID);
  }
}

static void
test_depth (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *deep = g_strnfill (200000, '[');
  g_autofree char *quoted = g_strdup_printf ("{\"a\\\"\":\"%s\"}", deep);
  g_autoptr (JsonObject) object = NULL;

  g_assert_null (confab_json_parse (deep, -1, &error));
  g_assert_error (error, CONFAB_JSON_ERROR, CONFAB_JSON_ERROR_INVALID);
  g_clear_error (&error);

  object = confab_json_parse_object (quoted, -1, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (strlen (confab_json_peek_string (object, "a\"")), ==, 200000);
}

/* What somebody writes does not keep what stands beside it from being read. */
static void
test_mended (void)
{
  static const struct {
    const char *text;
    const char *expected;
  } cases[] = {
    { "[1,1e999,2]", "[1,null,2]" },
    { "[-1E400]", "[null]" },
    { "[1e308,-0.5e-5,9007199254740991]", "[1e308,-0.5e-5,9007199254740991]" },
    { "[NaN,Infinity,-Infinity,true,false,null,nul]", "[null,null,null,true,false,null,nul]" },
    /* As JSON-GLib writes what it has read of the first ones: stores of older builds hold it. */
    { "{\"a\":inf.0,\"b\":-inf.0,\"c\":[nan.0,-nan.0],\"d\":\"inf.0\"}",
      "{\"a\":null,\"b\":null,\"c\":[null,null],\"d\":\"inf.0\"}" },
    { "[inf.1,-inf,nan]", "[inf.1,-inf,nan]" },
    { "{\"a\":\"\\ud83d\\ude00\",\"b\":\"\\\\ud800\"}",
      "{\"a\":\"\\ud83d\\ude00\",\"b\":\"\\\\ud800\"}" },
    { "{\"a\":\"x\\ud800y\",\"b\":\"\\udc00\"}",
      "{\"a\":\"x\xef\xbf\xbdy\",\"b\":\"\xef\xbf\xbd\"}" },
    { "[\"\\ud800\\ud800\\udc00\"]", "[\"\xef\xbf\xbd\\ud800\\udc00\"]" },
    { "{\"a\\u0000b\":\"\\u0000\"}",
      "{\"a\xef\xbf\xbd"
      "b\":\"\xef\xbf\xbd\"}" },
    { "[\"1e999 NaN [ \\\" {\"]", "[\"1e999 NaN [ \\\" {\"]" },
    { "[\"\\ud8", "[\"\\ud8" },
    { "[\"\\", "[\"\\" },
    { "[1e", "[1e" },
  };
  g_autofree char *digits = g_strnfill (400, '9');
  g_autofree char *many = g_strdup_printf ("[%s,1]", digits);
  g_autofree char *open = g_strnfill (CONFAB_JSON_MAX_DEPTH, '[');
  g_autofree char *close = g_strnfill (CONFAB_JSON_MAX_DEPTH, ']');
  g_autofree char *just = g_strconcat (open, close, NULL);
  g_autofree char *deep = g_strconcat (
    open, "[{\"]\":\"}\\\"]\"},[[]]],{},\"x\",[", close, "]", NULL);
  g_autofree char *flat = g_strconcat (open, "null,null,\"x\",null", close, NULL);
  GString *mended;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    mended = confab_json_mend (cases[i].text, strlen (cases[i].text));
    g_assert_cmpstr (mended != NULL ? mended->str : cases[i].text, ==, cases[i].expected);
    g_assert_true ((mended == NULL) == g_str_equal (cases[i].text, cases[i].expected));
    if (mended != NULL)
      g_string_free (mended, TRUE);
  }
  g_assert_null (confab_json_mend (just, strlen (just)));
  mended = confab_json_mend (deep, strlen (deep));
  g_assert_cmpstr (mended->str, ==, flat);
  g_string_free (mended, TRUE);
  mended = confab_json_mend (many, strlen (many));
  g_assert_cmpstr (mended->str, ==, "[null,1]");
  g_string_free (mended, TRUE);
}

/* As an empty GBytes gives it; found by a fuzzer. */
static void
test_nothing (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (confab_json_parse (NULL, 0, &error));
  g_assert_error (error, CONFAB_JSON_ERROR, CONFAB_JSON_ERROR_INVALID);
}

static void
test_read (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = confab_json_parse_object (
    "{\"s\":\"x\",\"i\":3,\"d\":3600000.0,\"h\":0.5,\"b\":true,\"n\":null,"
    "\"o\":{},\"a\":[\"p\",\"q\"],\"m\":[\"p\",1],\"big\":1e300}",
    -1,
    &error);
  const char *text = NULL;
  gint64 number = 7;
  g_auto (GStrv) strings = NULL;

  g_assert_no_error (error);
  g_assert_true (confab_json_get_string (object, "s", &text, &error));
  g_assert_cmpstr (text, ==, "x");
  g_assert_true (confab_json_get_int (object, "d", &number, &error));
  g_assert_cmpint (number, ==, 3600000);
  g_assert_false (confab_json_get_int (object, "h", &number, &error));
  g_assert_error (error, CONFAB_JSON_ERROR, CONFAB_JSON_ERROR_WRONG_TYPE);
  g_clear_error (&error);
  g_assert_cmpint (number, ==, 3600000);
  g_assert_false (confab_json_get_int (object, "big", &number, NULL));
  g_assert_false (confab_json_get_string (object, "none", &text, &error));
  g_assert_error (error, CONFAB_JSON_ERROR, CONFAB_JSON_ERROR_MISSING);
  g_clear_error (&error);
  g_assert_true (confab_json_get_strv (object, "a", &strings, &error));
  g_assert_cmpuint (g_strv_length (strings), ==, 2);
  g_assert_false (confab_json_get_strv (object, "m", &strings, &error));
  g_assert_error (error, CONFAB_JSON_ERROR, CONFAB_JSON_ERROR_WRONG_TYPE);
  g_assert_cmpint (confab_json_peek_int (object, "s", -1), ==, -1);
  g_assert_true (confab_json_peek_boolean (object, "b", FALSE));
  g_assert_true (confab_json_peek_boolean (object, "n", TRUE));
  g_assert_cmpfloat (confab_json_peek_double (object, "h", 0), ==, 0.5);
  g_assert_nonnull (confab_json_peek_object (object, "o"));
  g_assert_null (confab_json_peek_array (object, "o"));
  g_assert_null (confab_json_peek_object (NULL, "o"));
}

/* Pairs of the specification's appendix “Canonical JSON”, “Examples”. */
static void
test_canonical (void)
{
  static const struct {
    const char *in;
    const char *out;
  } pairs[] = {
    { "{}", "{}" },
    { "{ \"one\": 1, \"two\": \"Two\" }", "{\"one\":1,\"two\":\"Two\"}" },
    { "{ \"b\": \"2\", \"a\": \"1\" }", "{\"a\":\"1\",\"b\":\"2\"}" },
    { "{\"a\": \"日本語\"}", "{\"a\":\"日本語\"}" },
    { "{\"本\": 2, \"日\": 1}", "{\"日\":1,\"本\":2}" },
    { "{\"a\": \"\\u65E5\"}", "{\"a\":\"日\"}" },
    { "{\"a\": null}", "{\"a\":null}" },
    { "{\"a\":[true,{\"y\":-0,\"x\":\"\\n\\u0001\\/\\\"\"}]}",
      "{\"a\":[true,{\"x\":\"\\n\\u0001/\\\"\",\"y\":0}]}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (JsonObject) object = confab_json_parse_object (pairs[i].in, -1, &error);
    g_autofree char *canonical = NULL;
    g_assert_no_error (error);
    canonical = confab_json_to_canonical (object, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (canonical, ==, pairs[i].out);
  }
}

static void
test_canonical_refused (void)
{
  static const char *const inputs[] = {
    "{\"a\":1.5}",
    "{\"a\":[9007199254740992]}",
    "{\"a\":[-9007199254740992]}",
    "{\"a\":-9223372036854775808}", /* which has no counterpart above 0 */
  };

  for (guint i = 0; i < G_N_ELEMENTS (inputs); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (JsonObject) object = confab_json_parse_object (inputs[i], -1, NULL);
    g_assert_null (confab_json_to_canonical (object, &error));
    g_assert_error (error, CONFAB_JSON_ERROR, CONFAB_JSON_ERROR_WRONG_TYPE);
  }
}

static void
test_copy (void)
{
  g_autoptr (JsonObject) object = confab_json_parse_object ("{\"a\":{\"b\":[1,{\"c\":2}]}}", -1, NULL);
  g_autoptr (JsonObject) copy = confab_json_copy_object (object);
  g_autofree char *text = NULL;

  json_object_set_int_member (confab_json_peek_object (copy, "a"), "d", 3);
  text = confab_json_to_string (copy);
  g_assert_cmpstr (text, ==, "{\"a\":{\"b\":[1,{\"c\":2}],\"d\":3}}");
  g_assert_false (json_object_has_member (confab_json_peek_object (object, "a"), "d"));
}

static void
test_wipe (void)
{
  g_autoptr (JsonObject) object = confab_json_parse_object ("{\"key\":\"secret\",\"n\":7}", -1, NULL);
  const char *text = confab_json_peek_string (object, "key");
  const char nothing[] = { 0, 0, 0, 0, 0, 0 };

  g_assert_cmpstr (text, ==, "secret");
  confab_json_wipe_string (object, "key");
  g_assert_cmpmem (text, strlen ("secret"), nothing, sizeof nothing);
  confab_json_wipe_string (object, "n");
  confab_json_wipe_string (object, "missing");
  g_assert_cmpint (confab_json_peek_int (object, "n", 0), ==, 7);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/invalid", test_invalid);
  g_test_add_func ("/json/nothing", test_nothing);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/mended", test_mended);
  g_test_add_func ("/json/read", test_read);
  g_test_add_func ("/json/wipe", test_wipe);
  g_test_add_func ("/json/canonical", test_canonical);
  g_test_add_func ("/json/canonical-refused", test_canonical_refused);
  g_test_add_func ("/json/copy", test_copy);
  return g_test_run ();
}
