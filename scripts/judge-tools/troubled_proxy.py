"""A TCP proxy on loopback that cuts some connections and lets others stall."""

import collections
import contextlib
import itertools
import socket
import struct
import threading

PIECE = 4096
# How long a stalled connection waits for its client to give up.
SECONDS = 60


class TroubledProxy:
    """What goes to a server passes here; while `every` is a number, every so-many-th connection has trouble.

    The kinds of trouble take turns: reset, closed, or silent, before the answer or in the middle of it.
    """

    KINDS = [f"{kind} {place}" for place in ("before", "within") for kind in ("reset", "closed", "silent")]

    def __init__(self, server):
        self.counts = collections.Counter()
        self.every = None
        self.server = server
        self.numbers = itertools.count()
        self.troubles = itertools.cycle(self.KINDS)
        self.listener = socket.create_server(("127.0.0.1", 0))

    @property
    def address(self):
        """Host and port that clients connect to."""
        return self.listener.getsockname()

    @contextlib.contextmanager
    def running(self):
        """Serves meanwhile."""
        threading.Thread(target=self.accept, daemon=True).start()
        try:
            yield self
        finally:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    def accept(self):
        """Takes connections until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                has_trouble = self.every and next(self.numbers) % self.every == 0
                trouble = next(self.troubles) if has_trouble else None
                threading.Thread(target=self.serve, args=(client, trouble), daemon=True).start()

    def serve(self, client, trouble):
        """Passes on what one connection says, until its trouble."""
        self.counts[trouble or "untroubled"] += 1
        with client, contextlib.suppress(OSError), socket.create_connection(self.server) as server:
            if not trouble:
                threading.Thread(target=copy, args=(client, server), daemon=True).start()
                copy(server, client)
                return
            # No thread may wait at the client's socket, or closing it would reset nothing.
            server.sendall(client.recv(PIECE))
            answer = server.recv(PIECE)
            if trouble.endswith("within"):
                client.sendall(answer[: len(answer) * 3 // 4])
            if trouble.startswith("silent"):
                client.settimeout(SECONDS)
                client.recv(PIECE)
            if trouble.startswith("reset"):
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def copy(source, sink):
    """Everything from one socket to the other, then the end."""
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE):
            sink.sendall(piece)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
