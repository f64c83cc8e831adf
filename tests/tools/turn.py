# SPDX-License-Identifier: GPL-3.0-or-later
"""A TURN server on loopback, as much of RFC 8656 as a call needs: long-term credentials, UDP, IPv4."""

import hashlib
import hmac
import os
import selectors
import socket
import struct
import threading

COOKIE = 0x2112A442
BINDING, ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND = 0x001, 0x003, 0x004, 0x008, 0x009
SEND, DATA = 0x016, 0x017
SUCCESS, ERROR = 0x100, 0x110
USERNAME, INTEGRITY, ERROR_CODE, CHANNEL, LIFETIME = 0x0006, 0x0008, 0x0009, 0x000C, 0x000D
PEER, DATA_ATTRIBUTE, REALM, NONCE, RELAYED, MAPPED = 0x0012, 0x0013, 0x0014, 0x0015, 0x0016, 0x0020
INTEGRITY_SIZE = 24


def pack_attribute(kind, value):
    return struct.pack('!HH', kind, len(value)) + value + bytes(-len(value) % 4)


def pack_address(address):
    host, port = address
    number = struct.unpack('!I', socket.inet_aton(host))[0]
    return struct.pack('!BBHI', 0, 1, port ^ (COOKIE >> 16), number ^ COOKIE)


def parse_address(value):
    _, _, port, number = struct.unpack('!BBHI', value[:8])
    return socket.inet_ntoa(struct.pack('!I', number ^ COOKIE)), port ^ (COOKIE >> 16)


def parse_attributes(message):
    """Pairs of kind and (value, offset)."""
    attributes, offset = {}, 20
    while offset + 4 <= len(message):
        kind, length = struct.unpack('!HH', message[offset:offset + 4])
        attributes.setdefault(kind, (message[offset + 4:offset + 4 + length], offset))
        offset += 4 + length + -length % 4
    return attributes


class Allocation:
    def __init__(self, client):
        self.client = client
        self.relay = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.relay.bind(('127.0.0.1', 0))
        self.permitted = set()
        self.channels = {}


class Turn:
    """Give it to `with`; `n_allocations`, `n_relayed` and `n_refused` tell what was asked of it."""

    def __init__(self, username, password, realm='test.example.org'):
        self.username, self.realm, self.nonce = username, realm, os.urandom(8).hex()
        self.key = hashlib.md5(f'{username}:{realm}:{password}'.encode()).digest()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        self.allocations = {}
        self.n_allocations = self.n_relayed = self.n_refused = 0
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.socket, selectors.EVENT_READ)
        self.wake_in, self.wake_out = socket.socketpair()
        self.selector.register(self.wake_out, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *args):
        self.wake_in.send(b'x')
        self.thread.join()
        for allocation in self.allocations.values():
            allocation.relay.close()
        for each in (self.socket, self.wake_in, self.wake_out, self.selector):
            each.close()

    def run(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.wake_out:
                    return
                data, sender = key.fileobj.recvfrom(65536)
                if key.data is not None:
                    self.from_peer(key.data, data, sender)
                elif data and data[0] >> 6 == 1:
                    self.from_channel(data, sender)
                elif len(data) >= 20 and struct.unpack('!I', data[4:8])[0] == COOKIE:
                    self.from_client(data, sender)

    def reply(self, request, kind, attributes, sender, signed=True):
        body = b''.join(pack_attribute(*pair) for pair in attributes)
        length = len(body) + (INTEGRITY_SIZE if signed else 0)
        message = struct.pack('!HHI', kind, length, COOKIE) + request[8:20] + body
        if signed:
            message += pack_attribute(INTEGRITY, hmac.new(self.key, message, 'sha1').digest())
        self.socket.sendto(message, sender)

    def is_authentic(self, message, attributes):
        if INTEGRITY not in attributes or attributes.get(USERNAME, (b'',))[0] != self.username.encode():
            return False
        value, offset = attributes[INTEGRITY]
        signed = message[:2] + struct.pack('!H', offset + INTEGRITY_SIZE - 20) + message[4:offset]
        return hmac.compare_digest(value, hmac.new(self.key, signed, 'sha1').digest())

    def from_client(self, message, sender):
        kind = struct.unpack('!H', message[:2])[0]
        attributes = parse_attributes(message)
        allocation = self.allocations.get(sender)
        if kind == BINDING:
            self.reply(message, BINDING | SUCCESS, [(MAPPED, pack_address(sender))], sender, signed=False)
        elif kind == SEND:
            if allocation and PEER in attributes and DATA_ATTRIBUTE in attributes:
                self.to_peer(allocation, parse_address(attributes[PEER][0]), attributes[DATA_ATTRIBUTE][0])
        elif not self.is_authentic(message, attributes):
            self.n_refused += INTEGRITY in attributes  # the first request has none: it learns realm and nonce
            self.reply(message, kind | ERROR, [(ERROR_CODE, b'\0\0\x04\x01Unauthorized'), (REALM, self.realm.encode()),
                                               (NONCE, self.nonce.encode())], sender, signed=False)
        elif kind == ALLOCATE:
            if allocation is None:
                allocation = self.allocations[sender] = Allocation(sender)
                self.selector.register(allocation.relay, selectors.EVENT_READ, allocation)
                self.n_allocations += 1
            self.reply(message, ALLOCATE | SUCCESS,
                       [(RELAYED, pack_address(allocation.relay.getsockname())), (MAPPED, pack_address(sender)),
                        (LIFETIME, struct.pack('!I', 600))], sender)
        elif kind == REFRESH:
            self.reply(message, REFRESH | SUCCESS, [attributes_pair(attributes, LIFETIME)], sender)
        elif kind in (CREATE_PERMISSION, CHANNEL_BIND) and allocation and PEER in attributes:
            peer = parse_address(attributes[PEER][0])
            allocation.permitted.add(peer[0])
            if kind == CHANNEL_BIND:
                allocation.channels[struct.unpack('!H', attributes[CHANNEL][0][:2])[0]] = peer
            self.reply(message, kind | SUCCESS, [], sender)

    def from_channel(self, data, sender):
        number, length = struct.unpack('!HH', data[:4])
        allocation = self.allocations.get(sender)
        if allocation and number in allocation.channels:
            self.to_peer(allocation, allocation.channels[number], data[4:4 + length])

    def to_peer(self, allocation, peer, data):
        if peer[0] in allocation.permitted:
            self.n_relayed += 1
            allocation.relay.sendto(data, peer)

    def from_peer(self, allocation, data, peer):
        if peer[0] not in allocation.permitted:
            return
        for number, bound in allocation.channels.items():
            if bound == peer:
                self.socket.sendto(struct.pack('!HH', number, len(data)) + data, allocation.client)
                return
        body = pack_attribute(PEER, pack_address(peer)) + pack_attribute(DATA_ATTRIBUTE, data)
        self.socket.sendto(struct.pack('!HHI', DATA, len(body), COOKIE) + os.urandom(12) + body, allocation.client)


def attributes_pair(attributes, kind):
    return kind, attributes.get(kind, (struct.pack('!I', 600),))[0]
