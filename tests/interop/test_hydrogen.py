#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The measuring instrument itself: two hydrogens in one call see and hear each other. If this fails, what the other
tests of this folder say about Confab means nothing."""

import unittest

from clients import hydrogen
from matrix import Account
from media import assert_same_media
from synapse import Synapse


class Hydrogen(unittest.TestCase):
    def test_two(self):
        with Synapse() as server:
            server.wait_ready()
            server.register('hedy', 'pw')
            server.register('hugo', 'pw')
            owner = Account(server.base, 'hedy', 'pw')
            room = owner.create_room('Two', encrypted=True, invite=['@hugo:localhost'])
            with hydrogen(server, 'hedy', (200, 40, 40), 500) as hedy, \
                    hydrogen(server, 'hugo', (40, 60, 200), 900) as hugo:
                hugo('join-room', roomId=room)
                call = hedy('create-call', roomId=room)['callId']
                hedy('join-call', roomId=room, callId=call)
                hugo('join-call', roomId=room)
                for peer, other in ((hedy, hugo), (hugo, hedy)):
                    peer('wait-media', members=1)
                    assert_same_media(self, peer('tracks'), other.ready)
                hedy('mute', mic=True)
                hugo.until('members', lambda m: m[0]['remoteMute']['microphone'])
                hugo('leave')
                hedy.until('members', lambda m: not m)


if __name__ == '__main__':
    unittest.main()
