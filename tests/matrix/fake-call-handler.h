/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "confab-call-handler.h"

/* Stands in for the call room's handler: writes down what it is told, one line a call. */
const char *fake_call_handler_get_log (ConfabCallHandler *self);

/* Hears of each line as well. */
extern void (*fake_call_handler_hook) (const char *line);
