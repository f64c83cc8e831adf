#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""CONFAB_FAKE_CALL=8: the application, in a call of people who are not there, without a server and an account."""

import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'tools'))

from desktop import APP_ID, APP_PATH, App, Desktop  # noqa: E402
from peers import PeerError  # noqa: E402


def wait_for(app, test):
    """The name comes before the window, and before the inspector with it."""
    def look():
        try:
            return test(app('state'))
        except PeerError as error:
            if 'UnknownMethod' in str(error):
                return False
            raise
    app.gdbus('wait', '--timeout', '30', APP_ID)
    app.poll('the page', look, 30)


class FakeCallTest(unittest.TestCase):
    def test_call(self):
        with Desktop() as desktop:
            desktop.env['CONFAB_FAKE_CALL'] = '8'
            with App(os.environ['CONFAB_PROGRAMS'], desktop, name='nobody') as app:
                wait_for(app, lambda state: state['inCall'])
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
            with App(os.environ['CONFAB_PROGRAMS'], desktop, name='nobody', log=log) as app:
                wait_for(app, lambda state: state['page'] == 'sign-in' and not state['inCall'])
                self.assertIn('CONFAB_FAKE_CALL', log.read_text())


if __name__ == '__main__':
    unittest.main()
