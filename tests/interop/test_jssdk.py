#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""confab-bot and matrix-js-sdk 36.2.0 in one call: in an encrypted and in an open room, each as the inviter and as the
invitee; js-sdk shares its screen in a call that is up."""

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
        self.assertFalse(theirs('screen', on=False)['on'])
        ours.until('members', lambda members: not members[0]['hasScreenShare'])
        self.check(ours, theirs)


if __name__ == '__main__':
    unittest.main()
