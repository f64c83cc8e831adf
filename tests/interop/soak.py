#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two bots and a hydrogen in one encrypted call for five minutes: everybody keeps decoding everybody, nobody
reconnects, and no warning is logged."""

import os
import pathlib
import tempfile
import threading
import unittest

from clients import bot, hydrogen
from matrix import Account
from media import assert_same_media
from synapse import Synapse

SECONDS = int(os.environ.get('CONFAB_SOAK_SECONDS', '300'))


class Soak(unittest.TestCase):
    def test_five_minutes(self):
        with tempfile.TemporaryDirectory() as folder, Synapse() as server:
            server.wait_ready()
            names = ('ada', 'ben', 'cyd')
            for name in names:
                server.register(name, 'pw')
            owner = Account(server.base, 'ada', 'pw')
            room = owner.create_room('Soak', True, invite=['@ben:localhost', '@cyd:localhost'])
            for name in names[1:]:
                Account(server.base, name, 'pw').join(room)
            logs = [pathlib.Path(folder, name) for name in names[:2]]
            with bot(server, 'ada', log=logs[0]) as ada, bot(server, 'ben', log=logs[1]) as ben, \
                    hydrogen(server, 'cyd', (40, 60, 200), 900) as cyd:
                peers = (ada, ben, cyd)
                ada('create-call', roomId=room, intent='m.room', type='m.video', name='soak')
                for peer in peers:
                    peer('join-call', roomId=room)
                for peer in peers:
                    peer('wait-media', members=2)
                before = {peer.name: peer('stats') for peer in (ada, ben)}
                threading.Event().wait(SECONDS)  # the five minutes themselves
                for peer in peers:
                    tracks = peer('tracks')
                    for other in peers:
                        if other is not peer:
                            assert_same_media(self, tracks, other.ready)
                for peer in (ada, ben):
                    self.check_frames(before[peer.name], peer('stats'))
                    self.assertFalse([e for e in peer.events if e['event'] == 'warning'])
            for log in logs:
                words = [line for line in log.read_text(errors='replace').splitlines()
                         if 'WARNING' in line or 'CRITICAL' in line]
                self.assertFalse(words, f'{log.name} logged: {words[:5]}')

    def check_frames(self, before, after):
        def frames(stats):
            return {(m['userId'], i['streamId']): i['framesDecoded'] for m in stats['members']
                    for i in m['rtc']['inbound'] if i['kind'] == 'video'}
        old, new = frames(before), frames(after)
        self.assertEqual(len(new), 2)
        for key, count in new.items():
            self.assertGreater(count - old.get(key, 0), SECONDS * 5, f'{key}: fewer than 5 frames a second')


if __name__ == '__main__':
    unittest.main()
