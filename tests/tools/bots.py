# SPDX-License-Identifier: GPL-3.0-or-later
"""A test of confab-bots and a Synapse of its own. CONFAB_BOT names the program."""

import os
import tempfile
import unittest

from peers import Peer
from synapse import Synapse

BOT = os.environ.get('CONFAB_BOT', 'confab-bot')
PASSWORD = 'a pass-word'


class BotTest(unittest.TestCase):
    NAMES = ()    # who has an account

    @classmethod
    def setUpClass(cls):
        cls.server = Synapse()
        cls.addClassCleanup(cls.server.stop)
        cls.server.wait_ready()
        for name in cls.NAMES:
            cls.server.register(name, PASSWORD)

    def bot(self, name, *more):
        peer = Peer([BOT, '--homeserver', self.server.base, '--user', f'@{name}:localhost', '--media', 'none', *more],
                    name=name, env={'CONFAB_PASSWORD': PASSWORD, 'G_DEBUG': 'fatal-warnings'})
        self.addCleanup(peer.dispose)
        return peer

    def kept(self):
        """A device that comes back."""
        store = tempfile.TemporaryDirectory()
        self.addCleanup(store.cleanup)
        return ('--store', store.name)

    def finish(self, *peers):
        for peer in peers:
            self.assertEqual([e for e in peer.events if e['event'] == 'warning'], [], peer.name)
            self.assertEqual(peer.stop(), 0, peer.name)
