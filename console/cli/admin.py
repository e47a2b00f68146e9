"""`leadgen admin`: users and roles."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.output import USAGE, ask_password, fail, tell, told
from console.cli.target import choice, local_profile, local_stack
from console.client.admin import ROLES, Admin
from console.client.profile import Profile, environment_profile, named_profile

app = typer.Typer(help="Users and roles; needs administrator credentials of the project.")
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]


def _profile() -> Profile:
    if choice.profile:
        return named_profile(choice.profile)
    return environment_profile() or local_profile(local_stack()[1])


@app.command("create-user")
def create_user(
    email: str,
    role: Annotated[str, typer.Option("--role", help="viewer, operator or admin.")] = "viewer",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    as_json: Json = False,
) -> None:
    """Create a user with a role. The password is asked for, never an argument."""
    if role not in ROLES:
        raise typer.BadParameter(f"{role!r} is not a role; roles are {', '.join(ROLES)}", param_hint="--role")
    if not 0 < email.find("@") < len(email) - 1:
        raise typer.BadParameter(f"{email!r} is no email address", param_hint="EMAIL")
    password = ask_password("Password", password_stdin, confirm=True)
    if len(password) < 6:
        fail("The password must have at least 6 characters.", USAGE)
    with told():
        admin = Admin(_profile())
        uid = admin.create_user(email, password)
        admin.set_role(email, role)
        facts = {"uid": uid, "email": email, "role": role, "message": f"{email} can sign in as {role}."}
        tell(facts, as_json)


@app.command("set-role")
def set_role(
    email: str, role: Annotated[str, typer.Argument(help="viewer, operator or admin.")], as_json: Json = False
) -> None:
    """Give a user a role; they sign in again."""
    with told():
        Admin(_profile()).set_role(email, role)
        message = f"{email} has the role {role} from the next sign-in on."
        tell({"email": email, "role": role, "message": message}, as_json)
