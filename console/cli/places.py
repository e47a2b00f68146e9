"""Where `sources` and `extract` look: as the environment says, else the local stack if it runs, else the product."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.target import choice, open_stack

if TYPE_CHECKING:
    from leadgen.trial.places import Places


def trial_places() -> Places:
    """The folder of definitions and the loopback hosts that may be read. Starts nothing and signs nobody in."""
    from leadgen.trial.places import find_places

    return find_places({} if choice.profile else _stack_variables())


def _stack_variables() -> dict[str, str]:
    from local.stack.errors import StackError

    try:
        info = open_stack().status()
    except StackError:
        return {}
    return dict(info.variables) if info is not None else {}
