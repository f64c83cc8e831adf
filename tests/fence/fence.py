#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A room sees the rooms that the house allows it and no other: fence.py BUILD-FOLDER

With each room's own compiler arguments (from compile_commands.json): which headers of all rooms are found, that an
allowed one compiles, and that a forbidden one does not. Libraries likewise.
"""

import json
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]

SEES = {
    'base': set(),
    'call': {'base'},
    'crypto': {'base'},
    'matrix': {'call', 'crypto', 'base'},
    'media': {'call', 'base'},
    'viewmodel': {'matrix', 'call', 'base'},
    'ui': {'viewmodel'},
}
# Olm's header is where every compiler looks, so nothing can be said about it.
LIBRARIES = {
    'gtk/gtk.h': {'viewmodel', 'ui'},
    'adwaita.h': {'ui'},
    'gst/gst.h': {'media'},
    'libsoup/soup.h': {'matrix'},
}


def headers(room):
    """What a room shows: private headers are for its own files, those in its folders for nobody else either."""
    return sorted(p.name for p in (TOP / 'src' / room).glob('*.h') if not p.name.endswith('-private.h'))


class Room:
    """How a file of this room is compiled."""

    def __init__(self, command, folder):
        words = shlex.split(command)
        self.folder = folder
        # With ccache (meson takes it when it is there) the compiler is the second word.
        self.command = words[:2] if pathlib.Path(words[0]).name == 'ccache' else words[:1]
        for index, word in enumerate(words):
            if word.startswith(('-I', '-D', '-std=', '-pthread')):
                self.command.append(word)
            elif word in ('-isystem', '-include'):
                self.command += [word, words[index + 1]]

    def compile(self, text, *flags):
        return subprocess.run([*self.command, *flags, '-x', 'c', '-'], cwd=self.folder, input=text, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)

    def finds(self, names):
        """Those of the headers that the preprocessor finds."""
        text = '\n'.join(f'#if __has_include ("{n}")\nfound "{n}"\n#endif' for n in names)
        return set(re.findall(r'^found "(.*)"$', self.compile(text, '-E', '-P').stdout, re.M))


def rooms(build):
    """The first file of each room says how all of them are compiled: a room is one library."""
    out = {}
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        file = (pathlib.Path(entry['directory']) / entry['file']).resolve()
        parts = file.relative_to(TOP).parts if file.is_relative_to(TOP) else ()
        if len(parts) == 3 and parts[0] == 'src' and parts[1] in SEES:
            out.setdefault(parts[1], Room(entry['command'], entry['directory']))
    return out


class Fence(unittest.TestCase):
    def test_every_room_is_there(self):
        with_files = {room for room in SEES if any((TOP / 'src' / room).glob('*.c'))}
        self.assertEqual(set(ROOMS), with_files)
        self.assertEqual(set(SEES) | {'app'}, {p.name for p in (TOP / 'src').iterdir() if p.is_dir()})

    def test_headers_found(self):
        everything = {name: room for room in (*SEES, 'app') for name in headers(room)}
        for name, room in ROOMS.items():
            with self.subTest(room=name):
                allowed = {h for h, owner in everything.items() if owner in SEES[name] | {name}}
                self.assertEqual(room.finds(everything), allowed)

    def test_forbidden_does_not_compile(self):
        for name, room in ROOMS.items():
            for other in (*SEES, 'app'):
                if other == name or other in SEES[name] or not headers(other):
                    continue
                with self.subTest(room=name, includes=other):
                    header = headers(other)[0]
                    done = room.compile(f'#include "{header}"\n', '-fsyntax-only')
                    self.assertNotEqual(done.returncode, 0)
                    self.assertIn(header, done.stderr)

    def test_allowed_compiles(self):
        """Each room that may be seen has headers that compile; one that does not names a room that is out of sight."""
        owner = {name: room for room in (*SEES, 'app') for name in headers(room)}
        for name, room in ROOMS.items():
            for other in SEES[name] | {name}:
                with self.subTest(room=name, includes=other):
                    self.assertTrue(self.compiling(room, other, SEES[name] | {name}, owner))

    def compiling(self, room, other, seen, owner):
        shown = headers(other)
        done = room.compile(''.join(f'#include "{h}"\n' for h in shown), '-fsyntax-only')
        if done.returncode == 0:
            return shown or True
        good = []
        for header in shown:
            done = room.compile(f'#include "{header}"\n', '-fsyntax-only')
            missing = re.search(r'fatal error: (\S+): No such file', done.stderr)
            if done.returncode == 0:
                good.append(header)
            elif missing is None or missing[1] not in LIBRARIES and owner.get(missing[1], other) in seen:
                self.fail(f'{header}: {done.stderr}')
        return good

    def test_libraries(self):
        for name, room in ROOMS.items():
            with self.subTest(room=name):
                self.assertEqual(room.finds(LIBRARIES), {lib for lib, who in LIBRARIES.items() if name in who})

    def test_no_way_around(self):
        """The top folder is on the path for config.h; nobody names a folder of ours through it."""
        for path in (TOP / 'src').rglob('*.[ch]'):
            self.assertIsNone(re.search(r'#\s*include\s+["<](\.\.|src/)', path.read_text()), path)


if __name__ == '__main__':
    BUILD = pathlib.Path(sys.argv[1])
    ROOMS = rooms(BUILD)
    unittest.main(argv=sys.argv[:1])
