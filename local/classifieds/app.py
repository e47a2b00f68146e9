"""The demo classifieds site as an aiohttp application."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from aiohttp import web

from local.classifieds import pages
from local.classifieds.captcha import draw
from local.classifieds.generator import NEWEST
from local.classifieds.images import image_bytes
from local.classifieds.model import City, Post
from local.classifieds.standin import add_control_routes
from local.classifieds.state import Settings, SiteState
from local.classifieds.traffic import path_class
from local.classifieds.websites import SLOWER, manner_of

__all__ = ["STATE", "Settings", "build_app"]

STATE: web.AppKey[SiteState] = web.AppKey("state", SiteState)

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_SAVE_EVERY_SECONDS = 2.0
# Only these fail by chance: a robots.txt with 5xx would forbid the whole site (RFC 9309, 2.3.1.4).
_MAY_FAIL = frozenset({"listing", "post", "image", "website"})

_ROBOTS = """\
User-agent: *
Disallow: /private/
Disallow: /*/services/*/contact
Disallow: /captcha/

Sitemap: {origin}/sitemap.xml
"""


def _html(text: str, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(text=text, status=status, headers=headers, content_type="text/html", charset="utf-8")


def _not_found() -> web.Response:
    return _html(pages.message_page("Page not found", "There is nothing at this address."), 404)


def _origin(request: web.Request) -> str:
    return str(request.url.origin())


def _conditional(
    request: web.Request, body: bytes, content_type: str, changed: datetime, charset: str | None = None
) -> web.Response:
    """Answer with a body, or 304 when the client has it already (RFC 9110, 13.2.2: the ETag goes before the date)."""
    etag = hashlib.sha256(body).hexdigest()[:20]
    if request.if_none_match is not None:
        is_known = any(known.value in (etag, "*") for known in request.if_none_match)
    else:
        since = request.if_modified_since
        is_known = since is not None and changed.replace(microsecond=0) <= since
    if is_known:
        response = web.Response(status=304)
    else:
        response = web.Response(body=body, content_type=content_type, charset=charset)
    response.etag = etag
    response.last_modified = changed
    response.headers["Cache-Control"] = "no-cache"
    return response


async def _index(request: web.Request) -> web.Response:
    return _html(pages.index_page(request.app[STATE].cities.values()))


async def _style(request: web.Request) -> web.Response:
    return web.Response(text=pages.style_sheet(), content_type="text/css", headers={"Cache-Control": "max-age=3600"})


async def _robots(request: web.Request) -> web.Response:
    return web.Response(text=_ROBOTS.format(origin=_origin(request)), content_type="text/plain")


async def _sitemap(request: web.Request) -> web.Response:
    text = pages.sitemap(request.app[STATE].cities.values(), _origin(request))
    return web.Response(text=text, content_type="application/xml")


async def _rss(request: web.Request) -> web.Response:
    city = request.app[STATE].cities.get(request.match_info["city"])
    if city is None:
        return _not_found()
    return web.Response(text=pages.rss_feed(city, _origin(request)), content_type="application/rss+xml")


async def _listing(request: web.Request) -> web.Response:
    city = request.app[STATE].cities.get(request.match_info["city"])
    number = request.query.get("page", "1")
    if city is None or not (number.isascii() and number.isdigit() and len(number) < 7):
        return _not_found()
    if not 1 <= int(number) <= pages.page_count(city):
        return _not_found()
    body = pages.listing_page(city, int(number)).encode()
    return _conditional(request, body, "text/html", city.posts[0].posted, "utf-8")


async def _post(request: web.Request) -> web.Response:
    state = request.app[STATE]
    found = state.posts.get(request.path)
    if found is None:
        return _not_found()
    post, city = found
    match post.fetch:
        case "dead":
            text = "This posting has been deleted by its author." if post.status == 410 else "This posting has expired."
            return _html(pages.message_page("Posting removed", text), post.status)
        case "broken":
            return _html(pages.message_page("Something went wrong", "We are looking into it."), 500)
        case "flaky" if state.traffic.fails_now(post.path):
            return _unavailable()
        case "slow":
            await state.settings.sleep(state.settings.slow_seconds)
    body = pages.post_page(post, city).encode(post.encoding, "xmlcharrefreplace")
    return _conditional(request, body, "text/html", post.posted, post.encoding)


def _unavailable() -> web.Response:
    text = pages.message_page("Too busy", "Please try again in a second.")
    return _html(text, 503, {"Retry-After": "1"})


def _challenge(state: SiteState, post: Post, city: City, problem: str = "", status: int = 200) -> web.Response:
    token = state.challenges.issue(post.contact_path)
    return _html(pages.contact_page(post, city, token, problem), status, {"Cache-Control": "no-store"})


async def _contact(request: web.Request) -> web.Response:
    found = request.app[STATE].contacts.get(request.path)
    return _challenge(request.app[STATE], *found) if found else _not_found()


async def _answer(request: web.Request) -> web.Response:
    state = request.app[STATE]
    found = state.contacts.get(request.path)
    if found is None:
        return _not_found()
    post, city = found
    form = await request.post()
    token, answer = str(form.get("token", "")), str(form.get("answer", ""))
    if state.challenges.find(token) is None:
        return _challenge(state, post, city, "That picture has expired or was used already. Here is a new one.", 403)
    if not state.challenges.redeem(token, post.contact_path, answer):
        return _challenge(state, post, city, "That is not what the picture asks for. Here is a new one.", 403)
    return _html(pages.revealed_page(post, city), headers={"Cache-Control": "no-store"})


async def _captcha_picture(request: web.Request) -> web.Response:
    challenge = request.app[STATE].challenges.find(request.match_info["token"])
    if challenge is None:
        return _not_found()
    body = await asyncio.to_thread(draw, challenge)
    return web.Response(body=body, content_type="image/png", headers={"Cache-Control": "no-store"})


async def _image(request: web.Request) -> web.Response:
    picture = request.app[STATE].pictures.get(request.match_info["name"])
    if picture is None:
        return _not_found()
    body = await asyncio.to_thread(image_bytes, picture)
    return _conditional(request, body, "image/png" if picture.is_png else "image/jpeg", NEWEST)


async def _website(request: web.Request) -> web.Response:
    state = request.app[STATE]
    found = state.websites.get(request.path)
    if found is None:
        return _not_found()
    advertiser, city = found
    manner = manner_of(advertiser)
    if manner == "slow":
        await state.settings.sleep(SLOWER * state.settings.slow_seconds)
    return _html(pages.website_page(advertiser, city, manner))


@web.middleware
async def _traffic(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Count the request, and make it late or fail as the settings ask."""
    if request.path.startswith("/_standin/"):
        return await handler(request)
    state = request.app[STATE]
    state.traffic.begin(request.path, request.headers.get("User-Agent", ""))
    status = 0
    try:
        if state.settings.latency_ms:
            await state.settings.sleep(state.settings.latency_ms / 1000)
        if path_class(request.path) in _MAY_FAIL and state.fails_by_chance():
            response: web.StreamResponse = _unavailable()
        else:
            response = await handler(request)
        status = response.status
        return response
    except web.HTTPException as error:
        status = error.status
        if status == 404:
            return _not_found()
        raise
    finally:
        state.traffic.end(status)


async def _keep_saving(app: web.Application) -> AsyncIterator[None]:
    """Write the traffic to its file now and then, so that even a killed server loses little of it."""
    traffic = app[STATE].traffic

    async def repeat() -> None:
        while True:
            await asyncio.sleep(_SAVE_EVERY_SECONDS)
            traffic.save()

    task = asyncio.create_task(repeat(), name="save traffic")
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    traffic.save()


def build_app(settings: Settings | None = None) -> web.Application:
    """The site, ready to be served.

    Args:
        settings: how it behaves; the defaults of `Settings` otherwise.
    """
    state = SiteState(settings or Settings())
    app = web.Application(middlewares=[_traffic], client_max_size=64 * 1024)
    app[STATE] = state
    app.router.add_get("/", _index)
    app.router.add_get("/style.css", _style)
    app.router.add_get("/robots.txt", _robots)
    app.router.add_get("/sitemap.xml", _sitemap)
    app.router.add_get("/{city}/services.rss", _rss)
    app.router.add_get("/{city}/services", _listing)
    app.router.add_get("/{city}/services/{id}.html", _post)
    app.router.add_get("/{city}/services/{id}/contact", _contact)
    app.router.add_post("/{city}/services/{id}/contact", _answer)
    app.router.add_get("/private/{city}/services/{id}.html", _post)
    app.router.add_get("/captcha/{token}.png", _captcha_picture)
    app.router.add_get("/images/{name}", _image)
    app.router.add_get("/w/{slug}/", _website)
    add_control_routes(app, state)
    app.cleanup_ctx.append(_keep_saving)
    return app
