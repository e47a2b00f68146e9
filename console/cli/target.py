"""Which backend a command talks to, and as whom.

`--profile NAME` is a deployed project; otherwise the emulators that the environment names; otherwise the stack of this
machine, which is started if it is not up. On the local stack nobody needs to sign in: its users are made by itself.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from console.choice import ROLES, Choice, choice
from console.cli.output import say
from console.client.admin import Admin
from console.client.keys import read_token
from console.client.problems import SignInProblem
from console.client.profile import Profile, emulator_profile, environment_profile, named_profile
from console.client.session import Session
from console.client.signin import SignIn, sign_in

if TYPE_CHECKING:
    from local.stack import Stack, StackInfo

LOCAL_DOMAIN = "leadgen.example"
__all__ = ["LOCAL_DOMAIN", "ROLES", "Choice", "choice", "local_profile", "local_session", "open_session", "open_stack"]


def open_stack(*, owned: bool = False) -> Stack:
    """The local stack the options name."""
    from local.stack import Stack

    return Stack(choice.stack, owned=owned)


def local_profile(info: StackInfo) -> Profile:
    """The profile of a running local stack."""
    return emulator_profile(
        f"local:{info.name}",
        project_id=info.project_id,
        firestore_host=info.firestore_host,
        auth_host=info.auth_host,
        functions_url=info.functions_url,
        redirect_uri=info.variables.get("LEADGEN_MICROSOFT_REDIRECT_URI", ""),
    )


def local_stack(tell: Callable[[str], None] = say) -> tuple[Stack, StackInfo]:
    """The local stack, up."""
    stack = open_stack()
    return stack, stack.up(progress=tell)


def open_session(tell: Callable[[str], None] = say) -> Session:
    """A session on whatever the options and the environment name.

    Args:
        tell: told what happens if that takes a while.

    Raises:
        ProfileProblem, SignInProblem, BackendError, StackError: with what to do.
    """
    if choice.profile:
        profile = named_profile(choice.profile)
        return _kept_session(profile)
    from_environment = environment_profile()
    if from_environment is not None:
        return _kept_session(from_environment)
    stack, info = local_stack(tell)
    return local_session(stack.root, local_profile(info), choice.role, tell)


def token_name(profile: Profile) -> str:
    """Under which name a profile's refresh token is kept."""
    return f"{profile.name}:{profile.project_id}"


def _kept_session(profile: Profile) -> Session:
    token = os.environ.get("LEADGEN_REFRESH_TOKEN") or read_token(token_name(profile))
    if not token:
        raise SignInProblem("Nobody is signed in", f"profile {profile.name}", "Sign in: leadgen auth login")
    return Session(profile, SignIn(profile, token))


def local_session(root: Path, profile: Profile, role: str, tell: Callable[[str], None] = say) -> Session:
    """A session on the local stack, as its operator, administrator or viewer; the user is made if need be."""
    email, password = f"{role}@{LOCAL_DOMAIN}", _local_password(root)
    try:
        token = sign_in(profile, email, password)
    except SignInProblem:
        tell(f"Creating the local user {email} ({role}).")
        admin = Admin(profile)
        admin.create_user(email, password)
        admin.set_role(email, role)
        token = sign_in(profile, email, password)
    return Session(profile, SignIn(profile, token), root / "logs" / "firebase.log")


def _local_password(root: Path) -> str:
    """The password of the local users, made once; it protects nothing but keeps two stacks' users apart."""
    path = root / "users.json"
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["password"])
    except (OSError, ValueError, KeyError, TypeError):
        password = secrets.token_urlsafe(18)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"password": password}, file)
    return password
