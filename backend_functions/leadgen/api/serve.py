"""One request, start to finish: method, identity, body, the work, and an answer that is never a traceback."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from pydantic import BaseModel, TypeAdapter

from leadgen.api.auth import authenticate
from leadgen.api.call import Call
from leadgen.api.endpoints import ENDPOINTS, Endpoint
from leadgen.api.problem import CONTENT_TYPE, MethodNotAllowed, TooLarge, UnsupportedMediaType, problem
from leadgen.model.errors import InvalidInput, LeadgenError, Unavailable
from leadgen.model.validation import shown, validate

if TYPE_CHECKING:
    from flask import Response

MAX_BODY_BYTES = 512 * 1024
MAX_KEY_LENGTH = 200

log = logging.getLogger("leadgen.api")


class HttpRequest(Protocol):
    """The part of flask's request used here."""

    method: str
    content_length: int | None
    mimetype: str

    @property
    def headers(self) -> Mapping[str, str]: ...

    def get_data(self) -> bytes:
        """The body."""
        ...


@dataclass(frozen=True)
class Answer:
    """Status, media type and body of a response."""

    status: int
    content_type: str
    body: str


def serve(name: str, request: HttpRequest) -> Response:
    """Answer a request to the endpoint of that name, for functions-framework."""
    from flask import Response

    result = answer(ENDPOINTS[name], request)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(result.body, status=result.status, content_type=result.content_type, headers=headers)


def answer(endpoint: Endpoint, request: HttpRequest) -> Answer:
    """Answer a request; every exception becomes a problem document."""
    try:
        return _answer(endpoint, request)
    except LeadgenError as error:
        return _failure(error)
    except Exception as error:
        return _failure(_unexpected(endpoint, error))


def _answer(endpoint: Endpoint, request: HttpRequest) -> Answer:
    if request.method != endpoint.method:
        raise MethodNotAllowed(f"{endpoint.name} takes {endpoint.method}, not {request.method}.")
    caller = authenticate(request.headers.get("Authorization"), endpoint.role)
    body = validate(endpoint.request, _json(request)) if endpoint.request else None
    result = endpoint.work(Call(caller=caller, body=body, key=_key(request), headers=request.headers))
    return Answer(200, "application/json", _dump(result))


def _dump(result: BaseModel | list[Any]) -> str:
    if isinstance(result, BaseModel):
        return result.model_dump_json(by_alias=True)
    return TypeAdapter(list[Any]).dump_json(result, by_alias=True).decode()


def _json(request: HttpRequest) -> Any:
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise TooLarge(f"The body has {request.content_length} bytes; at most {MAX_BODY_BYTES} are taken.")
    if request.mimetype != "application/json":
        raise UnsupportedMediaType(
            f"The content type is {shown(request.mimetype or 'absent')}.", hint="Send application/json."
        )
    data = request.get_data()
    if len(data) > MAX_BODY_BYTES:
        raise TooLarge(f"The body has more than {MAX_BODY_BYTES} bytes.")
    try:
        value = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The body is not valid JSON: {shown(error)}.") from None
    if not isinstance(value, dict):
        raise InvalidInput("The body must be a JSON object.")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _key(request: HttpRequest) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > MAX_KEY_LENGTH:
        raise InvalidInput(f"The Idempotency-Key has {len(key)} characters; at most {MAX_KEY_LENGTH} are taken.")
    return key


def _failure(error: LeadgenError) -> Answer:
    return Answer(error.status, CONTENT_TYPE, json.dumps(problem(error)))


def _unexpected(endpoint: Endpoint, error: Exception) -> LeadgenError:
    from google.api_core.exceptions import GoogleAPICallError, RetryError

    incident = secrets.token_hex(4)
    if isinstance(error, (GoogleAPICallError, RetryError)):
        log.warning("incident %s: %s: store failed: %s", incident, endpoint.name, type(error).__name__)
        return Unavailable(f"The database did not answer (incident {incident}).", hint="Try again in a moment.")
    # The message and the frames may hold data of a lead; the log names the place, not the values.
    log.error("incident %s: %s: %s at %s", incident, endpoint.name, type(error).__name__, _place(error))
    return LeadgenError(
        f"{endpoint.name} failed in a way it was not built for (incident {incident}).",
        hint="Look for the incident in the function's log.",
    )


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "?"
