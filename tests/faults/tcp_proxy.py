"""A TCP proxy on loopback that can cut, hold back and refuse what passes through it."""

import contextlib
import selectors
import socket
import struct
import threading

CHUNK = 1 << 16


class TcpProxy:
    """Forwards connections to `target` ("host:port"). `address` is where it listens."""

    def __init__(self, target):
        host, port = target.rsplit(":", 1)
        self.target = (host, int(port))
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.server.getsockname()[1]
        # By socket: its partner, and whether it is the side of whoever connected to us.
        self.partners = {}
        self.outward = set()
        self.held = set()
        self.refusing = False
        # Called with the side ("forth": from whoever connected) and its bytes before they are passed on.
        self.before_passing = lambda side, data: None
        self.lock = threading.Lock()
        self.wake_reader, self.wake_writer = socket.socketpair()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.server, selectors.EVENT_READ)
        self.selector.register(self.wake_reader, selectors.EVENT_READ)
        self.ended = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    # -- what can be done to the connections

    def reset(self):
        """Every connection ends with a TCP reset on both sides."""
        with self.lock:
            for one in list(self.partners):
                self._drop(one, abort=True)

    def hold(self, *, forth=True, back=True):
        """From now on nothing passes (forth: from whoever connected to the target); connections stay open."""
        with self.lock:
            self.held = {side for side, chosen in (("forth", forth), ("back", back)) if chosen}

    def proceed(self):
        """What was held back passes."""
        with self.lock:
            self.held = set()
        self.wake_writer.send(b"x")

    def refuse(self, yes=True):
        """New connections are reset at once."""
        with self.lock:
            self.refusing = yes

    def close(self):
        self.ended = True
        self.wake_writer.send(b"x")
        self.thread.join(5)
        for one in [self.server, self.wake_reader, self.wake_writer, *self.partners]:
            one.close()
        self.selector.close()

    # -- its thread

    def _run(self):
        while not self.ended:
            for key, _ in self.selector.select(timeout=0.05):
                with self.lock:
                    if key.fileobj is self.server:
                        self._accept()
                    elif key.fileobj is self.wake_reader:
                        self.wake_reader.recv(64)
                    elif key.fileobj in self.partners and self._side(key.fileobj) not in self.held:
                        self._forward(key.fileobj)

    def _side(self, one):
        return "forth" if one in self.outward else "back"

    def _accept(self):
        client, _ = self.server.accept()
        if self.refusing:
            self._abort(client)
            return
        try:
            upstream = socket.create_connection(self.target, timeout=5)
        except OSError:
            self._abort(client)
            return
        for one in (client, upstream):
            one.settimeout(5)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(one, selectors.EVENT_READ)
        self.partners[client], self.partners[upstream] = upstream, client
        self.outward.add(client)

    def _forward(self, one):
        try:
            data = one.recv(CHUNK)
            if data:
                self.before_passing(self._side(one), data)
                self.partners[one].sendall(data)
                return
        except OSError:
            pass
        self._drop(one, abort=False)

    def _drop(self, one, abort):
        other = self.partners.pop(one, None)
        if other is None:
            return
        self.partners.pop(other, None)
        for each in (one, other):
            self.outward.discard(each)
            with contextlib.suppress(KeyError, ValueError):
                self.selector.unregister(each)
            if abort:
                self._abort(each)
            else:
                each.close()

    @staticmethod
    def _abort(one):
        # Nothing lingers: the kernel sends a reset instead of an orderly end.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()
