#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared screens between confab-bot and others: at the join and during the call, by whoever invites and by whoever is
invited, ended and shared again; and calls that both join at the same moment."""

import unittest

from clients import bot, hydrogen, jssdk
from media import COLOUR_TOLERANCE, wait_no_screen, wait_screen
from meeting import Meeting

JOINS_AT_ONCE = 5


class Screens(Meeting):
    def comes_and_goes(self, sharer, viewer):
        """From shared to shared."""
        self.assertEqual(sharer('screen', on=False), {'on': False})
        wait_no_screen(viewer, sharer.ready)
        self.assertEqual(sharer('screen', on=True), {'on': True})
        wait_screen(self, viewer, sharer.ready)

    def leave(self, *peers):
        for peer in peers:
            peer('leave')

    def join_at_once(self, room, *peers):
        """The room's history forks, and a sync brings back that somebody is not there. (hydrogen does not invite who comes
        back by that, so this is for js-sdk.)"""
        for _ in range(JOINS_AT_ONCE):
            self.leave(*peers)
            for peer in peers:
                peer.until('calls', lambda calls: not calls[0]['members'])
            numbers = [peer.send('join-call', roomId=room) for peer in peers]
            for peer, number in zip(peers, numbers):
                peer.reply(number)
            for peer in peers:
                peer('wait-media', members=1, frames=5)
        self.check(*peers)

    def shows_unlisted(self, viewer, sharer):
        """hydrogen shares during a call without metadata (its PeerCall.setMedia keeps the local media of the join): that is
        shown as a picture of its own."""
        viewer.until('tracks', lambda tracks: any(
            t['purpose'] == 'unknown' and t['meanRgb'] and
            max(abs(a - b) for a, b in zip(t['meanRgb'], sharer.ready['screenMeanRgb'])) <= COLOUR_TOLERANCE
            for t in tracks))

    def test_hydrogen(self):
        with self.room(a=bot, b=hydrogen, c=bot) as (room, ours, theirs, invited):
            # hydrogen invites and has its screen in the invite; ours follows the answer.
            for peer in (theirs, invited):
                peer('join-call', roomId=room, screen=True)
            wait_screen(self, invited, theirs.ready)
            wait_screen(self, theirs, invited.ready)
            self.check(theirs, invited)
            self.comes_and_goes(invited, theirs)
            self.leave(invited, theirs)
            # We invite with a screen; hydrogen shares its own during the call.
            ours('join-call', roomId=room, screen=True)
            theirs('join-call', roomId=room)
            wait_screen(self, theirs, ours.ready)
            self.comes_and_goes(ours, theirs)
            self.assertTrue(theirs('screen', on=True)['on'])
            self.shows_unlisted(ours, theirs)
            self.check(ours, theirs)
            self.no_warnings(ours, invited)

    def test_js_sdk(self):
        with self.room(d=bot, e=jssdk, f=bot) as (room, ours, theirs, invited):
            for peer in (theirs, invited):
                peer('join-call', roomId=room, screen=peer is invited)
            wait_screen(self, theirs, invited.ready)
            self.comes_and_goes(invited, theirs)
            theirs('screen', on=True)
            wait_screen(self, invited, theirs.ready)
            self.comes_and_goes(theirs, invited)
            self.check(theirs, invited)
            self.leave(invited, theirs)
            ours('join-call', roomId=room, screen=True)
            theirs('join-call', roomId=room)
            wait_screen(self, theirs, ours.ready)
            self.comes_and_goes(ours, theirs)
            theirs('screen', on=True)
            wait_screen(self, ours, theirs.ready)
            self.check(ours, theirs)
            self.join_at_once(room, ours, theirs)
            self.no_warnings(ours, invited)


if __name__ == '__main__':
    unittest.main()
