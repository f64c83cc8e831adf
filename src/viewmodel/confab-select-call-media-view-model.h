/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-room-view-model.h"

G_BEGIN_DECLS

typedef struct _ConfabMediaDevices ConfabMediaDevices;

/* How a new call asks for attention. */
typedef enum {
  CONFAB_START_QUIETLY,
  CONFAB_START_RINGING,
} ConfabStartMode;

/* What can be done about what the banner says. */
typedef enum {
  CONFAB_BANNER_ACTION_NONE,
  CONFAB_BANNER_ACTION_OPEN_SETTINGS,
  CONFAB_BANNER_ACTION_EXPLAIN,
} ConfabBannerAction;

/**
 * ConfabSelectCallMediaViewModel:
 *
 * What a person sends when they join or start a call, before they do. It opens microphone and camera, and hands what
 * is open over to the call, so that nothing is opened twice. Properties (notify): `room`, `creating`, `title`,
 * `microphone-on` and `camera-on` (writable), `gives-sound` and `gives-picture` (on, and the device works), `paintable` (the own picture, %NULL while there is none), `own-avatar`,
 * `level` (0 to 1), `level-text`, `microphone-name`, `speaker-name`, `camera-name`, `microphone-menu`,
 * `speaker-menu`, `camera-menu` (GMenuModel with the actions `media.microphone`, `media.speaker`, `media.camera`),
 * `join-label`, `join-menu`, `problem-title`, `problem-text`, `can-retry`, `banner`,
 * `banner-action` (a #ConfabBannerAction), `can-join`. Main thread only.
 *
 * Signal `joined` (GObject, a #ConfabCall): the call was told to join.
 */
#define CONFAB_TYPE_SELECT_CALL_MEDIA_VIEW_MODEL (confab_select_call_media_view_model_get_type ())
G_DECLARE_FINAL_TYPE (ConfabSelectCallMediaViewModel,
                      confab_select_call_media_view_model,
                      CONFAB,
                      SELECT_CALL_MEDIA_VIEW_MODEL,
                      GObject)

ConfabSelectCallMediaViewModel *
confab_select_call_media_view_model_new (ConfabRoomViewModel *room,
                                         ConfabMediaDevices *devices,
                                         ConfabAvatarModel *own_avatar,
                                         ConfabClock *clock) G_GNUC_WARN_UNUSED_RESULT;
void confab_select_call_media_view_model_open (ConfabSelectCallMediaViewModel *self);
ConfabRoomViewModel *
confab_select_call_media_view_model_get_room (ConfabSelectCallMediaViewModel *self);
gboolean
confab_select_call_media_view_model_get_microphone_on (ConfabSelectCallMediaViewModel *self);
gboolean confab_select_call_media_view_model_get_camera_on (ConfabSelectCallMediaViewModel *self);
const char *
confab_select_call_media_view_model_get_join_label (ConfabSelectCallMediaViewModel *self);
void confab_select_call_media_view_model_set_microphone_on (ConfabSelectCallMediaViewModel *self,
                                                            gboolean on);
void confab_select_call_media_view_model_set_camera_on (ConfabSelectCallMediaViewModel *self,
                                                        gboolean on);
void confab_select_call_media_view_model_set_mode (ConfabSelectCallMediaViewModel *self,
                                                   ConfabStartMode mode);
char *confab_select_call_media_view_model_dup_chosen (ConfabSelectCallMediaViewModel *self,
                                                      const char *kind) G_GNUC_WARN_UNUSED_RESULT;
void confab_select_call_media_view_model_choose (ConfabSelectCallMediaViewModel *self,
                                                 const char *kind,
                                                 const char *id);
void confab_select_call_media_view_model_retry (ConfabSelectCallMediaViewModel *self);
ConfabBannerAction
confab_select_call_media_view_model_get_banner_action (ConfabSelectCallMediaViewModel *self);
void confab_select_call_media_view_model_open_settings (ConfabSelectCallMediaViewModel *self);
void confab_select_call_media_view_model_join (ConfabSelectCallMediaViewModel *self);
void confab_select_call_media_view_model_close (ConfabSelectCallMediaViewModel *self);

G_END_DECLS
