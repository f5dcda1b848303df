"""A file server with byte ranges that fails when it is told to, for tests.

usage: unreliable_server.py DIRECTORY

Prints its port. The file DIRECTORY/mode says how each request is answered: `ok` (or no file), `error` (503),
`missing` (404), `cut` (half of the body, then the end), `stall` (the head, then silence).
"""

import http.server
import pathlib
import re
import sys
import threading

ROOT = pathlib.Path(sys.argv[1])
STOP = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, with_body: bool) -> None:
        try:
            mode = (ROOT / "mode").read_text().strip()
        except FileNotFoundError:
            mode = "ok"
        file = ROOT / self.path.lstrip("/").split("?")[0]
        if mode in ("error", "missing") or not file.is_file():
            self.send_response(503 if mode == "error" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content = file.read_bytes()
        part, status = content, 200
        wanted = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted:
            first = int(wanted.group(1))
            last = min(int(wanted.group(2) or len(content) - 1), len(content) - 1)
            if first >= len(content):
                self.send_response(416)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            part, status = content[first : last + 1], 206
        self.send_response(status)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.end_headers()
        if not with_body:
            return
        if mode == "stall":
            STOP.wait(60)
            self.close_connection = True
        elif mode == "cut":
            self.wfile.write(part[: len(part) // 2])
            self.close_connection = True
        else:
            self.wfile.write(part)

    def log_message(self, *arguments: object) -> None:
        pass


def main() -> int:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
