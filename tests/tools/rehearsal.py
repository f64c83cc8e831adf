#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rehearsal behind ./dev run: a Synapse on loopback, an encrypted room “Rehearsal”, four participants with a
picture and a tone of their own that talk in turn and mute now and then, and one who looks: it joins, and after some
seconds it says what it sees of each.

The one who looks is a fifth confab-bot until the application can join calls; then it is the application.

Exit code: 0 when every member's picture and sound arrived. Ctrl+C stops what this started and nothing else."""

import argparse
import json
import os
import pathlib
import signal
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from matrix import Account          # noqa: E402
from media import assert_same_media  # noqa: E402
from peers import Peer, PeerError   # noqa: E402
from synapse import Synapse         # noqa: E402

NAMES = ('anouk', 'bela', 'chandra', 'dilara')
PASSWORD = 'rehearsal'
QUIET_DB = -60.0


class Turns(threading.Thread):
    """Everybody but one has the microphone off; every fourth turn the speaker's camera goes off too."""

    def __init__(self, peers, seconds):
        super().__init__(daemon=True)
        self.peers = peers
        self.seconds = seconds
        self.stopped = threading.Event()
        self.failure = None

    def run(self):
        turn = 0
        try:
            while not self.stopped.wait(self.seconds):
                speaker = turn % len(self.peers)
                for i, peer in enumerate(self.peers):
                    peer('mute', mic=i != speaker, cam=i == speaker and turn % 4 == 3)
                turn += 1
        except PeerError as error:
            if not self.stopped.is_set():
                self.failure = error

    def stop(self):
        self.stopped.set()
        self.join()


def participant(programs, server, name, folder):
    return Peer([str(programs / 'confab-bot'), '--homeserver', server.base,
                 '--user', f'@{name}:localhost', '--media', 'test'],
                name=name, log=str(folder / f'{name}.log'),
                env={'CONFAB_PASSWORD': PASSWORD, 'CONFAB_ICE_LOOPBACK': '1'})


class Check:
    """What assert_same_media() needs of a unittest.TestCase."""

    @staticmethod
    def fail_unless(test, message):
        if not test:
            raise AssertionError(message)

    def assertIsNotNone(self, value, message):
        self.fail_unless(value is not None, message)

    def assertLessEqual(self, a, b, message):
        self.fail_unless(a <= b, message)

    def assertGreaterEqual(self, a, b, message):
        self.fail_unless(a >= b, message)


def row(user, member, timing, failure):
    inbound = {i['kind']: i for i in member['rtc']['inbound']} if member else {}
    video, audio = inbound.get('video', {}), inbound.get('audio', {})
    return {
        'userId': user,
        'state': member['state'] if member else 'missing',
        'framesDecoded': video.get('framesDecoded', 0),
        'size': f"{video.get('frameWidth', 0)}×{video.get('frameHeight', 0)}",
        'firstFrameMs': timing.get('firstFrame') if timing else None,
        'firstAudioMs': timing.get('firstAudio') if timing else None,
        'level': audio.get('audioLevel'),
        'remoteMute': member['remoteMute'] if member else None,
        'ok': failure is None,
        'trouble': failure,
    }


def look(viewer, others, joined):
    """One row for each member, and whether all is well."""
    stats = viewer('stats')
    tracks = viewer('tracks')
    rows = []
    for other in others:
        user = other.ready['userId']
        member = next((m for m in stats['members'] if m['userId'] == user), None)
        timing = next((t for t in stats['timing'] if t['userId'] == user), None)
        failure = None
        try:
            assert_same_media(Check(), tracks, other.ready)
        except AssertionError as error:
            failure = str(error)
        rows.append(row(user, member, timing, failure))
    return {'joinMs': joined['joinMs'], 'members': rows, 'process': stats['process'],
            'ok': all(r['ok'] for r in rows)}


def show(report, out):
    print(f"joined after {report['joinMs']} ms")
    print(f"{'member':<22}{'state':<14}{'frames':>7}  {'size':<10}{'first frame':>12}{'first sound':>12}  level")
    for r in report['members']:
        ms = [f"{v} ms" if v is not None else '-' for v in (r['firstFrameMs'], r['firstAudioMs'])]
        level = f"{r['level']:.3f}" if isinstance(r['level'], (int, float)) else '-'
        print(f"{r['userId']:<22}{r['state']:<14}{r['framesDecoded']:>7}  {r['size']:<10}{ms[0]:>12}{ms[1]:>12}  {level}")
        if r['trouble']:
            print(f"    {r['trouble']}")
    process = report['process']
    print(f"processor {process['cpuSeconds']:.1f} s, memory {process['rssBytes'] / 2**20:.0f} MiB, "
          f"{process['threads']} threads")
    path = out / 'report.json'
    path.write_text(json.dumps(report, indent=2))
    print(f'report and logs: {out}')


def rehearse(args, out):
    with Synapse(out / 'synapse') as server:
        server.wait_ready()
        for name in (*NAMES, 'you'):
            server.register(name, PASSWORD)
        owner = Account(server.base, 'you', PASSWORD)
        room = owner.create_room('Rehearsal', True, invite=[f'@{n}:localhost' for n in NAMES])
        for name in NAMES:
            Account(server.base, name, PASSWORD).join(room)
        print(f'homeserver {server.base}, sign in as “you” with the password “{PASSWORD}”', flush=True)

        peers = []
        try:
            for name in NAMES:
                peers.append(participant(args.programs, server, name, out))
            viewer = participant(args.programs, server, 'you', out)
            peers.append(viewer)
            viewer('create-call', roomId=room, intent='m.room', type='m.video', name='Rehearsal')
            for peer in peers[:-1]:
                peer('join-call', roomId=room)
            joined = viewer('join-call', roomId=room)
            viewer('wait-media', members=len(NAMES), frames=5, timeout=60000)
            threading.Event().wait(args.seconds)
            report = look(viewer, peers[:-1], joined)
            show(report, out)
            if args.stay:
                turns = Turns(peers[:-1], 6)
                turns.start()
                print('Ctrl+C ends the rehearsal', flush=True)
                turns.join()
            return 0 if report['ok'] else 1
        finally:
            for peer in reversed(peers):
                peer.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--programs', type=pathlib.Path, required=True, help='where confab-bot is')
    parser.add_argument('--out', type=pathlib.Path, required=True, help='where report and logs go')
    parser.add_argument('--seconds', type=float, default=15, help='how long to look before the report')
    parser.add_argument('--stay', action='store_true', help='go on, talking in turn, until Ctrl+C')
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return rehearse(args, args.out.resolve())
    except KeyboardInterrupt:
        return 130
    except PeerError as error:
        print(f'rehearsal: {error}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())
