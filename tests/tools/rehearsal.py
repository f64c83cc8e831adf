#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call to try Confab in, alone: a Synapse on loopback, an encrypted room “Rehearsal”, four participants with a picture
and a tone of their own that talk in turn and mute now and then, and Confab, signed in.

On a display it is yours: it stays until its window is closed or Ctrl+C is pressed. Without one it joins at once on a
display of its own (Xvfb), and then says what it saw and heard of each participant and saves pictures of its pages;
the exit status is 0 when every picture and every sound arrived. Whatever it started is stopped in the end."""

import argparse
import contextlib
import json
import math
import os
import pathlib
import shutil
import signal
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import processes                                          # noqa: E402
from desktop import APP_PATH, WINDOW_PATH, App, Desktop   # noqa: E402
from matrix import Account                                # noqa: E402
from media import media_trouble                           # noqa: E402
from peers import Peer, PeerError                         # noqa: E402
from synapse import Synapse                               # noqa: E402

# User id and name. Picture and tone come from the user id: these four, and you, are far from each other in both.
PEOPLE = {'ines': 'Inês', 'karim': 'Karim', 'mateo': 'Mateo', 'uma': 'Uma'}
YOU = 'you'
PASSWORD = 'rehearsal'
TURN_S = 6       # how long each talks while a person looks on
PATIENCE_S = 15  # how much longer than its turn somebody is waited for
STOP_S = 8       # who has not left by then does not leave by themselves
FLOOR_DB = -90.0


def say(*words):
    print(*words, flush=True)


class Participant:
    """A confab-bot that talks when it is its turn."""

    def __init__(self, programs, server, name, folder, has_sound, has_picture):
        self.name = name
        self.microphone = self.has_sound = has_sound
        self.camera = self.has_picture = has_picture
        self.peer = Peer([str(programs / 'confab-bot'), '--homeserver', server.base, '--user', f'@{name}:localhost',
                          '--media', 'test', '--video', '640x360@15'],
                         name=name, log=str(folder / f'{name}.log'), ready_timeout=None,
                         env={'CONFAB_PASSWORD': PASSWORD, 'CONFAB_ICE_LOOPBACK': '1'})

    @property
    def user(self):
        return f'@{self.name}:localhost'

    def come(self, room):
        self.peer.ready = self.peer.wait_event('ready', timeout=60)
        return self.peer.send('join-room', roomId=room)

    def join(self, room):
        return self.peer.send('join-call', roomId=room, audio=self.has_sound, video=self.has_picture)

    def set(self, microphone, camera):
        """What a participant without sound or picture is asked for, it does not give."""
        self.microphone = microphone and self.has_sound
        self.camera = camera and self.has_picture
        self.peer('mute', mic=not self.microphone, cam=not self.camera)

    def shown_by(self, members):
        """Whether they have heard of its switches as they are."""
        return any(m['userId'] == self.user and m['remoteMute'] ==
                   {'microphone': not self.microphone, 'camera': not self.camera} for m in members)


class Turn:
    """One talks; all the others have their microphones off, and in the first half one of them the camera, too."""

    def __init__(self, people, speaker):
        self.people = people
        self.speaker = people[speaker]
        self.shy = people[(speaker + 2) % len(people)]

    def begin(self):
        for one in self.people:
            one.set(one is self.speaker, one is not self.shy)

    def second_half(self):
        self.shy.set(self.shy is self.speaker, True)


class Turns(threading.Thread):
    """Turn after turn, as long as somebody looks on."""

    def __init__(self, people):
        super().__init__(daemon=True)
        self.people = people
        self.over = threading.Event()

    def run(self):
        number = 0
        try:
            while not self.over.is_set():
                turn = Turn(self.people, number % len(self.people))
                turn.begin()
                self.over.wait(TURN_S / 2)
                turn.second_half()
                self.over.wait(TURN_S / 2)
                number += 1
        except (PeerError, OSError, ValueError) as error:  # the last: its input was closed
            if not self.over.is_set():
                say(f'rehearsal: nobody talks any more: {error}')


class Seen:
    """What the application has got of one participant."""

    def __init__(self, participant):
        self.participant = participant
        self.trouble = 'it had no turn'
        self.level_db = None

    def check(self, app):
        """Now, while it talks: the mute marks, its colour and its tone."""
        self.trouble = media_trouble(app('tracks'), self.participant.peer.ready)
        member = find(app('stats')['members'], self.participant.user)
        if member is None:
            self.trouble = 'it is not in the call'
        elif not self.participant.shown_by([member]):
            self.trouble = self.trouble or f'it is seen as {member["remoteMute"]}'
        self.level_db = level_db(inbound(member, 'audio'))
        return self.trouble is None

    def row(self, stats):
        member = find(stats['members'], self.participant.user)
        timing = find(stats['timing'], self.participant.user) or {}
        video = inbound(member, 'video')
        return {
            'userId': self.participant.user,
            'sends': {key: self.participant.peer.ready[key] for key in ('meanRgb', 'toneHz')},
            'state': member['state'] if member else 'missing',
            'framesDecoded': video.get('framesDecoded') or 0,
            'frameWidth': video.get('frameWidth'),
            'frameHeight': video.get('frameHeight'),
            'firstFrameMs': timing.get('firstFrame'),
            'firstAudioMs': timing.get('firstAudio'),
            'levelDb': self.level_db,
            'ok': self.trouble is None,
            'trouble': self.trouble,
        }


def find(rows, user):
    return next((row for row in rows if row['userId'] == user), None)


def inbound(member, kind):
    rows = member['rtc']['inbound'] if member else []
    return next((row for row in rows if row['kind'] == kind), {})


def level_db(audio):
    """Of a level as in webrtc-stats (0 to 1), against full scale."""
    level = audio.get('audioLevel')
    if level is None:
        return None
    return round(max(FLOOR_DB, 20 * math.log10(level)) if level > 0 else FLOOR_DB, 1)


class Rehearsal:
    def __init__(self, args, out, on_display):
        self.args = args
        self.out = out
        self.on_display = on_display
        self.start = time.monotonic()
        self.seconds = {}  # since the start, of what happened when
        self.people = []
        self.turns = None
        self.app = None
        self.room = None

    def run(self, signals):
        # All of it loads while the rest does.
        with Synapse() as server, Desktop(own_display=not self.on_display) as desktop:
            try:
                self.open_app(desktop)
                self.prepare(server)
                return self.stay() if self.on_display else self.look()
            except processes.Interrupted as interrupted:
                if interrupted.number != signal.SIGUSR1:
                    raise
                return self.closed()
            finally:
                signals.hold()
                self.stop()
                log = server.dir / 'homeserver.log'
                if log.exists():    # not when all ended before Synapse had begun
                    shutil.copy(log, self.out)

    def mark(self, what):
        self.seconds[what] = round(time.monotonic() - self.start, 2)

    def open_app(self, desktop):
        self.app = App(self.args.programs, desktop, name=YOU, log=self.out / 'confab.log',
                       test_media=not self.on_display or self.args.test_media,
                       # A person's call does not end because something is merely odd.
                       debug='' if self.on_display else os.environ.get('G_DEBUG', 'fatal-warnings'))
        threading.Thread(target=self.watch_app, daemon=True).start()

    def watch_app(self):
        self.app.process.wait()
        processes.tell_main()

    def closed(self):
        """The application has ended, and nobody here asked for it."""
        status = self.app.process.returncode
        if self.on_display and status == 0:
            return 0
        hint = ' To rehearse without a display: --headless.' if self.on_display else ''
        say(f'rehearsal: Confab ended with status {status}: {self.out / "confab.log"}.{hint}')
        return 1

    def prepare(self, server):
        server.wait_ready()
        self.mark('homeserver')
        self.invite(server)
        say(f'homeserver {server.base}; “{YOU}” signs in with the password “{PASSWORD}”')
        self.app.ask_to_sign_in(server, YOU, PASSWORD)
        self.app.activate(APP_PATH, 'open-room', repr(self.room))
        if self.args.join or not self.on_display:
            # Long before there is anything to join: the application waits for that by itself.
            self.app.ask_to_join(self.room)
        self.begin_call()
        self.mark('participants')

    def invite(self, server):
        for name, shown in PEOPLE.items():
            server.register(name, PASSWORD, display_name=shown)
        server.register(YOU, PASSWORD)
        # By a device that is gone again before the call begins.
        account = Account(server.base, YOU, PASSWORD)
        self.room = account.create_room('Rehearsal', True, invite=[f'@{name}:localhost' for name in PEOPLE])
        account.request('POST', 'v3/logout', {})
        for name in PEOPLE:
            self.people.append(Participant(self.args.programs, server, name, self.out,
                                           name not in self.args.without_sound,
                                           name not in self.args.without_picture))

    def begin_call(self):
        coming = [(one, one.come(self.room)) for one in self.people]
        joining = []
        for one, number in coming:
            one.peer.reply(number)
            if not joining:
                one.peer('create-call', roomId=self.room, intent='m.room', type='m.video', name='Rehearsal')
            joining.append((one, one.join(self.room)))
        for one, number in joining:
            one.peer.reply(number)

    # On a display.

    def stay(self):
        say(f'{len(self.people)} participants are in the call in “Rehearsal”. '
            'Close the window or press Ctrl+C to end it.')
        self.turns = Turns(self.people)
        self.turns.start()
        threading.Event().wait()  # until somebody ends it

    # Without a display.

    def look(self):
        self.wait_for_pictures()
        seen = [Seen(one) for one in self.people]
        for number, one in enumerate(seen):
            self.look_at(Turn(self.people, number), one, self.args.seconds / len(seen))
        self.mark('report')
        report = self.report(seen, self.app('stats'))
        (self.out / 'report.json').write_text(json.dumps(report, indent=2))
        show(report)
        self.take_pictures()
        say(f'report.json and logs: {self.out}')
        return 0 if report['ok'] else 1

    def wait_for_pictures(self):
        """Whoever is missing then is said in the report."""
        try:
            self.app('wait-media', members=sum(one.has_picture for one in self.people), frames=1)
            self.mark('all pictures')
            say(f'every picture is there; {self.args.seconds:g} s of talking in turn')
        except PeerError as error:
            if not self.app('state')['inCall']:
                raise
            say(f'rehearsal: {error}')

    def look_at(self, turn, seen, seconds):
        begin = time.monotonic()
        pause = threading.Event()  # never set: the turn is to last so long
        turn.begin()
        while not seen.check(self.app) and time.monotonic() < begin + seconds + PATIENCE_S:
            pass  # each look takes more than a second of listening
        pause.wait(begin + seconds / 2 - time.monotonic())
        turn.second_half()
        pause.wait(begin + seconds - time.monotonic())

    def report(self, seen, stats):
        rows = [one.row(stats) for one in seen]
        return {'ok': all(row['ok'] for row in rows), 'seconds': self.seconds, 'members': rows,
                'process': stats['process']}

    def take_pictures(self):
        """Of the call while somebody talks, then of the way back into it."""
        with contextlib.suppress(PeerError):  # who is not seen as they are is in the report
            self.app.until('members', lambda members: all(one.shown_by(members) for one in self.people), 10)
        self.take('call')
        self.app('leave')
        self.take('rooms')
        self.app.activate(WINDOW_PATH, 'prepare-call', repr(self.room))
        self.app('mute', mic=False, cam=False)
        self.app.until('state', lambda state: state['preview'], 20)
        self.take('select-media')

    def take(self, page):
        path = self.out / f'{page}.png'
        self.app.screenshot(path)
        say(f'picture of {page}: {path}')

    def stop(self):
        """All of them at once; whoever is in the call leaves it properly."""
        if self.turns:
            self.turns.over.set()
        if self.app and self.app.process.poll() is None:
            self.app.process.terminate()
        for one in self.people:
            with contextlib.suppress(BrokenPipeError):
                one.peer.process.stdin.close()
        for one in self.people:
            one.peer.stop(STOP_S)
        if self.app:
            self.app.stop(STOP_S)


def show(report):
    say(', '.join(f'{what} after {seconds:.1f} s' for what, seconds in report['seconds'].items()))
    say(f"{'member':<20}{'state':<14}{'frames':>7}  {'size':<9}{'first frame':>12}{'first sound':>12}{'level':>10}")
    for row in report['members']:
        size = f"{row['frameWidth']}×{row['frameHeight']}" if row['frameWidth'] else '-'
        first = [f'{row[key]} ms' if row[key] is not None else '-' for key in ('firstFrameMs', 'firstAudioMs')]
        level = f"{row['levelDb']:.1f} dB" if row['levelDb'] is not None else '-'
        say(f"{row['userId']:<20}{row['state']:<14}{row['framesDecoded']:>7}  {size:<9}{first[0]:>12}{first[1]:>12}"
            f"{level:>10}")
        if row['trouble']:
            say(f"    {row['trouble']}")
    process = report['process']
    say(f"Confab used {process['cpuSeconds']:.1f} s of processor time, {process['rssBytes'] / 2**20:.0f} MiB, "
        f"{process['threads']} threads")


def main():
    parser = argparse.ArgumentParser(prog='./dev run', description=__doc__)
    parser.add_argument('--join', action='store_true', help='on a display: join the call at once')
    parser.add_argument('--headless', action='store_true', help='as if there were no display')
    parser.add_argument('--seconds', type=float, default=15, metavar='N',
                        help='without a display: how long the four talk before the report (15)')
    parser.add_argument('--test-media', action='store_true',
                        help='on a display: a test picture and tone, not your camera and microphone')
    for kind in ('sound', 'picture'):
        parser.add_argument(f'--without-{kind}', choices=PEOPLE, action='append', default=[],
                            help=f'a participant that never gives {kind}, to see what that looks like')
    parser.add_argument('--programs', type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument('--out', type=pathlib.Path, help='where report, pictures and logs go (_build/rehearsal)')
    args = parser.parse_args()
    if args.seconds < 0:
        parser.error('--seconds is no time')
    if not args.programs or not args.out:
        parser.error('./dev run says where the programs are and where the report goes')
    out = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    for old in [*out.glob('*.png'), *out.glob('*.log'), out / 'report.json']:
        old.unlink(missing_ok=True)
    on_display = not args.headless and bool(os.environ.get('WAYLAND_DISPLAY') or os.environ.get('DISPLAY'))
    try:
        return processes.run(Rehearsal(args, out, on_display).run, 'confab-rehearsal')
    except (PeerError, RuntimeError, OSError) as error:
        print(f'rehearsal: {error}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())
