#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""confab-bot in real rooms: two and three of it with a real Synapse. CONFAB_BOT names the program."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tools'))

from matrix import Account                  # noqa: E402
from media import assert_same_media, wait_same_media, wait_screen   # noqa: E402
from peers import Peer, PeerError           # noqa: E402
from synapse import Synapse                 # noqa: E402

BOT = os.environ.get('CONFAB_BOT', 'confab-bot')
PASSWORD = 'a pass-word'

MEMBER = {'userId': str, 'deviceId': str, 'sessionId': str, 'state': str, 'connected': bool, 'quiet': bool,
          'callId': str, 'direction': str, 'retryCount': int, 'remoteMute': dict, 'hasUserMedia': bool,
          'hasScreenShare': bool, 'encrypted': bool, 'queuedSignalling': list}
RTC = {'connectionState': str, 'iceConnectionState': str, 'roundTripTime': (int, float, type(None)),
       'candidatePair': dict, 'inbound': list, 'outbound': list}
INBOUND = {'kind': str, 'purpose': str, 'streamId': str, 'codec': str, 'bytesReceived': int,
           'packetsLost': (int, type(None)), 'jitter': (int, float, type(None)),
           'framesDecoded': (int, type(None)), 'frameWidth': (int, type(None)),
           'frameHeight': (int, type(None)), 'freezeCount': (int, type(None)),
           'audioLevel': (int, float, type(None)), 'totalAudioEnergy': (int, float, type(None))}
OUTBOUND = {'kind': str, 'purpose': str, 'streamId': str, 'codec': str, 'bytesSent': int,
            'framesSent': (int, type(None)), 'frameWidth': (int, type(None)),
            'frameHeight': (int, type(None)), 'targetBitrate': (int, float, type(None)),
            'rung': (int, str, type(None))}
WIRE = {'at': int, 'direction': str, 'userId': str, 'deviceId': (str, type(None)), 'type': str,
        'seq': (int, type(None)), 'callId': (str, type(None)), 'encrypted': bool,
        'requests': (int, type(None))}


def run(arguments, text='', password=PASSWORD, timeout=60):
    """One bot from its start to its end: the completed process, and the lines that it wrote."""
    env = dict(os.environ)
    env.pop('CONFAB_PASSWORD', None)
    # Whatever there is to log, standard output is JSON lines alone.
    env['G_MESSAGES_DEBUG'] = 'all'
    if password is not None:
        env['CONFAB_PASSWORD'] = password
    process = subprocess.run([BOT, *arguments], input=text.encode(), capture_output=True, env=env,
                             timeout=timeout)
    return process, [json.loads(line) for line in process.stdout.decode().splitlines()]


class Arguments(unittest.TestCase):
    """No server is needed to say that an argument is wrong."""

    def check(self, *arguments, password=PASSWORD):
        process, lines = run(arguments, password=password)
        self.assertEqual(process.returncode, 2, process.stderr)
        self.assertEqual(lines, [])
        self.assertIn(b'confab-bot:', process.stderr)

    def test_wrong(self):
        account = ('--homeserver', 'http://127.0.0.1:9', '--user', '@a:localhost')
        self.check()
        self.check('--user', '@a:localhost')
        self.check(*account, password=None)
        self.check(*account, '--nothing')
        self.check(*account, 'more')
        self.check(*account, '--video', '640x360')
        self.check(*account, '--media', 'camera')
        self.check(*account, '--password-file', '/nonexistent')
        self.check(*account, '--script', '/nonexistent')
        self.check(*account, '--join', 'room')
        self.check(*account, '--duration', '0')
        self.check(*account, '--test-picture', '/nonexistent.y4m')

    def test_wrong_picture(self):
        account = ('--homeserver', 'http://127.0.0.1:9', '--user', '@a:localhost')
        frame = b'FRAME\n' + bytes(64 * 64 * 3 // 2)
        for data in (b'', b'GIF89a', b'YUV4MPEG2 W64 H64 F30:1 C444\n' + frame,
                     b'YUV4MPEG2 W0 H64 F30:1 C420\n' + frame, b'YUV4MPEG2 W64 H64 F30:1 C420\n',
                     b'YUV4MPEG2 W64 H64 F30:1 C420\n' + frame[:-1]):
            with tempfile.NamedTemporaryFile(suffix='.y4m') as file:
                file.write(data)
                file.flush()
                self.check(*account, '--test-picture', file.name)

    def test_help(self):
        process = subprocess.run([BOT, '--help'], capture_output=True, timeout=30)
        self.assertEqual(process.returncode, 0)
        self.assertIn(b'--homeserver', process.stdout)


class Real(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Synapse()
        cls.addClassCleanup(cls.server.stop)
        cls.server.wait_ready()
        for name in ('anna', 'bert', 'carl', 'dora', 'emma', 'fred'):
            cls.server.register(name, PASSWORD)

    def arguments(self, name, *more):
        return ['--homeserver', self.server.base, '--user', f'@{name}:localhost', '--video', '320x180@15', *more]

    def bot(self, name, *more, ready_timeout=60):
        # A warning of ours is a failure: the bot dies of it.
        peer = Peer([BOT, *self.arguments(name, *more)], name=name, ready_timeout=ready_timeout,
                    env={'CONFAB_PASSWORD': PASSWORD, 'G_DEBUG': 'fatal-warnings'})
        self.addCleanup(peer.dispose)
        return peer

    def finish(self, *peers):
        for peer in peers:
            warnings = [e for e in peer.events if e['event'] == 'warning']
            self.assertEqual(warnings, [])
            self.assertEqual(peer.stop(), 0, peer.name)

    def room(self, encrypted, owner, *others):
        room = owner('create-room', name='Room', encrypted=encrypted, open=True,
                     invite=[o.ready['userId'] for o in others])['roomId']
        for other in others:
            other('join-room', roomId=room)
        return room

    def call(self, room, *peers, **arguments):
        call = peers[0]('create-call', roomId=room, **arguments)['callId']
        for peer in peers:
            result = peer('join-call', roomId=room)
            self.assertEqual(result['callId'], call)
            self.assertIsInstance(result['sessionId'], str)
            self.assertGreater(result['joinMs'], 0)
        return call

    @staticmethod
    def look_up(peer, call):
        return next((row for row in peer('calls') if row['callId'] == call), None)

    def assert_shape(self, thing, shape):
        for name, kinds in shape.items():
            self.assertIn(name, thing)
            self.assertIsInstance(thing[name], kinds, f'{name} in {thing}')
            if kinds in (int, (int, float)):
                self.assertNotIsInstance(thing[name], bool)

    def assert_stats(self, stats, me, others, call, room):
        self.assertEqual(set(stats), {'call', 'localMute', 'members', 'timing', 'process'})
        self.assertEqual(stats['call'], {'id': call, 'roomId': room, 'intent': 'm.prompt', 'type': 'm.video',
                                         'state': 'joined'})
        self.assertEqual(stats['localMute'], {'microphone': False, 'camera': False})
        self.assertEqual({m['userId'] for m in stats['members']}, {o.ready['userId'] for o in others})
        for member in stats['members']:
            self.assert_shape(member, MEMBER)
            self.assertEqual(member['remoteMute'], {'microphone': False, 'camera': False})
            self.assertEqual(member['state'], 'connected')
            self.assertTrue(member['connected'] and member['hasUserMedia'] and member['encrypted'])
            self.assertFalse(member['quiet'] or member['hasScreenShare'])
            # The order rule: the invite comes from the smaller user id.
            inbound = member['userId'] < me.ready['userId']
            self.assertEqual(member['direction'], 'inbound' if inbound else 'outbound')
            self.assert_rtc(member['rtc'])
        for entry in stats['timing']:
            self.assertGreater(entry['firstAudio'], 0)
            self.assertGreater(entry['firstFrame'], 0)
        self.assertGreater(stats['process']['cpuSeconds'], 0)
        self.assertGreater(stats['process']['rssBytes'], 1 << 20)
        self.assertGreater(stats['process']['threads'], 1)

    def assert_rtc(self, rtc):
        self.assert_shape(rtc, RTC)
        self.assertEqual(rtc['connectionState'], 'connected')
        self.assertIn('local', rtc['candidatePair'])
        self.assertIn('remote', rtc['candidatePair'])
        for name, shape in (('inbound', INBOUND), ('outbound', OUTBOUND)):
            self.assertEqual(sorted(s['kind'] for s in rtc[name]), ['audio', 'video'])
            for stream in rtc[name]:
                self.assert_shape(stream, shape)
                self.assertEqual(stream['purpose'], 'usermedia')
        video = next(s for s in rtc['inbound'] if s['kind'] == 'video')
        self.assertGreaterEqual(video['framesDecoded'], 5)
        self.assertEqual((video['frameWidth'], video['frameHeight']), (320, 180))
        self.assertGreater(next(s for s in rtc['inbound'] if s['kind'] == 'audio')['audioLevel'], 0)

    def check_two(self, encrypted):
        anna, bert = self.bot('anna'), self.bot('bert')
        room = self.room(encrypted, anna, bert)
        rooms = anna('rooms')
        row = next(r for r in rooms if r['roomId'] == room)
        self.assertEqual((row['name'], row['encrypted']), ('Room', encrypted))
        call = self.call(room, anna, bert)
        for me, other in ((anna, bert), (bert, anna)):
            me.wait_event('member-added', userId=other.ready['userId'])
            self.assertEqual(me('wait-media')['members'], [other.ready['userId']])
            me.wait_event('first-frame', userId=other.ready['userId'])
            assert_same_media(self, me('tracks'), other.ready)
            # The tone sounds from the start; its first level comes within a second.
            stats = me.until('stats', lambda s: all(t['firstAudio'] for t in s['timing']))
            self.assert_stats(stats, me, [other], call, room)
        self.check_mute(anna, bert)
        self.check_wire(anna, bert)
        self.check_again(room, call, anna, bert)
        self.finish(anna, bert)

    def check_mute(self, anna, bert):
        self.assertEqual(anna('mute', mic=True), {'microphone': True, 'camera': False})
        muted = bert.until('members', lambda m: m[0]['remoteMute']['microphone'])
        self.assertFalse(muted[0]['remoteMute']['camera'])
        self.assertEqual(anna('mute', cam=True), {'microphone': True, 'camera': True})
        bert.until('members', lambda m: m[0]['remoteMute']['camera'])
        self.assertEqual(anna('stats')['localMute'], {'microphone': True, 'camera': True})
        # Nothing is heard and nothing moves.
        tracks = {t['kind']: t for t in bert('tracks')}
        self.assertTrue(tracks['audio']['rms'] is None or tracks['audio']['rms'] < 0.001, tracks)
        self.assertLess(tracks['video']['changed'] or 0, 0.05)
        self.assertEqual(anna('mute', mic=False, cam=False), {'microphone': False, 'camera': False})
        bert.until('members', lambda m: not any(m[0]['remoteMute'].values()))

        def back(tracks):
            by_kind = {t['kind']: t for t in tracks}
            return (by_kind['audio']['rms'] or 0) > 0.01 and (by_kind['video']['changed'] or 0) >= 0.05
        bert.until('tracks', back)
        assert_same_media(self, bert('tracks'), anna.ready)

    def check_wire(self, anna, bert):
        wire = anna('wire')
        for entry in wire:
            self.assert_shape(entry, WIRE)
        sent = [e for e in wire if e['direction'] == 'out' and e['type'].startswith('m.call.') and e['callId']]
        self.assertEqual(sent[0]['type'], 'm.call.invite')
        self.assertEqual([e['seq'] for e in sent if e['callId'] == sent[0]['callId']], list(range(len(sent))))
        self.assertTrue(all(e['encrypted'] for e in sent))
        self.assertEqual({e['type'] for e in anna('wire', kinds=['m.call.answer'])}, {'m.call.answer'})
        last = wire[-1]['at']
        self.assertTrue(all(e['at'] >= last for e in anna('wire', since=last)))
        self.assertEqual(anna('wire', since=10 ** 9), [])

    def check_again(self, room, call, anna, bert):
        seen = len(anna.events)
        self.assertEqual(bert('leave'), {})
        anna.wait_event('member-removed', since=seen, userId=bert.ready['userId'])
        anna.until('members', lambda m: m == [])
        with self.assertRaises(PeerError) as raised:
            bert('members')
        self.assertEqual(raised.exception.code, 'no-call')
        seen = len(anna.events)
        self.assertEqual(bert('join-call', roomId=room, callId=call)['callId'], call)
        anna.wait_event('member-added', since=seen, userId=bert.ready['userId'])
        anna('wait-media')
        bert('wait-media')
        assert_same_media(self, bert('tracks'), anna.ready)
        self.assertEqual(anna('terminate'), {})
        bert.wait_event('call-removed', callId=call)
        self.assertIsNone(self.look_up(anna, call))
        with self.assertRaises(PeerError) as raised:
            bert('mute', mic=True)
        self.assertEqual(raised.exception.code, 'no-call')

    def test_leave_is_confirmed(self):
        """`leave` is said to have worked once the homeserver took it: here it takes nothing for a while."""
        anna, bert = self.bot('anna'), self.bot('bert')
        room = self.room(True, anna, bert)
        call = self.call(room, anna, bert)
        for me in (anna, bert):
            me('wait-media')
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            with self.assertRaises(PeerError) as raised:
                bert('leave')
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        self.assertEqual(raised.exception.code, 'timeout')
        self.assertIn('not confirmed', str(raised.exception))
        # It was not for nothing: the removal is still on its way.
        anna.until('members', lambda m: m == [])
        self.assertEqual(anna('leave'), {})
        bert.wait_event('call-removed', callId=call)
        self.finish(anna, bert)

    def test_two_encrypted(self):
        self.check_two(True)

    def test_two_open(self):
        self.check_two(False)

    def test_three(self):
        anna, bert, carl = self.bot('anna'), self.bot('bert'), self.bot('carl')
        room = self.room(True, bert, anna, carl)
        call = self.call(room, bert, anna, carl)
        for me in (anna, bert, carl):
            me('wait-media', members=2)
        for me, others in ((anna, (bert, carl)), (bert, (anna, carl)), (carl, (anna, bert))):
            tracks = me('tracks')
            for other in others:
                assert_same_media(self, tracks, other.ready)
            stats = me.until('stats', lambda s: len(s['timing']) == 2 and
                             all(t['firstAudio'] for t in s['timing']))
            self.assert_stats(stats, me, others, call, room)
        # SIGTERM leaves properly: the others hear of it at once, and so does the room's state.
        carl.process.send_signal(signal.SIGTERM)
        self.assertEqual(carl.process.wait(20), 0)
        for other in (anna, bert):
            other.wait_event('member-removed', timeout=10, userId=carl.ready['userId'])
        owner = Account(self.server.base, 'anna', PASSWORD)
        state = owner.state(room, 'org.matrix.msc3401.call.member', carl.ready['userId'])
        self.assertEqual(state['m.calls'], [])
        anna('wait-media')
        self.finish(anna, bert)
        # Whoever is the last ends the call, also when that is SIGTERM or the end of the commands.
        self.assertIs(owner.state(room, 'org.matrix.msc3401.call', call)['m.terminated'], True)

    def test_no_power(self):
        """Who may not be in calls, or begin them, hears so before anything is tried; and may as soon as they may."""
        anna, bert = self.bot('anna'), self.bot('bert')
        room = self.room(True, anna, bert)
        owner = Account(self.server.base, 'anna', PASSWORD)
        levels = owner.state(room, 'm.room.power_levels')

        def need(power, name):
            for kind in ('org.matrix.msc3401.call', 'org.matrix.msc3401.call.member'):
                levels['events'][kind] = power
            owner.request('PUT', f'v3/rooms/{room}/state/m.room.power_levels', levels)
            owner.request('PUT', f'v3/rooms/{room}/state/m.room.name', {'name': name})
            bert.until('rooms', lambda rows: any(row['name'] == name for row in rows))

        need(50, 'For moderators')
        with self.assertRaises(PeerError) as raised:
            bert('create-call', roomId=room)
        self.assertEqual(raised.exception.code, 'failed')
        self.assertIn('may not begin calls', str(raised.exception))
        call = self.call(room, anna)
        with self.assertRaises(PeerError) as raised:
            bert('join-call', roomId=room)
        self.assertEqual(raised.exception.code, 'failed')
        self.assertIn('may not be in calls', str(raised.exception))
        self.assertEqual([e for e in bert('wire') if e['direction'] == 'out'], [])
        need(0, 'For all')
        self.assertEqual(bert('join-call', roomId=room)['callId'], call)
        for me in (anna, bert):
            me('wait-media')
        self.finish(anna, bert)

    def test_kicked_and_upgraded(self):
        """Out of the room is out of the call, at once; in a room that was replaced a call goes on."""
        anna, bert, carl = self.bot('anna'), self.bot('bert'), self.bot('carl')
        room = self.room(True, anna, bert, carl)
        call = self.call(room, anna, bert, carl)
        anna('wait-media', members=2)
        owner = Account(self.server.base, 'anna', PASSWORD)
        seen = len(anna.events)
        owner.request('POST', f'v3/rooms/{room}/kick', {'user_id': carl.ready['userId']})
        carl.wait_event('call-removed', timeout=10, callId=call)
        anna.wait_event('member-removed', since=seen, timeout=10, userId=carl.ready['userId'])
        bert.wait_event('member-removed', timeout=10, userId=carl.ready['userId'])
        self.assertEqual(carl('calls'), [])
        owner.request('POST', f'v3/rooms/{room}/upgrade', {'new_version': '11'})
        bert('mute', mic=True)
        anna.until('members', lambda m: [x['remoteMute']['microphone'] for x in m] == [True])
        bert('mute', mic=False)
        anna('wait-media')
        bert('wait-media')
        self.assertEqual(bert('leave'), {})
        anna.until('members', lambda m: m == [])
        self.finish(carl, bert, anna)

    @staticmethod
    def flown(stats, other):
        """How many of the other's pictures were decoded, and how many bytes of its sound came."""
        member, = (m for m in stats['members'] if m['userId'] == other.ready['userId'])
        of = {row['kind']: row for row in member['rtc']['inbound'] if row['purpose'] == 'usermedia'}
        return of['video']['framesDecoded'], of['audio']['bytesReceived']

    def assert_flows(self, peer, other):
        """Three more seconds of both, which are what the other sends."""
        pictures, sound = self.flown(peer('stats'), other)

        def more(stats):
            now_pictures, now_sound = self.flown(stats, other)
            return now_pictures >= pictures + 45 and now_sound >= sound + 3000
        peer.until('stats', more)
        wait_same_media(self, peer, other.ready)

    def sign_out_in_call(self, emma, fred):
        """Both in a call, and somebody signs out all of fred's devices. What emma and fred had said before, and the call. Its
        entry stays, so these two are of these tests only."""
        room = self.room(True, emma, fred)
        call = self.call(room, emma, fred)
        for me in (emma, fred):
            me('wait-media')
        said = len(emma.events), len(fred.events)
        Account(self.server.base, 'fred', PASSWORD).request('POST', 'v3/logout/all', {})
        # The sync that the server holds may outlast the token: news ends it.
        Account(self.server.base, 'emma', PASSWORD).say(room, 'hm')
        event = fred.wait_event('signed-out', timeout=60, since=said[1])
        self.assertIn('signed this device out', event['message'])
        return *said, call

    def test_signed_out_in_call(self):
        """The media need no homeserver."""
        emma, fred = self.bot('emma'), self.bot('fred')
        emma_said, fred_said, call = self.sign_out_in_call(emma, fred)
        for me, other in ((emma, fred), (fred, emma)):
            self.assert_flows(me, other)
            self.assertEqual([(m['userId'], m['connected']) for m in me('members')], [(other.ready['userId'], True)])
        wrong = 'call-removed', 'member-removed', 'connection', 'state', 'warning'
        self.assertEqual([e for e in emma.events[emma_said:] if e['event'] in wrong], [])
        self.assertEqual([e for e in fred.events[fred_said:] if e['event'] in wrong], [])
        # What needs the homeserver fails, and is not the end.
        with self.assertRaises(PeerError) as raised:
            fred('create-room', name='Another')
        self.assertEqual(raised.exception.code, 'failed')
        self.assertEqual(len([e for e in fred.events if e['event'] == 'signed-out']), 1)
        self.assertIsNotNone(self.look_up(fred, call))
        self.assertEqual(fred('quit'), {})
        with self.assertRaisesRegex(PeerError, 'signed this device out'):
            fred.wait_event('none')
        self.assertEqual(fred.events[-1]['event'], 'fatal')
        self.assertEqual(fred.stop(), 1)
        self.finish(emma)

    def test_signed_out_and_left(self):
        """Out of the call, and with no homeserver, it is of no use. The homeserver keeps its entry."""
        emma, fred = self.bot('emma'), self.bot('fred')
        self.sign_out_in_call(emma, fred)
        with self.assertRaises(PeerError) as raised:
            fred('leave')
        self.assertEqual(raised.exception.code, 'failed')
        self.assertIn('this device is out', str(raised.exception))
        with self.assertRaisesRegex(PeerError, 'signed this device out'):
            fred.wait_event('none')
        self.assertEqual(fred.process.wait(20), 1)
        self.finish(emma)

    def test_signed_out_without_call(self):
        fred = self.bot('fred')
        Account(self.server.base, 'fred', PASSWORD).request('POST', 'v3/logout/all', {})
        with self.assertRaisesRegex(PeerError, 'signed this device out'):
            fred.wait_event('none', timeout=60)
        self.assertEqual(fred.process.wait(20), 1)
        self.assertEqual([e for e in fred.events if e['event'] == 'signed-out'], [])

    def test_media_none_and_picture(self):
        with tempfile.NamedTemporaryFile(suffix='.y4m') as file:
            y, u, v = 150, 44, 21    # green
            file.write(b'YUV4MPEG2 W64 H64 F10:1 C420jpeg\n')
            for i in range(10):
                bright = bytes(min(255, y + 8 * (i % 2)) for _ in range(64 * 64))
                file.write(b'FRAME\n' + bright + bytes([u]) * 1024 + bytes([v]) * 1024)
            file.flush()
            anna = self.bot('anna', '--media', 'none')
            bert = self.bot('bert', '--test-picture', file.name)
            self.assertIsNone(anna.ready['toneHz'])
            self.assertIsNone(anna.ready['meanRgb'])
            self.assertIsNone(anna.ready['screenMeanRgb'])
            room = self.room(True, anna, bert)
            self.call(room, anna, bert)
            anna('wait-media')
            bert('wait-media', frames=0, audioBytes=0)
            for command, arguments in (('screen', {'on': True}), ('join-call', {'roomId': room, 'screen': True})):
                with self.assertRaises(PeerError) as raised:
                    anna(command, **arguments)
                self.assertEqual(raised.exception.code, 'unsupported')
                self.assertIn('--media none', str(raised.exception))
            # Whoever has no devices is shown as muted, without having muted anything.
            bert.until('members', lambda m: m[0]['remoteMute'] == {'microphone': True, 'camera': True})
            self.assertEqual(anna('stats')['localMute'], {'microphone': False, 'camera': False})
            self.assertFalse(any(anna('members')[0]['remoteMute'].values()))
            tracks = {t['kind']: t for t in anna('tracks')}
            red, green, blue = tracks['video']['meanRgb']
            self.assertGreater(green, red + 50)
            self.assertGreater(green, blue + 50)
            silent = [t for t in bert('tracks') if t['kind'] == 'audio']
            self.assertTrue(all(t['rms'] is None or t['rms'] < 0.001 for t in silent), silent)
            began = time.monotonic()
            with self.assertRaises(PeerError) as raised:
                bert('wait-media', timeout=1500, frames=5)
            self.assertTrue(1.4 < time.monotonic() - began < 15)
            self.assertEqual(raised.exception.code, 'timeout')
            self.assertIn('@anna:localhost', str(raised.exception))
            self.finish(anna, bert)

    def test_screen(self):
        anna, bert = self.bot('anna'), self.bot('bert')
        carl = self.bot('carl')
        room = self.room(True, anna, bert, carl)
        # In the first offer of whoever invites; of whoever is invited it follows.
        anna('create-call', roomId=room)
        for peer in (anna, bert):
            peer('join-call', roomId=room, screen=True)
        wait_screen(self, anna, bert.ready)
        wait_screen(self, bert, anna.ready)
        # During a call it comes and goes, and whoever comes meanwhile sees it.
        self.assertEqual(anna('screen', on=False), {'on': False})
        bert.until('members', lambda m: not m[0]['hasScreenShare'])
        self.assertEqual(anna('screen', on=True), {'on': True})
        carl('join-call', roomId=room)
        for sharer, viewers in ((anna, (bert, carl)), (bert, (anna, carl))):
            for viewer in viewers:
                wait_screen(self, viewer, sharer.ready)
        for viewer in (anna, bert, carl):
            for sender in (anna, bert, carl):
                if viewer is not sender:
                    wait_same_media(self, viewer, sender.ready)
        outbound = [o for m in anna('stats')['members'] for o in m['rtc']['outbound']
                    if o['purpose'] == 'screenshare']
        self.assertEqual(len(outbound), 2)
        for entry in outbound:
            self.assert_shape(entry, OUTBOUND)
            self.assertEqual(entry['kind'], 'video')
            self.assertGreater(entry['framesSent'], 0)
            self.assertGreater(entry['bytesSent'], 0)
        self.assertFalse([m for m in anna('members') if m['userId'] == carl.ready['userId'] and m['hasScreenShare']])
        self.finish(carl, bert, anna)

    def test_ring_and_decline(self):
        anna, bert = self.bot('anna'), self.bot('bert')
        room = self.room(True, anna, bert)
        with self.assertRaises(PeerError) as raised:
            bert('decline')
        self.assertEqual(raised.exception.code, 'no-call')
        call = self.call(room, anna, intent='m.ring', type='m.voice', name='Now')
        bert.wait_event('ringing', callId=call, ringing=True)
        # Calls of other tests whose last two left at once stay, and are none of this one's.
        row = self.look_up(bert, call)
        self.assert_shape(row, {'callId': str, 'roomId': str, 'intent': str, 'type': str, 'members': int,
                                'ringing': bool, 'since': int})
        self.assertEqual((row['intent'], row['type'], row['ringing']), ('m.ring', 'm.voice', True))
        self.assertLess(abs(row['since'] / 1000 - time.time()), 60)
        self.assertEqual(bert('decline'), {})
        bert.wait_event('ringing', callId=call, ringing=False)
        self.assertFalse(self.look_up(bert, call)['ringing'])
        self.finish(anna, bert)

    def test_killed_and_restarted(self):
        anna = self.bot('anna')
        with tempfile.TemporaryDirectory() as store:
            bert = self.bot('bert', '--store', store)
            room = self.room(True, anna, bert)
            call = self.call(room, anna, bert)
            anna('wait-media')
            before = anna('members')[0]
            self.assertNotEqual(bert.kill(), 0)
            # Same device, no password; its stale membership goes without being asked for.
            seen = len(anna.events)
            again = Peer([BOT, *self.arguments('bert', '--store', store)], name='bert again')
            self.addCleanup(again.dispose)
            self.assertEqual(again.ready['deviceId'], bert.ready['deviceId'])
            anna.wait_event('member-removed', since=seen, userId='@bert:localhost')
            seen = len(anna.events)
            session = again('join-call', roomId=room, callId=call)['sessionId']
            self.assertNotEqual(session, before['sessionId'])
            anna.wait_event('member-added', since=seen, userId='@bert:localhost')
            anna('wait-media')
            again('wait-media')
            assert_same_media(self, again('tracks'), anna.ready)
            self.finish(again, anna)
            # The store is of this account alone.
            process, lines = run(self.arguments('carl', '--store', store))
            self.assertEqual(process.returncode, 1)
            self.assertEqual(lines[-1]['event'], 'fatal')

    def test_undecryptable(self):
        with tempfile.TemporaryDirectory() as store:
            bert = self.bot('bert', '--store', store)
            owner = Account(self.server.base, 'anna', PASSWORD)
            device = bert.ready['deviceId']
            keys = owner.request('POST', 'v3/keys/query', {'device_keys': {'@bert:localhost': []}})
            curve = keys['device_keys']['@bert:localhost'][device]['keys'][f'curve25519:{device}']
            owner.request('PUT', 'v3/sendToDevice/m.room.encrypted/1', {'messages': {'@bert:localhost': {device: {
                'algorithm': 'm.olm.v1.curve25519-aes-sha2', 'sender_key': 'A' * 43,
                'ciphertext': {curve: {'type': 1, 'body': 'AwogAAAA'}}}}}})
            warning = bert.wait_event('warning', code='undecryptable')
            self.assertEqual(warning['userId'], '@anna:localhost')
            self.assertIn('roomId', warning)
            self.assertTrue(warning['message'])
            self.assertEqual(bert.stop(), 0)

    def test_temporary_device_is_logged_out(self):
        owner = Account(self.server.base, 'dora', PASSWORD)
        dora = self.bot('dora')
        devices = lambda: {d['device_id'] for d in owner.request('GET', 'v3/devices')['devices']}
        self.assertIn(dora.ready['deviceId'], devices())
        self.assertIsNone(dora.ready['sessionId'])
        self.finish(dora)
        self.assertNotIn(dora.ready['deviceId'], devices())

    def test_wrong_password(self):
        process, lines = run(self.arguments('anna'), password='wrong')
        self.assertEqual(process.returncode, 1)
        self.assertEqual([line['event'] for line in lines], ['fatal'])
        self.assertEqual(lines[0]['error']['code'], 'failed')
        self.assertTrue(lines[0]['error']['message'])

    def test_no_server(self):
        process, lines = run(['--homeserver', 'http://127.0.0.1:9', '--user', '@a:localhost'])
        self.assertEqual(process.returncode, 1)
        self.assertEqual([line['event'] for line in lines], ['fatal'])

    def test_end_before_ready(self):
        """Nobody is there any more, and a server that never lets in: nothing is waited for."""
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            for text, replies in (('', []), ('{"id":1,"cmd":"quit"}\n{"id":2,"cmd":"rooms"}\n', [(1, True)])):
                began = time.monotonic()
                process, lines = run(self.arguments('dora'), text)
                self.assertEqual(process.returncode, 0, process.stderr)
                self.assertEqual([(line['id'], line['ok']) for line in lines if 'event' not in line], replies)
                self.assertLess(time.monotonic() - began, 20)
        finally:
            self.server.process.send_signal(signal.SIGCONT)

    def test_hangup(self):
        """The terminal is gone: as at SIGTERM."""
        owner = Account(self.server.base, 'dora', PASSWORD)
        dora = self.bot('dora')
        dora.process.send_signal(signal.SIGHUP)
        self.assertEqual(dora.process.wait(30), 0)
        self.assertNotIn(dora.ready['deviceId'],
                         {d['device_id'] for d in owner.request('GET', 'v3/devices')['devices']})

    def test_lines(self):
        with tempfile.NamedTemporaryFile('w') as script, tempfile.NamedTemporaryFile('w') as password:
            script.write('{"id":"s","cmd":"rooms"}\n')
            script.flush()
            password.write(PASSWORD + '\n')
            password.flush()
            text = '\n'.join([
                'nonsense', '', '[]', '{"id":1}', '{"id":2,"cmd":"dance"}', '{"id":3,"cmd":"mute"}',
                '{"id":4,"cmd":"mute","mic":1}', '{"id":5,"cmd":"leave","now":true}', '{"id":6,"cmd":"leave"}',
                '{"id":7,"cmd":"stats"}', '{"id":8,"cmd":"terminate"}', '{"id":9,"cmd":"wait-media"}',
                '{"id":10,"cmd":"tracks"}', '{"id":11,"cmd":"place-call","roomId":"!r:s"}',
                '{"id":12,"cmd":"answer"}', '{"id":13,"cmd":"reject"}',
                '{"id":14,"cmd":"transfer","target":"@a:b"}', '{"id":15,"cmd":"screen","on":true}',
                '{"id":16,"cmd":"speaker"}', '{"id":17,"cmd":"wire"}', '{"id":18,"cmd":"calls"}',
                '{"id":19,"cmd":"join-call","roomId":"!none:localhost","timeout":100}',
                '{"id":20,"cmd":"join-call","roomId":"!none:localhost","screen":true,"timeout":100}',
                '{"id":21,"cmd":"leave-room","roomId":"!none:localhost"}',
                '{"id":22,"cmd":"quit"}', '{"id":23,"cmd":"rooms"}']) + '\n'
            process, lines = run(self.arguments('carl', '--script', script.name, '--password-file',
                                                password.name), text, password=None)
        self.assertEqual(process.returncode, 0, process.stderr)
        replies = [(line['id'], 'ok' if line['ok'] else line['error']['code'])
                   for line in lines if 'event' not in line]
        self.assertEqual(replies, [
            ('s', 'ok'), (None, 'bad-json'), (None, 'bad-json'), (None, 'bad-json'), (1, 'bad-argument'),
            (2, 'unknown-command'), (3, 'bad-argument'), (4, 'bad-argument'), (5, 'bad-argument'),
            (6, 'no-call'), (7, 'no-call'), (8, 'no-call'), (9, 'no-call'), (10, 'no-call'),
            (11, 'unsupported'), (12, 'unsupported'), (13, 'unsupported'), (14, 'unsupported'),
            (15, 'no-call'), (16, 'unsupported'), (17, 'ok'), (18, 'ok'), (19, 'timeout'),
            (20, 'timeout'), (21, 'failed'), (22, 'ok')])
        self.assertEqual(lines[0]['event'], 'ready')

    def test_join_and_duration(self):
        anna = self.bot('anna')
        owner = Account(self.server.base, 'carl', PASSWORD)
        room = anna('create-room', name='Later', encrypted=True, open=True, invite=['@carl:localhost'])['roomId']
        call = self.call(room, anna)
        began = time.monotonic()
        # Invited only: --join enters the room first. Its input stays open: the duration ends it.
        carl = self.bot('carl', '--join', room, '--call', call, '--duration', '8')
        anna('wait-media')
        self.assertEqual(carl.process.wait(30), 0)
        self.assertGreater(time.monotonic() - began, 7)
        anna.wait_event('member-removed', userId='@carl:localhost')
        self.assertEqual(owner.state(room, 'org.matrix.msc3401.call.member', '@carl:localhost')['m.calls'], [])
        self.finish(anna)


if __name__ == '__main__':
    unittest.main(verbosity=2)
