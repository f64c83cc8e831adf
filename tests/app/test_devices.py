#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Four devices of one user that join at the same moment, and one of another user: they share one member event and write each
other out of it, and are connected in pairs all the same, soon. CONFAB_BOT names the program."""

import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tools'))

from bots import BotTest    # noqa: E402

DEADLINE_S = 10    # far from what a retry after a failed connection takes, on a slow machine, too


class Devices(BotTest):
    NAMES = ('anna', 'bert')

    def test_at_once(self):
        bots = [self.bot(name) for name in ('anna',) * 4 + ('bert',)]
        anna, bert = bots[0], bots[-1]
        room = anna('create-room', name='Room', encrypted=True, open=True, invite=[bert.ready['userId']])['roomId']
        bert('join-room', roomId=room)
        for bot in bots:
            bot.until('rooms', lambda rooms: room in [r['roomId'] for r in rooms])
        call = anna('create-call', roomId=room)['callId']
        for bot in bots:
            bot.until('calls', lambda calls: call in [c['callId'] for c in calls])
        seen = [len(bot.events) for bot in bots]
        start = time.monotonic()
        for number, bot in [(bot.send('join-call', roomId=room, callId=call), bot) for bot in bots]:
            bot.reply(number, DEADLINE_S)
        for bot in bots:
            bot.until('members', lambda members: [m['connected'] for m in members] == [True] * 4,
                      timeout=max(0, start + DEADLINE_S - time.monotonic()))
        print(f'all connected after {time.monotonic() - start:.2f} s', file=sys.stderr)
        # Nobody was gone in between.
        self.assertEqual([e for bot, since in zip(bots, seen) for e in bot.events[since:]
                          if e['event'] == 'member-removed'], [])
        bert('terminate')
        for bot in bots:
            bot.until('calls', lambda calls: calls == [])
        self.finish(*bots)


if __name__ == '__main__':
    unittest.main()
