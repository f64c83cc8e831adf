#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call of which only TURN servers see the addresses: test_turn.py PROGRAM.

The user name has a colon and the password what base64 has, as a homeserver's time-limited ones do.
"""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'tools'))
from turn import Turn  # noqa: E402

PROGRAM = sys.argv.pop(1)
USERNAME, PASSWORD = '1795615299:@alice:example.org', 'aB+/c3=d%40?='


class Relayed(unittest.TestCase):
    def call(self, test, password=PASSWORD):
        with Turn(USERNAME, PASSWORD) as turn:
            env = dict(os.environ, CONFAB_TEST_TURN_PORT=str(turn.port), CONFAB_TEST_TURN_USERNAME=USERNAME,
                       CONFAB_TEST_TURN_PASSWORD=password)
            done = subprocess.run([PROGRAM, '--tap', '-p', test], env=env, capture_output=True, text=True, timeout=150)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return turn

    def test_relayed(self):
        turn = self.call('/turn/relayed')
        self.assertGreaterEqual(turn.n_allocations, 2)
        self.assertEqual(turn.n_refused, 0)
        self.assertGreater(turn.n_relayed, 100)

    def test_wrong_password(self):
        turn = self.call('/turn/refused', password='wrong')
        self.assertEqual(turn.n_allocations, 0)
        self.assertGreater(turn.n_refused, 0)


if __name__ == '__main__':
    unittest.main(verbosity=2)
