#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""confab-bot and matrix-js-sdk 36.2.0 in one call: in an encrypted and in an open room, each as the inviter and as the
invitee; js-sdk shares its screen in a call that is up."""

import sys
import time
import unittest

from clients import bot, jssdk
from media import COLOUR_TOLERANCE
from scenario import Scenario

SCREEN = (30, 160, 160)


class BotAndJsSdk(Scenario, unittest.TestCase):
    theirs = staticmethod(jssdk)

    def ours(self, name):
        return bot(self.server, name)

    def check_more(self, ours, theirs):
        def of_screen(tracks):
            return [t for t in tracks if t['purpose'] == 'screenshare' and t['kind'] == 'video']

        def seen(tracks):
            return any(max(abs(a - b) for a, b in zip(t['meanRgb'], SCREEN)) <= COLOUR_TOLERANCE
                       for t in of_screen(tracks) if t['meanRgb'])
        self.assertTrue(theirs('screen', on=True)['on'])
        ours.until('members', lambda members: members[0]['hasScreenShare'])
        ours.until('tracks', seen)
        # The person is still there.
        self.check(ours, theirs)
        self.check_ice_restart(ours, theirs)
        self.assertFalse(theirs('screen', on=False)['on'])
        ours.until('members', lambda members: not members[0]['hasScreenShare'])
        self.check(ours, theirs)

    def check_ice_restart(self, ours, theirs):
        # webrtcbin cannot; another connection takes its place, whoever invited, and the screen is on it, too.
        before = ours('members')[0]['callId']
        seen = len(ours.events)
        start = time.monotonic()
        self.assertEqual(theirs('restart-ice')['calls'], 1)
        ours.until('members', lambda members: members[0]['connected'] and members[0]['callId'] != before)
        print(f'{ours.name}: another connection after {time.monotonic() - start:.2f} s', file=sys.stderr)
        self.assertEqual([e for e in ours.events[seen:] if e['event'] == 'member-removed'], [])
        self.check(ours, theirs)
        ours.until('members', lambda members: members[0]['hasScreenShare'])


if __name__ == '__main__':
    unittest.main()
