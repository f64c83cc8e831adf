/* SPDX-License-Identifier: GPL-3.0-or-later */

#pragma once

#include "confab-secrets.h"

/* A keyring in memory that can refuse, and that can keep everybody waiting. */
#define FAKE_TYPE_SECRETS (fake_secrets_get_type ())
G_DECLARE_FINAL_TYPE (FakeSecrets, fake_secrets, FAKE, SECRETS, GObject)

FakeSecrets *fake_secrets_new (void);
/* @code: a #ConfabMatrixError, or -1 for none. */
void fake_secrets_refuse (FakeSecrets *self, int code);
void fake_secrets_hang (FakeSecrets *self);
/* Whoever waits goes on. */
void fake_secrets_go_on (FakeSecrets *self);
guint fake_secrets_get_n_waiting (FakeSecrets *self);
guint fake_secrets_get_n_kept (FakeSecrets *self);
