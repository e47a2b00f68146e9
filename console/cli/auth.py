"""`leadgen auth`: signing in, and signing a mailbox in."""

from __future__ import annotations

import time
import webbrowser
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import typer

from console.cli.output import ask_password, fail, say, told
from console.cli.target import choice, open_session, token_name
from console.client.keys import forget_token, keep_token
from console.client.loopback import Loopback
from console.client.problems import BackendError
from console.client.profile import Profile, environment_profile, named_profile
from console.client.session import Session
from console.client.signin import SignIn, sign_in
from console.contacts import place

app = typer.Typer(help="Sign in, and sign a mailbox in.")
FLOW_LIFETIME_S = 600.0


def _profile() -> Profile | None:
    return named_profile(choice.profile) if choice.profile else environment_profile()


@app.command()
def login(
    email: Annotated[str, typer.Option("--email", prompt=True, help="Your address.")],
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
) -> None:
    """Sign in to a deployed project; the sign-in is kept in the system's keyring."""
    with told():
        profile = _profile()
        if profile is None:
            fail(
                "The local stack signs its users in by itself.",
                2,
                hint="For a project: leadgen --profile NAME auth login",
            )
        password = ask_password("Password", password_stdin)
        token = sign_in(profile, email, password)
        where = keep_token(token_name(profile), token)
        user = SignIn(profile, token).user
        say(f"Signed in as {user.email} ({user.role or 'no role yet'}); kept in {where}.")


@app.command()
def logout() -> None:
    """Forget the sign-in kept on this machine, and the local copy of the contacts."""
    with told():
        profile = _profile()
        if profile is not None:
            forget_token(token_name(profile))
            for copy in place.copies_of(profile):
                place.remove(copy)
        say("Signed out.")


@app.command()
def outlook(
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the sign-in page.")] = True,
    device: Annotated[
        bool, typer.Option("--device", help="Sign in on another device, with a code; many tenants forbid it.")
    ] = False,
) -> None:
    """Sign a Microsoft mailbox in, in your browser; its tokens are kept by the backend alone."""
    with told():
        session = open_session()
        say(sign_in_on_device(session) if device else sign_in_outlook(session, browser))


@app.command()
def gmail(
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the sign-in page.")] = True,
) -> None:
    """Sign a Gmail or Google Workspace mailbox in, in your browser; its tokens are kept by the backend alone."""
    with told():
        say(sign_in_gmail(open_session(), browser))


def sign_in_outlook(session: Session, browser: bool) -> str:
    """The browser's way for Outlook; what the backend says in the end."""
    with Loopback(session.profile.outlook_redirect_uri) as loopback:
        _show(session.call("authenticateOutlook")["authUrl"], "Microsoft", browser)
        answer = loopback.wait(FLOW_LIFETIME_S)
    return str(session.call("handleOutlookCallback", _camel(answer))["message"])


def sign_in_gmail(session: Session, browser: bool) -> str:
    """The browser's way for Gmail; what the backend says in the end."""
    url = session.call("authenticateGmail")["authUrl"]
    with Loopback(redirect_of(url)) as loopback:
        _show(url, "Google", browser)
        answer = loopback.wait(FLOW_LIFETIME_S)
    known: dict[str, Any] = {name: answer[name] for name in ("code", "state", "error") if name in answer}
    return str(session.call("handleGmailCallback", known)["message"])


def sign_in_on_device(session: Session, sleep: Callable[[float], None] = time.sleep) -> str:
    """The way without a browser on this machine; what the backend says in the end.

    Raises:
        BackendError: it was refused, or nobody entered the code in time.
    """
    begun = session.call("beginDeviceSignIn")
    say(f"On any device with a browser, open {begun['verificationUrl']} and enter this code:")
    typer.echo(begun["userCode"])
    wait = max(1.0, float(begun["interval"]))
    for _ in range(int(FLOW_LIFETIME_S / wait)):
        sleep(wait)
        polled = session.call("pollDeviceSignIn", {"signInId": begun["signInId"]})
        if polled["done"]:
            return str(polled["message"])
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


def _show(url: str, who: str, browser: bool) -> None:
    say(f"Sign in with {who} in your browser. If it does not open, go to:")
    typer.echo(url)
    if browser:
        webbrowser.open(url)


def _camel(parameters: dict[str, str]) -> dict[str, str]:
    names = {"error_description": "errorDescription", "session_state": "sessionState", "client_info": "clientInfo"}
    return {names.get(key, key): value for key, value in parameters.items()}
