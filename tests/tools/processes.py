# SPDX-License-Identifier: GPL-3.0-or-later
"""A tool that starts many processes and is ended by Ctrl+C, leaving none of them and no folder behind.

    def work(signals): …
    sys.exit(processes.run(work, 'confab-rehearsal'))
"""

import contextlib
import ctypes
import faulthandler
import os
import pathlib
import secrets
import select
import shutil
import signal
import tempfile
import threading
import time

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


class Interrupted(BaseException):
    """Somebody wants it to end. Not an Exception: whoever handles errors on the way does not swallow it."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


def children():
    """Of this process, and since it is a subreaper also those whose parents have ended."""
    found = []
    for path in pathlib.Path('/proc').glob('[0-9]*/stat'):
        try:
            parent = int(path.read_text().rpartition(')')[2].split()[1])
        except (OSError, IndexError):
            continue  # it ended meanwhile
        if parent == os.getpid():
            found.append(int(path.parent.name))
    return found


def tell(pid, number):
    with contextlib.suppress(ProcessLookupError):  # another thread has waited for it meanwhile
        os.kill(pid, number)


def wait_for_one(pids, seconds):
    """Until one of these children has ended, or so long."""
    poll = select.poll()
    opened = []
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            opened.append(os.pidfd_open(pid))
            poll.register(opened[-1], select.POLLIN)
    poll.poll(max(1, 1000 * seconds))
    for fd in opened:
        os.close(fd)
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def end_children(grace=5):
    """Asks all of them to end, then makes them. Whatever they leave becomes a child, and is asked in turn."""
    asked = {}
    while pids := children():
        now = time.monotonic()
        for pid in pids:
            if pid not in asked:
                asked[pid] = now
                tell(pid, signal.SIGTERM)
            elif now > asked[pid] + grace:
                tell(pid, signal.SIGKILL)
        wait_for_one(pids, min(asked[pid] for pid in pids) + grace - now)


class Signals:
    """The first one that asks for the end is raised in the main thread, once; at the next, nobody is waited for."""

    def __init__(self):
        self.raised = False
        for number in (*ENDING, signal.SIGUSR1):
            # nohup means what it says; but a shell without job control ignores SIGINT for what runs beside it.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self.handle)

    def handle(self, number, _frame):
        if not self.raised:
            self.raised = True
            raise Interrupted(number)
        if number in ENDING:
            for pid in children():
                tell(pid, signal.SIGKILL)

    def hold(self):
        """From now on nothing is raised: things are being put away."""
        self.raised = True


def tell_main():
    """From another thread: the main thread is raised Interrupted(SIGUSR1), whatever it waits for."""
    signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)


def run(work, name):
    """Calls work(signals), with a temporary folder for it and all that it starts; gives its result, or 128 and the
    signal that ended it. Then nothing is left."""
    faulthandler.register(signal.SIGUSR2)  # whoever waits for it in vain learns where it is
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    folder = pathlib.Path(tempfile.gettempdir(), f'{name}-{secrets.token_hex(4)}')
    signals = Signals()
    try:
        try:
            os.mkdir(folder, 0o700)
            os.environ['TMPDIR'] = tempfile.tempdir = str(folder)
            return work(signals)
        finally:
            signals.hold()
    except Interrupted as interrupted:
        return 128 + interrupted.number
    finally:
        end_children()
        shutil.rmtree(folder, ignore_errors=True)
