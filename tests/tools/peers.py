# SPDX-License-Identifier: GPL-3.0-or-later
"""A participant that speaks JSON lines (confab-bot, browser.mjs), as an object.

    with Peer(['confab-bot', …]) as anna:
        anna.ready['userId']
        anna('join-call', roomId=room)          # the result; a PeerError when the reply is an error
        anna.wait_event('member-added', userId=…)
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time


class PeerError(Exception):
    """An error reply, a missing reply, or an end that nobody asked for."""

    def __init__(self, message, code=None):
        super().__init__(message)
        self.code = code


class Peer:
    def __init__(self, command, name=None, env=None, ready_timeout=60, log=None):
        self.name = name or command[0]
        self.log_path = log
        self.log = open(log, 'ab') if log else None
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log or sys.stderr,
            env={**os.environ, **(env or {})}, start_new_session=True)
        # Not a Queue: a signal handler that raises could leave its lock taken, and the reader waiting for ever.
        self.lines = queue.SimpleQueue()
        self.events = []
        self.replies = {}
        self.next_id = 1
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.ready = None
        if ready_timeout:
            self.ready = self.wait_event('ready', timeout=ready_timeout)

    def _read(self):
        for line in self.process.stdout:
            try:
                self.lines.put(json.loads(line))
            except ValueError:
                self.lines.put({'event': 'not-json', 'line': line.decode(errors='replace')})
        self.lines.put(None)

    def _take(self, end):
        """One line from the peer, filed."""
        try:
            line = self.lines.get(timeout=max(0.001, end - time.monotonic()))
        except queue.Empty:
            return False
        if line is None:
            self.lines.put(None)
            raise PeerError(f'{self.name} ended ({self.process.wait()})')
        if 'event' in line:
            self.events.append(line)
            if line['event'] in ('fatal', 'not-json'):
                raise PeerError(f'{self.name}: {line}', line.get('error', {}).get('code'))
        else:
            self.replies[line.get('id')] = line
        return True

    def send(self, cmd, **arguments):
        number = self.next_id
        self.next_id += 1
        text = json.dumps({'id': number, 'cmd': cmd, **arguments})
        self.process.stdin.write(text.encode() + b'\n')
        self.process.stdin.flush()
        return number

    def reply(self, number, timeout=60):
        end = time.monotonic() + timeout
        while number not in self.replies:
            if not self._take(end):
                raise PeerError(f'{self.name}: no reply within {timeout} s')
        reply = self.replies.pop(number)
        if not reply['ok']:
            raise PeerError(f'{self.name}: {reply["cmd"]}: {reply["error"]}', reply['error']['code'])
        return reply['result']

    def __call__(self, cmd, **arguments):
        """The result of a command; a `timeout` is the command's own, in ms."""
        return self.reply(self.send(cmd, **arguments), 60 + arguments.get('timeout', 0) / 1000)

    def wait_event(self, event, timeout=30, since=0, **fields):
        """The first event from number `since` on whose fields have these values."""
        end = time.monotonic() + timeout
        seen = since
        while True:
            while seen < len(self.events):
                found = self.events[seen]
                seen += 1
                if found['event'] == event and all(found.get(k) == v for k, v in fields.items()):
                    return found
            if not self._take(end):
                raise PeerError(f'{self.name}: no event {event} {fields} within {timeout} s')

    def until(self, cmd, test, timeout=30, **arguments):
        """Asks again until the result passes the test; gives that result."""
        end = time.monotonic() + timeout
        while True:
            result = self(cmd, **arguments)
            if test(result):
                return result
            if time.monotonic() > end:
                raise PeerError(f'{self.name}: {cmd} stayed {json.dumps(result)[:1500]}')
            self._take(time.monotonic() + 0.1)

    def stop(self, timeout=20):
        """Ends it properly; its exit code."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            code = self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        if self.log:
            self.log.close()
        return code

    @contextlib.contextmanager
    def stopped(self):
        """It hears and says nothing for a while, and knows nothing of that."""
        os.killpg(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.process.pid, signal.SIGCONT)

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()

    def dispose(self):
        """At the end of a test, however it ended."""
        if self.process.poll() is None:
            self.kill()
        # A command that it was told when it was gone already is still to be written.
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
