"""The metadata services of three clouds, on loopback: port on standard output, then until killed.

    metadata_server.py DIRECTORY    a notice stands as soon as DIRECTORY has a file `notice`

Answers only what carries the headers that the real services insist on.
"""

import http.server
import pathlib
import sys

DIRECTORY = pathlib.Path(sys.argv[1])


class Metadata(http.server.BaseHTTPRequestHandler):
    def reply(self, status, text=""):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        known = self.path == "/latest/api/token" and self.headers[
            "X-aws-ec2-metadata-token-ttl-seconds"]
        self.reply(200, "TOKEN") if known else self.reply(400)

    def do_GET(self):
        stands = (DIRECTORY / "notice").exists()
        path = self.path.split("?")[0]
        if path == "/latest/meta-data/spot/instance-action":
            if self.headers["X-aws-ec2-metadata-token"] != "TOKEN":
                self.reply(401)
            elif stands:
                self.reply(200, '{"action": "terminate", "time": "2026-11-25T05:00:00Z"}')
            else:
                self.reply(404)
        elif path == "/computeMetadata/v1/instance/preempted":
            is_asked_well = self.headers["Metadata-Flavor"] == "Google"
            self.reply(200 if is_asked_well else 403, "TRUE" if stands else "FALSE")
        elif path.startswith("/metadata/") and self.headers["Metadata"] != "true":
            self.reply(400)
        elif path == "/metadata/instance/compute/name":
            self.reply(200, "vm_7")
        elif path == "/metadata/scheduledevents":
            event = '{"EventType": "Preempt", "Resources": ["vm_7"], "NotBefore": "soon"}'
            self.reply(200, '{"Events": [%s]}' % (event if stands else ""))
        elif path == "/custom":
            self.reply(200, "maintenance") if stands else self.reply(404)
        else:
            self.reply(404)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
print(server.server_address[1], flush=True)
server.serve_forever()
