"""Pub/Sub: hints that there is work. Losing one delays the work until the next sweep; it never loses it."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import PublisherClient

HARVEST_TOPIC = "harvest-step"
POSTS_TOPIC = "posts-harvested"
PUBLISH_TIMEOUT_S = 15.0


class Publisher(Protocol):
    """Whatever carries a hint to the next stage."""

    def publish(self, topic: str, message: dict[str, Any]) -> None:
        """Hand over one message; returns when the broker has it."""
        ...


@lru_cache(maxsize=1)
def _client(emulator: str) -> PublisherClient:
    from google.cloud.pubsub_v1 import PublisherClient

    return PublisherClient()


class PubSubPublisher:
    """Publishes through Cloud Pub/Sub, or its emulator when `PUBSUB_EMULATOR_HOST` is set."""

    def __init__(self, project: str) -> None:
        self._project = project

    def publish(self, topic: str, message: dict[str, Any]) -> None:
        """Publish and wait for the broker's receipt, at most `PUBLISH_TIMEOUT_S` seconds."""
        client = _client(os.environ.get("PUBSUB_EMULATOR_HOST", ""))
        path = client.topic_path(self._project, topic)
        client.publish(path, json.dumps(message).encode()).result(timeout=PUBLISH_TIMEOUT_S)
