/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "confab-bot-command.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

/* Whatever the line: a command or an error, never both, and an error of our own. */
int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autoptr (ConfabBotCommand) command = confab_bot_command_parse ((const char *) data, size);

  if (command->error != NULL)
    g_assert_true (command->error->domain == CONFAB_BOT_ERROR);
  else
    g_assert_true (command->arguments != NULL && command->name != NULL);
  return 0;
}
