#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call that rings on two devices of one user, with a real Synapse: declined on one or on both, answered, forgotten, and
after a restart; and how a call begins and ends when two do it at once. CONFAB_BOT names the program."""

import pathlib
import sys
import time
import unittest
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tools'))

from bots import PASSWORD, BotTest          # noqa: E402
from matrix import Account, MatrixError     # noqa: E402

CALL = 'org.matrix.msc3401.call'
DECLINED = 'app.confab.declined_calls'
RING_S = 60


class Ringing(BotTest):
    NAMES = ('anna', 'bert', 'clara')
    bert = None

    def room(self, caller, *others):
        room = caller('create-room', name='Room', encrypted=False, open=True,
                      invite=['@bert:localhost', '@clara:localhost'])['roomId']
        others[0]('join-room', roomId=room)
        for other in others[1:]:
            other.until('rooms', lambda rooms: room in [r['roomId'] for r in rooms])
        return room

    def ring(self, caller, room):
        call = caller('create-call', roomId=room, intent='m.ring', type='m.voice')['callId']
        caller('join-call', roomId=room, callId=call)
        return call

    def rings(self, peer, call):
        return {c['callId']: c['ringing'] for c in peer('calls')}.get(call)

    def account_data(self, method, room, body=None):
        if self.bert is None:
            self.bert = Account(self.server.base, 'bert', PASSWORD)
        account = self.bert
        return account.request(method, f'v3/user/{urllib.parse.quote(account.user_id)}/rooms/{urllib.parse.quote(room)}'
                                       f'/account_data/{DECLINED}', body)

    def declined(self, room):
        return self.account_data('GET', room)['calls']

    def test_decline(self):
        anna, desk = self.bot('anna'), self.bot('bert')
        store = self.kept()
        phone = self.bot('bert', *store)
        room = self.room(anna, desk, phone)
        # Here only: there it rings on.
        call = self.ring(anna, room)
        for peer in (desk, phone):
            peer.wait_event('ringing', callId=call, ringing=True)
        self.assertEqual(desk('decline', everywhere=False), {})
        desk.wait_event('ringing', callId=call, ringing=False)
        with self.assertRaises(MatrixError) as nothing:
            self.declined(room)
        self.assertEqual(nothing.exception.code, 'M_NOT_FOUND')
        self.assertTrue(self.rings(phone, call))
        # Everywhere, and so it is without a word.
        self.assertEqual(phone('decline'), {})
        phone.wait_event('ringing', callId=call, ringing=False)
        anna('terminate')
        call = self.ring(anna, room)
        for peer in (desk, phone):
            peer.wait_event('ringing', callId=call, ringing=True)
        phone('decline')
        for peer in (desk, phone):
            peer.wait_event('ringing', callId=call, ringing=False)
        # What was declined before is over, and stays only for as long as somebody might need it.
        self.assertIn(call, self.declined(room))
        self.assertLessEqual(len(self.declined(room)), 2)
        # It is on, and a device that starts now, or again, is told before it rings.
        phone.kill()
        again = self.bot('bert', *store)
        fresh = self.bot('bert')
        for peer in (again, fresh):
            peer.until('calls', lambda calls: call in [c['callId'] for c in calls])
            self.assertFalse(self.rings(peer, call))
            self.assertEqual([e for e in peer.events if e['event'] == 'ringing'], [])
        self.finish(anna, desk, again, fresh)

    def test_decline_while_away(self):
        """A device that was off rings no more when it comes, and it was told by the sync, not by its store."""
        anna, desk = self.bot('anna'), self.bot('bert')
        store = self.kept()
        phone = self.bot('bert', *store)
        room = self.room(anna, desk, phone)
        self.assertEqual(phone.stop(), 0)
        call = self.ring(anna, room)
        desk.wait_event('ringing', callId=call, ringing=True)
        desk('decline')
        desk.wait_event('ringing', callId=call, ringing=False)
        self.assertIn(call, self.declined(room))
        phone = self.bot('bert', *store)
        phone.until('calls', lambda calls: call in [c['callId'] for c in calls])
        self.assertEqual([e for e in phone.events if e['event'] == 'ringing'], [])
        self.finish(anna, desk, phone)

    def test_declines_cross(self):
        """Another device declines a call at that moment, and writes what it has declined over what this one wrote: both
        stand there in the end."""
        anna, desk = self.bot('anna'), self.bot('bert')
        room = self.room(anna, desk)
        call = self.ring(anna, room)
        desk.wait_event('ringing', callId=call, ringing=True)
        desk('decline')
        self.await_declined(room, {call})
        self.account_data('PUT', room, {'calls': {'another': {'until_ts': int(time.time() * 1000) + 600000}}})
        self.await_declined(room, {call, 'another'})
        self.finish(anna, desk)

    def await_declined(self, room, calls):
        end = time.monotonic() + 20
        while True:
            try:
                declined = set(self.declined(room))
            except MatrixError as error:
                if error.code != 'M_NOT_FOUND':
                    raise
                declined = set()
            if declined == calls:
                return
            self.assertLess(time.monotonic(), end, declined)
            time.sleep(0.05)    # a poll: the account is looked at from outside

    def test_answered_elsewhere(self):
        anna, desk, phone = self.bot('anna'), self.bot('bert'), self.bot('bert')
        room = self.room(anna, desk, phone)
        call = self.ring(anna, room)
        for peer in (desk, phone):
            peer.wait_event('ringing', callId=call, ringing=True)
        desk('join-call', roomId=room, callId=call)
        phone.wait_event('ringing', callId=call, ringing=False)
        desk('leave')
        desk.wait_event('ringing', callId=call, ringing=False)
        self.assertFalse(self.rings(phone, call))
        self.finish(anna, desk, phone)

    def test_silenced_before_a_crash(self):
        """Declined on this device only, or answered and left: it rings no more when the device comes back from being
        killed. Another call in the room does."""
        anna, annas, clara = self.bot('anna'), self.bot('anna'), self.bot('clara')
        store = self.kept()
        phone = self.bot('bert', *store)
        room = self.room(anna, phone)
        clara('join-room', roomId=room)
        declined = self.ring(anna, room)
        phone.wait_event('ringing', callId=declined, ringing=True)
        phone('decline', everywhere=False)
        answered = self.ring(clara, room)
        phone.wait_event('ringing', callId=answered, ringing=True)
        phone('join-call', roomId=room, callId=answered)
        # Only a sync says so, and what a sync brings is kept after what was said before it came.
        phone.wait_event('state', callId=answered, state='joined')
        phone('leave')
        phone.kill()
        other = self.ring(annas, room)
        phone = self.bot('bert', *store)
        phone.wait_event('ringing', callId=other, ringing=True)
        for call in (declined, answered):
            self.assertFalse(self.rings(phone, call))
        self.assertEqual([e['callId'] for e in phone.events if e['event'] == 'ringing'], [other])
        self.finish(anna, annas, clara, phone)

    def test_two_begin_at_once(self):
        """The older one stays; whoever made the other takes it back."""
        anna, bert = self.bot('anna'), self.bot('bert')
        room = self.room(anna, bert)
        numbers = [(p, p.send('create-call', roomId=room, intent='m.ring', type='m.voice')) for p in (anna, bert)]
        made = [p.reply(number)['callId'] for p, number in numbers]
        self.assertNotEqual(*made)
        owner = Account(self.server.base, 'anna', PASSWORD)
        end = time.monotonic() + 20
        stays, goes = [], []
        while len(goes) != 1:
            self.assertLess(time.monotonic(), end, 'both go on')
            state = owner.request('GET', f'v3/rooms/{urllib.parse.quote(room)}/state')
            calls = [e for e in state if e['type'] == CALL and e['state_key'] in made]
            goes = [e for e in calls if 'm.terminated' in e['content']]
            stays = [e for e in calls if e not in goes]
            time.sleep(0.05)    # a poll: the room's state is looked at from outside
        for peer in (anna, bert):
            peer.until('calls', lambda calls: [c['callId'] for c in calls if c['roomId'] == room] ==
                       [e['state_key'] for e in stays])
        stays, goes = stays[0], goes[0]
        # By whoever made it: the event of the other one is still its maker's.
        self.assertNotEqual(stays['sender'], goes['sender'])
        self.finish(anna, bert)

    def test_two_leave_at_once(self):
        """Each sees the other one still in it, and the call ends all the same."""
        anna, bert = self.bot('anna'), self.bot('bert')
        room = self.room(anna, bert)
        for _ in range(3):
            call = anna('create-call', roomId=room, intent='m.prompt', type='m.voice')['callId']
            for peer in (anna, bert):
                peer.until('calls', lambda calls, call=call: call in [c['callId'] for c in calls])
                peer('join-call', roomId=room, callId=call)
            anna.until('members', lambda members: len(members) == 1)
            bert.until('members', lambda members: len(members) == 1)
            for peer, number in [(p, p.send('leave')) for p in (anna, bert)]:
                self.assertEqual(peer.reply(number), {})
            for peer in (anna, bert):
                # Of other tests there may be some, in rooms of their own.
                peer.until('calls', lambda calls: room not in [c['roomId'] for c in calls])
        self.finish(anna, bert)

    def test_nobody_answers(self):
        anna, desk = self.bot('anna'), self.bot('bert')
        room = self.room(anna, desk)
        began = time.monotonic()
        call = self.ring(anna, room)
        desk.wait_event('ringing', callId=call, ringing=True)
        desk.wait_event('ringing', callId=call, ringing=False, timeout=RING_S + 10)
        self.assertGreater(time.monotonic() - began, RING_S - 5)
        self.assertEqual([c['members'] for c in desk('calls') if c['callId'] == call], [1])
        self.finish(anna, desk)


if __name__ == '__main__':
    unittest.main()
