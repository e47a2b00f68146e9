"""`leadgen auth`: signing in, and signing a mailbox in."""

from __future__ import annotations

import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import typer

from console.cli.output import USAGE, ask_password, fail, say, tell, told
from console.cli.target import choice, open_session, token_name
from console.client.keys import forget_token, keep_token
from console.client.loopback import Loopback
from console.client.problems import BackendError
from console.client.profile import Profile, environment_profile, named_profile
from console.client.session import Session
from console.client.signin import SignIn, sign_in
from console.contacts import place

app = typer.Typer(help="Sign in, and sign a mailbox in.")
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
FLOW_LIFETIME_S = 600.0


def _profile() -> Profile | None:
    return named_profile(choice.profile) if choice.profile else environment_profile()


@app.command()
def login(
    email: Annotated[str, typer.Option("--email", prompt=True, help="Your address.")],
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    as_json: Json = False,
) -> None:
    """Sign in to a deployed project; the sign-in is kept in the system's keyring."""
    with told():
        profile = _profile()
        if profile is None:
            fail(
                "The local stack signs its users in by itself.",
                USAGE,
                hint="For a project: leadgen --profile NAME auth login",
            )
        password = ask_password("Password", password_stdin)
        token = sign_in(profile, email, password)
        where = keep_token(token_name(profile), token)
        user = SignIn(profile, token).user
        message = f"Signed in as {user.email} ({user.role or 'no role yet'}); kept in {where}."
        facts = {"profile": profile.name, "email": user.email, "role": user.role, "keptIn": where, "message": message}
        tell(facts, as_json)


@app.command()
def logout(as_json: Json = False) -> None:
    """Forget the sign-in kept on this machine, and the local copy of the contacts."""
    with told():
        profile, removed = _profile(), []
        if profile is not None:
            forget_token(token_name(profile))
            removed = [str(copy) for copy in place.copies_of(profile) if place.remove(copy)]
        name = profile.name if profile is not None else ""
        tell({"profile": name, "removed": removed, "message": "Signed out."}, as_json)


@app.command()
def outlook(
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the sign-in page.")] = True,
    device: Annotated[
        bool, typer.Option("--device", help="Sign in on another device, with a code; many tenants forbid it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Sign a Microsoft mailbox in, in your browser; its tokens are kept by the backend alone."""
    with told():
        session = open_session()
        how = SignInPage(browser, as_json)
        tell(sign_in_on_device(session, how) if device else sign_in_outlook(session, how), as_json)


@app.command()
def gmail(
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the sign-in page.")] = True,
    as_json: Json = False,
) -> None:
    """Sign a Gmail or Google Workspace mailbox in, in your browser; its tokens are kept by the backend alone."""
    with told():
        tell(sign_in_gmail(open_session(), SignInPage(browser, as_json)), as_json)


@dataclass(frozen=True)
class SignInPage:
    """How a person is led to a sign-in page.

    Args:
        is_opened: whether it is opened in their browser.
        keeps_stdout: whether stdout is kept for the answer, and what the person needs goes to stderr, too.
    """

    is_opened: bool = True
    keeps_stdout: bool = False

    def show(self, url: str, who: str) -> None:
        """Say where to sign in, and go there."""
        say(f"Sign in with {who} in your browser. If it does not open, go to:")
        self.print(url)
        if self.is_opened:
            webbrowser.open(url)

    def print(self, text: str) -> None:
        """Print what is there to be copied."""
        typer.echo(text, err=self.keeps_stdout)


def sign_in_outlook(session: Session, page: SignInPage) -> dict[str, Any]:
    """The browser's way for Outlook; what the backend answers in the end."""
    with Loopback(session.profile.outlook_redirect_uri) as loopback:
        page.show(session.call("authenticateOutlook")["authUrl"], "Microsoft")
        answer = loopback.wait(FLOW_LIFETIME_S)
    return dict(session.call("handleOutlookCallback", _camel(answer)))


def sign_in_gmail(session: Session, page: SignInPage) -> dict[str, Any]:
    """The browser's way for Gmail; what the backend answers in the end."""
    url = session.call("authenticateGmail")["authUrl"]
    with Loopback(redirect_of(url)) as loopback:
        page.show(url, "Google")
        answer = loopback.wait(FLOW_LIFETIME_S)
    known: dict[str, Any] = {name: answer[name] for name in ("code", "state", "error") if name in answer}
    return dict(session.call("handleGmailCallback", known))


def sign_in_on_device(
    session: Session, page: SignInPage, sleep: Callable[[float], None] = time.sleep
) -> dict[str, Any]:
    """The way without a browser on this machine; what the backend answers in the end.

    Raises:
        BackendError: it was refused, or nobody entered the code in time.
    """
    begun = session.call("beginDeviceSignIn")
    say(f"On any device with a browser, open {begun['verificationUrl']} and enter this code:")
    page.print(begun["userCode"])
    wait = max(1.0, float(begun["interval"]))
    for _ in range(int(FLOW_LIFETIME_S / wait)):
        sleep(wait)
        polled = session.call("pollDeviceSignIn", {"signInId": begun["signInId"]})
        if polled["done"]:
            return dict(polled)
    raise BackendError("The sign-in was not finished", "nobody entered the code within ten minutes", "Begin again.")


def redirect_of(auth_url: str) -> str:
    """Where a sign-in page will send the browser back to, as the backend asked it to.

    Raises:
        BackendError: that is not an address of this machine.
    """
    redirect = dict(parse_qsl(urlsplit(auth_url).query)).get("redirect_uri", "")
    parts = urlsplit(redirect)
    if parts.scheme != "http" or parts.hostname not in {"localhost", "127.0.0.1"}:
        raise BackendError(
            "The sign-in can't come back to this machine",
            f"its redirect address is {redirect or 'absent'}",
            "Set it to a loopback address, such as http://localhost:8765/gmail/callback.",
        )
    return redirect


def _camel(parameters: dict[str, str]) -> dict[str, str]:
    names = {"error_description": "errorDescription", "session_state": "sessionState", "client_info": "clientInfo"}
    return {names.get(key, key): value for key, value in parameters.items()}
