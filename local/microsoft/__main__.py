"""`python -m local.microsoft`: serve the stand-in until it is told to stop."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from aiohttp import web

from local.files import write_atomically
from local.microsoft.accounts import DEMO_ACCOUNTS, Account, Client
from local.microsoft.app import build_app
from local.microsoft.certificate import CertificateFiles, ensure_certificates
from local.microsoft.settings import Knobs, Settings
from local.microsoft.state import ALSO_FORGET
from local.serving import HOST, base_arguments, serve


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose_port(asked: int, data_dir: Path) -> int:
    """The port to serve on: the asked one, else that of the last run, else a free one.

    Delta links and redirect addresses contain the port, so the same data folder keeps its port while it can.
    """
    file = data_dir / "port"
    if not asked:
        last = file.read_text(encoding="ascii").strip() if file.exists() else ""
        asked = int(last) if last.isdigit() and 0 < int(last) < 65536 and _is_free(int(last)) else 0
    if not asked:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            asked = probe.getsockname()[1]
    write_atomically(file, str(asked))
    return asked


def _account(text: str) -> Account:
    address, _, name = text.partition("=")
    return Account(address.strip(), name.strip() or address.partition("@")[0])


def _serve_others(app: web.Application, files: CertificateFiles, data_dir: Path) -> dict[str, Any]:
    from local.others import Others  # costs its imports only where it is asked for

    ports = {f"{name}_port": choose_port(0, data_dir / name) for name in ("gmail", "smtp")}
    others = Others(files, data_dir)
    others.serve_with(app, **ports)
    app[ALSO_FORGET].append(others.forget)
    return others.facts(**ports)


def main() -> None:
    """Read the options and serve."""
    parser = base_arguments("Stand-in for Microsoft sign-in and Microsoft Graph mail.")
    defaults = Knobs()
    parser.add_argument(
        "--token-lifetime", type=float, default=defaults.token_lifetime, help="lifetime of access tokens in seconds"
    )
    parser.add_argument(
        "--refresh-reuse-seconds",
        type=float,
        default=defaults.refresh_reuse_seconds,
        help="how long an exchanged refresh token still works; 0 revokes it at once",
    )
    parser.add_argument(
        "--sent-lag-seconds", type=float, default=0, help="how long a sent copy takes to appear in Sent Items"
    )
    parser.add_argument(
        "--account", action="append", default=[], metavar="ADDRESS=NAME", help="a further account; may be repeated"
    )
    parser.add_argument("--client-id", help="application to register")
    parser.add_argument("--client-secret", help="its secret, which makes it confidential")
    parser.add_argument("--redirect-uri", action="append", default=[], help="its redirect address; may be repeated")
    parser.add_argument("--with-others", action="store_true", help="serve Gmail and SMTP beside it (local/others.py)")
    options = parser.parse_args()
    clients = (
        (Client(options.client_id, options.client_secret, tuple(options.redirect_uri)),) if options.client_id else ()
    )
    knobs = Knobs(
        token_lifetime=options.token_lifetime,
        refresh_reuse_seconds=options.refresh_reuse_seconds,
        sent_lag_seconds=options.sent_lag_seconds,
    )
    accounts = (*DEMO_ACCOUNTS, *(_account(text) for text in options.account))
    options.data_dir.mkdir(parents=True, exist_ok=True)
    files = ensure_certificates(options.data_dir / "certificates")
    app = build_app(Settings(options.data_dir, accounts, clients, knobs))
    port = choose_port(options.port, options.data_dir)
    url = f"https://{HOST}:{port}"
    facts = {
        "ca_file": str(files.ca_file.resolve()),
        "authority": f"{url}/common",
        "graph_url": f"{url}/v1.0",
        "mailbox_url": f"{url}/_standin/mailbox",
        "mail_folder": str((options.data_dir / "mailboxes").resolve()),
    }
    if options.with_others:
        facts |= _serve_others(app, files, options.data_dir)
    serve(app, port=port, ready_file=options.ready_file, ssl_context=files.ssl_context(), facts=facts)


if __name__ == "__main__":
    main()
