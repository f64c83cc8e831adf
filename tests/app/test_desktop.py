#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application in a call, and its desktop: the machine is sent to sleep, the session ends, the process is ended or
dies. With a real Synapse, and with logind and a session manager of the test's own (CONFAB_FAKE_DESKTOP).
CONFAB_PROGRAMS names the folder of the programs."""

import contextlib
import os
import pathlib
import queue
import subprocess
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tools'))

from desktop import APP_PATH, App, Desktop  # noqa: E402
from matrix import Account                  # noqa: E402
from peers import Peer, PeerError           # noqa: E402
from synapse import Synapse                 # noqa: E402

PROGRAMS = pathlib.Path(os.environ['CONFAB_PROGRAMS'])
FAKE_DESKTOP = os.environ['CONFAB_FAKE_DESKTOP']
PASSWORD = 'a pass-word'
CALL = 'org.matrix.msc3401.call'
MEMBER = 'org.matrix.msc3401.call.member'
IDLE_AND_SUSPEND = 8 | 4     # GtkApplicationInhibitFlags
LEAVE_S = 2.5                # 2 s, and what the answer takes
GHOST_S = 15


class FakeDesktop:
    """Lines to it and from it."""

    def __init__(self, env):
        self.process = subprocess.Popen([FAKE_DESKTOP, env['DBUS_SYSTEM_BUS_ADDRESS'],
                                         env['DBUS_SESSION_BUS_ADDRESS']],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        self.expect('ready')

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())
        self.lines.put(None)

    def tell(self, word):
        self.process.stdin.write(word + '\n')
        self.process.stdin.flush()

    def expect(self, *wanted, timeout=30):
        """The next lines, in whatever order."""
        got = sorted(self.lines.get(timeout=timeout) for _ in wanted)
        assert got == sorted(wanted), f'{got} came, not {sorted(wanted)}'

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class DesktopTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Synapse()
        cls.addClassCleanup(cls.server.stop)
        cls.server.wait_ready()
        for name in ('anna', 'ben'):
            cls.server.register(name, PASSWORD)
        cls.owner = Account(cls.server.base, 'ben', PASSWORD)
        cls.ben = Peer([str(PROGRAMS / 'confab-bot'), '--homeserver', cls.server.base, '--user', '@ben:localhost',
                        '--video', '160x90@5'], name='ben', env={'CONFAB_PASSWORD': PASSWORD, 'CONFAB_ICE_LOOPBACK': '1'})
        cls.addClassCleanup(cls.ben.stop)

    def setUp(self):
        self.desktop = Desktop()
        self.addCleanup(self.desktop.stop)
        self.system = None

    def start_services(self):
        self.desktop.env['DBUS_SYSTEM_BUS_ADDRESS'] = self.desktop.start_bus()
        self.system = FakeDesktop(self.desktop.env)
        self.addCleanup(self.system.stop)

    def app(self, signed_in=False):
        app = App(PROGRAMS, self.desktop, None if signed_in else self.server, 'anna', PASSWORD)
        self.addCleanup(app.stop)
        if signed_in:
            app.gdbus('wait', '--timeout', '30', 'app.confab.Confab')
            app.poll('the window', lambda: self.is_online(app), 30)
        if self.system:
            self.system.expect('client app.confab.Confab')
        return app

    @staticmethod
    def is_online(app):
        try:
            state = app('state')
        except PeerError as error:
            if 'UnknownMethod' in str(error):   # the name comes before the window
                return False
            raise
        return state['online'] and state['page'] == 'rooms' and bool(state['toneHz'])

    def begin(self, app):
        """Ben's call, with Anna in it."""
        self.room = self.owner.create_room('Room', encrypted=True, invite=['@anna:localhost'])
        self.ben('join-room', roomId=self.room)
        anna = Account(self.server.base, 'anna', PASSWORD)
        anna.join(self.room)
        self.call = self.ben('create-call', roomId=self.room)['callId']
        self.ben('join-call', roomId=self.room, callId=self.call)
        self.addCleanup(self.leave)
        self.join(app)

    def leave(self):
        with contextlib.suppress(PeerError):    # it may be over
            self.ben('leave')

    def join(self, app):
        app('join-call', roomId=self.room)
        app('wait-media')
        if self.system:
            self.system.expect(f'inhibit {IDLE_AND_SUSPEND}', 'delay sleep')

    def is_member(self):
        calls = self.owner.state(self.room, MEMBER, '@anna:localhost')['m.calls']
        return any(device for call in calls for device in call['m.devices'])

    def assert_quiet(self):
        self.assertTrue(self.system.lines.empty())

    def test_sleep(self):
        self.start_services()
        app = self.app()
        # Whoever is in no call holds nothing up.
        self.assert_quiet()
        self.begin(app)
        self.assertTrue(self.is_member())
        seen = len(self.ben.events)
        began = time.monotonic()
        self.system.tell('sleep')
        self.system.expect('uninhibit', 'released')
        took = time.monotonic() - began
        # The machine sleeps from here on: everything was said before.
        self.assertFalse(self.is_member())
        self.assertLess(took, LEAVE_S)
        print(f'asleep after {took:.2f} s', flush=True)
        self.ben.wait_event('member-removed', since=seen, userId='@anna:localhost')
        self.assertFalse(app('state')['inCall'])
        self.system.tell('wake')
        # It is offered, and only that.
        app.until('state', lambda s: s['offersRejoin'], 20)
        self.assertFalse(app('state')['inCall'])
        self.assert_quiet()
        self.join(app)
        self.assertFalse(app('state')['offersRejoin'])
        # A sleep in which the call ends.
        self.system.tell('sleep')
        self.system.expect('uninhibit', 'released')
        self.ben('terminate')
        self.assertTrue(self.owner.state(self.room, CALL, self.call)['m.terminated'])
        self.system.tell('wake')
        app.until('state', lambda s: 'ended' in (s['said'] or ''), 20)
        self.assertFalse(app('state')['offersRejoin'])

    def test_logout(self):
        self.start_services()
        app = self.app()
        self.begin(app)
        # Somebody is asked whether they mean it: not yet.
        self.system.tell('query')
        self.system.expect('answer yes')
        self.assertTrue(self.is_member())
        self.system.tell('end')
        self.system.expect('uninhibit', 'released', 'answer yes')
        self.assertFalse(self.is_member())
        self.assertEqual(app.process.wait(20), 0)
        self.system.expect('bye')

    def end(self, how):
        app = self.app()
        self.begin(app)
        self.assertTrue(self.is_member())
        how(app)
        self.assertEqual(app.process.wait(20), 0)
        self.assertFalse(self.is_member())

    def test_terminated(self):
        """Where there is neither logind nor a session manager, which is no fault."""
        self.desktop.env['DBUS_SYSTEM_BUS_ADDRESS'] = 'unix:path=/nonexistent/bus'
        self.end(lambda app: app.process.terminate())

    def test_quit(self):
        self.end(lambda app: app.activate(APP_PATH, 'quit'))

    def await_no_ghost(self):
        end = time.monotonic() + GHOST_S
        while self.is_member():
            self.assertLess(time.monotonic(), end, 'the ghost is still in the call')
            time.sleep(0.05)    # a poll: the room's state is looked at from outside

    def test_killed(self):
        app = self.app()
        self.begin(app)
        app.process.kill()
        app.process.wait()
        self.assertTrue(self.is_member())
        app = self.app(signed_in=True)
        self.await_no_ghost()
        self.assertFalse(app('state')['inCall'])
        self.assertEqual(app.stop(), 0)

    def test_killed_and_out_of_the_room(self):
        """Its entry cannot be taken back any more: nobody minds, and nothing is tried again and again."""
        app = self.app()
        self.begin(app)
        app.process.kill()
        app.process.wait()
        self.owner.request('POST', f'v3/rooms/{self.room}/kick', {'user_id': '@anna:localhost'})
        app = self.app(signed_in=True)
        self.assertFalse(app('state')['inCall'])
        self.assertEqual(app.stop(), 0)


if __name__ == '__main__':
    unittest.main()
