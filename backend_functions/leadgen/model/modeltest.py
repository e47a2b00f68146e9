"""What a trial call to a configured language model found out: as it is made, answered and shown."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class ModelTested(BaseModel):
    """How one configured model answered a call."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    provider: str
    """What the Governor calls it: the service's host and the model."""
    model: str
    ok: bool
    detail: str
    """What happened, and what to do if it is not well."""
    seconds: float | None = None
    """How long the answer took; absent if no call was made."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dollars: float | None = None
    """What the call cost; absent if the price is not known."""
    opener: str = ""
    """A line of the answer."""
