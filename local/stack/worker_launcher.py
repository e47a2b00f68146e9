"""What the Functions emulator starts as a worker: it has the nursery fork a ready interpreter and stands in for it.

Run as `python -I -S worker_launcher.py PYTHON`, without the site packages, so that it starts in milliseconds. Its
standard streams go to the forked worker. While this process lives the worker lives; when it is killed, the nursery sees
the connection close and ends the worker. Without a nursery it becomes an ordinary worker.
"""

from __future__ import annotations

import json
import os
import socket
import sys

_CONNECT_TIMEOUT_S = 5.0


def main() -> int:
    """Exit code of the worker."""
    python = sys.argv[1]
    address = os.environ.get("LEADGEN_NURSERY", "")
    connection = _connect(address)
    if connection is None:
        os.execv(python, [python, "-m", "functions_framework"])
    request = json.dumps({"environment": dict(os.environ), "folder": os.getcwd()}).encode()
    with connection:
        socket.send_fds(connection, [len(request).to_bytes(4, "big")], [0, 1, 2])
        connection.sendall(request)
        status = connection.recv(4)
    return int.from_bytes(status, "big") if len(status) == 4 else 1


def _connect(address: str) -> socket.socket | None:
    if not address:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_CONNECT_TIMEOUT_S)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        return None
    connection.settimeout(None)
    return connection


if __name__ == "__main__":
    sys.exit(main())
