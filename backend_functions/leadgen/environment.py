"""What the deployment tells the backend: addresses and secrets, read from the environment in this one place.

Everything outside is replaceable by its address, so the code under test is the code that ships.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

_PACKAGED_SOURCES = Path(__file__).parent / "sources"


@dataclass(frozen=True)
class Environment:
    """The deployment's facts. Secrets are kept out of `repr`."""

    project: str
    sources: Path
    local_hosts: frozenset[str]
    """`host:port` pairs that may be fetched although they are loopback addresses."""
    microsoft_authority: str
    graph_url: str
    microsoft_client_id: str
    microsoft_client_secret: str = field(repr=False)
    microsoft_redirect_uri: str
    google_login_url: str
    google_token_url: str
    gmail_url: str
    google_client_id: str
    google_client_secret: str = field(repr=False)
    google_redirect_uri: str
    ca_file: str
    public_url: str
    """The address under which people reach the functions, for opt-out links; empty when there is none."""
    llm_url: str
    llm_key: str = field(repr=False)
    llm_model: str
    llm_price: str
    """What the model costs, in dollars for a million tokens, as ``prompt/completion``; empty for the list price."""
    llm_fallback_url: str
    """A second service, asked while the first is out of use."""
    llm_fallback_key: str = field(repr=False)
    llm_fallback_model: str
    llm_fallback_price: str
    token_key: str = field(repr=False)
    """Fernet keys, separated by commas: the first one is in use, the others are remembered."""
    kms_key: str
    """Cloud KMS keys that wrap the data keys of mailbox secrets, likewise; empty for the token key."""


def _text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def _file_text(name: str) -> str:
    """The content of the file a variable names; on one machine a key lies in a file its owner alone may read."""
    path = _text(name)
    try:
        return Path(path).read_text(encoding="ascii").strip() if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise RuntimeError(f"{name} names a file that can't be read ({type(error).__name__}): {path}") from None


def read_environment() -> Environment:
    """The environment as it is now."""
    return Environment(
        project=_text("GOOGLE_CLOUD_PROJECT") or _text("GCLOUD_PROJECT"),
        sources=Path(_text("LEADGEN_SOURCES")) if _text("LEADGEN_SOURCES") else _PACKAGED_SOURCES,
        local_hosts=frozenset(h.strip().lower() for h in _text("LEADGEN_LOCAL_HOSTS").split(",") if h.strip()),
        microsoft_authority=_text("LEADGEN_MICROSOFT_AUTHORITY", "https://login.microsoftonline.com/common"),
        graph_url=_text("LEADGEN_GRAPH_URL", "https://graph.microsoft.com/v1.0").rstrip("/"),
        microsoft_client_id=_text("LEADGEN_MICROSOFT_CLIENT_ID"),
        microsoft_client_secret=_text("LEADGEN_MICROSOFT_CLIENT_SECRET"),
        microsoft_redirect_uri=_text("LEADGEN_MICROSOFT_REDIRECT_URI", "http://localhost:8765/outlook/callback"),
        google_login_url=_text("LEADGEN_GOOGLE_LOGIN_URL", "https://accounts.google.com").rstrip("/"),
        google_token_url=_text("LEADGEN_GOOGLE_TOKEN_URL", "https://oauth2.googleapis.com").rstrip("/"),
        gmail_url=_text("LEADGEN_GMAIL_URL", "https://gmail.googleapis.com").rstrip("/"),
        google_client_id=_text("LEADGEN_GOOGLE_CLIENT_ID"),
        google_client_secret=_text("LEADGEN_GOOGLE_CLIENT_SECRET"),
        google_redirect_uri=_text("LEADGEN_GOOGLE_REDIRECT_URI", "http://localhost:8765/gmail/callback"),
        ca_file=_text("LEADGEN_CA_FILE"),
        public_url=_text("LEADGEN_PUBLIC_URL").rstrip("/"),
        llm_url=_text("LEADGEN_LLM_URL").rstrip("/"),
        llm_key=_text("LEADGEN_LLM_KEY"),
        llm_model=_text("LEADGEN_LLM_MODEL"),
        llm_price=_text("LEADGEN_LLM_PRICE"),
        llm_fallback_url=_text("LEADGEN_LLM_FALLBACK_URL").rstrip("/"),
        llm_fallback_key=_text("LEADGEN_LLM_FALLBACK_KEY"),
        llm_fallback_model=_text("LEADGEN_LLM_FALLBACK_MODEL"),
        llm_fallback_price=_text("LEADGEN_LLM_FALLBACK_PRICE"),
        token_key=_text("LEADGEN_TOKEN_KEY") or _file_text("LEADGEN_TOKEN_KEY_FILE"),
        kms_key=_text("LEADGEN_KMS_KEY"),
    )
