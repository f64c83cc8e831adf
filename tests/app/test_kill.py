#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""confab-bot is killed (SIGKILL) at twenty random instants of a call, one after the other, with the same store: each
start works, its ghost is gone from the room within 15 s, and at the end it completes an encrypted call. Ten of the twenty
are killed when they are in the call, ten while they come and go. CONFAB_BOT names the program; CONFAB_SEED repeats a
run's instants."""

import os
import pathlib
import random
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tools'))

from matrix import Account, MatrixError     # noqa: E402
from media import assert_same_media         # noqa: E402
from peers import Peer, PeerError           # noqa: E402
from synapse import Synapse                 # noqa: E402

BOT = os.environ.get('CONFAB_BOT', 'confab-bot')
PASSWORD = 'a pass-word'
MEMBER = 'org.matrix.msc3401.call.member'
N_KILLS = 20
GHOST_S = 15
SEED = int(os.environ.get('CONFAB_SEED') or time.time())
VICTIM = '@carl:localhost'


class Life(threading.Thread):
    """What somebody does in a call, until the process dies of it."""

    def __init__(self, peer, join, stays, seed):
        super().__init__()
        self.peer, self.join_call, self.stays, self.random = peer, join, stays, random.Random(seed)
        self.has_joined = False
        self.refused = None
        self.answered = threading.Event()   # it is in the call, or nothing more comes

    def run(self):
        try:
            self.peer.wait_event('ready', timeout=60)
            while True:
                self.peer('join-call', **self.join_call)
                self.has_joined = True
                self.answered.set()
                while self.stays or self.random.randrange(4):
                    self.peer('mute', mic=self.random.random() < 0.5, cam=self.random.random() < 0.5)
                    self.peer('wait-media', members=self.random.randrange(1, 3))
                self.peer('leave')
        except (PeerError, BrokenPipeError, ValueError) as error:
            # That is the end, unless it was alive and said no.
            if getattr(error, 'code', None) is not None:
                self.refused = error
        finally:
            self.answered.set()


class Killed(unittest.TestCase):
    def setUp(self):
        print(f'CONFAB_SEED={SEED}', flush=True)
        self.random = random.Random(SEED)
        self.server = Synapse()
        self.addCleanup(self.server.stop)
        self.server.wait_ready()
        for name in ('anna', 'carl', 'dora'):
            self.server.register(name, PASSWORD)
        store = tempfile.TemporaryDirectory()
        self.addCleanup(store.cleanup)
        self.store = store.name
        self.owner = Account(self.server.base, 'anna', PASSWORD)
        self.device = None
        self.started_at = 0

    def bot(self, name, *more):
        peer = Peer([BOT, '--homeserver', self.server.base, '--user', f'@{name}:localhost', '--video', '160x90@10',
                     *more], name=name, ready_timeout=0,
                    env={'CONFAB_PASSWORD': PASSWORD, 'G_DEBUG': 'fatal-warnings'})
        self.addCleanup(peer.dispose)
        return peer

    def victim(self):
        self.started_at = time.monotonic()
        return self.bot('carl', '--store', self.store)

    def ghost(self):
        """Whether the room says that the victim's device is in a call. A server that does not answer says nothing."""
        try:
            calls = self.owner.state(self.room, MEMBER, VICTIM)['m.calls']
        except MatrixError as error:
            if error.code != 'M_NOT_FOUND':
                raise
            return False    # it never was in one
        return any(d['device_id'] == self.device for c in calls for d in c['m.devices'])

    def await_back(self, carl):
        """Both within the same 15 s from the start of the process: the ghost gone, whether it is ready or not, and ready."""
        while True:
            there = self.ghost()
            self.assertLess(time.monotonic() - self.started_at, GHOST_S, 'the ghost is still in the call')
            if not there:
                break
            time.sleep(0.05)    # a poll: the room's state is looked at from outside
        carl.ready = carl.wait_event('ready', timeout=self.started_at + GHOST_S - time.monotonic())
        self.assertEqual(carl.ready['deviceId'], self.device)

    def kill_while_alive(self, carl, delay, stays=False):
        """Kills it that long from now, or, where it stays, from when it has joined."""
        life = Life(carl, {'roomId': self.room, 'callId': self.call}, stays, self.random.random())
        life.start()
        if stays:
            self.assertTrue(life.answered.wait(30), 'it is not told whether it is in the call')
            self.assertIsNone(life.refused)
        time.sleep(delay)       # the random instant
        self.assertIsNone(carl.process.poll(), 'it had ended by itself')
        carl.kill()
        life.join()
        self.assertIsNone(life.refused)
        return life.has_joined

    def test_twenty_times(self):
        anna, dora, carl = self.bot('anna'), self.bot('dora'), self.victim()
        for peer in (anna, dora, carl):
            peer.ready = peer.wait_event('ready', timeout=60)
        self.device = carl.ready['deviceId']
        self.room = anna('create-room', name='Room', encrypted=True, open=True,
                         invite=[dora.ready['userId'], VICTIM])['roomId']
        for peer in (dora, carl):
            peer('join-room', roomId=self.room)
        self.call = anna('create-call', roomId=self.room)['callId']
        for peer in (anna, dora):
            peer('join-call', roomId=self.room)
        carl.kill()
        n_joined = n_ghosts = 0
        for kill in range(N_KILLS):
            if kill % 4 == 3:
                # And once more before it was there.
                self.kill_while_alive(self.victim(), self.random.uniform(0, 0.5))
            carl = self.victim()
            self.await_back(carl)
            stays = kill % 2 == 0
            n_joined += self.kill_while_alive(carl, self.random.uniform(0, 3), stays)
            ghost = self.ghost()
            self.assertTrue(ghost or not stays, 'it was in the call, and the room did not know')
            n_ghosts += ghost
            print(f'kill {kill + 1}: {time.monotonic() - self.started_at:.2f} s after the start', flush=True)
        print(f'{n_joined} of {N_KILLS} had joined, {n_ghosts} left a ghost', flush=True)
        self.assertGreaterEqual(n_ghosts, N_KILLS // 2, 'too little was left behind: the kills were no test')
        self.complete(anna, dora)

    def complete(self, anna, dora):
        carl = self.victim()
        self.await_back(carl)
        print(f'ghost gone {time.monotonic() - self.started_at:.2f} s after the start', flush=True)
        seen = len(anna.events)
        carl('join-call', roomId=self.room, callId=self.call)
        anna.wait_event('member-added', since=seen, userId=VICTIM)
        for me, others in ((anna, (carl, dora)), (dora, (anna, carl)), (carl, (anna, dora))):
            me('wait-media', members=2, timeout=60000)
            tracks = me('tracks')
            for other in others:
                assert_same_media(self, tracks, other.ready)
            self.assertTrue(all(m['encrypted'] for m in me('members')))
        for peer in (carl, dora, anna):
            self.assertEqual([e for e in peer.events if e['event'] == 'warning'], [], peer.name)
            self.assertEqual(peer.stop(), 0, peer.name)
        self.assertFalse(self.ghost())


if __name__ == '__main__':
    unittest.main()
