"""`leadgen auth`: signing in, and signing a mailbox in."""

from __future__ import annotations

import sys
import webbrowser
from typing import Annotated

import typer

from console.cli.output import fail, say, told
from console.cli.target import choice, open_session, token_name
from console.client.keys import forget_token, keep_token
from console.client.loopback import Loopback
from console.client.profile import Profile, environment_profile, named_profile
from console.client.signin import SignIn, sign_in

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
        password = sys.stdin.readline().rstrip("\n") if password_stdin else typer.prompt("Password", hide_input=True)
        token = sign_in(profile, email, password)
        where = keep_token(token_name(profile), token)
        user = SignIn(profile, token).user
        say(f"Signed in as {user.email} ({user.role or 'no role yet'}); kept in {where}.")


@app.command()
def logout() -> None:
    """Forget the sign-in kept on this machine."""
    with told():
        profile = _profile()
        if profile is not None:
            forget_token(token_name(profile))
        say("Signed out.")


@app.command()
def outlook(
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the sign-in page.")] = True,
) -> None:
    """Sign a Microsoft mailbox in, in your browser; its tokens are kept by the backend alone."""
    with told():
        session = open_session()
        with Loopback(session.profile.outlook_redirect_uri) as loopback:
            url = session.call("authenticateOutlook")["authUrl"]
            say("Sign in with Microsoft in your browser. If it does not open, go to:")
            typer.echo(url)
            if browser:
                webbrowser.open(url)
            answer = loopback.wait(FLOW_LIFETIME_S)
        say(session.call("handleOutlookCallback", _camel(answer))["message"])


def _camel(parameters: dict[str, str]) -> dict[str, str]:
    names = {"error_description": "errorDescription", "session_state": "sessionState", "client_info": "clientInfo"}
    return {names.get(key, key): value for key, value in parameters.items()}
