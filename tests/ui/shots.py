#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of pages are the same, byte for byte, from run to run: shots.py CONFAB_SHOT CONFAB_SHOT_CONTRAST. So a
change that is seen in them is a change of Confab's."""

import pathlib
import subprocess
import sys
import tempfile

SESSION = pathlib.Path(__file__).resolve().parents[1] / 'tools' / 'session.py'
# Faces that come from the server, a spinner, an error, a popover, a dialog, right to left, large text.
NAMES = [
    'call-16-360x640',
    'call-2-rtl-1024x700',
    'call-reconnecting-1024x700',
    'call-tiles',
    'sign-in-wrong-password-360x640-dark',
    'rooms-calls-1024x700-light',
    'rooms-first-sync-360x640-light',
    'rooms-in-call-360x294-small',
    'room-call-1024x700-dark',
    'media-join-360x640-rtl',
    'media-join-360x640-large-text',
    'menu-join-360x640-light',
    'dialog-shortcuts-1024x700-light',
]
IN_HIGH_CONTRAST = [
    'rooms-calls-1024x700-high-contrast-dark',
    'media-join-360x640-high-contrast-light',
    'menu-main-1024x700-high-contrast-light',
]


def shoot(programs, folder):
    for program, names in zip(programs, (NAMES, IN_HIGH_CONTRAST)):
        subprocess.run([sys.executable, str(SESSION), '--weston', program, folder, *names], check=True, timeout=240)
    return {path.stem: path.read_bytes() for path in pathlib.Path(folder).iterdir()}


def main():
    with tempfile.TemporaryDirectory(prefix='confab-shots-') as first, \
            tempfile.TemporaryDirectory(prefix='confab-shots-') as second:
        pictures = shoot(sys.argv[1:], first)
        again = shoot(sys.argv[1:], second)
    wanted = NAMES + IN_HIGH_CONTRAST
    wrong = [name for name in wanted if pictures.get(name) is None or pictures[name] != again.get(name)]
    print('\n'.join(f'{name}: not the same' for name in wrong) or f'{len(wanted)} pictures, the same twice')
    return 1 if wrong or len(pictures) != len(wanted) else 0


if __name__ == '__main__':
    sys.exit(main())
