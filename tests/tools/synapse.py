#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a throw-away Synapse on loopback, registers people, and prints one JSON line:

    synapse.py [--dir DIR] [--user NAME[:PASSWORD]]…
    {"homeserver": "http://127.0.0.1:40123", "serverName": "localhost", "users": [{"userId", "password"}], "pid"}

It ends, and takes the Synapse with it, at the end of its standard input, at SIGTERM and at SIGINT. A line
`{"register": NAME, "password": P}` on standard input registers somebody else and prints their user id.
CONFAB_SYNAPSE_PYTHON names the interpreter that has Synapse (./dev sets it).
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

CONFIG = """
server_name: localhost
pid_file: {dir}/homeserver.pid
listeners:
  - port: {port}
    bind_addresses: ['127.0.0.1']
    type: http
    tls: false
    x_forwarded: false
    resources:
      - names: [client]
        compress: false
database:
  name: sqlite3
  args:
    database: {dir}/homeserver.db
log_config: {dir}/log.yaml
media_store_path: {dir}/media
signing_key_path: {dir}/signing.key
registration_shared_secret: {secret}
macaroon_secret_key: {secret}
form_secret: {secret}
report_stats: false
suppress_key_server_warning: true
trusted_key_servers: []
enable_registration: false
bcrypt_rounds: 4
presence:
  enabled: false
federation_domain_whitelist: []
allow_public_rooms_over_federation: false
# hydrogen cannot connect at all without a TURN answer; nothing needs to listen there.
turn_uris: ['turn:127.0.0.1:3478?transport=udp']
turn_shared_secret: {secret}
turn_user_lifetime: 1h
refreshable_access_token_lifetime: {token_lifetime}
{limits}
"""

LIMITED = ['rc_message', 'rc_registration', 'rc_admin_redaction', 'rc_joins.local', 'rc_joins.remote',
           'rc_joins_per_room', 'rc_invites.per_room', 'rc_invites.per_user', 'rc_invites.per_issuer',
           'rc_login.address', 'rc_login.account', 'rc_login.failed_attempts', 'rc_delayed_event_mgmt',
           'rc_presence.per_user', 'rc_room_creation']

LOG = """
version: 1
formatters: {{ plain: {{ format: '%(asctime)s %(name)s %(levelname)s %(message)s' }} }}
handlers: {{ file: {{ class: logging.FileHandler, formatter: plain, filename: {dir}/homeserver.log }} }}
root: {{ level: WARNING, handlers: [file] }}
disable_existing_loggers: false
"""


def rate_limits():
    """Every limit far above what a test does."""
    lines = {}
    for name in LIMITED:
        outer, _, inner = name.partition('.')
        lines.setdefault(outer, []).append(inner)
    out = []
    for outer, inners in lines.items():
        value = '{ per_second: 10000, burst_count: 100000 }'
        if inners == ['']:
            out.append(f'{outer}: {value}')
        else:
            out.append(f'{outer}: {{ ' + ', '.join(f'{i}: {value}' for i in inners) + ' }')
    return '\n'.join(out)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def request(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, data=data), timeout=30) as reply:
        text = reply.read()
    return json.loads(text) if text[:1] == b'{' else text


class Synapse:
    """One Synapse process in a folder of its own."""

    def __init__(self, folder=None, token_lifetime='1h'):
        self.own_folder = folder is None
        self.dir = pathlib.Path(folder or tempfile.mkdtemp(prefix='confab-synapse-'))
        self.dir.mkdir(parents=True, exist_ok=True)
        self.secret = hashlib.sha256(os.urandom(16)).hexdigest()
        self.port = free_port()
        self.base = f'http://127.0.0.1:{self.port}'
        (self.dir / 'log.yaml').write_text(LOG.format(dir=self.dir))
        (self.dir / 'homeserver.yaml').write_text(CONFIG.format(
            dir=self.dir, port=self.port, secret=self.secret, token_lifetime=token_lifetime,
            limits=rate_limits()))
        # Synapse could make its own key, but takes a second to load for that alone.
        seed = base64.b64encode(os.urandom(32)).decode().rstrip('=')
        (self.dir / 'signing.key').write_text(f'ed25519 a_test {seed}\n')
        self.python = os.environ.get('CONFAB_SYNAPSE_PYTHON', sys.executable)
        self.output = (self.dir / 'output').open('w')
        self.process = subprocess.Popen(
            [self.python, '-m', 'synapse.app.homeserver', '-c', str(self.dir / 'homeserver.yaml')],
            env={**os.environ, 'SYNAPSE_CACHE_FACTOR': '1'}, stdin=subprocess.DEVNULL, stdout=self.output,
            stderr=self.output, start_new_session=True)

    def wait_ready(self, seconds=120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f'Synapse of {self.python} ended (./dev setup makes one, and ./dev test names it in '
                                   f'CONFAB_SYNAPSE_PYTHON): {(self.dir / "output").read_text()[-2000:]}')
            try:
                request(self.base + '/health')
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)  # a health check can only be asked again
        raise RuntimeError(f'Synapse was not ready within {seconds} s')

    def register(self, name, password, admin=False, display_name=None):
        nonce = request(self.base + '/_synapse/admin/v1/register')['nonce']
        mac = hmac.new(self.secret.encode(), digestmod=hashlib.sha1)
        mac.update(b'\0'.join([nonce.encode(), name.encode(), password.encode(),
                               b'admin' if admin else b'notadmin']))
        return request(self.base + '/_synapse/admin/v1/register', {
            'nonce': nonce, 'username': name, 'displayname': display_name or name, 'password': password,
            'admin': admin, 'mac': mac.hexdigest(), 'inhibit_login': True})['user_id']

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.output.close()
        if self.own_folder:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--dir', help='where its files live (default: a temporary folder)')
    parser.add_argument('--user', action='append', default=[], metavar='NAME[:PASSWORD]')
    parser.add_argument('--token-lifetime', default='1h')
    args = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    with Synapse(args.dir, args.token_lifetime) as server:
        server.wait_ready()
        users = []
        for user in args.user:
            name, _, password = user.partition(':')
            password = password or f'{name}-secret'
            users.append({'userId': server.register(name, password), 'password': password})
        print(json.dumps({'homeserver': server.base, 'serverName': 'localhost', 'users': users,
                          'pid': server.process.pid}), flush=True)
        while True:
            select.select([sys.stdin], [], [])
            line = sys.stdin.readline()
            if not line:
                break
            ask = json.loads(line)
            print(json.dumps({'userId': server.register(ask['register'], ask['password'])}),
                  flush=True)


if __name__ == '__main__':
    main()
