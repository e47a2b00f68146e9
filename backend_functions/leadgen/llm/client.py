"""The model client: one HTTP request per call, never a hidden second one, over in bounded time.

Each call has a slot of the Governor: it is not sent before the slot opens or after it lapses, and the slot is told the
moment its first bytes leave and what it used in the end.

Works with OpenAI and any service that speaks its chat completions API
(https://platform.openai.com/docs/api-reference/chat/create).
"""

from __future__ import annotations

import contextvars
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from pydantic import ValidationError

from leadgen.llm.failures import Failure, ModelError, rejected_detail, retry_time
from leadgen.llm.prices import most_tokens
from leadgen.llm.schema import RESPONSE_SCHEMA, Enrichment
from leadgen.llm.spending import Price, Use
from leadgen.store.clock import Clock, SystemClock

if TYPE_CHECKING:
    from openai import APIResponse, APIStatusError, OpenAI
    from openai.types.chat import ChatCompletionMessageParam

MAX_ANSWER_BYTES = 1_000_000
TIMEOUT_S = 30.0
"""A call takes no longer than this, from its slot to the last byte of its answer."""
MAX_TOKENS = 800
"""An answer has no more tokens than these."""
_SCHEMA_MESSAGE = {"content": json.dumps(RESPONSE_SCHEMA)}
"""Services show the model the schema too, and count it as part of the prompt."""
_MOST_BELIEVED = 10_000_000
"""No call uses more tokens than these, whatever an answer says."""


class Right(Protocol):
    """The right to begin one call; see `leadgen.llm.book.Slot`."""

    @property
    def opens_at(self) -> float:
        """From when on, in monotonic seconds."""
        ...

    @property
    def lapses_at(self) -> float:
        """Before when."""
        ...

    def skipped(self) -> None:
        """No byte of the call left."""
        ...

    def begun(self) -> None:
        """Its bytes are on their way."""
        ...

    def answered(self) -> None:
        """The provider has begun to answer."""
        ...

    def ended(self, use: Use) -> None:
        """It is over."""
        ...


@dataclass(frozen=True)
class Usage:
    """Tokens that an answer says it used."""

    prompt: int
    completion: int


@dataclass(frozen=True)
class Answer:
    """A call that went well.

    Args:
        enrichment: what the model says.
        use: tokens and money, as far as known.
    """

    enrichment: Enrichment
    use: Use


_slot: contextvars.ContextVar[Right] = contextvars.ContextVar("slot")


class ModelClient:
    """Asks a model for an `Enrichment`; safe to share between threads.

    Args:
        base_url: of an OpenAI-compatible service, ending in ``/v1``.
        key: the API key.
        model: name of the model.
        timeout_s: how long one call may take in all, in seconds.
        price: of its tokens; `None` if nobody knows.
        settings: what the names of its settings begin with, to name the one to change.
        clock: for Retry-After dates.
        monotonic: the clock of the slots.
        sleep: waits until a slot opens.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        model: str,
        timeout_s: float = TIMEOUT_S,
        *,
        price: Price | None = None,
        settings: str = "LEADGEN_LLM",
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.model = model
        self.price = price
        self._settings = settings
        self._base_url = base_url
        self._key = key
        self._timeout_s = timeout_s
        self._clock = clock or SystemClock()
        self._monotonic = monotonic
        self._sleep = sleep
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

    def most(self, messages: Sequence[dict[str, str]]) -> Use:
        """What one call uses at most; where the price is not known, it says so."""
        return self._use(Usage(most_tokens([*messages, _SCHEMA_MESSAGE]), MAX_TOKENS))

    def ask(self, messages: Sequence[dict[str, str]], slot: Right) -> Answer:
        """One call, from when its slot opens.

        Args:
            messages: the conversation.
            slot: the right to it; told what became of it whatever happens.

        Raises:
            ModelError: there is no usable answer; its `kind` says why.
        """
        use = self.most(messages)
        try:
            self.prepare()
            self._await(slot)
            body = self._send(messages, slot)
            said = parse_usage(body)
            use = self._use(said) if said is not None else use
            return Answer(parse_answer(body), use)
        except ModelError as error:
            if error.kind in (Failure.THROTTLED, Failure.REJECTED):
                # A refusal comes in place of an answer: no model has run, and nothing is billed.
                use = Use(1)
            raise
        finally:
            # Of these, only what is true of the slot has an effect.
            slot.skipped()
            slot.ended(use)

    def _use(self, usage: Usage) -> Use:
        if self.price is None:
            return Use(1, usage.prompt, usage.completion, unpriced=1)
        return Use(1, usage.prompt, usage.completion, self.price.micros(usage.prompt, usage.completion))

    def _await(self, slot: Right) -> None:
        wait = slot.opens_at - self._monotonic()
        if wait > 0 and slot.opens_at < slot.lapses_at:
            self._sleep(wait)

    def _send(self, messages: Sequence[dict[str, str]], slot: Right) -> bytes:
        import openai

        token = _slot.set(slot)
        try:
            return self._request(messages, slot)
        except openai.APITimeoutError:
            raise ModelError(Failure.TIMEOUT, self._timeout_detail()) from None
        except openai.APIConnectionError:
            raise ModelError(Failure.CONNECTION, "The model's provider could not be reached, or hung up.") from None
        except openai.APIStatusError as error:
            raise self._status_error(error) from None
        except (openai.OpenAIError, ValueError, OSError) as error:
            detail = (
                f"The model could not be asked ({type(error).__name__}): "
                f"check {self._settings}_URL and {self._settings}_KEY."
            )
            raise ModelError(Failure.REJECTED, detail) from None
        finally:
            _slot.reset(token)

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
        """Stop a request whose slot has lapsed: before connecting, and again before its first byte is sent. The slot
        is begun then, not earlier: connecting may take longer than the slot lasts."""
        slot = _slot.get()

        def trace(event: str, info: Any) -> None:
            if event.endswith("connect_tcp.started"):
                self._check(slot)
            elif event.endswith("send_request_headers.started") and not _is_tunnel(info):
                self._check(slot)
                slot.begun()

        self._check(slot)
        request.extensions["trace"] = trace

    def _check(self, slot: Right) -> None:
        if self._monotonic() >= slot.lapses_at:
            raise ModelError(Failure.LAPSED, "The grant ran out before the model was asked.")

    def _request(self, messages: Sequence[dict[str, str]], slot: Right) -> bytes:
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
            slot.answered()
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
            return ModelError(
                Failure.REJECTED, f"The model's address redirects ({status}): set {self._settings}_URL anew."
            )
        return ModelError(Failure.REJECTED, rejected_detail(status, code, self._settings))


def _is_tunnel(info: Any) -> bool:
    """Whether what is sent is only the request for a way through a proxy."""
    method = getattr(info.get("request"), "method", b"") if isinstance(info, dict) else b""
    return bool(method == b"CONNECT")


def parse_usage(body: bytes) -> Usage | None:
    """The tokens a chat completion says it used; `None` where it says nothing that can be true."""
    try:
        said = json.loads(body)["usage"]
        prompt, completion = said["prompt_tokens"], said["completion_tokens"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    for number in (prompt, completion):
        if type(number) is not int or not 0 <= number <= _MOST_BELIEVED:
            return None
    # No prompt of ours is empty: services that don't count answer with zeros.
    return Usage(prompt, completion) if prompt else None


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
