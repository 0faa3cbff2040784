"""An S3 server on a free port of this machine: moto's, which also compares bytes with the hash that comes with them.

Prints {"port": N} when it listens and ends when its standard input closes.
"""

import base64
import hashlib
import io
import json
import logging
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

CHECKSUM = "HTTP_X_AMZ_CHECKSUM_SHA256"
BAD_DIGEST = b"<Error><Code>BadDigest</Code><Message>The bytes have another SHA-256.</Message></Error>"


class Checked:
    """Refuses a body that has another hash than its header says, as S3 does; moto only keeps the header."""

    def __init__(self, app):
        self._app = app

    def __call__(self, environ, start_response):
        expected = environ.get(CHECKSUM)
        if environ["REQUEST_METHOD"] == "PUT" and expected:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            if base64.b64encode(hashlib.sha256(body).digest()).decode() != expected:
                start_response("400 Bad Request", [("Content-Type", "application/xml")])
                return [BAD_DIGEST]
            environ["wsgi.input"] = io.BytesIO(body)
        return self._app(environ, start_response)


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = Checked(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_address[1]}), flush=True)
    sys.stdin.read()


main()
