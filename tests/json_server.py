"""A server on the loopback that gives the answers it was told, one after another, and the last one from then on."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

__all__ = ["Answer", "JsonServer", "json_server"]


class Answer(NamedTuple):
    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class JsonServer(NamedTuple):
    """Where it is, and the paths that it was asked for."""

    url: str
    paths: list[str]


@contextmanager
def json_server(answers: Sequence[Answer]) -> Generator[JsonServer]:
    """Runs while the block does."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers[min(len(paths), len(answers) - 1)]
            paths.append(self.path)
            self.send_response(answer.status)
            for name, value in (*answer.headers, ("Content-Length", str(len(answer.body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield JsonServer(f"http://127.0.0.1:{server.server_address[1]}", paths)
        finally:
            server.shutdown()
            thread.join()
