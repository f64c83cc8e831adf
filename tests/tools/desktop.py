# SPDX-License-Identifier: GPL-3.0-or-later
"""The application as a participant: a display, a session bus of its own, `confab --inspect`, driven by its actions.

    with Desktop() as desktop, App(programs, desktop, server, 'anna', 'pw') as anna:
        anna('join-call', roomId=room)
        anna('members')
"""

import ast
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from peers import PeerError

APP_ID = 'app.confab.Confab'
APP_PATH = '/app/confab/Confab'
WINDOW_PATH = APP_PATH + '/window/1'
WINDOW = (1024, 700)  # on a display of its own

# Not the system's session bus: that starts whatever is installed. The path of a socket is at most 107 bytes long.
BUS = """<busconfig><type>session</type><listen>unix:dir={dir}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>
"""


def first_line(fd):
    """What a program says once it is ready."""
    with os.fdopen(fd, 'rb') as pipe:
        return pipe.readline().decode().strip()


class Desktop:
    """Folders, a bus and a display of their own; with `own_display=False` the display is the person's."""

    def __init__(self, own_display=True, size='1920x1080'):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='confab-'))
        self.started = []
        self.env = {k: v for k, v in os.environ.items()
                    if k not in ('DBUS_SESSION_BUS_ADDRESS', 'XDG_CURRENT_DESKTOP')}
        if own_display:
            self.make_display(size)
        else:
            self.keep_accessible()
        # On a person's display nothing of what is tried here is remembered.
        self.env.update(GSETTINGS_BACKEND='keyfile' if own_display else 'memory', GIO_USE_VFS='local')
        config = self.dir / 'bus.conf'
        config.write_text(BUS.format(dir=self.dir))
        self.env['DBUS_SESSION_BUS_ADDRESS'] = self.start_bus()

    def start_bus(self):
        return self.start('--print-address', 'dbus-daemon', '--nofork', f'--config-file={self.dir / "bus.conf"}',
                          equals=True)

    def make_display(self, size):
        self.env.pop('WAYLAND_DISPLAY', None)
        for name in ('HOME', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME'):
            self.env[name] = str(self.dir / name.lower())
            os.mkdir(self.env[name], 0o700)
        # A page is there at once, and not on its way when a picture is taken.
        config = pathlib.Path(self.env['XDG_CONFIG_HOME'])
        (config / 'gtk-4.0').mkdir()
        (config / 'gtk-4.0' / 'settings.ini').write_text(
            '[Settings]\ngtk-enable-animations=0\ngtk-font-name=Cantarell 11\n')
        # Where nobody manages windows, GTK takes 10 pixels off for a frame of its own.
        (config / 'glib-2.0' / 'settings').mkdir(parents=True)
        (config / 'glib-2.0' / 'settings' / 'keyfile').write_text(
            f'[app/confab/Confab]\nwindow-width={WINDOW[0] + 10}\nwindow-height={WINDOW[1] + 10}\n')
        self.env.update(DISPLAY=':' + self.start('-displayfd', 'Xvfb', '-screen', '0', size + 'x24', '-nolisten',
                                                 'tcp', '-noreset'),
                        GDK_BACKEND='x11', GSK_RENDERER='cairo', GDK_DISABLE='gl,vulkan,dmabuf',
                        ADW_DISABLE_PORTAL='1', GTK_A11Y='none')

    def keep_accessible(self):
        """The bus of screen readers is reached by way of the session bus, which the application does not see."""
        address = self.ask_session('org.a11y.Bus', '/org/a11y/bus', 'org.a11y.Bus.GetAddress') \
            if self.ask_session('org.freedesktop.DBus', '/', 'org.freedesktop.DBus.NameHasOwner', 'org.a11y.Bus') \
            else None
        self.env.update({'AT_SPI_BUS_ADDRESS': address} if address else {'GTK_A11Y': 'none'})

    @staticmethod
    def ask_session(name, path, method, *arguments):
        """Of the person's session bus; None where there is none: gdbus would start one, and leave it."""
        socket = pathlib.Path(os.environ.get('XDG_RUNTIME_DIR', '/nonexistent'), 'bus')
        if 'DBUS_SESSION_BUS_ADDRESS' not in os.environ and not socket.exists():
            return None
        done = subprocess.run(['gdbus', 'call', '--session', '--timeout', '5', '--dest', name, '--object-path', path,
                               '--method', method, *arguments], capture_output=True, text=True, check=False)
        reply = done.stdout.replace('(true,)', '(True,)').replace('(false,)', '(False,)')
        return ast.literal_eval(reply)[0] if done.returncode == 0 else None

    def start(self, option, *command, equals=False):
        """Starts a program that writes where it can be reached to a descriptor."""
        read, write = os.pipe()
        says = [f'{option}={write}'] if equals else [option, str(write)]
        log = (self.dir / (command[0] + '.log')).open('wb')
        process = subprocess.Popen([*command, *says], env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   pass_fds=[write], start_new_session=True)
        self.started.append((process, log))
        os.close(write)
        line = first_line(read)
        if not line:
            self.stop()
            raise PeerError(f'{command[0]} did not start')
        return line

    def stop(self):
        for process, log in reversed(self.started):
            process.terminate()
            process.wait()
            log.close()
        self.started = []
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class App:
    """Speaks like confab-bot, as far as a person's actions go. Without a server it is not signed in yet."""

    def __init__(self, programs, desktop, server=None, name='confab', password=None, log=None, arguments=(),
                 test_media=True, debug='fatal-warnings'):
        self.name = f'confab {name}'
        self.log = open(log, 'ab') if log else None
        self.env = {**desktop.env, 'CONFAB_ICE_LOOPBACK': '1', 'G_DEBUG': debug}
        folder = desktop.dir / f'profile-{name}'
        self.process = subprocess.Popen(
            [str(pathlib.Path(programs) / 'confab'), '--inspect', *(['--test-media'] if test_media else []),
             '--profile-dir', str(folder), '--insecure-secrets', str(folder / 'secrets'), *arguments],
            stdin=subprocess.DEVNULL, stdout=self.log or sys.stderr, stderr=self.log or sys.stderr, env=self.env,
            start_new_session=True)
        self.ready = None
        if server:
            try:
                self.sign_in(server, name, password)
            except BaseException:
                self.stop()
                raise

    def ask_to_sign_in(self, server, name, password):
        """Does not wait until it is done: what else is asked for is done after it."""
        self.gdbus('wait', '--timeout', '30', APP_ID)
        # Answered by the main loop, so that the window and the inspector are there as well.
        self.activate(APP_PATH, 'sign-in', f'({server.base!r}, {name!r}, {password!r})')

    def sign_in(self, server, name, password):
        """Its sender, as others are to see it, once it is online."""
        self.ask_to_sign_in(server, name, password)
        self.ready = self.until('state', lambda s: s['online'] and s['page'] == 'rooms' and s['toneHz'])
        return self.ready

    def gdbus(self, *words):
        if self.process.poll() is not None:
            raise PeerError(f'{self.name} ended ({self.process.returncode})')
        verb, *rest = words
        done = subprocess.run(['gdbus', verb, '--session', *rest], env=self.env, capture_output=True, text=True,
                              timeout=90, check=False)
        if done.returncode:
            raise PeerError(f'{self.name}: {" ".join(words)}: {done.stderr.strip()}')
        return done.stdout

    def call(self, path, method, *arguments):
        return self.gdbus('call', '--timeout', '60', '--dest', APP_ID, '--object-path', path, '--method', method,
                          *arguments)

    def activate(self, path, action, parameter=None):
        """As a keyboard, a menu or a script does."""
        self.call(path, 'org.gtk.Actions.Activate', action, f'[<{parameter}>]' if parameter else '[]', '{}')

    def inspect(self, method, *arguments):
        text = self.call(APP_PATH, f'{APP_ID}.Inspector.{method}', *arguments)
        values = ast.literal_eval(text)
        return json.loads(values[0]) if values else None

    def screenshot(self, path):
        self.inspect('Screenshot', str(path))

    def poll(self, what, look, timeout):
        end = time.monotonic() + timeout
        while not look():
            if time.monotonic() > end:
                raise PeerError(f'{self.name}: {what} did not come within {timeout} s')
            time.sleep(0.1)  # a state that only can be asked for

    def until(self, cmd, test, timeout=60, **arguments):
        result = None

        def look():
            nonlocal result
            result = self(cmd, **arguments)
            return test(result)
        try:
            self.poll(cmd, look, timeout)
        except PeerError as error:
            raise PeerError(f'{error}: it stayed {json.dumps(result)[:1500]}') from error
        return result

    def __call__(self, cmd, **arguments):
        return getattr(self, 'do_' + cmd.replace('-', '_'))(**arguments)

    def do_state(self):
        return self.inspect('State')

    def do_members(self):
        return self.inspect('Members') if self.do_state()['inCall'] else []

    def do_stats(self):
        return self.inspect('Stats')

    def do_tracks(self):
        return self.inspect('Tracks')

    # Microphone and camera start on, as confab-bot's do.
    def do_create_call(self, roomId, **_):
        self.activate(WINDOW_PATH, 'start-call', f'({roomId!r}, true, true)')

    def ask_to_join(self, room):
        """Does not wait: it is done as soon as the room and its call are known."""
        self.activate(WINDOW_PATH, 'join-call', f'({room!r}, true, true)')

    def do_join_call(self, roomId, timeout=30):
        start = time.monotonic()
        self.ask_to_join(roomId)
        self.until('state', lambda s: s['inCall'], timeout)
        return {'joinMs': round((time.monotonic() - start) * 1000)}

    def do_leave(self):
        self.activate(WINDOW_PATH, 'leave-call')
        self.until('state', lambda s: not s['inCall'])

    def do_mute(self, mic=None, cam=None):
        for action, muted in (('toggle-microphone', mic), ('toggle-camera', cam)):
            if muted is not None:
                self.call(WINDOW_PATH, 'org.gtk.Actions.SetState', action, f'<{str(not muted).lower()}>', '{}')

    def do_wait_media(self, members=1, frames=5, timeout=60):
        def decoding(member):
            pictures = [i for i in (member['rtc'] or {'inbound': []})['inbound'] if i['kind'] == 'video']
            return member['connected'] and any((i['framesDecoded'] or 0) >= frames for i in pictures)
        self.until('stats', lambda s: sum(map(decoding, s['members'])) >= members, timeout)

    def stop(self, timeout=20):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        if self.log:
            self.log.close()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
