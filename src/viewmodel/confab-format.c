/* SPDX-License-Identifier: GPL-3.0-or-later */

#define G_LOG_DOMAIN "confab-viewmodel"

#include "config.h"

#include "confab-format.h"

#include <glib/gi18n.h>
#include <gtk/gtk.h>

#define LRM "\342\200\216"
#define RLM "\342\200\217"

char *
confab_format_duration (gint64 seconds)
{
  seconds = MAX (0, seconds);
  if (seconds >= 3600)
    return g_strdup_printf ("%d:%02d:%02d",
                            (int) (MIN (seconds / 3600, 99999)),
                            (int) (seconds / 60 % 60),
                            (int) (seconds % 60));
  return g_strdup_printf ("%d:%02d", (int) (seconds / 60), (int) (seconds % 60));
}

char *
confab_format_name (const char *name)
{
  return g_strconcat ("\342\201\250", name != NULL ? name : "", "\342\201\251", NULL);
}

/* Pango takes the direction of a line from its first strong letter, even inside of an isolate. */
char *
confab_format_line (const char *text)
{
  return g_strconcat (gtk_widget_get_default_direction () == GTK_TEXT_DIR_RTL ? RLM : LRM,
                      text,
                      NULL);
}

char *
confab_format_moment (gint64 when, gint64 now)
{
  g_autoptr (GDateTime) then = g_date_time_new_from_unix_local (when / G_USEC_PER_SEC);
  g_autoptr (GDateTime) today = g_date_time_new_from_unix_local (now / G_USEC_PER_SEC);

  if (then == NULL || today == NULL)
    return NULL;
  if (g_date_time_get_year (then) == g_date_time_get_year (today) &&
      g_date_time_get_day_of_year (then) == g_date_time_get_day_of_year (today))
    return g_date_time_format (then, "%H:%M");
  return g_date_time_format (then, C_ ("moment of another day", "%-e %B, %H:%M"));
}

char *
confab_format_day (gint64 when, gint64 now)
{
  g_autoptr (GDateTime) day = g_date_time_new_from_unix_local (when / G_USEC_PER_SEC);
  g_autoptr (GDateTime) today = g_date_time_new_from_unix_local (now / G_USEC_PER_SEC);
  int days = 0;
  GDate a;
  GDate b;

  if (day == NULL || today == NULL) /* a server may send any number */
    return g_strdup ("");
  g_date_clear (&a, 1);
  g_date_clear (&b, 1);
  g_date_set_dmy (&a,
                  (GDateDay) g_date_time_get_day_of_month (day),
                  (GDateMonth) g_date_time_get_month (day),
                  (GDateYear) g_date_time_get_year (day));
  g_date_set_dmy (&b,
                  (GDateDay) g_date_time_get_day_of_month (today),
                  (GDateMonth) g_date_time_get_month (today),
                  (GDateYear) g_date_time_get_year (today));
  days = g_date_days_between (&a, &b);
  if (days <= 0)
    return g_strdup (C_ ("last activity", "Today"));
  if (days == 1)
    return g_strdup (C_ ("last activity", "Yesterday"));
  if (days < 7)
    return g_date_time_format (day, "%A");
  /* Translators: a day of this or another year, as in “3 November”; see strftime (3). */
  return g_date_time_format (day, C_ ("last activity", "%-e %B"));
}
