#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cameras and microphones that come and go: test_devices.py PROGRAM, whose tests each get a PipeWire of their own.

It has a speaker and nothing else; no session bus, no sound hardware. Everything started here is ended here.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = sys.argv.pop(1)
START_S = 60
SPEAKER = ('{ factory.name=support.null-audio-sink node.name=test-speaker media.class=Audio/Sink object.linger=true '
           'audio.position=[FL FR] }')


class Devices(unittest.TestCase):
    def setUp(self):
        for name in ('pipewire', 'wireplumber', 'pw-dump', 'pw-cli', 'gst-launch-1.0'):
            self.assertIsNotNone(shutil.which(name), f'{name} is not installed')
        self.folder = tempfile.mkdtemp(prefix='confab-devices-')
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.env = dict(os.environ, GIO_USE_VFS='local', LC_ALL='C.UTF-8')
        for name in ('DBUS_SESSION_BUS_ADDRESS', 'PIPEWIRE_REMOTE', 'PULSE_SERVER'):
            self.env.pop(name, None)
        for name in ('HOME', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME'):
            self.env[name] = os.path.join(self.folder, name.lower())
            os.mkdir(self.env[name], 0o700)
        self.started = []
        self.start('pipewire')
        socket = os.path.join(self.env['XDG_RUNTIME_DIR'], 'pipewire-0')
        self.wait_for('pipewire', lambda: os.path.exists(socket))
        self.start('wireplumber')
        # It owns the metadata of defaults; then it links what is connected.
        self.wait_for('wireplumber', lambda: '"default"' in self.dump())
        subprocess.run(['pw-cli', 'create-node', 'adapter', SPEAKER], env=self.env, check=True,
                       stdout=subprocess.DEVNULL)
        self.wait_for('the speaker', lambda: 'test-speaker' in self.dump())

    def start(self, name):
        with open(os.path.join(self.folder, f'{name}.log'), 'wb') as log:
            process = subprocess.Popen([name], env=self.env, stdout=log, stderr=log)
        self.started.append(process)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

    def wait_for(self, what, done):
        end = time.monotonic() + START_S
        while not done():
            for process in self.started:
                self.assertIsNone(process.poll(), f'{process.args[0]} has ended')
            self.assertLess(time.monotonic(), end, f'{what} was not ready after {START_S} s')
            time.sleep(0.05)

    def dump(self):
        return subprocess.run(['pw-dump'], env=self.env, capture_output=True, text=True).stdout

    def run_program(self, test):
        process = subprocess.Popen([PROGRAM, '--tap', '-p', test], env=self.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            output, _ = process.communicate(timeout=200)
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # what a test that failed left plugged in
            except ProcessLookupError:
                pass
        self.assertEqual(process.returncode, 0, output)
        print('\n' + '\n'.join(line for line in output.splitlines() if ' ms, of which' in line), file=sys.stderr)

    def test_plugged_in(self):
        self.run_program('/devices/plugged-in')

    def test_closed_when_muted(self):
        self.run_program('/devices/closed-when-muted')

    def test_unplugged(self):
        self.run_program('/devices/unplugged')

    def test_second_camera(self):
        self.run_program('/devices/second-camera')


if __name__ == '__main__':
    unittest.main(verbosity=2)
