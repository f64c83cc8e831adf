#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fuzz targets begin with: the recorded transcripts of real clients, and what fuzzers have found.

    corpus.py TARGET FOLDER           writes the inputs of a target into a folder
    corpus.py --replay TARGET PROGRAM runs a program over them

A file tests/fuzz/found/TARGET-NAME.txt is an input that was found: its text, with Python's escapes for what is none.
"""

import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
TRANSCRIPTS = sorted((TOP / 'tests/call/data').glob('*.json'))
SDPS = sorted((TOP / 'tests/fuzz/sdp').glob('*.sdp'))
FOUND = TOP / 'tests/fuzz/found'

# fuzz-call-event: a line's first byte is 64 and the type, and 16 for @a:x, 32 for Olm; the target says what they are.
TYPES = ['m.call.invite', 'm.call.answer', 'm.call.candidates', 'm.call.hangup', 'm.call.negotiate',
         'm.call.sdp_stream_metadata_changed', 'm.call.reject', 'm.call.select_answer',
         'org.matrix.call.sdp_stream_metadata_changed']
MEMBER, RTC, ROOM, CALL, DECLINED, HAPPENS = 9, 10, 11, 12, 13, 14
A, OLM = 16, 32
CONNECTED, DISCONNECTED, FAILED = 2, 3, 4
RTC_MEMBER = {
    'application': 'm.call', 'call_id': '', 'scope': 'm.room', 'device_id': 'A', 'membershipID': '@a:x:A',
    'expires': 14400000, 'm.call.intent': 'video', 'created_ts': 1,
    'focus_active': {'type': 'livekit', 'focus_selection': 'multi_sfu'},
    'foci_preferred': [{'type': 'livekit', 'livekit_service_url': 'https://rtc.x/jwt', 'livekit_alias': '!r:x'}],
}


def transcripts():
    for path in TRANSCRIPTS:
        yield json.loads(path.read_text(encoding='utf-8'))


def line(kind, content, flags=A + OLM):
    return bytes([64 + flags + kind]) + json.dumps(content).encode()


def to_device():
    """Each row of messages that one device said to another: (type, content)."""
    for transcript in transcripts():
        key = lambda entry: (entry['by'], entry.get('to', ''))
        signals = [entry for entry in transcript['entries'] if 'to' in entry]
        for _, row in itertools.groupby(sorted(signals, key=key), key):
            yield [(entry['type'], entry['content']) for entry in row]


def state(wanted):
    for transcript in transcripts():
        for entry in transcript['entries']:
            if 'key' in entry and entry['type'] == wanted:
                yield entry['content']


def happens(flags=A, **what):
    return line(HAPPENS, what, flags)


def tracks(content):
    """What comes with a description, or changes with it: each section's track."""
    for name in ('offer', 'answer', 'description'):
        mid, kind, sending = None, None, True
        for text in content.get(name, {}).get('sdp', '').split('\r\n'):
            if text.startswith('m='):
                kind, sending = text[2:7], True
            elif text.startswith('a=mid:'):
                mid = text[6:]
            elif text in ('a=recvonly', 'a=inactive'):
                sending = False
            elif text.startswith('a=msid:') and mid is not None:
                yield {'mid': mid, 'stream': text[7:].split(' ')[0], 'video': kind == 'video', 'sending': sending,
                       'playing': True, 'picture': kind == 'video', 'level': -20, 'lost_percent': 6}


class Conversation:
    """One of two people of a transcript as the target hears it in the place of the other one."""

    def __init__(self, own, other, entries):
        self.own, self.other = own, other
        self.flags = A if other < own else 0
        self.device = 'A' if other < own else 'C'
        self.entries = entries
        self.own_calls = {e['content']['call_id'] for e in entries if e['by'] == own and e['type'] == 'm.call.invite'}
        self.sessions = {}
        self.in_call = self.sharing = False

    def session(self, recorded):
        n = len(self.sessions)
        return self.sessions.setdefault(recorded, 'S' if n == 0 else f'S{n}')

    def message(self, entry):
        content = dict(entry['content'], conf_id='conf', dest_session_id='@own', device_id=self.device,
                       party_id=self.device, sender_session_id=self.session(entry['content'].get('sender_session_id')))
        if content['call_id'] in self.own_calls:
            content['call_id'] = '@own'
        yield line(TYPES.index(entry['type']), content, self.flags + (0 if entry.get('clear') else OLM))
        for track in tracks(content):
            yield happens(self.flags, track=track)
        if entry['type'] in ('m.call.answer', 'm.call.invite', 'm.call.negotiate'):
            yield happens(self.flags, connection=CONNECTED, packet=True)

    def membership(self, entry):
        calls = entry['content']['m.calls']
        devices = [{'device_id': self.device, 'session_id': self.session(device['session_id']), 'expires_ts': 9000000,
                    'feeds': device.get('feeds', [])} for call in calls for device in call['m.devices']]
        yield line(MEMBER, {'m.calls': [{'m.call_id': 'conf', 'm.devices': devices}] if devices else []},
                   self.flags + OLM)

    def own_membership(self, entry):
        text = json.dumps(entry['content'])
        in_call, sharing = 'session_id' in text, 'm.screenshare' in text
        if self.in_call and not in_call:
            yield happens(self.flags, leave=True)
            yield happens(self.flags, ms=3000)
        elif in_call and not self.in_call:
            yield happens(self.flags, join=True)
        if in_call and sharing != self.sharing:
            yield happens(self.flags, share=sharing)
        self.in_call, self.sharing = in_call, in_call and sharing

    def own_message(self, entry):
        content = entry['content']
        metadata = content.get('sdp_stream_metadata', content.get('org.matrix.msc3077.sdp_stream_metadata'))
        if entry['type'].endswith('metadata_changed') and metadata:
            stream = next(iter(metadata.values()))
            yield happens(self.flags, mute=stream['audio_muted'], blind=stream['video_muted'])
        elif entry['type'] == 'm.call.candidates':
            yield happens(self.flags, candidate=content['candidates'][0]['candidate'])
        elif content.get('description', {}).get('type') == 'offer':
            sharing = content['description']['sdp'].count('m=video') > 1
            if sharing != self.sharing:
                yield happens(self.flags, share=sharing)
            self.sharing = sharing
        elif entry['type'] == 'm.call.hangup' and content.get('reason') == 'ice_failed':
            yield happens(self.flags, connection=FAILED)

    def lines(self):
        at = None
        for entry in self.entries:
            signal, mine = 'to' in entry, entry['by'] == self.own
            gap = entry['at'] - (entry['at'] if at is None else at)
            at = entry['at']
            if gap > 500:
                yield happens(self.flags, ms=gap - 250, packet=True)
            if signal:
                yield from self.own_message(entry) if mine else self.message(entry)
            elif entry['type'] == 'org.matrix.msc3401.call.member':
                yield from self.own_membership(entry) if mine else self.membership(entry)


def conversations():
    for transcript in transcripts():
        people = sorted({entry['by'] for entry in transcript['entries']})
        for own, other in itertools.permutations(people, 2):
            entries = [entry for entry in transcript['entries']
                       if entry['by'] in (own, other) and entry.get('to', own) in (own, other)
                       and entry['type'] != 'org.matrix.msc3401.call']
            yield list(Conversation(own, other, entries).lines())


SDP = 'v=0\r\na=ice-ufrag:theirs\r\nm=audio\r\na=mid:0\r\na=msid:cam t\r\nm=video\r\na=mid:1\r\na=msid:cam t\r\n'
CAMERA = {'cam': {'purpose': 'm.usermedia', 'audio_muted': False, 'video_muted': False}}
SCREEN = {'scr': {'purpose': 'm.screenshare', 'audio_muted': True, 'video_muted': False}}


def told(kind, flags=A + OLM, **content):
    device = 'A' if flags & A else 'C'
    return line(TYPES.index('m.call.' + kind), {
        'call_id': '@own', 'conf_id': 'conf', 'device_id': device, 'party_id': device, 'version': 1, 'seq': 0,
        'sender_session_id': 'S', 'dest_session_id': '@own', **content}, flags)


def described(name, kind, metadata=CAMERA, **more):
    return {name: {'type': kind, 'sdp': SDP}, 'sdp_stream_metadata': metadata, **more}


def exchange(flags):
    """Until both are connected, invited by @a:x or inviting @c:x; what follows is number 1."""
    if flags & A:
        yield told('invite', flags, call_id='c1', lifetime=60000, **described('offer', 'offer'))
    else:
        yield told('answer', flags, **described('answer', 'answer'))
    for track in tracks({'offer': {'sdp': SDP}}):
        yield happens(flags, track=track)
    yield happens(flags, connection=CONNECTED, packet=True)


def soon(text, ms=1):
    """The same, but after it 1 ms passes, or none: something is on its way then."""
    return bytes([text[0] - 64 + (0 if ms else 128)]) + text[1:]


def failures():
    """Of what is being made or sent, before there is an answer to it; and what ends a call."""
    invite = told('invite', call_id='c1', lifetime=60000, **described('offer', 'offer'))
    anew = line(MEMBER, {'m.calls': [{'m.call_id': 'conf', 'm.devices': [
        {'device_id': 'C', 'session_id': 'S2', 'expires_ts': 9000000, 'feeds': []}]}]}, OLM)
    later = happens(0, ms=20000)
    for ms in (0, 1):
        yield [soon(invite, ms), happens(fails=True), invite, later]
        yield [soon(anew, ms), happens(0, fails=True), later]
    for code in range(4):
        yield [happens(0, refused='m.call.invite', code=code), anew, later]
        for kind in ('candidates', 'negotiate', 'hangup'):
            yield [*exchange(OLM), happens(0, refused='m.call.' + kind, code=code, candidate='candidate:1'),
                   happens(0, share=True, candidate='candidate:2'), later, happens(0, leave=True), later]
    yield [told('reject', OLM), later]
    for flags in (A + OLM, OLM):
        restart = described('description', 'offer')
        restart['description']['sdp'] = SDP.replace('theirs', 'another')
        yield [*exchange(flags), told('negotiate', flags, seq=1, **restart), later]


def negotiations():
    for flags in (A + OLM, OLM):
        def offer(seq, **more):
            return told('negotiate', flags, seq=seq, **described('description', 'offer', {**CAMERA, **SCREEN}), **more)

        def answer(seq, **more):
            return told('negotiate', flags, seq=seq, **described('description', 'answer'), **more)

        begin = list(exchange(flags))
        share, stop = happens(flags, share=True), happens(flags, share=False)
        fast, needed = soon(share), happens(flags, needed=True)
        gone, late = happens(flags, connection=DISCONNECTED), happens(flags, ms=65000, packet=True)
        for rest in (
                [offer(1), offer(2), stop, answer(3)], [share, answer(1), stop, answer(2)], [share, offer(1), answer(2)],
                [share, needed, answer(1), answer(2), needed, answer(3)],
                [fast, offer(1), answer(2), answer(3)], [share, late, answer(1), answer(2), answer(3)],
                [happens(flags, fails=True), share, happens(flags, ms=9000), answer(1)],
                [happens(flags, fails=True), offer(1), late, offer(2)], [offer(2), offer(1)], [answer(1), answer(1)],
                [gone, happens(flags, ms=20000), happens(flags, connection=CONNECTED)],
                [gone, late, late], [happens(flags, connection=FAILED), happens(flags, ms=5000), *begin],
                [happens(flags, candidate='candidate:1'), happens(flags, candidate='candidate:2', complete=True)],
                [told('candidates', flags, seq=1, candidates=[{'candidate': 'candidate:1', 'sdpMid': '0'}])],
                [told('hangup', flags, seq=1, reason='replaced'), *begin], [told('reject', flags, seq=1)],
                [told('select_answer', flags, seq=1, selected_party_id='ME')],
                [happens(flags, leave=True), happens(flags, ms=3000), happens(flags, join=True), *begin],
                [happens(flags, offline=True), share, happens(flags, ms=20000), happens(flags, offline=False)],
                [happens(flags, refused='m.call.negotiate', code=0, times=1), share, late, answer(1)],
                [offer(5), happens(flags, ms=60000), offer(3), offer(1), answer(2), offer(6), offer(9),
                 happens(flags, ms=60000), offer(8), offer(7)],
                [told('candidates', flags, seq=seq, candidates=[]) for seq in range(70, 1, -1)],
                [happens(flags, may_call=True), happens(flags, terminate=True), happens(flags, ms=3000)],
                [happens(flags, may_call=True), happens(flags, leave=True), happens(flags, create=True),
                 happens(flags, ms=3000), happens(flags, leave=True)],
                [happens(flags, may_call=True), happens(flags, refused='org.matrix.msc3401.call', code=1),
                 happens(flags, terminate=True), happens(flags, leave=True), happens(flags, create=True)],
                [happens(flags, refused='org.matrix.msc3401.call.member', code=1, times=3), happens(flags, leave=True)],
                [happens(flags, encrypted=True), offer(1)], [happens(flags, ms=100000)] * 30,
                [happens(flags, terminate=True), offer(1)]):
            yield begin + rest
        yield begin[1:]
        yield [happens(flags, fails=True), *begin, late]
        yield [happens(flags, refused='m.call.' + ('answer' if flags & A else 'invite'), code=2, times=2), *begin, late]


def shown():
    """Streams: listed, not listed, renamed, left out, given up, back."""
    flags = A + OLM

    def track(**more):
        return happens(flags, track={'mid': '2', 'stream': 'scr', 'video': True, 'picture': True, **more})

    def listed(seq, metadata):
        return told('sdp_stream_metadata_changed', flags, seq=seq, sdp_stream_metadata=metadata)

    begin = list(exchange(flags))
    again = {'new': SCREEN['scr']}
    yield begin + [listed(1, {**CAMERA, **SCREEN}), track(), listed(2, CAMERA), track(sending=False),
                   listed(3, {**CAMERA, **again}), track(sending=True), listed(4, CAMERA)]
    yield begin + [track(), happens(flags, watched=True), track(stream='x'), track(stream=None), track(sending=False),
                   happens(flags, watched=False)]
    yield [told('invite', flags, call_id='c1', lifetime=60000, offer={'type': 'offer', 'sdp': SDP}), *begin[1:], track(),
           track(lost_percent=1), track(lost_percent=9), track(lost_percent=3), track(lost_percent=0)]
    yield begin + [listed(i + 1, {f's{i}': SCREEN['scr']}) for i in range(40)]


def early():
    """For a call that is not known yet, or not joined: in time, too late, too much."""
    ring = line(CALL, {'m.intent': 'm.ring', 'm.type': 'm.video'}, 0)
    entry = {'device_id': 'A', 'session_id': 'S', 'expires_ts': 9000000, 'feeds': []}
    there = line(MEMBER, {'m.calls': [{'m.call_id': 'other', 'm.devices': [entry]}]})
    leave = happens(leave=True)
    join = happens(call='other', join=True)
    for flags in (A + OLM, A):
        def said(kind, **more):
            return told(kind, flags, conf_id='other', **{'call_id': 'c1', **more})

        invite = said('invite', lifetime=60000, **described('offer', 'offer'))
        other = said('invite', call_id='c2', lifetime=60000, **described('offer', 'offer'))
        trickled = said('candidates', seq=1, candidates=[{'candidate': 'candidate:1', 'sdpMid': '0'}])
        hangup = said('hangup', seq=2, reason='user_hangup')
        for first in ([invite, trickled], [invite, other, trickled], [invite, trickled, hangup], [hangup],
                      [invite, happens(ms=58000)], [invite, trickled, happens(ms=61000), trickled],
                      [trickled, happens(again=60)], [said('invite', call_id='@n', **described('offer', 'offer')),
                                                      happens(again=60)],
                      [told('candidates', A, conf_id='other', call_id='c1', device_id='@n', candidates=[]), happens(again=520),
                       invite]):
            yield first + [ring, there, leave, join, happens(ms=500)]
            yield [ring, leave, join] + first + [there, happens(ms=500)]
            yield [ring, there] + first + [leave, join]
    yield [told('invite', A + OLM, sender_session_id='S9', call_id='c9', lifetime=60000, **described('offer', 'offer')),
           line(MEMBER, {'m.calls': [{'m.call_id': 'conf', 'm.devices': [dict(entry, session_id='S9')]}]})]


def call_events():
    for lines in itertools.chain(conversations(), failures(), negotiations(), shown(), early()):
        yield b'\n'.join(lines)
    for row in to_device():
        for flags in (A + OLM, 0, A):  # from who invites, from who is invited, in clear
            lines = []
            for kind, content in row:
                content = dict(content, conf_id='conf', sender_session_id='S', dest_session_id='@own',
                               device_id='A' if flags & A else 'C')
                if not flags & A:
                    content['call_id'] = '@own'
                lines.append(line(TYPES.index(kind), content, flags))
            yield b'\n'.join(lines)
            yield from lines
    for content in state('org.matrix.msc3401.call.member'):
        for call in content.get('m.calls', []):
            call['m.call_id'] = 'conf'
            for device in call['m.devices']:
                device['device_id'] = 'A'
        yield line(MEMBER, content)
    for content in state('org.matrix.msc3401.call'):
        yield line(CALL, content)
    yield line(CALL, {'m.intent': 'm.ring', 'm.type': 'm.video', 'm.terminated': 'call_ended'})
    ring = line(CALL, {'m.intent': 'm.ring', 'm.type': 'm.video'}, 0)
    there = line(MEMBER, {'m.calls': [{'m.call_id': 'other', 'm.devices': [
        {'device_id': 'A', 'session_id': 'S', 'expires_ts': 9000000, 'feeds': []}]}]})
    declined = line(DECLINED, {'calls': {'other': {'until_ts': 9000000}, 'conf': {'until_ts': 0}}})
    yield b'\n'.join((ring, there, declined))
    decline = happens(call='other', decline=True)
    nothing = line(DECLINED, {'calls': {}})
    yield b'\n'.join((ring, there, decline, nothing, nothing, happens(ms=100000), ring))
    yield b'\n'.join((ring, there, happens(refused='app.confab.declined_calls', code=0, times=3), decline))
    yield b'\n'.join((declined, ring, there, line(DECLINED, {'calls': []})))
    for key in ('', 'a b', '@a:x', 'ring', 'r' * 300, 'h\u00e9', '\x01', '../x'):
        named = line(CALL, {'m.intent': 'm.ring', 'm.type': 'm.video', '@key': key})
        over = line(CALL, {'m.terminated': 'call_ended', '@key': key})
        in_it = line(MEMBER, {'m.calls': [{'m.call_id': key, 'm.devices': [
            {'device_id': 'A', 'session_id': 'S', 'expires_ts': 9000000, 'feeds': []}]}]})
        yield b'\n'.join((named, in_it, happens(call=key, decline=True), happens(call=key, join=True), over))
        yield line(RTC, dict(RTC_MEMBER, **{'@key': key}))
    yield line(RTC, RTC_MEMBER) + b'\n' + line(RTC, {}) + b'\n' + line(MEMBER, RTC_MEMBER)
    yield line(ROOM, {'membership': 'leave'}) + b'\n' + line(ROOM, {'membership': 'join'})


# How fuzz-seq-queue.c is told of a message's type; the rest is as candidates to a queue.
SEQ_TYPES = {'m.call.candidates': 0, 'm.call.answer': 1, 'm.call.negotiate': 2, 'm.call.hangup': 3,
             'm.call.sdp_stream_metadata_changed': 208, 'org.matrix.call.sdp_stream_metadata_changed': 208}


def recorded_numbers():
    """The numbers that each recorded device gave to what it said to another, in the order in which that came."""
    for row in to_device():
        calls = {}
        for kind, content in row:
            if isinstance(content.get('seq'), int):
                calls.setdefault(content.get('call_id'), []).append((kind, content['seq']))
        for messages in calls.values():
            first = min(seq for _, seq in messages)
            row = bytes(b for kind, seq in messages for b in (3, (seq - first) % 100, SEQ_TYPES.get(kind, 0)))
            yield b'\x00\x00' + row
            yield row + b'\x01'


def seq_queue():
    yield from recorded_numbers()
    in_row = bytes(b for i in range(20) for b in (3, i, 0))
    yield b'\x00\x00' + in_row
    yield in_row[::-1] + b'\x00\x00'
    yield bytes(b for i in (5, 3, 4, 9, 255, 3) for b in (3 + 8, i, 1)) + b'\x01\x02\xff'
    yield bytes(b for i in range(60) for b in (4, 60 - i, 0)) + b'\x00\x00' + b'\x02\xff' * 3
    yield b'\x00\x00' + bytes(b for i in range(1, 5) for b in (5 + 32 * i % 128, i, 44)) + b'\x03\x00\x00'
    yield b'\x00\x00' + b'\x03\x05\x30' + b'\x02\xff' * 2


def sync(rooms=None, **more):
    return json.dumps({'next_batch': 's1', 'rooms': {'join': {'!a:x': rooms or {}}}, **more}).encode()


def event(kind, content, key=None, sender='@b:x'):
    found = {'type': kind, 'content': content, 'sender': sender, 'event_id': '$e', 'origin_server_ts': 1}
    return found if key is None else dict(found, state_key=key)


def syncs():
    mesh = [event('org.matrix.msc3401.call', content, 'conf') for content in state('org.matrix.msc3401.call')]
    mesh += [event('org.matrix.msc3401.call.member', content, '@b:x')
             for content in state('org.matrix.msc3401.call.member')]
    mesh += [event('org.matrix.msc3401.call.member', RTC_MEMBER, '_@b:x_A_m.call'),
             event('m.room.member', {'membership': 'join', 'displayname': 'B'}, '@b:x'),
             event('m.room.power_levels', {'users': {'@b:x': 100}, 'state_default': 50, 'events': {}}, ''),
             event('m.room.encryption', {'algorithm': 'm.megolm.v1.aes-sha2'}, '')]
    for one in mesh:
        yield sync({'state': {'events': [one]}})
    yield sync({'timeline': {'events': mesh, 'limited': True, 'prev_batch': 'p'}, 'summary': {'m.heroes': ['@b:x']}})
    for row in to_device():
        yield sync(to_device={'events': [{'type': kind, 'sender': '@b:x', 'content': content} for kind, content in row]},
                   device_lists={'changed': ['@b:x'], 'left': ['@c:x']},
                   device_one_time_keys_count={'signed_curve25519': 50}, device_unused_fallback_key_types=[])
    withheld = {'algorithm': 'm.megolm.v1.aes-sha2', 'code': 'm.no_olm', 'sender_key': 'A' * 43,
                'room_id': '!a:x', 'session_id': 'B' * 43}
    olm = {'algorithm': 'm.olm.v1.curve25519-aes-sha2', 'sender_key': 'A' * 43,
           'ciphertext': {'C' * 43: {'type': 0, 'body': 'AwogAAAA'}}}
    megolm = {'algorithm': 'm.megolm.v1.aes-sha2', 'session_id': 'B' * 43, 'ciphertext': 'AwgAEgAA',
              'sender_key': 'A' * 43, 'device_id': 'DEV'}
    yield sync(to_device={'events': [{'type': 'm.room_key.withheld', 'sender': '@b:x', 'content': withheld},
                                     {'type': 'm.room.encrypted', 'sender': '@b:x', 'content': olm}]})
    yield sync({'timeline': {'events': [event('m.room.encrypted', megolm)]}})


# What tests/matrix/sealed-world.h makes of these: sessions KNOWN, LATE, BLOCKED, GONE, RESIGNED, OWN, OTHER.
def sealed(session, index, plaintext, **more):
    return dict({'%megolm': [session, index, plaintext]}, **more)


def said(kind='m.room.message', room='!a:x', **content):
    return {'type': kind, 'room_id': room, 'content': content or {'body': 'x'}}


def olm_message(device, payload):
    return {'%olm': [device, payload]}


def room_key(which, device=0, **more):
    content = {'algorithm': 'm.megolm.v1.aes-sha2', 'room_id': '!a:x', 'session_id': f'%id{which}',
               'session_key': f'%key{which}', **more}
    return olm_message(device, {'type': 'm.room_key', 'content': content})


def encrypted(content, sender='@b:x', event_id='$e'):
    return dict(event('m.room.encrypted', content, sender=sender), event_id=event_id)


def through_olm(*contents, sender='@b:x'):
    return {'events': [{'type': 'm.room.encrypted', 'sender': sender, 'content': content} for content in contents]}


def sealed_syncs():
    def timeline(*events, **more):
        return sync({'timeline': {'events': list(events)}}, **more)

    senders = ['@b:x', '@b:x', '@c:x', '@c:x', '@c:x', '@me:x', '@b:x']
    for session, sender in enumerate(senders):
        yield timeline(*(encrypted(sealed(session, i, said()), sender, f'${i}') for i in range(5)))
    known = sealed(0, 0, said())
    yield timeline(encrypted(known), encrypted(known), encrypted(known, event_id='$copy'))
    for sender_key in ('%curve0', 'F' * 42 + 'A'):
        yield timeline(encrypted(dict(known, sender_key=sender_key, device_id='DEV')))
    yield timeline(encrypted(known, sender='@c:x'))
    yield timeline(encrypted(sealed(1, 3, said())), encrypted(sealed(1, 5, said()), event_id='$f'))
    yield timeline(encrypted(sealed(0, 0, said(), session_id='%id1')))
    for plaintext in ('', '{', '[]', 'x', said(room='!b:x'), {'room_id': '!a:x'}, {'room_id': '!a:x', 'type': 1},
                      {'room_id': '!a:x', 'type': 'm.room.message', 'content': []},
                      said('m.reaction', **{'m.relates_to': {'event_id': '$e', 'key': 'k', 'rel_type': 'm.annotation'}}),
                      said('m.call.invite', call_id='c', version='1'), said('m.room.topic', topic='t')):
        yield timeline(encrypted(sealed(0, 0, plaintext, **{'m.relates_to': {'event_id': '$e'}})))
    # The key comes before, with and never; and a word that it does not come.
    other = encrypted(sealed(6, 0, said()))
    yield timeline(other, to_device=through_olm(room_key(6)))
    yield timeline(other, to_device=through_olm(room_key(6), room_key(6), room_key(0), room_key(1)))
    for more in ({'session_id': '%id0'}, {'room_id': '!b:x'}, {'algorithm': 'x'}, {'session_key': 'AgAAAAA'},
                 {'room_id': None}, {'session_pickle': 'A' * 64}, {'session_pickle': ''}, {'session_pickle': '%key6'}):
        for device in (0, 2):
            yield timeline(other, to_device=through_olm(room_key(6, device, **more)))
    withheld = {'algorithm': 'm.megolm.v1.aes-sha2', 'code': 'm.unverified', 'sender_key': '%curve0',
                'room_id': '!a:x', 'session_id': '%id6'}
    yield timeline(other, to_device=through_olm(olm_message(0, {'type': 'm.room_key.withheld', 'content': withheld})))
    yield timeline(other, to_device={'events': [{'type': 'm.room_key.withheld', 'sender': '@b:x', 'content': withheld}]})
    # Envelopes that are not as they should be.
    for payload in ('', '{}', {'type': 'm.dummy', 'content': {}}, {'type': 'm.dummy', 'content': {}, 'sender': '@c:x'},
                    {'type': 'm.dummy', 'content': {}, 'recipient': '@b:x'}, {'type': 'm.dummy'},
                    {'type': 'm.dummy', 'content': {}, 'keys': {}}, {'type': 'm.dummy', 'content': {}, 'recipient_keys': 1}):
        yield sync(to_device=through_olm(olm_message(0, payload)))
    yield sync(to_device=through_olm(room_key(6), sender='@c:x'))
    yield sync(to_device=through_olm(dict(room_key(6), sender_key='F' * 42 + 'A')))
    # Each device, with and without what it presents of itself; and its keys for a message that is there already.
    for device, sender in enumerate(('@b:x', '@b:x', '@b:x', '@c:x')):
        yield timeline(other, to_device=through_olm(room_key(6, device), sender=sender))
        for presented in ('%device0', '%device1', '%device2', '%device3', {}, 1):
            yield timeline(other, to_device=through_olm(
                olm_message(device, {'type': 'm.dummy', 'content': {}, 'sender_device_keys': presented}), sender=sender))
    twice = olm_message(1, {'type': 'm.dummy', 'content': {}})
    yield sync(to_device=through_olm(twice, twice, dict(twice, sender_key='%curve0')))
    yield sync(to_device=through_olm(*(olm_message(2, {'type': 'm.dummy', 'content': {}}) for _ in range(25))))
    for row in to_device():
        for device, name in enumerate(('DEV', 'TALK', 'NEW')):
            yield sync(to_device=through_olm(*(olm_message(device, {'type': kind, 'content': dict(content, device_id=name)})
                                               for kind, content in row)))


def declined_syncs():
    kind = 'app.confab.declined_calls'
    ringing = [event('org.matrix.msc3401.call', {'m.intent': 'm.ring', 'm.type': 'm.video'}, 'conf'),
               event('org.matrix.msc3401.call.member', {'m.calls': [{'m.call_id': 'conf', 'm.devices': [
                   {'device_id': 'B', 'session_id': 'S', 'expires_ts': 9000000, 'feeds': []}]}]}, '@b:x')]
    for content in ({'calls': {'conf': {'until_ts': 600000}}}, {'calls': {'other': {'until_ts': 1}}}, {'calls': {}}, {},
                    {'calls': {'conf': {'until_ts': 0}}}, {'calls': {'conf': 1, '': {}}}, {'calls': []},
                    {'calls': {'c' * 256: {'until_ts': 1}, 'd' * 255: {'until_ts': 'x'}}},
                    {'calls': {f'c{i}': {'until_ts': 1000 + i} for i in range(60)}}):
        data = {'events': [{'type': kind, 'content': content}]}
        yield sync({'account_data': data})
        yield sync({'account_data': data, 'state': {'events': ringing}})
    yield sync({'state': {'events': ringing}})


# What a room may be: state that is as it should be, and what a stranger may make of it.
ROOM_STATES = {
    'm.room.create': (
        {'room_version': '12', 'additional_creators': ['@me:x', '@c:x']}, {'room_version': '12', 'additional_creators': '@me:x'},
        {'room_version': '12', 'additional_creators': [1, None, {}]}, {'room_version': '11', 'additional_creators': ['@me:x']},
        {'room_version': '12'}, {'room_version': 12}, {'room_version': 'org.x'}, {'room_version': '99999999999'},
        {'m.federate': False, 'type': 'm.space', 'predecessor': {'room_id': '!b:x', 'event_id': '$e'}}, {}),
    'm.room.name': ({'name': 'Room'}, {'name': ''}, {'name': None}, {'name': ['Room']}, {'name': ' \n\u202e'}, {}),
    'm.room.canonical_alias': ({'alias': '#a:x', 'alt_aliases': ['#b:x']}, {'alias': 1}, {'alias': ''}, {}),
    'm.room.avatar': ({'url': 'mxc://x/a', 'info': {'w': 1}}, {'url': 'http://x/a'}, {'url': {}}, {}),
    'm.room.topic': ({'topic': 'Topic', 'm.topic': {'m.text': [{'body': 'Topic'}]}}, {'topic': 0}, {}),
    'm.room.tombstone': ({'body': 'Gone', 'replacement_room': '!b:x'}, {'replacement_room': 1}, {}),
    'm.room.history_visibility': ({'history_visibility': 'joined'}, {'history_visibility': 'shared'}, {'history_visibility': []},
                                  {}),
    'm.room.encryption': (
        {'algorithm': 'm.megolm.v1.aes-sha2', 'rotation_period_ms': 604800000, 'rotation_period_msgs': 100},
        {'algorithm': 'm.megolm.v1.aes-sha2', 'rotation_period_ms': -1, 'rotation_period_msgs': 1 << 62}, {'algorithm': 'x'},
        {'algorithm': None}, {}),
    'm.room.power_levels': (
        {'users': {'@me:x': 100, '@b:x': 50}, 'users_default': 0, 'state_default': 50, 'events_default': 0,
         'events': {'org.matrix.msc3401.call': 0, 'org.matrix.msc3401.call.member': 0}},
        {'users': {'@me:x': '100'}, 'users_default': '10', 'state_default': '50'}, {'users': [], 'events': []},
        {'users': {'@me:x': 1 << 62}, 'events': {'org.matrix.msc3401.call': -(1 << 62)}}, {'users': {'@me:x': 9.5}},
        {'state_default': None, 'events': {'org.matrix.msc3401.call.member': None}}, {'users_default': 100}, {}),
    'm.room.member': (
        {'membership': 'join', 'displayname': 'B', 'avatar_url': 'mxc://x/b'}, {'membership': 'invite', 'displayname': ['B']},
        {'membership': 'leave'}, {'membership': 'ban', 'reason': 'r'}, {'membership': 1}, {'displayname': 'B'}, {}),
    'org.matrix.msc3401.call': ({'m.intent': 'm.room', 'm.type': 'm.video'},),
    'org.matrix.msc3401.call.member': ({'m.calls': [{'m.call_id': 'conf', 'm.devices': [
        {'device_id': 'B', 'session_id': 'S', 'expires_ts': 9000000, 'feeds': []}]}]},),
}
STATE_KEYS = {'m.room.member': '@b:x', 'org.matrix.msc3401.call': 'conf', 'org.matrix.msc3401.call.member': '@b:x'}


def redaction(content=None, **more):
    return dict(event('m.room.redaction', content or {'reason': 'r'}), event_id='$r', **more)


def room_states():
    """Each state of a room: as it is, with more of the room, then changed, made empty, and redacted by the next sync."""
    whole = [event(kind, contents[0], STATE_KEYS.get(kind, '')) for kind, contents in ROOM_STATES.items()]
    for i, one in enumerate(whole):
        one['event_id'] = f'$s{i}'
    people = {'summary': {'m.heroes': ['@b:x', '@c:x'], 'm.joined_member_count': 3, 'm.invited_member_count': 1},
              'account_data': {'events': [{'type': 'm.tag', 'content': {'tags': {'m.favourite': {'order': 0.5}}}}]}}
    room = sync({'state': {'events': whole}, **people},
                account_data={'events': [{'type': 'm.direct', 'content': {'@b:x': ['!a:x', 1], '@c:x': '!a:x'}}]})
    yield room
    for i, (kind, contents) in enumerate(ROOM_STATES.items()):
        for content in contents:
            one = dict(event(kind, content, STATE_KEYS.get(kind, '')), event_id='$one')
            yield room + b'\n' + sync({'timeline': {'events': [one]}})
        stands = {'timeline': {'events': [redaction(redacts=f'$s{i}')]}}
        within = {'timeline': {'events': [redaction({'redacts': f'$s{i}'})]}}
        yield room + b'\n' + sync(stands)
        yield sync({'state': {'events': whole[i:i + 1]}, **within}) + b'\n' + sync({'timeline': {'events': [whole[i]]}})
    mine = event('m.room.create', {'room_version': '12'}, '', sender='@me:x')
    yield sync({'state': {'events': [mine]}})
    for wrong in ({'redacts': '$none'}, {'redacts': 1}, {'redacts': ''}, {}):
        yield room + b'\n' + sync({'timeline': {'events': [redaction(**wrong)]}})
    # Left, and in it again, by a server that does not say that it is encrypted; and an invite to it.
    left = json.dumps({'next_batch': 's2', 'rooms': {'leave': {'!a:x': {}}}}).encode()
    invited = json.dumps({'next_batch': 's2', 'rooms': {'invite': {'!a:x': {'invite_state': {'events': [
        {key: one[key] for key in ('type', 'content', 'sender', 'state_key')} for one in whole]}}}}}).encode()
    yield room + b'\n' + left + b'\n' + sync()
    yield room + b'\n' + left + b'\n' + invited + b'\n' + sync({'timeline': {'events': whole[:3], 'limited': True}})
    # What is older than what is known.
    for now, before in ((event('org.matrix.msc3401.call', {'m.terminated': 'call_ended'}, 'conf'), whole[-2]),
                        (dict(event('org.matrix.msc3401.call.member', {}, '@b:x'), origin_server_ts=9), whole[-1])):
        yield room + b'\n' + sync({'timeline': {'events': [now]}}) + b'\n' + sync({'state': {'events': [before]}})
    old = dict(event('m.room.member', {'membership': 'invite'}, '@b:x'), origin_server_ts=0)
    yield room + b'\n' + sync({'state': {'events': [old]}})


def all_syncs():
    yield from syncs()
    yield from room_states()
    yield from sealed_syncs()
    yield from declined_syncs()


def sdps():
    whole = [path.read_bytes().replace(b'\n', b'\r\n') for path in SDPS]    # the transcripts have theirs shortened
    yield from whole
    for own, other in itertools.permutations(whole, 2):
        yield own + b'--\r\n' + other
    for row in to_device():
        for _, content in row:
            for name in ('offer', 'answer', 'description'):
                if 'sdp' in content.get(name, {}):
                    yield content[name]['sdp'].encode()
            for candidate in content.get('candidates', []):
                yield candidate['candidate'].encode()
    yield from (b'turn:turn.x:3478?transport=udp', b'turns:[::1]:5349?transport=tcp', b'stun:stun.x')


ASKS = 10    # so many things tests/matrix/fuzz-answers.c asks for


def answers():
    """The first byte: to what, and ASKS times with which status; see the target."""
    person = {'type': 'm.room.member', 'sender': '@c:x', 'state_key': '@c:x', 'event_id': '$c', 'room_id': '!a:x',
              'origin_server_ts': 1, 'content': {'membership': 'join', 'displayname': 'B', 'avatar_url': 'mxc://x/c'}}
    good = (
        (0, {'versions': ['v1.11'], 'unstable_features': {'org.matrix.msc4140': True}}),
        (0, {'m.homeserver': {'base_url': 'https://x'}, 'm.identity_server': {'base_url': 'https://y'}}),
        (1, {'username': 'u', 'password': 'p', 'ttl': 86400, 'uris': ['turn:t.x:3478?transport=udp', 'stun:t.x']}),
        (2, {'device_keys': {'@b:x': {'DEV': {
            'user_id': '@b:x', 'device_id': 'DEV', 'algorithms': ['m.olm.v1.curve25519-aes-sha2'],
            'keys': {'curve25519:DEV': 'A' * 43, 'ed25519:DEV': 'B' * 43},
            'signatures': {'@b:x': {'ed25519:DEV': 'C' * 86}}, 'unsigned': {'device_display_name': 'd'}}}},
             'failures': {'y': {'errcode': 'M_UNKNOWN'}}}),
        (3, {'one_time_keys': {'@b:x': {'DEV': {'signed_curve25519:AAAAHg': {
            'key': 'A' * 43, 'fallback': True, 'signatures': {'@b:x': {'ed25519:DEV': 'C' * 86}}}}}}, 'failures': {}}),
        (4, {'event_id': '$e'}),
        (5, {'chunk': [person, dict(person, state_key='@d:x'), dict(person, state_key='@e:x', content={'membership': 'invite'}),
                       dict(person, state_key='@b:x', content={'membership': 'leave'}), dict(person, state_key=1), None, []]}),
        (5, {'chunk': {}}),
        (6, person['content']),
        (6, {'membership': 'ban'}),
        (7, {'access_token': 'a', 'refresh_token': 'r', 'expires_in_ms': 300000}),
        (7, {'access_token': 'a', 'expires_in_ms': -(1 << 63)}),
        (8, {'flows': [{'type': 'm.login.sso'}, 1, {'type': 'm.login.password'}], 'user_id': '@me:x', 'device_id': 'ME',
             'access_token': 'a', 'refresh_token': 'r', 'expires_in_ms': 300000, 'home_server': 'x',
             'well_known': {'m.homeserver': {'base_url': 'https://x'}}}),
        (8, {'flows': [{'type': 'm.login.sso'}]}),
        (9, {'one_time_key_counts': {'signed_curve25519': 49, 'curve25519': 1}}),
        (9, {'one_time_key_counts': {'signed_curve25519': 100}}),
    )
    bad = {'errcode': 'M_LIMIT_EXCEEDED', 'error': 'Too many', 'retry_after_ms': 2000, 'soft_logout': True}
    for what, body in good:
        yield bytes([what]) + b'\n' + json.dumps(body).encode()
    for what in range(ASKS):
        for status in range(4, 13):
            yield bytes([what + ASKS * status]) + b'3\n' + json.dumps(bad).encode()
    yield bytes([4 + ASKS * 8]) + b'Fri, 31 Dec 2027 23:59:59 GMT\n<html>'


def payloads():
    for row in to_device():
        for kind, content in row:
            yield kind.encode() + b'\n' + json.dumps(content).encode()
    megolm = {'algorithm': 'm.megolm.v1.aes-sha2', 'room_id': '!a:x', 'session_id': 'B' * 43}
    yield b'm.room_key\n' + json.dumps(dict(megolm, session_key='AgAAAAA' + 'A' * 300)).encode()
    yield b'm.room_key.withheld\n' + json.dumps(dict(megolm, code='m.blacklisted', reason='r',
                                                     sender_key='A' * 43)).encode()
    yield b'm.forwarded_room_key\n' + json.dumps(dict(megolm, session_key='AQAAAAA', sender_key='A' * 43,
                                                      forwarding_curve25519_key_chain=[])).encode()
    yield b'm.dummy\n{}'
    yield json.dumps({'type': 'm.dummy', 'content': {}, 'sender': '@b:x', 'recipient': '@me:x',
                      'recipient_keys': {'ed25519': 'A' * 43}, 'keys': {'ed25519': 'B' * 43}}).encode()


def olm():
    yield b'\x00AwogAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAASIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    yield b'\x01AwogAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQACIQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    yield b'\x01\x03\x0a\x20' + bytes(32) + b'\x10\x00\x22\x10' + bytes(24)
    yield b'\x00\x03\x0a\x20' + bytes(32) + b'\x12\x20' + bytes(32) + b'\x1a\x20' + bytes(32) + b'\x22\x04' + bytes(4)


def bot_commands():
    room = {'roomId': '!r:x'}
    for name, arguments in (
            ('rooms', {}), ('calls', {}), ('join-room', room), ('create-room', {'name': 'n', 'encrypted': True,
             'invite': ['@b:x'], 'open': False}), ('create-call', dict(room, intent='m.ring', type='m.video', name='n')),
            ('join-call', dict(room, callId='c', audio=True, video=False, screen=True, timeout=1000)),
            ('mute', {'mic': True, 'cam': False}), ('screen', {'on': True}), ('leave', {}), ('terminate', {}),
            ('send-event', dict(room, type='m.reaction', content={'a': 1})), ('stats', {}), ('tracks', {}),
            ('wait-media', {'timeout': 1000, 'members': 1}), ('wire', {'since': 0, 'kinds': ['m.call.invite']}), ('quit', {})):
        yield json.dumps({'id': 1, 'cmd': name, **arguments}).encode()


MAKERS = {
    'fuzz-call-event': call_events, 'fuzz-seq-queue': seq_queue, 'fuzz-sync': all_syncs, 'fuzz-sdp': sdps, 'fuzz-olm': olm,
    'fuzz-bot-command': bot_commands, 'fuzz-answers': answers, 'fuzz-payload': payloads,
}


def found(target):
    for path in sorted(FOUND.glob(target + '-*.txt')):
        text = path.read_text(encoding='ascii').rstrip('\n')
        yield text.encode('ascii').decode('unicode_escape').encode('latin-1')


def write(target, folder):
    folder.mkdir(parents=True, exist_ok=True)
    inputs = list(dict.fromkeys([*MAKERS[target](), *found(target)]))
    for i, data in enumerate(inputs):
        (folder / f'seed-{i:03}').write_bytes(data)
    return [str(folder / f'seed-{i:03}') for i in range(len(inputs))]


def main(arguments):
    if arguments[:1] != ['--replay']:
        target, folder = arguments
        print(len(write(target, pathlib.Path(folder))), 'inputs')
        return 0
    target, program = arguments[1:]
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run([program, *write(target, pathlib.Path(folder))], check=False).returncode


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
