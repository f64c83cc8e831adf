/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-shot-helper.h"

#define SETTLE_FRAMES 4

static void
collect (GtkWidget *root, GType type, GPtrArray *found)
{
  if (!gtk_widget_get_mapped (root))
    return;
  if (g_type_is_a (G_OBJECT_TYPE (root), type))
    g_ptr_array_add (found, root);
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    collect (child, type, found);
}

GPtrArray *
confab_shot_find_all (GtkWidget *root, GType type)
{
  GPtrArray *found = g_ptr_array_new ();

  collect (root, type, found);
  return found;
}

gboolean
confab_shot_is_wanted (const char *name, const char *const *names)
{
  for (guint i = 0; names != NULL && names[i] != NULL; i++) {
    if (g_str_has_prefix (name, names[i]))
      return TRUE;
  }
  return names == NULL || names[0] == NULL;
}

/* AdwApplication would do it. */
static void
load_style (const char *path)
{
  g_autoptr (GtkCssProvider) css = gtk_css_provider_new ();

  gtk_css_provider_load_from_resource (css, path);
  gtk_style_context_add_provider_for_display (gdk_display_get_default (),
                                              GTK_STYLE_PROVIDER (css),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

void
confab_shot_init (void)
{
  g_autofree char *path = g_strconcat (TEST_PROGRAMS, ":", g_getenv ("PATH"), NULL);

  g_setenv ("PATH", path, TRUE); /* before there are threads */
  adw_init ();
  g_object_set (gtk_settings_get_default (),
                "gtk-enable-animations",
                FALSE,
                "gtk-cursor-blink",
                FALSE,
                "gtk-font-name",
                "Cantarell 11",
                "gtk-hint-font-metrics",
                FALSE,
                NULL);
  load_style ("/app/confab/Confab/style.css");
  if (adw_style_manager_get_high_contrast (adw_style_manager_get_default ()))
    load_style ("/app/confab/Confab/style-hc.css");
}

void
confab_shot_prepare (const ConfabShot *shot)
{
  double text_scale = shot->text_scale > 0 ? shot->text_scale : 1;

  g_object_set (gtk_settings_get_default (), "gtk-xft-dpi", (int) (text_scale * 96 * 1024), NULL);
  gtk_widget_set_default_direction (shot->rtl ? GTK_TEXT_DIR_RTL : GTK_TEXT_DIR_LTR);
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (),
                                      shot->dark ? ADW_COLOR_SCHEME_FORCE_DARK
                                                 : ADW_COLOR_SCHEME_FORCE_LIGHT);
}

static void
painted_cb (GdkFrameClock *clock, guint *n_painted)
{
  (*n_painted)++;
}

void
confab_shot_frames (GtkWindow *window, guint n)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (GTK_WIDGET (window));
  guint n_painted = 0;
  gulong handler = g_signal_connect (clock, "after-paint", G_CALLBACK (painted_cb), &n_painted);

  while (n_painted < n) {
    gdk_frame_clock_request_phase (clock, GDK_FRAME_CLOCK_PHASE_PAINT);
    g_main_context_iteration (NULL, TRUE);
  }
  g_signal_handler_disconnect (clock, handler);
}

void
confab_shot_present (GtkWindow *window, const ConfabShot *shot)
{
  gtk_window_set_default_size (window, shot->width, shot->height);
  gtk_window_present (window);
  while (!shot->any_size && (gtk_widget_get_width (GTK_WIDGET (window)) != shot->width ||
                             gtk_widget_get_height (GTK_WIDGET (window)) != shot->height))
    g_main_context_iteration (NULL, TRUE);
  confab_shot_frames (window, SETTLE_FRAMES);
}

static void
append_widget (GtkSnapshot *snapshot, GtkWidget *widget)
{
  g_autoptr (GdkPaintable) live = gtk_widget_paintable_new (widget);
  g_autoptr (GdkPaintable) image = gdk_paintable_get_current_image (live);

  gdk_paintable_snapshot (image,
                          snapshot,
                          gtk_widget_get_width (widget),
                          gtk_widget_get_height (widget));
}

/*
 * A popover is a surface of its own: it is drawn on top, where it stands. Surfaces begin outside of what is drawn by as
 * much as their shadows take.
 */
static void
append_popovers (GtkSnapshot *snapshot, GtkWidget *widget)
{
  GtkNative *parent = gtk_widget_get_native (widget);

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child)) {
    if (GTK_IS_POPOVER (child) && gtk_widget_get_mapped (child)) {
      GdkPopup *popup = GDK_POPUP (gtk_native_get_surface (GTK_NATIVE (child)));
      double parent_x = 0;
      double parent_y = 0;
      double x = 0;
      double y = 0;

      gtk_native_get_surface_transform (parent, &parent_x, &parent_y);
      gtk_native_get_surface_transform (GTK_NATIVE (child), &x, &y);
      gtk_snapshot_save (snapshot);
      gtk_snapshot_translate (
        snapshot,
        &GRAPHENE_POINT_INIT ((float) (gdk_popup_get_position_x (popup) + x - parent_x),
                              (float) (gdk_popup_get_position_y (popup) + y - parent_y)));
      append_widget (snapshot, child);
      gtk_snapshot_restore (snapshot);
    }
    append_popovers (snapshot, child);
  }
}

static void
find_spinners (GtkWidget *widget, GPtrArray *spinners)
{
  if (ADW_IS_SPINNER (widget) && gtk_widget_get_mapped (widget))
    g_ptr_array_add (spinners, widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    find_spinners (child, spinners);
}

/* A spinner is never twice the same, also without animations: three quarters of a circle stand in its place. */
static void
append_spinner (GtkSnapshot *snapshot, GtkWidget *spinner, GtkWindow *window)
{
  g_autoptr (GskPathBuilder) builder = gsk_path_builder_new ();
  g_autoptr (GskPath) path = NULL;
  g_autoptr (GskStroke) stroke = NULL;
  graphene_rect_t bounds;
  graphene_point_t middle;
  GdkRGBA color;
  float radius;

  g_assert_true (gtk_widget_compute_bounds (spinner, GTK_WIDGET (window), &bounds));
  graphene_rect_get_center (&bounds, &middle);
  radius = MIN (bounds.size.width, bounds.size.height) * 0.4f;
  gsk_path_builder_move_to (builder, middle.x, middle.y - radius);
  gsk_path_builder_svg_arc_to (builder, radius, radius, 0, TRUE, TRUE, middle.x - radius, middle.y);
  path = gsk_path_builder_free_to_path (g_steal_pointer (&builder));
  stroke = gsk_stroke_new (radius * 0.3f);
  gtk_widget_get_color (spinner, &color);
  color.alpha *= 0.6f;
  gtk_snapshot_append_stroke (snapshot, path, stroke, &color);
}

void
confab_shot_save (GtkWindow *window, const ConfabShot *shot, const char *folder, const char *name)
{
  int scale = MAX (shot->scale, 1);
  g_autoptr (GtkSnapshot) snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;
  g_autoptr (GdkTexture) texture = NULL;
  g_autofree char *file_name = g_strconcat (name, ".png", NULL);
  g_autofree char *path = g_build_filename (folder, file_name, NULL);
  g_autoptr (GPtrArray) spinners = g_ptr_array_new ();

  find_spinners (GTK_WIDGET (window), spinners);
  for (guint i = 0; i < spinners->len; i++)
    gtk_widget_set_opacity (spinners->pdata[i], 0);
  confab_shot_frames (window, SETTLE_FRAMES);
  gtk_snapshot_scale (snapshot, (float) scale, (float) scale);
  append_widget (snapshot, GTK_WIDGET (window));
  for (guint i = 0; i < spinners->len; i++)
    append_spinner (snapshot, spinners->pdata[i], window);
  append_popovers (snapshot, GTK_WIDGET (window));
  node = gtk_snapshot_free_to_node (g_steal_pointer (&snapshot));
  g_assert_nonnull (node);
  texture = gsk_renderer_render_texture (
    gtk_native_get_renderer (GTK_NATIVE (window)),
    node,
    &GRAPHENE_RECT_INIT (0, 0, (float) (shot->width * scale), (float) (shot->height * scale)));
  if (!gdk_texture_save_to_png (texture, path))
    g_error ("Cannot write %s", path);
}
