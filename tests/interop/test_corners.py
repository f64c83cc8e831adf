#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other clients do to a call that a scenario of two does not show: three of different makers in one mesh, one that
is killed without a word, one that comes and goes seven times."""

import unittest

from clients import bot, hydrogen, jssdk
from matrix import Account
from meeting import Meeting
from scenario import muted


class Corners(Meeting):
    def test_three_makers(self):
        # All in one mesh; hydrogen and js-sdk invite each other as they do without us.
        for order in ({'a': bot, 'b': hydrogen, 'c': jssdk}, {'d': jssdk, 'e': hydrogen, 'f': bot}):
            with self.subTest(order=[make.__name__ for make in order.values()]), self.call(**order) as (_, *peers):
                self.check(*peers)
                ours = next(peer for peer in peers if peer.name.startswith('bot'))
                self.no_warnings(ours)

    def test_seven_in_a_row(self):
        for names in (('g', 'h'), ('j', 'i')):
            with self.subTest(names=names), self.call(**{names[0]: bot, names[1]: hydrogen}) as (room, ours, theirs):
                self.check(ours, theirs)
                for _ in range(7):
                    theirs('leave')
                    theirs('join-call', roomId=room)
                self.check(ours, theirs)
                self.assertEqual(len(ours('members')), 1)
                self.no_warnings(ours)

    def test_joined_again_unseen(self):
        # Hydrogen keeps its session over leaving and joining again. We learn of both at once: its entry was never missing,
        # and it was told nothing of us but that we are there.
        for names in (('u', 'v'), ('x', 'w')):
            with self.subTest(names=names), self.call(**{names[0]: bot, names[1]: hydrogen}) as (room, ours, theirs):
                self.check(ours, theirs)
                before = ours('members')[0]
                chatty = Account(self.server.base, names[1], 'pw')
                with ours.stopped():
                    theirs('mute', mic=True, cam=False)  # ends the request that the server holds: the next has all
                    theirs('leave')
                    for _ in range(25):  # more than a sync's timeline holds: it has the state as it is at last
                        chatty.say(room, 'hm')
                    theirs('join-call', roomId=room)
                    for _ in range(25):
                        chatty.say(room, 'ah')
                ours.until('members', lambda members: members and members[0]['connected'] and
                           members[0]['callId'] != before['callId'])
                self.assertEqual(ours('members')[0]['sessionId'], before['sessionId'])
                theirs('mute', mic=False, cam=False)
                self.check(ours, theirs)
                self.no_warnings(ours)

    def test_two_jssdk(self):
        # An encrypted mesh of three: what each does is seen by both others, and who comes again is there for both.
        with self.call(m=bot, n=jssdk, o=jssdk) as (room, ours, *theirs):
            peers = ours, *theirs
            self.check(*peers)
            for peer in peers:
                others = [other for other in peers if other is not peer]
                for off in True, False:
                    peer('mute', mic=off, cam=off)
                    for other in others:
                        muted(other, peer.ready, off, off)
            for peer in (theirs[1], ours):
                peer('leave')
                for other in peers:
                    if other is not peer:
                        other.until('members', lambda members: len(members) == 1)
                peer('join-call', roomId=room)
                self.check(*peers)
            self.killed(room, ours, theirs[1], jssdk, 'o')
            self.assertTrue(all(m['encrypted'] for m in ours('members')))
            self.assertTrue(all(m['encrypted'] for m in ours('wire') if m['type'].startswith('m.call.')))
            self.no_warnings(ours)

    def test_invited_beside_the_call(self):
        # We invite, and hydrogen does, too: its invite is refused, and nothing happens to the call.
        with self.call(q=bot, r=hydrogen) as (_, ours, theirs):
            self.check(ours, theirs)
            before = ours('members')[0]
            self.assertEqual(before['direction'], 'outbound')
            theirs('invite-again')
            ours.until('wire', lambda wire: any(
                e['direction'] == 'out' and e['type'] == 'm.call.hangup' and e['callId'] == 'c-out-of-turn'
                for e in wire))
            self.check(ours, theirs)
            self.assertEqual(ours('members')[0]['callId'], before['callId'])
            self.no_warnings(ours)
        # Hydrogen invites, and once more: the later one counts.
        with self.call(t=bot, s=hydrogen) as (_, ours, theirs):
            self.check(ours, theirs)
            before = ours('members')[0]
            self.assertEqual(before['direction'], 'inbound')
            theirs('invite-again')
            ours.until('members', lambda members: members[0]['connected'] and members[0]['callId'] != before['callId'])
            self.check(ours, theirs)
            self.no_warnings(ours)

    def test_killed_without_a_word(self):
        with self.call(k=bot, l=hydrogen) as (room, ours, theirs):
            self.check(ours, theirs)
            self.killed(room, ours, theirs, hydrogen, 'l')
            self.no_warnings(ours)

    def killed(self, room, ours, theirs, make, name):
        """One is killed without a word, and comes again."""
        def connected():
            return {m['deviceId'] for m in ours('members') if m['connected']}
        alive = connected() - {theirs.ready['deviceId']}
        seen = len(ours.events)
        theirs.kill()
        # Nobody said anything: it is the media that tell.
        ours.until('members', lambda members: {m['deviceId'] for m in members if m['connected']} == alive)
        # The same person, in a new browser: another device, while the dead one's entry is still there.
        with make(self.server, name, (200, 180, 20), 1200) as again:
            again('join-call', roomId=room)
            ours.wait_event('member-added', since=seen, deviceId=again.ready['deviceId'])
            again('wait-media', frames=10)
            ours('wait-media', members=len(alive) + 1, frames=10)
            self.assertEqual(connected(), alive | {again.ready['deviceId']})
            tracks = [t for t in ours('tracks') if t['deviceId'] == again.ready['deviceId']]
            self.assertTrue(any(t['kind'] == 'video' and t['meanRgb'][0] > 150 and t['meanRgb'][2] < 100
                                for t in tracks), tracks)


if __name__ == '__main__':
    unittest.main()
