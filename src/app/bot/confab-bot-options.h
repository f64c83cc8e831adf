/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  CONFAB_BOT_MEDIA_TEST,    /* a picture and a tone of the user's own */
  CONFAB_BOT_MEDIA_DEVICES, /* camera and microphone */
  CONFAB_BOT_MEDIA_NONE,    /* silence, no picture */
} ConfabBotMedia;

/**
 * ConfabBotOptions:
 * @homeserver: its name or URL
 * @user: full id or localpart
 * @password: (nullable): wiped when it is freed
 * @store: (nullable): the folder to keep things in
 * @media: what to send
 * @width: of the test picture, px
 * @height: of the test picture, px
 * @fps: of the test picture
 * @device_name: what a new device is called
 * @test_picture: (nullable): path of the YUV4MPEG2 file that is the camera
 * @join_room: (nullable): the room whose call to join first
 * @join_call: (nullable): the call in it
 * @duration_ms: when to end by itself, 0 never
 * @script: (nullable): lines to run before standard input's
 *
 * What a bot is told on its command line.
 */
typedef struct {
  char *homeserver;
  char *user;
  char *password;
  char *store;
  ConfabBotMedia media;
  guint width;
  guint height;
  guint fps;
  char *device_name;
  char *test_picture;
  char *join_room;
  char *join_call;
  guint duration_ms;
  GBytes *script;
} ConfabBotOptions;

ConfabBotOptions *confab_bot_options_new (char ***arguments, const char *password, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;
void confab_bot_options_free (ConfabBotOptions *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfabBotOptions, confab_bot_options_free)

gboolean confab_bot_options_parse_video (const char *text, guint *width, guint *height, guint *fps);

G_END_DECLS
