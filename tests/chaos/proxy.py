"""A network that can break: a TCP proxy of our own between two servers on 127.0.0.1."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["MODES", "Proxy"]

# open: everything passes. refuse: connections are reset. stall: accepted, and nothing moves.
# cut: the request arrives, the answer breaks off in the middle.
MODES = ("open", "refuse", "stall", "cut")
_CHUNK = 65536


class Proxy:
    """Listens on a port of 127.0.0.1 and passes to `port`, as well as its mode lets it.

    `broken` counts the connections that a mode has spoiled.
    """

    def __init__(self, port: int) -> None:
        self.target = ("127.0.0.1", port)
        self.broken = 0
        self._mode = "open"
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, name=f"proxy-{port}", daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def broken_by(self, mode: str) -> Iterator[None]:
        """Everything that passes meanwhile, or tries to, is treated that way."""
        self._switch(mode)
        try:
            yield
        finally:
            self._switch("open")

    def close(self) -> None:
        """Stop listening, and end what is stalled."""
        self._switch("refuse")
        self._listener.close()

    def _switch(self, mode: str) -> None:
        with self._changed:
            self._mode = mode
            self._changed.notify_all()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self._mode == "refuse":
            self._spoil(client)
            return
        try:
            server = socket.create_connection(self.target, timeout=10)
        except OSError:
            _reset(client)
            return
        server.settimeout(None)
        ends = (client, server)
        for end in ends:
            # Or each piece of an answer waits 40 ms for the one before to be acknowledged.
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._pump, args=(client, server, ends), daemon=True).start()
        self._pump(server, client, ends)

    def _pump(
        self,
        source: socket.socket,
        sink: socket.socket,
        ends: tuple[socket.socket, socket.socket],
    ) -> None:
        """From one to the other until either ends; then both do."""
        answers = source is ends[1]
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                mode = self._mode
                if mode == "stall":
                    with self._changed:
                        self._changed.wait_for(lambda: self._mode != "stall", timeout=30)
                if mode in ("stall", "refuse"):
                    self._spoil(*ends)
                    return
                if mode == "cut" and answers:
                    sink.sendall(data[: len(data) // 2])
                    self._spoil(*ends)
                    return
                sink.sendall(data)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _spoil(self, *ends: socket.socket) -> None:
        self.broken += 1
        for end in ends:
            _reset(end)


def _reset(end: socket.socket) -> None:
    """Close it without a farewell: the other side sees a connection reset."""
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RD)
    end.close()
