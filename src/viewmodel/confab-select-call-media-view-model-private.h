/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-select-call-media-view-model.h"

#include "confab-device-menu.h"
#include "confab-media-preview.h"

G_BEGIN_DECLS

#define CONFAB_SELECT_N_KINDS 3

typedef enum {
  CONFAB_SELECT_PROP_ROOM = 1,
  CONFAB_SELECT_PROP_CREATING,
  CONFAB_SELECT_PROP_TITLE,
  CONFAB_SELECT_PROP_MICROPHONE_ON,
  CONFAB_SELECT_PROP_CAMERA_ON,
  CONFAB_SELECT_PROP_GIVES_SOUND,
  CONFAB_SELECT_PROP_GIVES_PICTURE,
  CONFAB_SELECT_PROP_PAINTABLE,
  CONFAB_SELECT_PROP_OWN_AVATAR,
  CONFAB_SELECT_PROP_LEVEL,
  CONFAB_SELECT_PROP_LEVEL_TEXT,
  CONFAB_SELECT_PROP_MICROPHONE_NAME, /* three names, three menus: in the order of ConfabDeviceKind */
  CONFAB_SELECT_PROP_SPEAKER_NAME,
  CONFAB_SELECT_PROP_CAMERA_NAME,
  CONFAB_SELECT_PROP_MICROPHONE_MENU,
  CONFAB_SELECT_PROP_SPEAKER_MENU,
  CONFAB_SELECT_PROP_CAMERA_MENU,
  CONFAB_SELECT_PROP_JOIN_LABEL,
  CONFAB_SELECT_PROP_JOIN_MENU,
  CONFAB_SELECT_PROP_PROBLEM_TITLE,
  CONFAB_SELECT_PROP_PROBLEM_TEXT,
  CONFAB_SELECT_PROP_CAN_RETRY,
  CONFAB_SELECT_PROP_BANNER,
  CONFAB_SELECT_PROP_BANNER_ACTION,
  CONFAB_SELECT_PROP_CAN_JOIN,
  CONFAB_SELECT_N_PROPS,
} ConfabSelectProperty;

struct _ConfabSelectCallMediaViewModel {
  GObject parent_instance;

  ConfabRoomViewModel *room;
  ConfabMediaDevices *devices;
  ConfabAvatarModel *own_avatar; /* (nullable) */
  GSettings *settings;           /* (nullable) */
  ConfabMediaPreview *preview;
  ConfabDeviceMenu *menus[CONFAB_SELECT_N_KINDS];
  GMenu *join_menu;
  ConfabStartMode mode;
  gboolean creating;
  gboolean sound_only; /* a person wants the new call to be one of voices */
};

void confab_select_call_media_view_model_notify (ConfabSelectCallMediaViewModel *self,
                                                 ConfabSelectProperty property);
/* ::joined, of a #ConfabCall. */
void confab_select_call_media_view_model_emit_joined (ConfabSelectCallMediaViewModel *self,
                                                      GObject *call);

G_END_DECLS
