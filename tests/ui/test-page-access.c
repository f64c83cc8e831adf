/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-page-scenes.h"
#include "confab-room-notice-row.h"

/* What a screen reader is told of the pages beside a call. Runs with GTK_A11Y=test. */

#define MARKED(name) "\342\200\216\342\201\250" name "\342\201\251"
#define ISOLATED(name) "\342\201\250" name "\342\201\251"

static const ConfabShot wide = { .width = 1024, .height = 700 };

/* In place of GTK's own, which calls a function that the context of GTK_A11Y=test does not have. */
void
gtk_accessible_announce (GtkAccessible *accessible,
                         const char *message,
                         GtkAccessibleAnnouncementPriority priority)
{
}

static void
assert_text (GtkWidget *widget, GtkAccessibleProperty property, const char *text)
{
  g_autofree char *wrong = gtk_test_accessible_check_property (GTK_ACCESSIBLE (widget),
                                                               property,
                                                               text);

  g_assert_cmpstr (wrong, ==, NULL);
}

/* Each card is read as one, what is written on it not once more; each cross says what it makes go away. */
static void
test_unread (void)
{
  ConfabPageStand stand = { 0 };
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (GPtrArray) buttons = NULL;
  g_autoptr (GPtrArray) labels = NULL;

  confab_page_scene_open_by_name (&stand, "dialog-unread-many", &wide);
  rows = confab_page_stand_find_all (&stand, CONFAB_TYPE_ROOM_NOTICE_ROW);
  g_assert_cmpuint (rows->len, ==, 6);
  gtk_test_accessible_assert_role (rows->pdata[1], GTK_ACCESSIBLE_ROLE_LIST_ITEM);
  assert_text (rows->pdata[1],
               GTK_ACCESSIBLE_PROPERTY_LABEL,
               MARKED ("أمينة بن يوسف") " sends only to verified devices");
  assert_text (rows->pdata[1],
               GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
               "Their messages and reactions here cannot be read. Ask them to verify this device, "
               "“" ISOLATED (
                 "DEV1") "”, by hand, or to send to devices that are not verified, too. "
                         "Confab cannot compare emoji yet. 3 times, last: 13:58");
  buttons = confab_shot_find_all (rows->pdata[1], GTK_TYPE_BUTTON);
  g_assert_cmpuint (buttons->len, ==, 1);
  assert_text (buttons->pdata[0],
               GTK_ACCESSIBLE_PROPERTY_LABEL,
               "Close: " MARKED ("أمينة بن يوسف") " sends only to verified devices");
  labels = confab_shot_find_all (rows->pdata[1], GTK_TYPE_LABEL);
  g_assert_cmpuint (labels->len, >=, 3);
  for (guint i = 0; i < labels->len; i++) {
    if (gtk_widget_get_ancestor (labels->pdata[i], ADW_TYPE_AVATAR) == NULL)
      gtk_test_accessible_assert_role (labels->pdata[i], GTK_ACCESSIBLE_ROLE_PRESENTATION);
  }
  assert_text (gtk_widget_get_parent (rows->pdata[0]),
               GTK_ACCESSIBLE_PROPERTY_LABEL,
               "What to know of messages in this room");
  confab_page_stand_close (&stand);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  confab_shot_init ();

  g_test_add_func ("/page-access/unread", test_unread);
  return g_test_run ();
}
