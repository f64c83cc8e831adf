#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""CONFAB_FAKE_CALL=8: the application, in a call of people who are not there, without a server and an account."""

import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'tools'))

from desktop import APP_ID, APP_PATH, App, Desktop  # noqa: E402


class FakeCall(App):
    def sign_in(self, server, name, password):
        self.gdbus('wait', '--timeout', '30', APP_ID)
        self.poll('the inspector', self.answers, 30)
        return self.until('state', lambda s: s['inCall'])


class NoCall(FakeCall):
    def sign_in(self, server, name, password):
        self.gdbus('wait', '--timeout', '30', APP_ID)
        self.poll('the inspector', self.answers, 30)
        return self.until('state', lambda s: s['page'] == 'sign-in' and not s['inCall'])


class FakeCallTest(unittest.TestCase):
    def test_call(self):
        with Desktop() as desktop:
            desktop.env['CONFAB_FAKE_CALL'] = '8'
            with FakeCall(os.environ['CONFAB_PROGRAMS'], desktop, None, 'nobody', None) as app:
                app.do_mute(mic=True)
                picture = desktop.dir / 'call.png'
                app.screenshot(picture)
                self.assertGreater(picture.stat().st_size, 10000)
                app.do_leave()
                # Nobody was signed in, and nothing of an account was made.
                self.assertFalse((desktop.dir / 'profile-nobody' / 'secrets').exists())
                app.activate(APP_PATH, 'quit')
                self.assertEqual(app.process.wait(20), 0)

    def test_nonsense(self):
        """What is no number is said, and the application goes on as without."""
        with Desktop() as desktop:
            desktop.env['CONFAB_FAKE_CALL'] = 'many'
            log = desktop.dir / 'log'
            with NoCall(os.environ['CONFAB_PROGRAMS'], desktop, None, 'nobody', None, log=log):
                self.assertIn('CONFAB_FAKE_CALL', log.read_text())


if __name__ == '__main__':
    unittest.main()
