"""Gives a lead back when the console is left, so that others need not wait for the claim to run out."""

from __future__ import annotations

import logging
import threading

from console.live.session import Session

LEAVING_S = 1.5
"""How long leaving waits for it."""


def give_back(session: Session, lead: str, epoch: int) -> None:
    """Give a lead back; blocks for at most `LEAVING_S`, and what goes wrong changes nothing: the claim runs out."""

    def give() -> None:
        try:
            session.call("releaseCaptcha", {"leadId": lead, "epoch": epoch})
        except Exception:
            logging.getLogger(__name__).debug("a lead was not given back", exc_info=True)

    thread = threading.Thread(target=give, daemon=True)
    thread.start()
    thread.join(LEAVING_S)
