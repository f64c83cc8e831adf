#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`./dev run` as somebody sees it from outside: its exit status, its report, its pictures, and what it leaves behind.
CONFAB_PROGRAMS names the folder of the programs."""

import contextlib
import itertools
import json
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tools'))

from desktop import WINDOW, Desktop         # noqa: E402

PEOPLE = ['@ines:localhost', '@karim:localhost', '@mateo:localhost', '@uma:localhost']
MARK = 'CONFAB_REHEARSAL_TEST'
SMALL = (256, 175)
DIFFERENT = 45  # of 255: the tolerance with which a picture is recognized


def marked(mark):
    """Processes that inherited the mark: whatever the rehearsal started, and whatever that started."""
    found = []
    for path in pathlib.Path('/proc').glob('[0-9]*/environ'):
        with contextlib.suppress(OSError):  # ended meanwhile
            if f'{MARK}={mark}'.encode() in path.read_bytes().split(b'\0'):
                found.append(f'{path.parent.name}: {(path.parent / "cmdline").read_bytes()}')
    return found


def size_of(path):
    """As its header says."""
    data = path.read_bytes()
    assert data[:8] == b'\x89PNG\r\n\x1a\n' and data[12:16] == b'IHDR', data[:16]
    return struct.unpack('>II', data[16:24])


def pixels_of(path, folder):
    """Of the picture made small: (red, green, blue) each."""
    raw = folder / 'raw'
    subprocess.run(['gst-launch-1.0', '-q', 'filesrc', f'location={path}', '!', 'pngdec', '!', 'videoconvert', '!',
                    'videoscale', '!', f'video/x-raw,format=RGB,width={SMALL[0]},height={SMALL[1]}', '!', 'filesink',
                    f'location={raw}'], check=True, timeout=60)
    data = raw.read_bytes()
    stride = (SMALL[0] * 3 + 3) // 4 * 4
    return [tuple(data[y * stride + x * 3:][:3]) for y in range(SMALL[1]) for x in range(SMALL[0])]


def distance(a, b):
    return max(abs(x - y) for x, y in zip(a, b))


class Run:
    """One rehearsal in folders of its own."""

    def __init__(self, *arguments, env=()):
        self.folder = tempfile.TemporaryDirectory(prefix='confab-test-')
        self.out = pathlib.Path(self.folder.name, 'out')
        self.tmp = pathlib.Path(self.folder.name, 'tmp')
        self.tmp.mkdir()
        self.mark = uuid.uuid4().hex
        base = {k: v for k, v in os.environ.items() if k not in ('DISPLAY', 'WAYLAND_DISPLAY')}
        self.process = subprocess.Popen(
            [sys.executable, str(HERE.parent / 'tools' / 'rehearsal.py'), '--programs', os.environ['CONFAB_PROGRAMS'],
             '--out', str(self.out), *arguments],
            env={**base, **dict(env), MARK: self.mark, 'TMPDIR': str(self.tmp)}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        self.lines = []

    def until(self, words):
        """Reads what it says up to a line with these words."""
        for line in self.process.stdout:
            self.lines.append(line)
            if words in line:
                return
        raise AssertionError(f'it never said “{words}”: {"".join(self.lines)}')

    def end(self, timeout=120):
        """Its exit status; all that it said is in `lines`."""
        timer = threading.Timer(timeout, self.kill)
        timer.start()
        self.lines += self.process.stdout.readlines()
        status = self.process.wait()
        timer.cancel()
        return status

    def kill(self):
        """What a rehearsal that hangs has started is found by its mark."""
        self.lines.append('it took too long; these were left:\n')
        self.process.send_signal(signal.SIGUSR2)
        threading.Event().wait(1)  # until it has said where it is
        for line in marked(self.mark):
            self.lines.append(f'{line}\n')
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(line.partition(':')[0]), signal.SIGKILL)

    @property
    def text(self):
        return ''.join(self.lines)

    def report(self):
        return json.loads((self.out / 'report.json').read_text())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()
            self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()


class Rehearsal(unittest.TestCase):
    def assert_nothing_left(self, run):
        self.assertEqual(marked(run.mark), [])
        self.assertEqual(list(run.tmp.iterdir()), [])

    def test_without_display(self):
        with Run('--seconds', '4') as run:
            self.assertEqual(run.end(), 0, run.text)
            self.assert_nothing_left(run)
            members = run.report()['members']
            self.assertEqual([m['userId'] for m in members], PEOPLE)
            for member in members:
                self.assertTrue(member['ok'], member)
                self.assertEqual(member['state'], 'connected')
                self.assertGreaterEqual(member['framesDecoded'], 4 * 5)
                self.assertLess(member['firstFrameMs'], 20000)
                self.assertGreater(member['levelDb'], -20)  # the tones are at -13.5 dB
                self.assertIn(f'{member["userId"]} ', run.text)
            # What is told apart by colour and pitch must differ in them.
            for a, b in itertools.combinations([m['sends'] for m in members], 2):
                self.assertGreater(distance(a['meanRgb'], b['meanRgb']), DIFFERENT)
                self.assertGreater(abs(a['toneHz'] - b['toneHz']), 30)
            self.check_pictures(run, members)

    def check_pictures(self, run, members):
        for name in ('call', 'rooms', 'select-media'):
            path = run.out / f'{name}.png'
            self.assertEqual(size_of(path), WINDOW)
            self.assertIn(str(path), run.text)
            pixels = pixels_of(path, pathlib.Path(run.folder.name))
            most = max(pixels.count(colour) for colour in set(pixels))
            self.assertLess(most / len(pixels), 0.95, f'{name} is blank')
            if name == 'call':
                for member in members:
                    tile = sum(distance(p, member['sends']['meanRgb']) < 20 for p in pixels)
                    self.assertGreater(tile / len(pixels), 0.03, f'{member["userId"]} is not in the picture')

    def test_missing_media(self):
        with Run('--seconds', '1', '--without-sound', 'ines', '--without-picture', 'mateo') as run:
            self.assertEqual(run.end(), 1, run.text)
            self.assert_nothing_left(run)
            report = run.report()
            self.assertEqual([m['ok'] for m in report['members']], [False, True, False, True])
            self.assertIn('silence', report['members'][0]['trouble'])
            self.assertIn('picture', report['members'][2]['trouble'])
            self.assertEqual(report['members'][2]['framesDecoded'], 0)
            self.assertIsNone(report['members'][2]['firstFrameMs'])

    def test_interrupted_early(self):
        """While Confab signs in and the participants start."""
        with Run() as run:
            run.until('homeserver')
            run.process.send_signal(signal.SIGINT)
            self.assertEqual(run.end(30), 130, run.text)
            self.assert_nothing_left(run)

    def test_interrupted_in_the_call(self):
        with Run() as run:
            run.until('every picture is there')
            # As the terminal does it at Ctrl+C: to all in the foreground.
            os.killpg(run.process.pid, signal.SIGINT)
            self.assertEqual(run.end(30), 130, run.text)
            self.assert_nothing_left(run)

    def test_terminated(self):
        with Run() as run:
            run.until('every picture is there')
            run.process.send_signal(signal.SIGTERM)
            self.assertEqual(run.end(30), 143, run.text)
            self.assert_nothing_left(run)

    def test_window_closed(self):
        """On a person's display it stays until the window is closed, and is in the call with --join."""
        with Desktop() as desktop, Run('--join', env={'DISPLAY': desktop.env['DISPLAY']}) as run:
            run.until('Close the window')
            # As a person does: a click that comes while one page gives way to the next goes nowhere.
            for _ in range(30):
                x, y = self.close_button(desktop)
                self.xdotool(desktop, 'mousemove', x, y, 'click', '1')
                with contextlib.suppress(subprocess.TimeoutExpired):
                    run.process.wait(2)
                    break
            self.assertEqual(run.end(30), 0, run.text)
            self.assert_nothing_left(run)
            self.assertNotIn('CRITICAL', (run.out / 'confab.log').read_text())

    def xdotool(self, desktop, *words, check=True):
        return subprocess.run(['xdotool', *map(str, words)], env=desktop.env, check=check, capture_output=True, text=True,
                              timeout=30).stdout

    def close_button(self, desktop):
        """At the top end of the window, which nobody but X has placed."""
        # Where there is none, the search fails.
        for window in self.xdotool(desktop, 'search', '--name', 'Confab|Rehearsal', check=False).split():
            words = dict(line.split('=') for line in
                         self.xdotool(desktop, 'getwindowgeometry', '--shell', window).split())
            if int(words['WIDTH']) > 100:
                return int(words['X']) + int(words['WIDTH']) - 28, int(words['Y']) + 28
        return 0, 0  # it is closed already


if __name__ == '__main__':
    unittest.main()
