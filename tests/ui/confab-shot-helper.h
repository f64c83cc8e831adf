/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* How a picture is taken. */
typedef struct {
  int width; /* application px */
  int height;
  int scale;         /* 0 is 1 */
  double text_scale; /* 0 is 1 */
  gboolean dark;
  gboolean rtl;
  gboolean any_size; /* an X server without a window manager takes some pixels off */
} ConfabShot;

/* (transfer container): every mapped widget of @type at and under @root, in the order of the tree. */
GPtrArray *confab_shot_find_all (GtkWidget *root, GType type) G_GNUC_WARN_UNUSED_RESULT;
/* Whether @name begins with one of @names; with no names everything is wanted. */
gboolean confab_shot_is_wanted (const char *name, const char *const *names);
/* Before any window: font, no animations, no blinking, the style sheet. Needs a display. */
void confab_shot_init (void);
/* Makes the settings of @shot those of widgets that are made from now on. */
void confab_shot_prepare (const ConfabShot *shot);
/* Presents @window and waits until it has the size of @shot and is drawn. */
void confab_shot_present (GtkWindow *window, const ConfabShot *shot);
/* Lets @n frames be drawn. */
void confab_shot_frames (GtkWindow *window, guint n);
/* Draws what @window shows, with the popovers on it, into FOLDER/NAME.png. */
void
confab_shot_save (GtkWindow *window, const ConfabShot *shot, const char *folder, const char *name);

G_END_DECLS
