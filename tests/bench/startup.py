# SPDX-License-Identifier: GPL-3.0-or-later
"""Start-up to the first frame that the compositor has shown, against a window with nothing in it."""

import os
import pathlib
import signal
import statistics
import subprocess
import tempfile
import threading
import time

from desktop import App, Desktop
from matrix import Account
from measure import cpu_ms, memory_kib, table
from synapse import Synapse

ROUNDS = 7
ROOMS = 30


def first_frame(command, env):
    """Starts it and ends it; milliseconds by the clock and of processor time to the first frame, MiB when it rests."""
    start = time.monotonic()
    process = subprocess.Popen(command, env={**env, 'GDK_DEBUG': 'frames'}, stdin=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    try:
        # GDK tells of a frame when the compositor says that it was presented.
        for line in process.stderr:
            if 'frame_end=' in line:
                break
        else:
            raise RuntimeError(f'{command[0]} showed no frame ({process.wait()})')
        wall, cpu = (time.monotonic() - start) * 1000, cpu_ms(process.pid)
        threading.Thread(target=process.stderr.read, daemon=True).start()
        before = cpu
        while True:  # until it rests
            time.sleep(0.3)
            now = cpu_ms(process.pid)
            if now - before < 3:
                break
            before = now
        private = memory_kib(process.pid, 'Private_Dirty', 'Private_Clean') / 1024
        return wall, cpu, private
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


class Weston:
    """A headless compositor with nothing else on it."""

    def __init__(self):
        self.dir = tempfile.TemporaryDirectory(prefix='confab-bench-')
        keep = {k: v for k, v in os.environ.items() if k not in ('DISPLAY', 'DBUS_SESSION_BUS_ADDRESS')}
        self.env = {**keep, 'XDG_RUNTIME_DIR': self.dir.name, 'HOME': self.dir.name, 'WAYLAND_DISPLAY': 'bench',
                    'GDK_BACKEND': 'wayland', 'GSK_RENDERER': 'cairo', 'GSETTINGS_BACKEND': 'memory',
                    'GTK_A11Y': 'none', 'ADW_DISABLE_PORTAL': '1', 'GIO_USE_VFS': 'local'}
        for name in ('XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME'):
            self.env.pop(name, None)
        self.process = subprocess.Popen(
            ['weston', '--backend=headless', '--renderer=pixman', '--width=1920', '--height=1080', '--socket=bench',
             '--idle-time=0', '--no-config'], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        socket = pathlib.Path(self.dir.name, 'bench')
        while not socket.exists():
            if self.process.poll() is not None:
                raise RuntimeError('weston did not start')
            time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.dir.cleanup()


def signed_in(programs, server, profile):
    """A profile whose session will be restored, with some rooms."""
    server.register('anna', 'pw')
    owner = Account(server.base, 'anna', 'pw')
    for number in range(ROOMS):
        owner.create_room(f'Room {number}', encrypted=number % 2 == 0)
    secrets = profile / 'secrets'
    with Desktop() as desktop:
        app = App(programs, desktop, server, 'anna', 'pw',
                  arguments=['--profile-dir', str(profile), '--insecure-secrets', str(secrets)], log=os.devnull)
        app.stop()
    return ['--profile-dir', str(profile), '--insecure-secrets', str(secrets)]


def run(programs, bench):
    with tempfile.TemporaryDirectory(prefix='confab-bench-') as folder, Synapse() as server, Weston() as weston:
        server.wait_ready()
        folder = pathlib.Path(folder)
        confab = str(programs / 'confab')
        commands = {
            'bare AdwApplicationWindow': [str(bench / 'bench-bare-window')],
            'confab, sign-in page': [confab, '--profile-dir', str(folder / 'new'), '--insecure-secrets',
                                     str(folder / 'new-secrets')],
            f'confab, {ROOMS} rooms restored': [confab, *signed_in(programs, server, folder / 'anna')],
        }
        for command in commands.values():
            first_frame(command, weston.env)  # caches
        seen = {name: [] for name in commands}
        for _ in range(ROUNDS):  # in turn, so that what else the machine does meets all alike
            for name, command in commands.items():
                seen[name].append(first_frame(command, weston.env))
    rows, base = [], None
    for name, samples in seen.items():
        wall, cpu, private = (statistics.median(column) for column in zip(*samples))
        base = base or (wall, cpu, private)
        rows.append([name, f'{cpu:.0f}', f'{cpu / base[1]:.2f}', f'{wall:.0f}', f'{wall / base[0]:.2f}',
                     f'{private:.1f}', f'{private / base[2]:.2f}'])
    columns = ['', 'CPU ms to first frame', 'ratio', 'ms to first frame', 'ratio', 'private MiB', 'ratio']
    return [f'Medians of {ROUNDS}; Wayland (headless weston), GSK renderer cairo in all.', table(columns, rows)]
