/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-grid.h"

#include "confab-grid-plan.h"

#include <adwaita.h>

G_BEGIN_DECLS

/* A child that moves: a tile of the model, or the “more” cell. */
typedef struct {
  GtkWidget *widget;
  graphene_rect_t from;
  graphene_rect_t now;
  graphene_rect_t to;
  gboolean placed;    /* `now` is where it was drawn last */
  AdwAnimation *fade; /* (nullable): it has left */
} ConfabGridPlace;

struct _ConfabGrid {
  GtkWidget parent_instance;

  GListModel *model;
  GPtrArray *places;  /* ConfabGridPlace, in the order of the model */
  GPtrArray *leaving; /* ConfabGridPlace, of who is out of the model and is still seen */
  ConfabGridPlace *more;
  GtkWidget *placeholder;
  GtkWidget *pager;
  GtkWidget *current;   /* the tile that Tab goes to; one of `places` or `more` */
  gboolean wants_focus; /* it was asked to take it before anybody could be seen */

  ConfabGridPlan *plan;
  AdwAnimation *animation;
  GtkSettings *settings;
  int width; /* of the stage when it was planned last */
  int height;
  guint page;
};

/* One of `places`, or `more`. */
ConfabGridPlace *confab_grid_get_place (ConfabGrid *self, int tile);

/* The keyboard, in a file of its own. */
void confab_grid_install_focus (GtkWidgetClass *widget_class);
/* To the tile that Tab goes to; FALSE when there is none. */
gboolean confab_grid_focus_current (ConfabGrid *self);

G_END_DECLS
