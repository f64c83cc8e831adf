/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-shot-pages.h"

#include "confab-page-scenes.h"

static void
shoot (const char *folder,
       const char *const *names,
       const ConfabPageScene *scene,
       const char *variant,
       const ConfabShot *shot)
{
  g_autofree char *name = g_strdup_printf (
    "%s-%dx%d-%s", scene->name, shot->width, shot->height, variant);
  ConfabPageStand stand = { 0 };

  if (!confab_shot_is_wanted (name, names))
    return;
  confab_page_scene_open (&stand, scene, shot);
  confab_shot_save (stand.window, shot, folder, name);
  confab_page_stand_close (&stand);
}

void
confab_shot_pages (const char *folder, const char *const *names)
{
  static const int sizes[][2] = { { 360, 640 }, { 1024, 700 }, { 1920, 1080 } };

  guint n_scenes = 0;
  const ConfabPageScene *scenes = confab_page_scenes_get (&n_scenes);

  for (guint i = 0; i < n_scenes; i++) {
    for (guint s = 0; s < G_N_ELEMENTS (sizes); s++) {
      ConfabShot shot = { .width = sizes[s][0], .height = sizes[s][1] };

      shoot (folder, names, &scenes[i], "light", &shot);
      shot.dark = TRUE;
      shoot (folder, names, &scenes[i], "dark", &shot);
    }
    if (scenes[i].special) {
      ConfabShot small = { .width = 360, .height = 294 };

      shoot (folder, names, &scenes[i], "small", &small);
      for (guint s = 0; s < 2; s++) {
        ConfabShot large = { .width = sizes[s][0], .height = sizes[s][1], .text_scale = 2 };
        ConfabShot rtl = { .width = sizes[s][0], .height = sizes[s][1], .rtl = TRUE };

        shoot (folder, names, &scenes[i], "large-text", &large);
        shoot (folder, names, &scenes[i], "rtl", &rtl);
      }
    }
  }
}

void
confab_shot_pages_in_high_contrast (const char *folder, const char *const *names)
{
  static const int sizes[][2] = { { 360, 640 }, { 1024, 700 } };
  guint n_scenes = 0;
  const ConfabPageScene *scenes = confab_page_scenes_get (&n_scenes);

  for (guint i = 0; i < n_scenes; i++) {
    for (guint s = 0; scenes[i].special && s < G_N_ELEMENTS (sizes); s++) {
      ConfabShot shot = { .width = sizes[s][0], .height = sizes[s][1] };

      shoot (folder, names, &scenes[i], "high-contrast-light", &shot);
      shot.dark = TRUE;
      shoot (folder, names, &scenes[i], "high-contrast-dark", &shot);
    }
  }
}
