# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of confab-bot and of the application, against hydrogen-view-sdk in Chromium in the same room."""

import contextlib
import os
import statistics
import subprocess
import tempfile
import time

from clients import bot, hydrogen
from desktop import App, Desktop
from matrix import Account
from measure import Window, memory, table, tree
from peers import PeerError
from synapse import Synapse

PICTURE = '640x360@30'
JOINS = 5
MEASURE_S = 7.0
SETTLE_S = 2.0
RAMP_S = 45.0
SIZES = (2, 3, 4)


def make_clip(path):
    """A picture with detail that moves as a whole, as a camera's does: for both sides the same."""
    subprocess.run(['gst-launch-1.0', '-q', 'videotestsrc', 'num-buffers=90', 'horizontal-speed=3', 'pattern=smpte', '!',
                    'video/x-raw,format=I420,width=640,height=360,framerate=30/1', '!', 'y4menc', '!', 'filesink',
                    f'location={path}'], check=True)


class World(contextlib.ExitStack):
    """A Synapse, people, an encrypted room with a call, and the clip."""

    def __init__(self, programs):
        super().__init__()
        self.programs = programs
        self.folder = self.enter_context(tempfile.TemporaryDirectory(prefix='confab-bench-'))
        self.server = self.enter_context(Synapse())
        self.server.wait_ready()
        self.clip = f'{self.folder}/clip.y4m'
        make_clip(self.clip)
        self.names = iter('abcdefghijklmnopqrstuvwxyz')

    def room(self, *names):
        for name in names:
            self.server.register(name, 'pw')
        owner, *others = [Account(self.server.base, name, 'pw') for name in names]
        room = owner.create_room('Bench', encrypted=True, invite=[other.user_id for other in others])
        for other in others:
            other.join(room)
        return room

    def bot(self, name):
        return self.enter_context(bot(self.server, name, '--video', PICTURE, '--test-picture', self.clip))

    def hydrogen(self, name, hidden):
        return self.enter_context(hydrogen(self.server, name, arguments=['--clip', self.clip] + ['--hidden'] * hidden,
                                           log=f'{self.folder}/{name}.log'))

    def app(self, name):
        desktop = self.enter_context(Desktop())
        return self.enter_context(App(self.programs, desktop, self.server, name, 'pw', log=f'{self.folder}/{name}.log',
                                      arguments=['--test-picture', self.clip]))


def own_processes(peer):
    """node only drives Chromium and is not counted."""
    return tree(peer.process.pid, with_root=not peer.name.startswith('hydrogen'))


def received_from(observer, user):
    """Frames and width of a member's picture and all its bytes, as a confab-bot counts them."""
    for member in observer('stats')['members']:
        if member['userId'] == user:
            pictures = [i for i in (member['rtc'] or {'inbound': []})['inbound'] if i['kind'] == 'video']
            if pictures:
                return pictures[0]['framesDecoded'] or 0, pictures[0]['frameWidth'], pictures[0]['bytesReceived'] or 0
    return 0, None, 0


def wait_full_size(others, me):
    """A browser begins small, and grows with what its estimator allows."""
    end = time.monotonic() + RAMP_S
    for peer in others:
        with contextlib.suppress(PeerError):  # then the table shows what it sent instead
            peer.until('stats', lambda _, peer=peer: received_from(peer, me)[1] == 640, max(0, end - time.monotonic()))


def mesh_of(world, make, prefix):
    """What one participant costs at each size, the others being confab-bots. Memory is read while the call grows, as
    what was once taken may be kept; processor time while it shrinks, when a browser sends its full picture to all."""
    names = [f'{prefix}{i}' for i in range(max(SIZES))]
    room = world.room(*names)
    subject = make(names[0])
    me = subject.ready['userId']
    others, out = [], {}
    for size in SIZES:
        while len(others) < size - 1:
            others.append(world.bot(names[len(others) + 1]))
            if len(others) == 1:
                others[0]('create-call', roomId=room, intent='m.room', type='m.video', name='bench')
                subject('join-call', roomId=room)
            others[-1]('join-call', roomId=room)
        for peer in (subject, *others):
            peer('wait-media', members=size - 1)
        time.sleep(SETTLE_S)
        out[size] = {'pss': memory(own_processes(subject))}
    wait_full_size(others, me)
    for size in reversed(SIZES):
        while len(others) > size - 1:
            others.pop().stop()
        subject.until('members', lambda members, size=size: len(members) == size - 1)
        time.sleep(SETTLE_S)
        frames, _, octets = received_from(others[0], me)
        window = Window(own_processes(subject))
        time.sleep(MEASURE_S)
        cpu, seconds = window.end(own_processes(subject))
        frames_after, width, octets_after = received_from(others[0], me)
        out[size].update(cpu=cpu, width=width, fps=(frames_after - frames) / seconds,
                         kbps=(octets_after - octets) * 8 / 1000 / seconds)
    for peer in (subject, *others):
        peer.stop()
    return out


def mesh_table(results, base):
    rows = []
    for name, sizes in results.items():
        extra = (sizes[SIZES[-1]]['cpu'] - sizes[SIZES[0]]['cpu']) / (SIZES[-1] - SIZES[0])
        more = (sizes[SIZES[-1]]['pss'] - sizes[SIZES[0]]['pss']) / (SIZES[-1] - SIZES[0])
        rows.append([name, *(f'{sizes[n]["cpu"]:.1f}' for n in SIZES), f'{extra:.1f}',
                     *(f'{sizes[n]["pss"]:.0f}' for n in SIZES), f'{more:.1f}',
                     ' '.join(f'{sizes[n]["width"]}@{sizes[n]["fps"]:.0f}/{sizes[n]["kbps"]:.0f}' for n in SIZES)])
    ours, theirs = results[base[0]], results[base[1]]

    def ratio(key):
        both = [[sizes[n][key] for n in SIZES] for sizes in (ours, theirs)]
        per_extra = [column[-1] - column[0] for column in both]
        return [f'{b / a:.1f}' for a, b in zip(*both)] + [f'{per_extra[1] / per_extra[0]:.1f}' if per_extra[0] > 0 else '–']
    rows.append(['ratio, theirs : ours', *ratio('cpu'), *ratio('pss'), ''])
    return table(['', *(f'CPU % at {n}' for n in SIZES), 'per extra', *(f'PSS MiB at {n}' for n in SIZES), 'per extra',
                  'what a peer got: width@fps/kbit/s'], rows)


def mesh(programs, _):
    """Neither side draws."""
    with World(programs) as world:
        results = {
            'confab-bot': mesh_of(world, world.bot, 'a'),
            'hydrogen in Chromium, not drawn': mesh_of(world, lambda name: world.hydrogen(name, True), 'b'),
        }
    return ['One participant in an encrypted mesh of 2, 3 and 4, the others confab-bots that are not counted; '
            f'% of one core over {MEASURE_S:.0f} s, all of its processes; everybody sends the same clip, {PICTURE}.',
            mesh_table(results, list(results))]


def drawn(programs, _):
    """Both sides draw in software."""
    with World(programs) as world:
        results = {
            'confab under Xvfb': mesh_of(world, world.app, 'a'),
            'hydrogen in Chromium': mesh_of(world, lambda name: world.hydrogen(name, False), 'b'),
        }
    return ['The same with every picture on screen, by software: confab in a window of 1024×700 (GSK cairo), hydrogen '
            'in headless Chromium, 1280×720.',
            mesh_table(results, list(results))]


def join(programs, _):
    """From the word to the first decoded frame of the other."""
    with World(programs) as world:
        makers = {'confab-bot': world.bot, 'hydrogen': lambda name: world.hydrogen(name, True)}
        rows, medians = [], {}
        for standing, make_standing in makers.items():
            for joining, make_joining in makers.items():
                # The one who is there is in turn the inviter and the invitee.
                names = [f'{next(world.names)}{i}' for i in range(2)]
                room = world.room(*names)
                there, comes = make_standing(names[0]), make_joining(names[1])
                there('create-call', roomId=room, intent='m.room', type='m.video', name='bench')
                there('join-call', roomId=room)
                samples = []
                for _ in range(JOINS):
                    start = time.monotonic()
                    comes('join-call', roomId=room)
                    comes('wait-media', members=1, frames=1)
                    samples.append((time.monotonic() - start) * 1000)
                    comes('leave')
                    there.until('members', lambda members: not members)
                medians[standing, joining] = statistics.median(samples)
                rows.append([standing, joining, f'{medians[standing, joining]:.0f}',
                             f'{min(samples):.0f}–{max(samples):.0f}'])
                there.stop()
                comes.stop()
        for row in rows:
            row.append(f'{medians[row[0], row[1]] / medians[row[0], "confab-bot"]:.1f}')
    return [f'From join-call to the first decoded frame of the other, medians of {JOINS} joins into an encrypted room; '
            'the ratio is to confab-bot joining the same client.',
            table(['in the call', 'joins', 'ms', 'range', 'ratio'], rows)]
