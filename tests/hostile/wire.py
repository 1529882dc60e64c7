"""As much of troupe's link protocol as a hostile peer needs: frames, and Protobuf messages field by field."""

import socket
import struct

# Fields of v1.Envelope.
ID, CORRELATION, TO_BOOT_ID, TIMEOUT_MS = 1, 2, 3, 4
HELLO, ERROR, JOIN_CLUSTER, HEARTBEAT, LEAVE_CLUSTER, LIST_NODES = 10, 11, 13, 15, 17, 19
TASK_BATCH, RESULT_BATCH, PROGRESS_BATCH = 30, 31, 32
SUBMIT_RUN, GET_RUN, LIST_RUNS, WATCH_RUN = 40, 41, 44, 48


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    """One field: an int, a text, or bytes (a string or a message)."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def message(*fields):
    return b"".join(field(number, value) for number, value in fields)


def frame(body, flags=0, length=None):
    return struct.pack("<cBBBI", b"T", 1, flags, 0, len(body) if length is None else length) + body


def fields_of(data):
    """[(number, value)], values as ints or bytes."""
    out = []
    at = 0

    def read_varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = read_varint()
        if tag & 7 == 0:
            out.append((tag >> 3, read_varint()))
        elif tag & 7 == 2:
            size = read_varint()
            out.append((tag >> 3, data[at : at + size]))
            at += size
        else:
            size = 8 if tag & 7 == 1 else 4
            out.append((tag >> 3, data[at : at + size]))
            at += size
    return out


class Peer:
    """A connection to a node."""

    def __init__(self, address, timeout=10.0, receive_buffer=None):
        host, port = address.rsplit(":", 1)
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect((host, int(port)))
        self.boot_id = None
        self._next_id = 0

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        """False when the node has had enough of us."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def read(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def read_message(self):
        """The next envelope, as a dictionary of its fields."""
        head = self.read(8)
        return dict(fields_of(self.read(struct.unpack("<I", head[4:])[0])))

    def ended(self):
        """Reads on until the node closes the connection; fails with a timeout when it does not."""
        try:
            while self.socket.recv(1 << 16):
                pass
        except ConnectionError:
            pass
        return True

    def envelope(self, number, body, correlation=None, timeout_ms=None):
        self._next_id += 1
        out = message((ID, self._next_id), (TO_BOOT_ID, self.boot_id or b""))
        if correlation is not None:
            out += field(CORRELATION, correlation)
        if timeout_ms is not None:
            out += field(TIMEOUT_MS, timeout_ms)
        return frame(out + field(number, body))

    def introduce(self, role="worker", name="intruder", boot_id="intruder-1", cluster="troupe"):
        """Says a proper Hello and learns the node's boot id."""
        hello = message((1, "troupe/1"), (2, cluster), (3, name), (4, boot_id), (5, role), (6, "0"))
        self.send(frame(message((ID, 1), (HELLO, hello))))
        self._next_id = 1
        answer = self.read_message()
        self.boot_id = dict(fields_of(answer[HELLO]))[4]
        return self

    def join(self, name="intruder", boot_id="intruder-1", capacity=4, kinds=("nothing",)):
        node = message((1, name), (2, boot_id), (3, "worker"), (4, "0"), (7, capacity), *((8, kind) for kind in kinds))
        self.send(self.envelope(JOIN_CLUSTER, message((1, node))))
        return self.read_message()

    def heartbeat(self, name="intruder", boot_id="intruder-1", seq=1):
        return self.envelope(HEARTBEAT, message((1, name), (2, boot_id), (3, seq)))


def result(run, task, attempt=1, epoch=1, output=b"1"):
    """A successful v1.TaskResult."""
    return message((1, run), (2, task), (3, attempt), (4, epoch), (5, 1), (6, message((2, output))))
