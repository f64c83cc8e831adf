#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever is put out of a room is out of its call, also for a device that was away meanwhile, and whose next sync has a gap
where it happened: with lazy loading only the server can say so, and a real Synapse does. CONFAB_BOT names the program."""

import json
import pathlib
import sys
import time
import unittest
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tools'))

from bots import PASSWORD, BotTest          # noqa: E402
from matrix import Account                  # noqa: E402

CALL = 'org.matrix.msc3401.call'
MEMBER = 'org.matrix.msc3401.call.member'
LIMIT = 20    # of what a sync has of a room: confab-sync-filter.c
FILTER = {'room': {'state': {'lazy_load_members': True}, 'timeline': {'lazy_load_members': True, 'limit': LIMIT}}}
N_MESSAGES = LIMIT + 10


class Gap(BotTest):
    NAMES = ('anna', 'bert', 'clara')

    @staticmethod
    def put(account, room, kind, key, content):
        account.request('PUT', f'v3/rooms/{urllib.parse.quote(room)}/state/{kind}/{urllib.parse.quote(key)}', content)

    def enter(self, account, room):
        """For an hour, as if a client had been cut off."""
        self.put(account, room, MEMBER, account.user_id, {'m.calls': [{'m.call_id': 'c', 'm.devices': [
            {'device_id': account.device_id, 'session_id': 's', 'expires_ts': int(time.time() * 1000) + 3600000,
             'feeds': []}]}]})

    @staticmethod
    def sync(account, since=None):
        query = {'filter': json.dumps(FILTER), 'timeout': 0} | ({'since': since} if since else {})
        return account.request('GET', f'v3/sync?{urllib.parse.urlencode(query)}')

    def see(self, peer, room, members):
        peer.until('calls', lambda calls: [c['members'] for c in calls if c['roomId'] == room] == [members])

    def test_kicked_in_gap(self):
        anna, bert, clara = (Account(self.server.base, name, PASSWORD) for name in ('anna', 'bert', 'clara'))
        room = anna.create_room('Room', invite=[bert.user_id, clara.user_id])
        for guest in (bert, clara):
            guest.join(room)
        self.put(anna, room, CALL, 'c', {'m.intent': 'm.prompt', 'm.type': 'm.video'})
        for guest in (bert, clara):
            self.enter(guest, room)
        store = self.kept()
        desk = self.bot('anna', *store)
        self.see(desk, room, 2)
        self.assertEqual(desk.stop(), 0)
        since = self.sync(anna)['next_batch']
        anna.request('POST', f'v3/rooms/{urllib.parse.quote(room)}/kick', {'user_id': bert.user_id})
        for i in range(N_MESSAGES):
            anna.say(room, str(i))
        # The gap is one, and the server tells of it in spite of lazy loading.
        news = self.sync(anna, since)['rooms']['join'][room]
        self.assertTrue(news['timeline']['limited'])
        self.assertNotIn('m.room.member', [e['type'] for e in news['timeline']['events']])
        self.assertEqual([e['content']['membership'] for e in news['state']['events']
                          if (e['type'], e['state_key']) == ('m.room.member', bert.user_id)], ['leave'])
        desk = self.bot('anna', *store)
        self.see(desk, room, 1)
        # Whoever comes back with the entry that still stands is in it again; out again, and a new device knows.
        anna.request('POST', f'v3/rooms/{urllib.parse.quote(room)}/invite', {'user_id': bert.user_id})
        bert.join(room)
        self.see(desk, room, 2)
        anna.request('POST', f'v3/rooms/{urllib.parse.quote(room)}/kick', {'user_id': bert.user_id})
        self.see(desk, room, 1)
        for i in range(N_MESSAGES):
            anna.say(room, str(i))
        fresh = self.bot('anna')
        self.see(fresh, room, 1)
        self.finish(desk, fresh)


if __name__ == '__main__':
    unittest.main()
