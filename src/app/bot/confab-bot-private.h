/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-bot-command.h"
#include "confab-bot-input.h"
#include "confab-bot-output.h"
#include "confab-bot-watch.h"
#include "confab-bot-wire.h"
#include "confab-bot.h"
#include "confab-call-timing.h"
#include "confab-media-engine.h"
#include "confab-session.h"

G_BEGIN_DECLS

struct _ConfabBot {
  GObject parent_instance;

  ConfabBotOptions *options;
  ConfabBotInput *input;
  ConfabBotOutput *output;
  ConfabBotWire *wire;
  ConfabClock *clock;
  char *dir;
  gboolean temporary; /* dir is ours to delete */

  ConfabSession *session;
  ConfabMediaEngine *engine;
  ConfabBotWatch *watch; /* (nullable) */

  ConfabCall *call;         /* (nullable): the one joined last */
  ConfabCallTiming *timing; /* (nullable): of that call */
  ConfabCall *created;      /* (nullable): the one created last */
  GError *call_error;       /* (nullable): what went wrong since the last command about a call */

  DexPromise *
    stop; /* a promise: unlike a DexCancellable or a DexTimeout it outlives whoever waited for it */
  gboolean stopping;
  guint ignores_stop; /* while it leaves, it waits stop or not */
  DexPromise *pulse;  /* (nullable): resolves when anything changes */
  GError *fatal;      /* (nullable) */
  guint alarm;        /* a timeout, 0 none */
  guint sample;       /* a timeout, 0 none */
  gboolean quit;

  GQueue lines; /* GBytes: read, and not yet obeyed */
  DexFuture *reading;
  gboolean input_ended;
  gboolean ready;
  guint grace; /* a timeout, 0 none */
};

/* What follows waits: only on a fiber. Each fails with G_IO_ERROR_CANCELLED when the bot is to stop. */

/* Waits for @work (transfer full) as dex_await(). */
gboolean confab_bot_await (ConfabBot *self, DexFuture *work, GError **error);
/* A future that @work (transfer full) decides, or the stop. */
DexFuture *confab_bot_until_stop (ConfabBot *self, DexFuture *work) G_GNUC_WARN_UNUSED_RESULT;
/* Waits until anything changes, or may have; CONFAB_BOT_ERROR_TIMEOUT when @deadline (µs) is over. */
#define CONFAB_BOT_NEVER G_MAXINT64
gint64 confab_bot_get_deadline (ConfabBot *self, gint64 timeout_ms);
gboolean confab_bot_await_change (ConfabBot *self, gint64 deadline, GError **error);
void confab_bot_pulse (ConfabBot *self);

/* Runs @func in the main loop, outside of any fiber, whose stack is too small for pipelines. */
typedef void (*ConfabBotMainFunc) (ConfabBot *self, gpointer data);
void confab_bot_await_in_main (ConfabBot *self, ConfabBotMainFunc func, gpointer data);

/* The start; see confab-bot-start.c. Signed in, with its rooms, and whoever reads its output told of it. */
gboolean confab_bot_await_ready (ConfabBot *self, GError **error);
/* Into the call of --join, if there is one. */
gboolean confab_bot_await_first_join (ConfabBot *self, GError **error);
gboolean confab_bot_is_logged_out (ConfabBot *self);

/* The result of a command, or NULL and an error. */
JsonNode *
confab_bot_await_command (ConfabBot *self, const ConfabBotCommand *command, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/* Commands about calls; see confab-bot-calls.c. */
JsonNode *confab_bot_await_create_call (ConfabBot *self, JsonObject *arguments, GError **error);
JsonNode *confab_bot_await_join_call (ConfabBot *self, JsonObject *arguments, GError **error);
JsonNode *confab_bot_await_leave (ConfabBot *self, JsonObject *arguments, GError **error);
JsonNode *confab_bot_await_terminate (ConfabBot *self, JsonObject *arguments, GError **error);
JsonNode *confab_bot_await_decline (ConfabBot *self, JsonObject *arguments, GError **error);
JsonNode *confab_bot_await_screen (ConfabBot *self, JsonObject *arguments, GError **error);
JsonNode *confab_bot_await_mute (ConfabBot *self, JsonObject *arguments, GError **error);
/* Leaves whatever call there is, stop or not, and forgets it. */
void confab_bot_await_out_of_call (ConfabBot *self);
/* The call that this device is in; NULL and CONFAB_BOT_ERROR_NO_CALL when it is in none. */
ConfabCall *confab_bot_get_call (ConfabBot *self, GError **error);

/* Commands that look; see confab-bot-look.c. */
JsonNode *confab_bot_await_members (ConfabBot *self, JsonObject *arguments, GError **error);
JsonNode *confab_bot_await_stats (ConfabBot *self, JsonObject *arguments, GError **error);
JsonNode *confab_bot_await_tracks (ConfabBot *self, JsonObject *arguments, GError **error);
JsonNode *confab_bot_await_wait_media (ConfabBot *self, JsonObject *arguments, GError **error);
JsonNode *confab_bot_await_wire (ConfabBot *self, JsonObject *arguments, GError **error);

G_END_DECLS
