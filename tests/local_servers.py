"""Real servers on the loopback interface that keep what they are sent."""

import contextlib
import http.server
import socketserver
import threading


class _Mail(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as a client needs to deliver."""

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        self._say("220 test")
        while line := self.rfile.readline():
            word = line.split(b" ")[0].strip().upper()
            if word == b"DATA":
                self._say("354 go on")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.kept.append(text.decode("utf-8", "replace"))
                self._say("250 taken")
            elif word == b"EHLO":
                self._say("250-test")
                self._say("250 AUTH PLAIN")
            elif word == b"AUTH":
                self._say("235 welcome")
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 test")


class _Web(http.server.BaseHTTPRequestHandler):
    """Takes POSTs; answers with the statuses it was told first, then 200."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if status == 200:
            self.server.kept.append(body.decode())
        self.server.tries += 1
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_) -> None:
        return


class _Raw(socketserver.StreamRequestHandler):
    """Answers whatever it was told to, HTTP or not."""

    def handle(self) -> None:
        lines = iter(lambda: self.rfile.readline().decode("latin-1").rstrip("\r\n"), "")
        head = list(lines)
        length = next((line.partition(":")[2] for line in head if line.lower().startswith("content-length:")), "0")
        self.rfile.read(int(length))  # closing with something unread would take the answer back
        self.server.kept.append("\n".join(head))
        self.wfile.write(self.server.answer)


@contextlib.contextmanager
def _serving(server):
    server.kept, server.tries = [], 0
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def mail_server():
    """Context of an SMTP server; `kept` holds the messages."""
    return _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail))


def web_server(statuses: tuple[int, ...] = ()):
    """Context of an HTTP server; `kept` holds the bodies it took, `tries` counts all requests."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Web)
    server.statuses = list(statuses)
    return _serving(server)


def raw_server(answer: bytes):
    """Context of a server that gives one answer to all; `kept` holds the heads of the requests."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Raw)
    server.answer = answer
    return _serving(server)
