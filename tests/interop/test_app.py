#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application itself, under Xvfb and driven by its actions, and hydrogen-view-sdk 0.3.1 in one call: in an
encrypted and in an open room, each as the inviter (the smaller user id) and as the invitee."""

import contextlib
import os
import unittest

from scenario import Scenario  # first: it makes tests/tools known
from desktop import App, Desktop


class AppAndHydrogen(Scenario, unittest.TestCase):
    @contextlib.contextmanager
    def ours(self, name):
        with Desktop() as desktop, App(os.environ['CONFAB_PROGRAMS'], desktop, self.server, name, 'pw') as app:
            yield app


if __name__ == '__main__':
    unittest.main()
