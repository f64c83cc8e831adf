#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What confab-bot and matrix-js-sdk 36.2.0 say to each other in an encrypted room: messages and reactions both ways, and
nothing in clear but what the SDK sends so."""

import unittest

from clients import bot, jssdk
from matrix import Account
from synapse import Synapse


def text(body):
    return {'msgtype': 'm.text', 'body': body}


def reaction(event_id, key):
    return {'m.relates_to': {'rel_type': 'm.annotation', 'event_id': event_id, 'key': key}}


class Messages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Synapse()
        cls.server.wait_ready()
        for name in ('anna', 'ben'):
            cls.server.register(name, 'pw')

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def theirs_hears(self, theirs, room, event_id):
        def there(messages):
            return any(m['eventId'] == event_id and not m['failed'] and m['type'] != 'm.room.encrypted'
                       for m in messages)
        found = next(m for m in theirs.until('messages', there, roomId=room) if m['eventId'] == event_id)
        self.assertEqual(found['wireType'], 'm.room.encrypted')
        return found

    def ours_hears(self, ours, theirs, event_id, encrypted=True):
        found = ours.wait_event('room-event', eventId=event_id)
        self.assertEqual(found['userId'], theirs.ready['userId'])
        self.assertEqual((found['trust'], found['deviceId']),
                         ('device', theirs.ready['deviceId']) if encrypted else ('clear', None))
        return found

    def test_both_ways(self):
        owner = Account(self.server.base, 'anna', 'pw')
        room = owner.create_room('Chat', True, invite=['@ben:localhost'])
        Account(self.server.base, 'ben', 'pw').join(room)
        with bot(self.server, 'anna') as ours, jssdk(self.server, 'ben') as theirs:
            ours.until('rooms', lambda rooms: any(r['roomId'] == room for r in rooms))
            theirs.until('rooms', lambda rooms: any(r['roomId'] == room and r['encrypted'] for r in rooms))
            for body in ('one', 'two'):
                event = ours('send-event', roomId=room, type='m.room.message', content=text(body))['eventId']
                self.assertEqual(self.theirs_hears(theirs, room, event)['content']['body'], body)
            for body in ('three', 'four'):
                event = theirs('send-event', roomId=room, type='m.room.message', content=text(body))['eventId']
                self.assertEqual(self.ours_hears(ours, theirs, event)['content']['body'], body)
            hand = ours('send-event', roomId=room, type='m.reaction', content=reaction(event, 'hand'))['eventId']
            self.assertEqual(self.theirs_hears(theirs, room, hand)['type'], 'm.reaction')
            # The SDK does not encrypt reactions.
            hand = theirs('send-event', roomId=room, type='m.reaction', content=reaction(event, 'hand'))['eventId']
            found = self.ours_hears(ours, theirs, hand, encrypted=False)
            self.assertEqual(found['content'], reaction(event, 'hand'))
            self.assertFalse([e for e in ours.events if e['event'] == 'warning'])
            self.blocked(ours, theirs, room)
            self.assertEqual(ours.stop(), 0)

    def blocked(self, ours, theirs, room):
        """Each withholds the key from the other's device, which is told so and shows it."""
        def say(peer, body):
            return peer('send-event', roomId=room, type='m.room.message', content=text(body))['eventId']

        def block(peer, other, on):
            peer('block-device', userId=other.ready['userId'], deviceId=other.ready['deviceId'], on=on)
        block(theirs, ours, True)
        found = ours.wait_event('room-event', eventId=say(theirs, 'not for them'))
        self.assertEqual((found['trust'], found['withheld'], found['content']), ('withheld', 'm.blacklisted', {}))
        block(theirs, ours, False)
        event = say(theirs, 'for them again')
        self.assertEqual(self.ours_hears(ours, theirs, event)['content']['body'], 'for them again')

        block(ours, theirs, True)
        event = say(ours, 'not for them')
        theirs.until('messages', lambda messages: any(
            m['eventId'] == event and m['failed'] and m['reason'] == 'MEGOLM_KEY_WITHHELD' for m in messages), roomId=room)
        block(ours, theirs, False)
        event = say(ours, 'for them again')
        self.assertEqual(self.theirs_hears(theirs, room, event)['content']['body'], 'for them again')

    def test_invited(self):
        """Who is invited and not there yet reads later what is said meanwhile, where the room lets them."""
        owner = Account(self.server.base, 'anna', 'pw')
        room = owner.create_room('Hall', True, invite=['@ben:localhost'])
        with bot(self.server, 'anna') as ours, jssdk(self.server, 'ben') as theirs:
            ours.until('rooms', lambda rooms: any(r['roomId'] == room for r in rooms))
            event = ours('send-event', roomId=room, type='m.room.message', content=text('welcome'))['eventId']
            theirs('join-room', roomId=room)
            self.assertEqual(self.theirs_hears(theirs, room, event)['content']['body'], 'welcome')
            self.assertEqual(ours.stop(), 0)


if __name__ == '__main__':
    unittest.main()
