"""The stand-in as one application."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from local.microsoft import access, control, graph, login, viewer
from local.microsoft.accounts import Directory
from local.microsoft.database import Database
from local.microsoft.deliveries import Deliveries
from local.microsoft.delta import DeltaFeed
from local.microsoft.faults import FaultRules
from local.microsoft.limits import Limits
from local.microsoft.mailstore import MailStore
from local.microsoft.settings import KnobStore, Settings
from local.microsoft.signing import SigningKey
from local.microsoft.state import ALSO_FORGET, STATE, ClientRegistry, State
from local.microsoft.tokens import GrantStore, TokenService

MAX_REQUEST_BYTES = 4 * 1024 * 1024  # Graph's own limit


def build_state(settings: Settings) -> State:
    """Open the data folder and put the parts together."""
    database = Database(settings.data_dir / "microsoft.sqlite3")
    knobs = KnobStore(database, settings.knobs)
    directory, clock = Directory(settings.accounts), settings.clock
    grants = GrantStore(database, clock, knobs)
    deliveries = Deliveries(database, settings.data_dir)
    mail = MailStore(database, deliveries, directory, clock, knobs)
    return State(
        settings=settings,
        database=database,
        knobs=knobs,
        directory=directory,
        clients=ClientRegistry(database, settings.clients),
        grants=grants,
        tokens=TokenService(grants, directory, SigningKey(settings.data_dir / "signing-key.pem"), clock, knobs),
        mail=mail,
        delta=DeltaFeed(database, mail, clock, knobs),
        limits=Limits(deliveries, clock, knobs),
        faults=FaultRules(),
    )


def build_app(settings: Settings) -> web.Application:
    """The application; it closes its database when it is cleaned up."""
    app = web.Application(
        middlewares=[access.say_errors, access.guard_graph, access.inject_faults], client_max_size=MAX_REQUEST_BYTES
    )
    app[STATE] = build_state(settings)
    app[ALSO_FORGET] = []
    control.add_routes(app)
    viewer.add_routes(app)
    graph.add_routes(app)
    login.add_routes(app)
    app.cleanup_ctx.append(_close_database)
    return app


async def _close_database(app: web.Application) -> AsyncIterator[None]:
    yield
    app[STATE].faults.clear()
    app[STATE].database.close()
