# SPDX-License-Identifier: Apache-2.0
"""The peer of a Spindle channel in Python, without dependencies: JSON over one socket, see docs/design/ipc.md."""

import json
import socket
import struct
from collections import deque

MESSAGE, CREDIT, REQUEST, REPLY, FAILURE, TAKEN, END, READY, CANCEL = range(1, 10)
MAX_FRAME_BYTES = 16 * 1024 * 1024


class RequestFailed(Exception):
    """The other end could not answer."""


class Channel:
    """Blocking, for one thread: everything that arrives is handled within run() and request()."""

    def __init__(self, invitation, on_message=lambda message: None):
        token, path = invitation.split("@", 1)
        self.on_message = on_message
        self.handlers = {}
        self.sent = 0
        self._credit = 0
        self._waiting = deque()
        self._answers = {}
        self._ids = 0
        self._answering = 0
        self._ending = False
        self._end_sent = False
        self._end_received = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._socket.sendall(b"SPLC\x01AJ" + token.encode("ascii"))
        kind, _ = self._read()
        if kind != READY:
            raise ConnectionError(f"expected READY, got a frame of kind {kind}")

    def send(self, message):
        """Sends a message as soon as the other end has demand for it."""
        if self._ending:
            raise ConnectionError("the channel has ended")
        self._waiting.append(message)
        self._drain()

    def grant(self, count):
        """Lets the other end send so many messages more."""
        self._write(CREDIT, struct.pack(">i", count))

    def request(self, subject, message):
        """Asks the other end and waits; what else arrives meanwhile is handled."""
        self._ids += 1
        number, name = self._ids, subject.encode()
        self._write(REQUEST, struct.pack(">iB", number, len(name)) + name + _encode(message))
        while number not in self._answers:
            if self._end_received:
                raise ConnectionError("the channel ended before the answer came")
            self._step()
        failed, answer = self._answers.pop(number)
        if failed:
            raise RequestFailed(answer)
        return answer

    def disconnect(self):
        """Says END as soon as all messages and answers are sent; run() then waits for the END of the other."""
        self._ending = True
        self._drain()

    def run(self):
        """Handles what arrives until both ends have said END; an end without it is a ConnectionError."""
        while not self._end_received:
            self._step()
        self._socket.close()

    def _step(self):
        kind, body = self._read()
        if kind == MESSAGE:
            self.on_message(_decode(body))
        elif kind == CREDIT:
            self._credit += struct.unpack(">i", body)[0]
            self._drain()
        elif kind == REQUEST:
            self._answer(body)
        elif kind in (REPLY, FAILURE):
            number = struct.unpack_from(">i", body)[0]
            rest = body[4:]
            self._answers[number] = (True, rest.decode()) if kind == FAILURE else (False, _decode(rest))
        elif kind == END:
            self._waiting.clear()  # nobody will grant anything for it
            self._end_received = True
            self.disconnect()
        # and by the time a CANCEL is read, the answer has been written

    def _answer(self, body):
        number, length = struct.unpack_from(">iB", body)
        subject = body[5 : 5 + length].decode()
        self._answering += 1
        try:
            if subject not in self.handlers:
                raise LookupError(f"no handler for {subject}")
            kind, answer = REPLY, _encode(self.handlers[subject](_decode(body[5 + length :])))
        except Exception as error:  # whatever a handler raises is the asker's to know
            kind, answer = FAILURE, str(error).encode()
        self._write(kind, struct.pack(">i", number) + answer)
        self._answering -= 1
        self._drain()

    def _drain(self):
        while self._waiting and self._credit > 0:
            self._credit -= 1
            self.sent += 1
            self._write(MESSAGE, _encode(self._waiting.popleft()))
        idle = not self._waiting and (not self._answering or self._end_received)
        if self._ending and idle and not self._end_sent:
            self._write(END, b"")
            self._end_sent = True

    def _write(self, kind, body):
        if self._end_sent and self._end_received:
            return  # an answer that came after both ENDs
        self._socket.sendall(struct.pack(">IB", 1 + len(body), kind) + body)

    def _read(self):
        (length,) = struct.unpack(">I", self._read_bytes(4))
        if not 1 <= length <= MAX_FRAME_BYTES:
            raise ConnectionError(f"frame of {length} bytes")
        frame = self._read_bytes(length)
        return frame[0], frame[1:]

    def _read_bytes(self, count):
        parts = bytearray()
        while len(parts) < count:
            part = self._socket.recv(count - len(parts))
            if not part:
                raise ConnectionError("the other end closed without END")
            parts += part
        return bytes(parts)


def _encode(value):
    return b"" if value is None else json.dumps(value).encode()


def _decode(payload):
    return json.loads(payload) if payload else None
