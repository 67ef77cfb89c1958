# SPDX-License-Identifier: Apache-2.0
"""DNS for tests: queries as bytes, what a reply says, and name servers that say what they are told."""

import contextlib
import select
import socket
import struct
import threading

import world

A, PTR, TXT, AAAA, OPT, HTTPS = 1, 12, 16, 28, 41, 65
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
CLONE_NEWNET = 0x40000000


@contextlib.contextmanager
def inside(namespace):
    """This thread is in the network namespace at that path; sockets stay where they were made."""
    with open("/proc/thread-self/ns/net") as home, open(namespace) as other:
        world.LIBC.setns(other.fileno(), CLONE_NEWNET)
        try:
            yield
        finally:
            world.LIBC.setns(home.fileno(), CLONE_NEWNET)


def wire_name(name):
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def query(name, kind=A, *, number=0x4711, room=None):
    """`room`: offered by EDNS; None: no EDNS."""
    option = b"" if room is None else b"\0" + struct.pack("!HHIH", OPT, room, 0, 0)
    header = struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 1 if option else 0)
    return header + wire_name(name) + struct.pack("!HH", kind, 1) + option


def read_name(message, at):
    """The name there, and where it ends."""
    labels, end = [], None
    while message[at] != 0:
        if message[at] >= 0xc0:
            end = end or at + 2
            at = struct.unpack_from("!H", message, at)[0] & 0x3fff
            continue
        labels.append(message[at + 1:at + 1 + message[at]].decode())
        at += 1 + message[at]
    return ".".join(labels), end or at + 1


class Message:
    """What a message says: code, truncated, name, kind, answers (texts), room (of EDNS)."""

    def __init__(self, message):
        self.number, flags, questions, answers, others, more = struct.unpack_from("!HHHHHH", message)
        self.code, self.truncated, self.room = flags & 15, bool(flags & 0x200), None
        at = 12
        for _ in range(questions):
            self.name, at = read_name(message, at)
            self.kind, = struct.unpack_from("!H", message, at)
            at += 4
        self.question = message[12:at]
        self.answers = []
        for index in range(answers + others + more):
            _, at = read_name(message, at)
            kind, rr_class, _, size = struct.unpack_from("!HHIH", message, at)
            at += 10
            if kind == OPT:
                self.room = rr_class
            elif index < answers:
                self.answers.append(self.text_of(message, at, kind, size))
            at += size

    @staticmethod
    def text_of(message, at, kind, size):
        if kind == A:
            return socket.inet_ntoa(message[at:at + size])
        if kind == AAAA:
            return socket.inet_ntop(socket.AF_INET6, message[at:at + size])
        return read_name(message, at)[0] if kind == PTR else repr(message[at:at + size])


def reply_to(message, *, code=NOERROR, addresses=(), truncated=False, number=None, question=None):
    """A reply as bytes; `number` and `question` instead of what was asked make it a wrong one."""
    asked = Message(message)
    header = struct.pack("!HHHHHH", asked.number if number is None else number,
                         0x8180 | code | (0x200 if truncated else 0), 1, len(addresses), 0, 0)
    records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", A, 1, 60, 4) + socket.inet_aton(address)
                       for address in addresses)
    return header + (question or asked.question) + records


class NameServer:
    """Listens at an address in a namespace, by UDP and TCP, as long as a `with` lasts. `answer` is
    called with each query and "udp" or "tcp", and gives the messages to send, or None."""

    def __init__(self, answer, *, address=world.NEIGHBOUR_ADDRESS, namespace="/run/netns/lan"):
        self.answer, self.address, self.namespace = answer, address, namespace
        self.asked = []  # (name, transport, port it came from), in order

    def __enter__(self):
        with inside(self.namespace):
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind((self.address, 53))
            self.tcp = socket.create_server((self.address, 53))
        self.closing, self.closed = socket.socketpair()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closing.close()
        self.thread.join()
        for one in (self.udp, self.tcp, self.closed):
            one.close()

    def names(self):
        return [name for name, _, _ in self.asked]

    def replies(self, message, transport, port):
        self.asked.append((Message(message).name.lower(), transport, port))
        replies = self.answer(message, transport)
        return [replies] if isinstance(replies, bytes) else replies or []

    def serve(self):
        while True:
            ready, _, _ = select.select([self.udp, self.tcp, self.closed], [], [])
            if self.closed in ready:
                return
            if self.udp in ready:
                message, client = self.udp.recvfrom(65535)
                for reply in self.replies(message, "udp", client[1]):
                    self.udp.sendto(reply, client)
            if self.tcp in ready:
                connection, client = self.tcp.accept()
                with connection:
                    message = receive_by_tcp(connection)
                    for reply in self.replies(message, "tcp", client[1]):
                        connection.sendall(struct.pack("!H", len(reply)) + reply)


def receive_exactly(connection, size):
    got = b""
    while len(got) < size:
        part = connection.recv(size - len(got))
        if not part:
            raise EOFError
        got += part
    return got


def receive_by_tcp(connection):
    size, = struct.unpack("!H", receive_exactly(connection, 2))
    return receive_exactly(connection, size)


class Client:
    """Asks the resolver of the container whose process is `pid`, from inside its network."""

    RESOLVER = ("127.0.0.11", 53)

    def __init__(self, pid):
        self.namespace = f"/proc/{pid}/ns/net"

    def socket(self, kind=socket.SOCK_DGRAM):
        with inside(self.namespace):
            made = socket.socket(socket.AF_INET, kind)
        made.settimeout(10)
        return made

    def ask(self, name, kind=A, server=RESOLVER[0], patience=10, **options):
        with self.socket() as udp:
            udp.settimeout(patience)
            udp.connect((server, 53))
            udp.send(query(name, kind, **options))
            return Message(udp.recv(65535))

    def ask_by_tcp(self, name, kind=A, **options):
        with self.socket(socket.SOCK_STREAM) as tcp:
            tcp.connect(self.RESOLVER)
            message = query(name, kind, **options)
            tcp.sendall(struct.pack("!H", len(message)) + message)
            return Message(receive_by_tcp(tcp))
