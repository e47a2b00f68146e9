"""The addresses under /_standin/, by which a demo or a test looks behind the scenes; visitors never use them."""

from __future__ import annotations

from aiohttp import web

from local.classifieds.state import SiteState
from local.classifieds.truth import city_truth


def add_control_routes(app: web.Application, state: SiteState) -> None:
    """Add the control addresses.

    GET  /_standin/truth?city=NAME   what is right for a city, see `truth`
    GET  /_standin/hits              what was asked of the site, see `traffic`
    GET  /_standin/captcha/TOKEN     the answer of an open challenge, for tests of the site itself
    POST /_standin/reset             as if just started for the first time
    """

    async def truth(request: web.Request) -> web.Response:
        city = state.cities.get(request.query.get("city", ""))
        if city is None:
            known = ", ".join(state.cities)
            return web.json_response({"error": f"?city= must name a city of the site: {known}"}, status=400)
        return web.json_response(city_truth(city, state.settings.seed).as_json())

    async def hits(request: web.Request) -> web.Response:
        return web.json_response(state.traffic.as_json())

    async def captcha(request: web.Request) -> web.Response:
        challenge = state.challenges.find(request.match_info["token"])
        if challenge is None:
            return web.json_response({"error": "no such challenge is open; it was answered or has expired"}, status=404)
        return web.json_response({"page": challenge.page, "answer": challenge.answer, "expires": challenge.expires})

    async def reset(request: web.Request) -> web.Response:
        state.reset()
        return web.json_response({"reset": True})

    app.router.add_get("/_standin/truth", truth)
    app.router.add_get("/_standin/hits", hits)
    app.router.add_get("/_standin/captcha/{token}", captcha)
    app.router.add_post("/_standin/reset", reset)
