"""The service: chat completions and models as OpenAI's API has them, and the stand-in's own addresses beside them.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from local.model.answers import answer, tokens
from local.model.calls import Call, Journal
from local.model.errors import ApiError, status_error
from local.model.faults import Faults, Rule
from local.model.requests import ChatRequest, hash_of, parse
from local.model.settings import Settings

MAX_BODY_BYTES = 4 * 1024 * 1024
_CREATED = 1_700_000_000


class Service:
    """The handlers and what they share."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self._journal = Journal(settings.data_dir / "calls.jsonl")
        self._faults = Faults()
        self._released = asyncio.Event()

    async def release(self, _app: web.Application | None = None) -> None:
        """End the calls that hang."""
        self._released.set()
        self._released = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """All addresses."""
        return [
            web.post("/v1/chat/completions", self.chat),
            web.get("/v1/models", self.models),
            web.get("/_standin/calls", self.calls),
            web.get("/_standin/faults", self.faults),
            web.post("/_standin/faults", self.add_fault),
            web.delete("/_standin/faults", self.clear_faults),
            web.post("/_standin/reset", self.reset),
        ]

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/chat/completions."""
        call = self._journal.begin(self._settings.monotonic(), self._settings.wall())
        try:
            response = await self._chat(request, call)
            call.status = 0 if call.fault in ("drop", "truncated", "drip") else response.status
            return response
        except ApiError as error:
            call.status = error.status
            return error.response()
        finally:
            self._journal.end(call)

    async def _chat(self, request: web.Request, call: Call) -> web.StreamResponse:
        self._authorise(request)
        body = await _json_object(request)
        call.model, call.prompt_hash = str(body.get("model", ""))[:200], hash_of(body)
        rule = self._faults.next()
        call.fault = rule.kind if rule else ""
        if rule is not None and rule.kind in ("status", "hang", "drop", "redirect"):
            return await _fail(rule, request, self._released)
        asked = parse(body, self._settings.models)
        if self._settings.latency_s:
            await asyncio.sleep(self._settings.latency_s)
        if rule is not None and rule.kind in ("drip", "truncated"):
            return await _partial(rule, request, self._released)
        if rule is not None and rule.kind == "malformed":
            return web.Response(text='{"id": "chatcmpl-', content_type="application/json")
        return web.json_response(self._completion(asked, call, _content(asked, rule)))

    def _completion(self, asked: ChatRequest, call: Call, content: str) -> dict[str, Any]:
        prompt = sum(tokens(text) for _, text in asked.messages)
        used = tokens(content)
        message = {"role": "assistant", "content": content, "refusal": None}
        return {
            "id": f"chatcmpl-{call.number:08d}",
            "object": "chat.completion",
            "created": int(call.wall),
            "model": asked.model,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": prompt, "completion_tokens": used, "total_tokens": prompt + used},
        }

    async def models(self, request: web.Request) -> web.Response:
        """GET /v1/models."""
        try:
            self._authorise(request)
        except ApiError as error:
            return error.response()
        offered = [
            {"id": name, "object": "model", "created": _CREATED, "owned_by": "local"} for name in self._settings.models
        ]
        return web.json_response({"object": "list", "data": offered})

    async def calls(self, _request: web.Request) -> web.Response:
        """GET /_standin/calls."""
        return web.json_response({"calls": self._journal.shown()})

    async def faults(self, _request: web.Request) -> web.Response:
        """GET /_standin/faults."""
        return web.json_response({"faults": self._faults.shown()})

    async def add_fault(self, request: web.Request) -> web.Response:
        """POST /_standin/faults."""
        try:
            self._faults.add(Rule.model_validate_json(await request.read()))
        except ValidationError as error:
            problems = [{"field": ".".join(map(str, e["loc"])), "problem": e["msg"]} for e in error.errors()]
            return web.json_response({"problems": problems}, status=400)
        return web.json_response({"faults": self._faults.shown()}, status=201)

    async def clear_faults(self, _request: web.Request) -> web.Response:
        """DELETE /_standin/faults."""
        self._faults.clear()
        return web.json_response({"faults": []})

    async def reset(self, _request: web.Request) -> web.Response:
        """POST /_standin/reset."""
        await self.release()
        self._journal.clear()
        self._faults.clear()
        return web.json_response({"reset": True})

    def _authorise(self, request: web.Request) -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            text = "You didn't provide an API key. Send it as 'Authorization: Bearer YOUR_KEY'."
            raise ApiError(401, text)
        if key.strip() not in self._settings.keys:
            raise ApiError(401, "Incorrect API key provided.", code="invalid_api_key")


async def _json_object(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except web.HTTPRequestEntityTooLarge:
        raise ApiError(413, f"The request is larger than {MAX_BODY_BYTES} bytes.") from None
    except (ValueError, RecursionError):
        raise ApiError(400, "The body of the request is not valid JSON.") from None
    if not isinstance(body, dict):
        raise ApiError(400, "The body of the request must be a JSON object.")
    return body


def _content(asked: ChatRequest, rule: Rule | None) -> str:
    if rule is not None and rule.kind == "schema":
        return '{"unexpected": true}'
    if rule is not None and rule.kind == "answer":
        return rule.content
    text = answer(asked, rule.kind if rule is not None else "")
    return f"```json\n{text}\n```" if rule is not None and rule.kind == "fenced" else text


async def _fail(rule: Rule, request: web.Request, released: asyncio.Event) -> web.StreamResponse:
    """A call that goes wrong before it is looked at."""
    if rule.kind == "status":
        raise status_error(rule.status or 500, rule.code, rule.retry_after)
    if rule.kind == "redirect":
        return web.Response(status=307, headers={"Location": "/v1/chat/completions"})
    if rule.kind == "hang":
        await _wait(released, rule.seconds)
        raise ApiError(504, "The model took too long.", kind="server_error")
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _wait(released: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(released.wait(), seconds)


async def _partial(rule: Rule, request: web.Request, released: asyncio.Event) -> web.StreamResponse:
    """An answer that never becomes whole."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"id": "chatcmpl-')
    with contextlib.suppress(ConnectionError):
        while rule.kind == "drip" and not released.is_set():
            await _wait(released, rule.seconds)
            await response.write(b" ")
    if request.transport is not None:
        request.transport.abort()
    return response


def build_app(settings: Settings) -> web.Application:
    """The application."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    service = Service(settings)
    app.add_routes(service.routes())
    app.on_shutdown.append(service.release)
    return app
