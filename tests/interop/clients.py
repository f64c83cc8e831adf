# SPDX-License-Identifier: GPL-3.0-or-later
"""The participants of these tests, by name."""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tools'))

from peers import Peer  # noqa: E402


def browser(client, server, name, colour, tone, arguments=(), **options):
    return Peer(['node', str(HERE / 'browser.mjs'), '--client', client,
                 '--modules', os.environ['CONFAB_NODE_MODULES'], '--homeserver', server.base, '--user', name,
                 '--password', 'pw', '--colour', ','.join(map(str, colour)), '--tone', str(tone), *arguments],
                name=f'{client} {name}', **options)


def hydrogen(server, name, colour=(200, 40, 40), tone=700, arguments=(), **options):
    """hydrogen-view-sdk in Chromium."""
    return browser('hydrogen', server, name, colour, tone, arguments, **options)


def jssdk(server, name, colour=(200, 40, 40), tone=700, arguments=(), **options):
    """matrix-js-sdk 36.2.0, with libolm, in Chromium."""
    return browser('jssdk', server, name, colour, tone, arguments, **options)


def bot(server, name, *arguments, **options):
    """confab-bot with its test picture and tone."""
    return Peer([str(pathlib.Path(os.environ['CONFAB_PROGRAMS']) / 'confab-bot'),
                 '--homeserver', server.base, '--user', f'@{name}:localhost', '--media', 'test',
                 *arguments],
                name=f'bot {name}', env={'CONFAB_PASSWORD': 'pw', 'CONFAB_ICE_LOOPBACK': '1'}, **options)
