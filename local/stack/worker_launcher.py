"""What the Functions emulator starts as a worker: it has the nursery fork a ready interpreter and stands in for it.

Run as `python -I -S worker_launcher.py PYTHON`, without the site packages, so that it starts in milliseconds. Its
standard streams go to the forked worker. While this process lives the worker lives; when it is killed, the nursery sees
the connection close and ends the worker. Without a nursery it becomes an ordinary worker.
"""

from __future__ import annotations

# The plain modules beneath `socket` and `json`, which would take as long to import as the interpreter to start.
import _socket
import os
import sys

_CONNECT_TIMEOUT_S = 5.0
_DESCRIPTOR_BYTES = 4


def main() -> int:
    """Exit code of the worker."""
    python = sys.argv[1]
    status = ask(os.environ.get("LEADGEN_NURSERY", ""), os.environb, os.getcwd(), (0, 1, 2))
    if status is None:
        os.execv(python, [python, "-m", "functions_framework"])
    return status


def ask(
    address: str,
    environment: os._Environ[bytes] | dict[bytes, bytes],
    folder: str,
    streams: tuple[int, int, int],
    manifest: str = "",
    timeout_s: float | None = None,
) -> int | None:
    """Have the nursery fork a process and wait for its end.

    Args:
        address: the nursery's socket.
        environment: all variables of the new process.
        folder: a staged functions folder, its working folder.
        streams: its standard streams.
        manifest: write the list of functions to this file instead of serving one.
        timeout_s: seconds to wait for its end; when they are over it is ended.

    Returns:
        Its exit code; None if no nursery can be reached.

    Raises:
        TimeoutError: it did not end in time.
    """
    if not address:
        return None
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.settimeout(_CONNECT_TIMEOUT_S)
        try:
            connection.connect(address)
        except OSError:
            return None
        connection.settimeout(timeout_s)
        variables = [name + b"=" + value for name, value in environment.items()]
        request = b"\0".join([os.fsencode(folder), os.fsencode(manifest), *variables])
        passed = b"".join(stream.to_bytes(_DESCRIPTOR_BYTES, sys.byteorder) for stream in streams)
        head = len(request).to_bytes(4, "big")
        connection.sendmsg([head], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, passed)])
        connection.sendall(request)
        status = connection.recv(4)
    finally:
        connection.close()
    return int.from_bytes(status, "big") if len(status) == 4 else 1


if __name__ == "__main__":
    sys.exit(main())
