# SPDX-License-Identifier: GPL-3.0-or-later
"""An account that prepares a test by plain client-server calls: rooms, invitations, state."""

import json
import urllib.error
import urllib.parse
import urllib.request
import uuid

CALL_TYPES = ('org.matrix.msc3401.call', 'org.matrix.msc3401.call.member')


class MatrixError(RuntimeError):
    """What a homeserver answers in place of what it was asked for."""

    def __init__(self, request, status, body):
        super().__init__(f'{request}: {status} {body}')
        try:
            self.code = json.loads(body)['errcode']
        except (ValueError, TypeError, KeyError):   # from something in between
            self.code = None


class Account:
    def __init__(self, base, user, password):
        self.base = base
        self.token = None
        reply = self.request('POST', 'v3/login', {
            'type': 'm.login.password', 'password': password,
            'identifier': {'type': 'm.id.user', 'user': user}})
        self.token = reply['access_token']
        self.user_id = reply['user_id']
        self.device_id = reply['device_id']

    def request(self, method, path, body=None):
        headers = {'Content-Type': 'application/json'}
        if self.token:
            headers['Authorization'] = f'Bearer {self.token}'
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(f'{self.base}/_matrix/client/{path}', method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers=headers)
        try:
            with opener.open(request, timeout=30) as reply:
                return json.loads(reply.read())
        except urllib.error.HTTPError as error:
            raise MatrixError(f'{method} {path}', error.code, error.read().decode()) from error

    def create_room(self, name, encrypted=False, invite=(), everybody_calls=True):
        state = []
        if encrypted:
            state.append({'type': 'm.room.encryption', 'state_key': '',
                          'content': {'algorithm': 'm.megolm.v1.aes-sha2'}})
        events = {kind: 0 for kind in CALL_TYPES} if everybody_calls else {}
        return self.request('POST', 'v3/createRoom', {
            'name': name, 'preset': 'private_chat', 'invite': list(invite), 'initial_state': state,
            'power_level_content_override': {'events': events}})['room_id']

    def join(self, room):
        self.request('POST', f'v3/join/{urllib.parse.quote(room)}', {})

    def say(self, room, text):
        """In clear, whatever the room is: what it says does not matter to the test."""
        self.request('PUT', f'v3/rooms/{urllib.parse.quote(room)}/send/m.room.message/{uuid.uuid4()}',
                     {'msgtype': 'm.text', 'body': text})

    def state(self, room, kind, key=''):
        quoted = '/'.join(urllib.parse.quote(p, safe='') for p in (kind, key))
        return self.request('GET', f'v3/rooms/{urllib.parse.quote(room)}/state/{quoted}')
