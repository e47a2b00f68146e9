"""The model client: one HTTP request per call, never a hidden second one, over in bounded time.

Works with OpenAI and any service that speaks its chat completions API
(https://platform.openai.com/docs/api-reference/chat/create).
"""

from __future__ import annotations

import contextvars
import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from leadgen.environment import Environment
from leadgen.llm.failures import Failure, ModelError, rejected_detail, retry_time
from leadgen.llm.schema import RESPONSE_SCHEMA, Enrichment
from leadgen.store.clock import Clock, SystemClock

if TYPE_CHECKING:
    from openai import APIResponse, APIStatusError, OpenAI
    from openai.types.chat import ChatCompletionMessageParam

MAX_ANSWER_BYTES = 1_000_000
MAX_TOKENS = 800

_begin_before: contextvars.ContextVar[float] = contextvars.ContextVar("begin_before")


class ModelClient:
    """Asks a model for an `Enrichment`; safe to share between threads.

    Args:
        base_url: of an OpenAI-compatible service, ending in ``/v1``.
        key: the API key.
        model: name of the model.
        timeout_s: how long one call may take in all, in seconds.
        clock: for Retry-After dates.
        monotonic: the clock of `Grants.usable_until`.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        model: str,
        timeout_s: float = 30.0,
        *,
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.model = model
        self._base_url = base_url
        self._key = key
        self._timeout_s = timeout_s
        self._clock = clock or SystemClock()
        self._monotonic = monotonic
        self._client: OpenAI | None = None
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Load the library, which takes seconds when cold. Done before grants are taken: none must lapse over it."""
        with self._lock:
            if self._client is None:
                self._client = self._build()

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def ask(self, messages: Sequence[dict[str, str]], *, begin_before: float) -> Enrichment:
        """One call.

        Args:
            messages: the conversation.
            begin_before: monotonic time after which the request must no longer leave this machine.

        Raises:
            ModelError: there is no usable answer; its `kind` says why.
        """
        import openai

        self.prepare()
        token = _begin_before.set(begin_before)
        try:
            return parse_answer(self._request(messages))
        except openai.APITimeoutError:
            raise ModelError(Failure.TIMEOUT, self._timeout_detail()) from None
        except openai.APIConnectionError:
            raise ModelError(Failure.CONNECTION, "The model's provider could not be reached, or hung up.") from None
        except openai.APIStatusError as error:
            raise self._status_error(error) from None
        except (openai.OpenAIError, ValueError, OSError) as error:
            detail = (
                f"The model could not be asked ({type(error).__name__}): check LEADGEN_LLM_URL and LEADGEN_LLM_KEY."
            )
            raise ModelError(Failure.REJECTED, detail) from None
        finally:
            _begin_before.reset(token)

    def _build(self) -> OpenAI:
        import openai

        http = openai.DefaultHttpxClient(
            # A redirect would be a second request on one grant.
            follow_redirects=False,
            timeout=self._timeout_s,
            event_hooks={"request": [self._gate]},
        )
        return openai.OpenAI(
            base_url=self._base_url, api_key=self._key, max_retries=0, timeout=self._timeout_s, http_client=http
        )

    def _gate(self, request: Any) -> None:
        """Stop a request whose grant has run out: before connecting, and again before its first byte is sent."""
        deadline = _begin_before.get()

        def check(event: str = "", _info: object = None) -> None:
            if not event or event.endswith(("connect_tcp.started", "send_request_headers.started")):
                self._check(deadline)

        check()
        request.extensions["trace"] = check

    def _check(self, deadline: float) -> None:
        if self._monotonic() >= deadline:
            raise ModelError(Failure.LAPSED, "The grant ran out before the model was asked.")

    def _request(self, messages: Sequence[dict[str, str]]) -> bytes:
        assert self._client is not None
        give_up = self._monotonic() + self._timeout_s
        with self._client.chat.completions.with_streaming_response.create(
            model=self.model,
            messages=cast("list[ChatCompletionMessageParam]", list(messages)),
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "enrichment", "strict": True, "schema": RESPONSE_SCHEMA},
            },
            max_completion_tokens=MAX_TOKENS,
        ) as response:
            return self._body(response, give_up)

    def _body(self, response: APIResponse[Any], give_up: float) -> bytes:
        """Read the answer; the library's timeout counts per read, ours for all of it."""
        import openai

        body = bytearray()
        try:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise ModelError(Failure.BAD_OUTPUT, "The model's answer was too long.")
                if self._monotonic() > give_up:
                    raise ModelError(Failure.TIMEOUT, self._timeout_detail())
        except (ModelError, openai.OpenAIError):
            raise
        except Exception as error:
            # Whatever HTTP library is underneath raises its own errors while a body is read.
            late = "timeout" in type(error).__name__.lower()
            detail = self._timeout_detail() if late else "The model's provider hung up in the middle of its answer."
            raise ModelError(Failure.TIMEOUT if late else Failure.CONNECTION, detail) from None
        return bytes(body)

    def _timeout_detail(self) -> str:
        return f"The model did not answer within {self._timeout_s:g} seconds."

    def _status_error(self, error: APIStatusError) -> ModelError:
        status, code = error.status_code, str(error.code or "")
        if status == 429 and code != "insufficient_quota":
            retry_at = retry_time(error.response.headers, self._clock.now())
            return ModelError(Failure.THROTTLED, "The model's provider asked us to wait (429).", retry_at=retry_at)
        if status >= 500:
            return ModelError(Failure.SERVER, f"The model's provider failed ({status}).")
        if 300 <= status < 400:
            return ModelError(Failure.REJECTED, f"The model's address redirects ({status}): set LEADGEN_LLM_URL anew.")
        return ModelError(Failure.REJECTED, rejected_detail(status, code))


def model_client(environment: Environment) -> ModelClient | None:
    """The client the deployment describes; `None` if it names no service or no model, then rules do the work."""
    if not environment.llm_url or not environment.llm_model:
        return None
    # Services on one's own machine often want no key, but the library insists on one.
    return ModelClient(environment.llm_url, environment.llm_key or "none", environment.llm_model)


def parse_answer(body: bytes) -> Enrichment:
    """The enrichment in a chat completion.

    A fence around the JSON, or words before and after it, are put aside: that repair costs no call.

    Raises:
        ModelError: `Failure.BAD_OUTPUT`, whatever is wrong with it.
    """
    try:
        choice = json.loads(body)["choices"][0]
        content = choice["message"]["content"]
        if choice.get("finish_reason") == "length" or not isinstance(content, str):
            raise ModelError(Failure.BAD_OUTPUT, "The model refused, or its answer was cut off.")
        return Enrichment.model_validate(json.loads(content[content.index("{") : content.rindex("}") + 1]))
    except ModelError:
        raise
    except ValidationError as error:
        fields = sorted({str(item["loc"][0]) if item["loc"] else "answer" for item in error.errors()})
        known = [field for field in fields if field in RESPONSE_SCHEMA["properties"]]
        raise ModelError(
            Failure.BAD_OUTPUT, f"The model's answer does not fit the schema ({', '.join(known) or 'unknown fields'})."
        ) from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ModelError(Failure.BAD_OUTPUT, "The model's answer was not the JSON asked for.") from None
