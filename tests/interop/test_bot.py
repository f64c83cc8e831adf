#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""confab-bot and hydrogen-view-sdk 0.3.1 in one call: in an encrypted and in an open room, each as the inviter (the
smaller user id) and as the invitee."""

import unittest

from clients import bot
from scenario import Scenario


class BotAndHydrogen(Scenario, unittest.TestCase):
    def ours(self, name):
        return bot(self.server, name)


if __name__ == '__main__':
    unittest.main()
