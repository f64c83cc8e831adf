#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glare with hydrogen: both invite, and neither knows yet that the other does. What each was sent waits at its door until both
invites are out; then the doors open, one before the other in either order or both at once. Hydrogen lets the smaller call id
win, whoever it is that has to invite."""

import contextlib
import itertools
import unittest

from clients import bot, hydrogen
from gate import Gate
from matrix import Account
from meeting import Meeting
from scenario import muted

# Before and after all that we make of letters and digits.
WINS, LOSES = '-hydrogen-wins', '~hydrogen-loses'
CASES = list(itertools.product((WINS, LOSES), ('ours first', 'theirs first', 'both')))


class Side:
    """One of the two: the participant, its door, and what it said and heard of invites since the glare began."""

    def __init__(self, peer, gate):
        self.peer = peer
        self.gate = gate
        self.begin()

    def begin(self):
        self.since = len(self.peer('wire'))

    def invites(self, direction):
        return [entry['callId'] for entry in self.peer('wire')[self.since:]
                if (entry['direction'], entry['type']) == (direction, 'm.call.invite')]

    def wait_invite(self, direction):
        self.peer.until('wire', lambda _: self.invites(direction))


class Glare(Meeting):
    @contextlib.contextmanager
    def meeting(self, our_name, their_name):
        """The two in one encrypted room with a call that nobody is in."""
        for name in (our_name, their_name):
            self.server.register(name, 'pw')
        room = Account(self.server.base, our_name, 'pw').create_room('Glare', True, invite=[f'@{their_name}:localhost'])
        Account(self.server.base, their_name, 'pw').join(room)
        with Gate(self.server) as our_gate, Gate(self.server) as their_gate, \
                bot(our_gate, our_name) as ours, hydrogen(their_gate, their_name, (40, 60, 200), 900) as theirs:
            ours('create-call', roomId=room, intent='m.room', type='m.video', name='glare')
            yield room, Side(ours, our_gate), Side(theirs, their_gate)

    def glare(self, call_id, opening, ours, theirs):
        """Our invite is on its way to hydrogen, whose door is closed. Hydrogen's goes out, and both are let in. Our call."""
        ours.wait_invite('out')
        theirs.gate.wait_held()
        ours.gate.close()
        theirs.peer('invite', callId=call_id)
        ours.gate.wait_held()
        # Each has sent its own, and has heard nothing of the other's.
        our_id, = ours.invites('out')
        self.assertEqual(theirs.invites('out'), [call_id])
        self.assertEqual(ours.invites('in') + theirs.invites('in'), [])
        for side in (theirs, ours) if opening == 'theirs first' else (ours, theirs):
            side.gate.open()
            if opening != 'both':
                side.wait_invite('in')
        return our_id

    def settled(self, call_id, our_id, ours, theirs):
        """One of the two calls connects them, and nothing else does."""
        for side in (ours, theirs):
            side.peer('wait-media')
        # There was no other try.
        self.assertEqual((ours.invites('out'), ours.invites('in')), ([our_id], [call_id]))
        self.assertEqual((theirs.invites('out'), theirs.invites('in')), ([call_id], [our_id]))
        member, = ours.peer('members')
        self.assertEqual((member['callId'], member['direction']),
                         (our_id, 'outbound') if call_id == LOSES else (call_id, 'inbound'))
        self.assertEqual(len(theirs.peer('members')), 1)
        theirs.peer.until('stats', lambda connections: len(connections) == 1)
        for who, other in ((ours.peer, theirs.peer), (theirs.peer, ours.peer)):
            for microphone, camera in ((True, False), (False, True), (False, False)):
                who('mute', mic=microphone, cam=camera)
                muted(other, who.ready, microphone, camera)
        self.check(ours.peer, theirs.peer)
        self.no_warnings(ours.peer)

    def test_ours_is_to_invite(self):
        # We have the smaller user id. Hydrogen invites out of turn.
        for i, (call_id, opening) in enumerate(CASES):
            with self.subTest(call_id=call_id, opening=opening), \
                    self.meeting(f'a{i}-ours', f'b{i}-theirs') as (room, ours, theirs):
                ours.peer('join-call', roomId=room)
                # Stopped, so that we hear of hydrogen only when hydrogen's door is closed.
                with ours.peer.stopped():
                    theirs.peer('join-call', roomId=room)
                    theirs.peer.until('members', lambda members: len(members) == 1)
                    theirs.gate.close()
                our_id = self.glare(call_id, opening, ours, theirs)
                self.settled(call_id, our_id, ours, theirs)

    def test_hydrogen_is_to_invite(self):
        # Hydrogen has the smaller user id, and has invited. It restarts ICE, for which we invite in its stead, and gives up
        # its call and invites anew, as it does when ICE has failed.
        for i, (call_id, opening) in enumerate(CASES):
            with self.subTest(call_id=call_id, opening=opening), \
                    self.meeting(f'd{i}-ours', f'c{i}-theirs') as (room, ours, theirs):
                for side in (ours, theirs):
                    side.peer('join-call', roomId=room)
                for side in (ours, theirs):
                    side.peer('wait-media')
                    side.begin()
                theirs.gate.close()
                theirs.peer('restart-ice')
                our_id = self.glare(call_id, opening, ours, theirs)
                self.settled(call_id, our_id, ours, theirs)


if __name__ == '__main__':
    unittest.main()
