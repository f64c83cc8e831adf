#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application itself, under Xvfb and driven by its actions, and hydrogen-view-sdk 0.3.1 in one call: in an
encrypted and in an open room, each as the inviter (the smaller user id) and as the invitee."""

import os
import unittest

from clients import hydrogen
from desktop import App, Desktop
from matrix import Account
from media import assert_same_media
from synapse import Synapse


def muted(peer, user, microphone, camera):
    """Whether `peer` sees `user` muted so."""
    def test(members):
        return any(m['userId'] == user['userId'] and
                   m['remoteMute'] == {'microphone': microphone, 'camera': camera} for m in members)
    return peer.until('members', test)


class AppAndHydrogen(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Synapse()
        cls.server.wait_ready()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def call(self, encrypted, app_name, hydrogen_name):
        for name in (app_name, hydrogen_name):
            self.server.register(name, 'pw')
        owner = Account(self.server.base, app_name, 'pw')
        room = owner.create_room('Interop', encrypted, invite=[f'@{hydrogen_name}:localhost'])
        Account(self.server.base, hydrogen_name, 'pw').join(room)
        with Desktop() as desktop, \
                App(os.environ['CONFAB_PROGRAMS'], desktop, self.server, app_name, 'pw') as ours, \
                hydrogen(self.server, hydrogen_name, (40, 60, 200), 900) as theirs:
            theirs('create-call', roomId=room, intent='m.room', type='m.video', name='interop')
            theirs('join-call', roomId=room)
            ours('join-call', roomId=room)
            self.check(ours, theirs)

            ours('mute', mic=True)
            muted(theirs, ours.ready, True, False)
            ours('mute', mic=False, cam=True)
            muted(theirs, ours.ready, False, True)
            ours('mute', cam=False)
            muted(theirs, ours.ready, False, False)
            theirs('mute', mic=True)
            muted(ours, theirs.ready, True, False)
            theirs('mute', mic=False)
            muted(ours, theirs.ready, False, False)
            self.check(ours, theirs)

            for leaver, stayer in ((theirs, ours), (ours, theirs)):
                leaver('leave')
                stayer.until('members', lambda members: not members)
                leaver('join-call', roomId=room)
                self.check(ours, theirs)
            self.assertEqual(ours.stop(), 0)

    def check(self, ours, theirs):
        for peer, other in ((ours, theirs), (theirs, ours)):
            peer('wait-media', members=1, frames=10)
            assert_same_media(self, peer('tracks'), other.ready)

    def test_encrypted_inviter(self):
        self.call(True, 'a-app-e', 'b-hydrogen-e')

    def test_encrypted_invitee(self):
        self.call(True, 'd-app-e', 'c-hydrogen-e')

    def test_open_inviter(self):
        self.call(False, 'a-app-o', 'b-hydrogen-o')

    def test_open_invitee(self):
        self.call(False, 'd-app-o', 'c-hydrogen-o')


if __name__ == '__main__':
    unittest.main()
