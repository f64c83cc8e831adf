# SPDX-License-Identifier: GPL-3.0-or-later
"""People of different makers in one call."""

import contextlib
import unittest

from clients import bot
from matrix import Account
from media import wait_same_media
from synapse import Synapse


class Meeting(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Synapse()
        cls.addClassCleanup(cls.server.stop)
        cls.server.wait_ready()

    @contextlib.contextmanager
    def room(self, **makers):
        """Everybody by name in one encrypted room with a call that nobody is in; the first makes it."""
        for name in makers:
            self.server.register(name, 'pw')
        first, *others = makers
        room = Account(self.server.base, first, 'pw').create_room(
            'Meeting', True, invite=[f'@{name}:localhost' for name in others])
        for name in others:
            Account(self.server.base, name, 'pw').join(room)
        with contextlib.ExitStack() as stack:
            looks = ((40, 60, 200), 900), ((200, 60, 40), 620), ((60, 170, 60), 440)
            peers = [stack.enter_context(make(self.server, name) if make is bot
                                         else make(self.server, name, *looks[i]))
                     for i, (name, make) in enumerate(makers.items())]
            peers[0]('create-call', roomId=room, intent='m.room', type='m.video', name='meeting')
            yield room, *peers

    @contextlib.contextmanager
    def call(self, **makers):
        """As `room`, with everybody in the call."""
        with self.room(**makers) as (room, *peers):
            for peer in peers:
                peer('join-call', roomId=room)
            yield room, *peers

    def check(self, *peers):
        for peer in peers:
            peer('wait-media', members=len(peers) - 1, frames=10)
            for other in peers:
                if other is not peer:
                    wait_same_media(self, peer, other.ready)

    def no_warnings(self, *bots):
        for peer in bots:
            self.assertEqual([e for e in peer.events if e['event'] == 'warning'], [])
            self.assertEqual(peer.stop(), 0)
