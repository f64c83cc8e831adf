# SPDX-License-Identifier: GPL-3.0-or-later
"""A door between one client and its homeserver: what was sent to the client's device stays outside until it is let in.

    with Gate(server) as gate:
        with bot(gate, 'anna') as anna:
            gate.close()
            …                       # somebody sends to anna's device
            gate.wait_held()        # it is there, and anna knows nothing of it
            gate.open()
"""

import http.client
import http.server
import json
import threading
import urllib.parse

PER_HOP = {'connection', 'keep-alive', 'transfer-encoding', 'content-length'}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, format, *arguments):
        """Nothing: whoever waits for something says so when it does not come."""

    def forward(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        server = http.client.HTTPConnection(self.server.gate.server_address, timeout=120)
        try:
            server.request(self.command, self.path, body,
                           {name: value for name, value in self.headers.items() if name.lower() not in PER_HOP})
            reply = server.getresponse()
            text = reply.read()
            if self.command == 'GET' and urllib.parse.urlsplit(self.path).path.endswith('/sync'):
                self.server.gate.pass_sync(text)
            self.send_response_only(reply.status, reply.reason)
            for name, value in reply.getheaders():
                if name.lower() not in PER_HOP:
                    self.send_header(name, value)
            self.send_header('Content-Length', str(len(text)))
            self.end_headers()
            self.wfile.write(text)
        except OSError:  # either of them has gone
            self.close_connection = True
        finally:
            server.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = forward


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


class Gate:
    """In place of a Synapse where a client is told of one: it has its `base`."""

    def __init__(self, synapse):
        self.server_address = urllib.parse.urlsplit(synapse.base).netloc
        self.turned = threading.Condition()
        self.closed = False
        self.n_held = 0
        self.server = Server(('127.0.0.1', 0), Handler)
        self.server.gate = self
        self.base = f'http://127.0.0.1:{self.server.server_address[1]}'
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def pass_sync(self, text):
        """Returns when a sync's answer may go in: at once when it has nothing for the device."""
        try:
            events = json.loads(text).get('to_device', {}).get('events', [])
        except ValueError:
            events = []
        with self.turned:
            if not events or not self.closed:
                return
            self.n_held += 1
            self.turned.notify_all()
            self.turned.wait_for(lambda: not self.closed)
            self.n_held -= 1

    def close(self):
        with self.turned:
            self.closed = True

    def open(self):
        with self.turned:
            self.closed = False
            self.turned.notify_all()

    def wait_held(self, timeout=30):
        """Until something for the device is at the door."""
        with self.turned:
            if not self.turned.wait_for(lambda: self.n_held > 0, timeout):
                raise TimeoutError(f'nothing came for the device within {timeout} s')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.open()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
