#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody withholds a room's key from the application, with a real Synapse: its window says who, why and what to do, in
the room and in a call, until the key comes again. CONFAB_PROGRAMS has the programs."""

import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = pathlib.Path(os.environ['CONFAB_PROGRAMS'])
os.environ.setdefault('CONFAB_BOT', str(PROGRAMS / 'confab-bot'))
sys.path.insert(0, str(HERE.parent / 'tools'))

from bots import PASSWORD, BotTest    # noqa: E402
from desktop import APP_PATH, App, Desktop  # noqa: E402
from matrix import Account            # noqa: E402

BEN = '@ben:localhost'


class Withheld(BotTest):
    NAMES = ('anna', 'ben')

    def say(self, ben, room, body):
        ben('send-event', roomId=room, type='m.room.message', content={'msgtype': 'm.text', 'body': body})

    def reasons(self, state):
        return [(n['userId'], n['reason'], n['count']) for n in state['notices']]

    def test_blocked(self):
        ben = self.bot('ben')
        room = ben('create-room', name='Room', encrypted=True, open=True, invite=['@anna:localhost'])['roomId']
        Account(self.server.base, 'anna', PASSWORD).join(room)
        with Desktop() as desktop, App(PROGRAMS, desktop, self.server, 'anna', PASSWORD) as app:
            device = app.ready['deviceId']
            app.activate(APP_PATH, 'open-room', repr(room))
            self.say(ben, room, 'for all')
            ben('block-device', userId='@anna:localhost', deviceId=device, on=True)
            self.say(ben, room, 'not for her')
            state = app.until('state', lambda s: s['notices'])
            self.assertEqual(self.reasons(state), [(BEN, 'm.blacklisted', 1)])
            self.assertIn('has blocked this device', state['notices'][0]['title'])
            self.assertIn(device, state['notices'][0]['text'])
            # The same again is no other matter, and in a call it is told as well.
            self.say(ben, room, 'nor this')
            app.until('state', lambda s: self.reasons(s) == [(BEN, 'm.blacklisted', 2)])
            self.assertIsNone(app('state')['callBanner'])
            app('create-call', roomId=room)
            app.until('state', lambda s: s['callBanner'] == 'Some messages cannot be read.')
            # It is over as soon as something can be read.
            ben('block-device', userId='@anna:localhost', deviceId=device, on=False)
            self.say(ben, room, 'for all again')
            app.until('state', lambda s: not s['notices'] and s['callBanner'] is None)
            app('leave')
        self.finish(ben)


if __name__ == '__main__':
    unittest.main()
