# SPDX-License-Identifier: GPL-3.0-or-later
"""A call between a participant of ours and a client of somebody else's, from its start to the second join of each: what both see
and hear is checked by colour and pitch."""

import contextlib

from clients import hydrogen
from matrix import Account
from media import wait_same_media
from synapse import Synapse


def muted(peer, user, microphone, camera):
    """Waits until `peer` sees `user` muted so."""
    def test(members):
        return any(m['userId'] == user['userId'] and
                   m['remoteMute'] == {'microphone': microphone, 'camera': camera} for m in members)
    return peer.until('members', test)


class Scenario:
    """For a unittest.TestCase that has `ours (name)`, a context manager of a participant, and `theirs`, what makes one
    of the other client."""

    theirs = staticmethod(hydrogen)

    @classmethod
    def setUpClass(cls):
        cls.server = Synapse()
        cls.server.wait_ready()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def call(self, encrypted, our_name, their_name):
        """The smaller user id invites, and here it creates the call too."""
        for name in (our_name, their_name):
            self.server.register(name, 'pw')
        owner = Account(self.server.base, our_name, 'pw')
        room = owner.create_room('Interop', encrypted, invite=[f'@{their_name}:localhost'])
        Account(self.server.base, their_name, 'pw').join(room)
        with contextlib.ExitStack() as stack:
            ours = stack.enter_context(self.ours(our_name))
            theirs = stack.enter_context(self.theirs(self.server, their_name, (40, 60, 200), 900))
            creator, second = (ours, theirs) if our_name < their_name else (theirs, ours)
            creator('create-call', roomId=room, intent='m.room', type='m.video', name='interop')
            for peer in (creator, second):
                peer('join-call', roomId=room)
            self.check(ours, theirs)
            self.check_mute(ours, theirs)
            self.check_mute(theirs, ours)
            self.check(ours, theirs)
            for leaver, stayer in ((theirs, ours), (ours, theirs)):
                leaver('leave')
                stayer.until('members', lambda members: not members)
                leaver('join-call', roomId=room)
                self.check(ours, theirs)
            self.check_more(ours, theirs)
            self.assertEqual(ours.stop(), 0)

    def check_more(self, ours, theirs):
        """What only this client can do."""

    def check_mute(self, who, other):
        for microphone, camera in ((True, False), (True, True), (False, True), (False, False)):
            who('mute', mic=microphone, cam=camera)
            muted(other, who.ready, microphone, camera)

    def check(self, ours, theirs):
        for peer, other in ((ours, theirs), (theirs, ours)):
            peer('wait-media', members=1, frames=10)
            wait_same_media(self, peer, other.ready)

    def test_encrypted_inviter(self):
        self.call(True, 'a-ours-e', 'b-theirs-e')

    def test_encrypted_invitee(self):
        self.call(True, 'd-ours-e', 'c-theirs-e')

    def test_open_inviter(self):
        self.call(False, 'a-ours-o', 'b-theirs-o')

    def test_open_invitee(self):
        self.call(False, 'd-ours-o', 'c-theirs-o')
