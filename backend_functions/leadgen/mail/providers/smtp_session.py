"""One conversation with an SMTP submission server (RFC 5321, 6409, 8314), up to the end of one mail.

`smtplib` knows the protocol; what is added is that no conversation outlasts its time, that an address inside a private
machine is not reached by a name, and that a failure says in which phase it came: before the final dot nothing has left.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

_LITERAL = "[127.0.0.1]"
"""What we say in EHLO: an address literal (RFC 5321 §4.1.3), for a function has no host name of its own."""


class Phase(Enum):
    """Where a conversation stands."""

    CONNECT = "connecting"
    SIGN_IN = "signing in"
    SENDER = "naming the sender"
    RECIPIENT = "naming the recipient"
    CONTENT = "handing over the mail"
    VERDICT = "waiting for the answer to the mail"
    """The final dot is out: from here on only an answer tells whether the server has the mail."""


class SmtpFailure(Exception):
    """The conversation ended early.

    Args:
        phase: where.
        code: the server's reply code, or 0 if there was no reply.
        text: what it said, or what happened.
    """

    def __init__(self, phase: Phase, code: int, text: str) -> None:
        super().__init__(f"{code} {text}" if code else text)
        self.phase, self.code, self.text = phase, code, text


@dataclass(frozen=True)
class Server:
    """Where and how to sign in.

    Args:
        host: name; its certificate must be for it.
        port: 465 for TLS from the start, 587 for STARTTLS.
        security: which of the two.
        username: for AUTH.
        password: likewise.
        ca_file: a further certificate authority to trust (PEM), or empty.
        local_hosts: `host:port` pairs that may be reached although they are loopback addresses.
    """

    host: str
    port: int
    security: Literal["tls", "starttls"]
    username: str
    password: str = field(repr=False)
    ca_file: str = ""
    local_hosts: frozenset[str] = frozenset()


class SmtpSession:
    """A signed-in connection; use it with `with signed_in(...)`.

    Args:
        server: whom to talk to.
        step_s: how long to wait for one answer.
    """

    def __init__(self, server: Server, step_s: float) -> None:
        self._server = server
        self._step_s = step_s
        self._smtp: smtplib.SMTP | None = None
        self.timed_out = False
        self.phase = Phase.CONNECT

    def open(self) -> None:
        """Connect, encrypt, sign in.

        Raises:
            SmtpFailure, OSError, smtplib.SMTPException: in the phase `self.phase`.
        """
        server, context = self._server, ssl.create_default_context(cafile=self._server.ca_file or None)
        smtp = _Plain(server, self._step_s)
        self._smtp = smtp
        smtp.encryption = context if server.security == "tls" else None
        code, text = smtp.connect(server.host, server.port)
        if code != 220:
            raise SmtpFailure(Phase.CONNECT, code, _text(text))
        smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            smtp.starttls(context=context)
            smtp.ehlo()
        self.phase = Phase.SIGN_IN
        self._authenticate(smtp)

    def _authenticate(self, smtp: smtplib.SMTP) -> None:
        """AUTH PLAIN or LOGIN, in UTF-8 (RFC 4616; `smtplib` can't send a password that is not ASCII)."""
        ways = smtp.esmtp_features.get("auth", "").upper().split()
        user, password = self._server.username.encode(), self._server.password.encode()
        if "PLAIN" in ways:
            token = base64.b64encode(b"\0" + user + b"\0" + password).decode()
            code, text = smtp.docmd("AUTH", f"PLAIN {token}")
        elif "LOGIN" in ways:
            code, text = smtp.docmd("AUTH", "LOGIN")
            for answer in (user, password):
                if code == 334:
                    code, text = smtp.docmd(base64.b64encode(answer).decode())
        else:
            raise SmtpFailure(Phase.SIGN_IN, 0, "the server offers neither AUTH PLAIN nor LOGIN")
        if code not in {235, 503}:  # 503: signed in already, by certificate
            raise SmtpFailure(Phase.SIGN_IN, code, _text(text))

    def envelope(self, sender: str, recipient: str, *, utf8: bool, size: int) -> None:
        """Name sender and recipient.

        Raises:
            SmtpFailure, OSError, smtplib.SMTPException: nothing left.
        """
        smtp, options = self._connected(), []
        self.phase = Phase.SENDER
        if smtp.has_extn("size"):
            options.append(f"SIZE={size}")
        if utf8 and not smtp.has_extn("smtputf8"):
            raise SmtpFailure(Phase.RECIPIENT, 553, "the server can't carry an address that is not ASCII (RFC 6531)")
        if utf8:
            options += ["SMTPUTF8", "BODY=8BITMIME"]
            smtp.command_encoding = "utf-8"
        code, text = smtp.mail(sender, options)
        if code != 250:
            raise SmtpFailure(Phase.SENDER, code, _text(text))
        self.phase = Phase.RECIPIENT
        code, text = smtp.rcpt(recipient)
        if code not in {250, 251}:
            raise SmtpFailure(Phase.RECIPIENT, code, _text(text))

    def content(self, mail: bytes) -> None:
        """Hand the mail over; returning means that the server has taken it.

        Raises:
            SmtpFailure, OSError, smtplib.SMTPException: in the phase VERDICT it may have the mail, else it has not.
        """
        smtp = self._connected()
        self.phase = Phase.CONTENT
        code, text = smtp.docmd("DATA")
        if code != 354:
            raise SmtpFailure(Phase.CONTENT, code, _text(text))
        stuffed = mail.replace(b"\r\n.", b"\r\n..")  # RFC 5321 §4.5.2
        if stuffed.startswith(b"."):
            stuffed = b"." + stuffed
        # The dot goes out by itself: without it a server must not take the mail (RFC 5321 §4.1.1.4).
        smtp.send(stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n")
        self.phase = Phase.VERDICT
        smtp.send(b".\r\n")
        code, text = smtp.getreply()
        if code != 250:
            raise SmtpFailure(Phase.VERDICT, code, _text(text))

    def abort(self) -> None:
        """Break the connection off, from another thread: the conversation took too long."""
        self.timed_out = True
        sock = self._smtp.sock if self._smtp is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take leave; what the server says to that is of no interest."""
        if self._smtp is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException, ValueError):
                self._smtp.quit()
            self._smtp.close()

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            raise SmtpFailure(Phase.CONNECT, 0, "not connected")
        return self._smtp


@contextlib.contextmanager
def signed_in(server: Server, *, step_s: float, whole_s: float) -> Iterator[SmtpSession]:
    """A conversation that is over after so many seconds, however slowly the server drips.

    Args:
        server: whom to talk to.
        step_s: how long to wait for one answer.
        whole_s: for all of it.

    Raises:
        SmtpFailure: it ended early, with the phase.
    """
    session = SmtpSession(server, step_s)
    watch = threading.Timer(whole_s, session.abort)
    watch.daemon = True
    watch.start()
    try:
        session.open()
        yield session
    except smtplib.SMTPResponseException as error:
        raise SmtpFailure(session.phase, error.smtp_code, _text(error.smtp_error)) from error
    except smtplib.SMTPNotSupportedError as error:
        raise SmtpFailure(session.phase, 0, "the server does not offer STARTTLS") from error
    except ssl.SSLCertVerificationError as error:
        raise SmtpFailure(session.phase, 0, f"its certificate is not trusted: {error.verify_message}") from error
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        what = "it took too long" if session.timed_out else f"the connection failed ({type(error).__name__})"
        raise SmtpFailure(session.phase, 0, what) from error
    finally:
        watch.cancel()
        session.close()


class _Plain(smtplib.SMTP):
    """`smtplib.SMTP` that connects to the address it has checked, and encrypts from the start if it is told to."""

    encryption: ssl.SSLContext | None = None

    def __init__(self, server: Server, step_s: float) -> None:
        self._for = server
        super().__init__(local_hostname=_LITERAL, timeout=step_s)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        address = _checked_address(self._for)
        sock = socket.create_connection((address, port), timeout)
        if self.encryption is None:
            return sock
        return self.encryption.wrap_socket(sock, server_hostname=host)

    def starttls(self, *, context: ssl.SSLContext | None = None) -> tuple[int, bytes]:  # type: ignore[override]
        """Encrypt, checking the certificate against the name and not the address."""
        self._host = self._for.host
        return super().starttls(context=context)


def _checked_address(server: Server) -> str:
    """The address to connect to. A name that leads to this machine, or to a cloud's metadata service, is refused."""
    found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if f"{server.host}:{server.port}".lower() not in server.local_hosts:
        for text in addresses:
            address = ipaddress.ip_address(text.partition("%")[0])
            mapped = getattr(address, "ipv4_mapped", None) or address
            if mapped.is_loopback or mapped.is_link_local or mapped.is_unspecified or mapped.is_multicast:
                raise SmtpFailure(Phase.CONNECT, 0, f"{server.host} leads to {text}, which is no mail server")
    return addresses[0]


def _text(reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return " ".join(text.split())[:300]
