#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stranger on the same homeserver, and somebody in the same room, may send: it concerns nobody's calls. CONFAB_BOT names the
program."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tools'))

from bots import PASSWORD, BotTest    # noqa: E402
from matrix import Account            # noqa: E402


def deep(levels):
    value = {}
    for _ in range(levels):
        value = {'a': value}
    return value


class Hostile(BotTest):
    NAMES = ('anna', 'bert', 'mallory')

    def setUp(self):
        self.mallory = Account(self.server.base, 'mallory', PASSWORD)

    def room_of(self, anna, *others):
        return anna('create-room', name='Room', encrypted=True, open=True,
                    invite=[f'@{name}:localhost' for name in others])['roomId']

    def call(self, room, anna, bert):
        anna('create-call', roomId=room)
        anna('join-call', roomId=room)
        bert.until('calls', lambda calls: calls)
        bert('join-call', roomId=room)
        for bot in (anna, bert):
            bot.until('members', lambda members: [m['connected'] for m in members] == [True])
        bert('terminate')
        anna.until('calls', lambda calls: calls == [])

    def test_deep_message(self):
        """A homeserver's reply to a sync is one text: what somebody puts into it must not make the rest unreadable, now or after
        the next start."""
        store = self.kept()
        anna, bert = self.bot('anna', *store), self.bot('bert')
        room = self.room_of(anna, 'bert')
        bert('join-room', roomId=room)
        for number, levels in enumerate((95, 150, 600)):
            self.mallory.request('PUT', f'v3/sendToDevice/m.call.invite/{number}', {
                'messages': {'@anna:localhost': {'*': deep(levels)}}})
        self.call(room, anna, bert)
        anna.kill()
        self.mallory.request('PUT', 'v3/sendToDevice/m.call.invite/again', {
            'messages': {'@anna:localhost': {'*': deep(150)}}})
        anna = self.bot('anna', *store)
        self.call(room, anna, bert)
        self.finish(anna, bert)

    def test_deep_keys(self):
        """The keys of all devices of a room come in one reply, too: those of one of them are refused, and nobody else's."""
        name = self.mallory.device_id
        self.mallory.request('POST', 'v3/keys/upload', {'device_keys': {
            'user_id': self.mallory.user_id, 'device_id': name,
            'algorithms': ['m.olm.v1.curve25519-aes-sha2', 'm.megolm.v1.aes-sha2'],
            'keys': {f'curve25519:{name}': 'x', f'ed25519:{name}': 'y'},
            'signatures': {self.mallory.user_id: {f'ed25519:{name}': 'z'}}, 'more': deep(150)}})
        anna, bert = self.bot('anna'), self.bot('bert')
        room = self.room_of(anna, 'bert', 'mallory')
        bert('join-room', roomId=room)
        self.mallory.join(room)
        anna('send-event', roomId=room, type='m.room.message', content={'msgtype': 'm.text', 'body': 'hello'})
        heard = bert.wait_event('room-event', timeout=20)
        self.assertEqual(heard['content']['body'], 'hello')
        self.call(room, anna, bert)
        # Whoever has asked for the keys is told.
        self.assertEqual({name in str(e) for e in anna.events if e['event'] == 'warning'}, {True})
        self.assertEqual(anna.stop(), 0)
        self.finish(bert)


if __name__ == '__main__':
    unittest.main()
