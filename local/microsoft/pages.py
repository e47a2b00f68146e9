"""The login pages a person sees. Everything that came from outside is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from aiohttp import web

from local.microsoft.accounts import Account
from local.microsoft.errors import LoginError
from local.microsoft.tokens import OIDC_SCOPES

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --quiet: #5f6368; --card: #fff; --line: #e2e5ea; --accent: #0f6cbd;
  --ground: linear-gradient(135deg, #e8f1fb 0%, #f5f0fa 55%, #e9f7f1 100%); --hover: #f2f6fb; }
@media (prefers-color-scheme: dark) { :root { --ink: #f1f1f1; --quiet: #a6adb8; --card: #23262b; --line: #3a3f47;
  --accent: #6cb8ff; --ground: linear-gradient(135deg, #17202b, #1d1a24 55%, #16211d); --hover: #2c3138; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; color: var(--ink);
  background: var(--ground); font: 16px/1.45 "Segoe UI", system-ui, "Helvetica Neue", "DejaVu Sans", sans-serif; }
main { width: 100%; max-width: 440px; background: var(--card); border-radius: 8px; padding: 36px 40px 28px;
  box-shadow: 0 2px 6px rgb(0 0 0 / .18), 0 12px 40px rgb(0 0 0 / .10); }
.brand { display: flex; align-items: center; gap: 9px; color: var(--quiet); font-weight: 600; margin-bottom: 18px; }
.brand svg { width: 22px; height: 22px; }
h1 { font-size: 1.5rem; font-weight: 600; margin: 0 0 6px; }
p { margin: 0 0 14px; color: var(--quiet); overflow-wrap: anywhere; }
button { font: inherit; color: inherit; cursor: pointer; }
button:focus-visible, input:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.account { display: flex; align-items: center; gap: 14px; width: calc(100% + 24px); margin: 0 -12px; padding: 10px 12px;
  background: none; border: 0; border-radius: 6px; text-align: left; }
.account:hover, .account.hinted { background: var(--hover); }
.account span { display: block; } .account .mail { color: var(--quiet); font-size: .9rem; }
.avatar { flex: none; width: 42px; height: 42px; border-radius: 50%; display: grid !important; place-items: center;
  color: #fff; font-weight: 600; font-size: .95rem; }
ul { margin: 4px 0 16px; padding-left: 20px; color: var(--quiet); font-size: .9rem; }
.foot { display: flex; justify-content: flex-end; margin-top: 18px; }
.plain { background: var(--hover); border: 1px solid var(--line); border-radius: 4px; padding: 6px 22px; }
.code { width: 100%; font: 1.25rem/1.4 monospace; letter-spacing: .2em; text-transform: uppercase; padding: 8px 10px;
  margin-bottom: 12px; border: 1px solid var(--line); border-radius: 4px; background: transparent; color: inherit; }
.note { margin: 18px 0 0; padding-top: 12px; border-top: 1px solid var(--line); font-size: .8rem; }
"""
_MARK = (
    '<svg viewBox="0 0 22 22" aria-hidden="true"><path fill="#0f6cbd" d="M2 4h18v14H2z" opacity=".25"/>'
    '<path fill="none" stroke="#0f6cbd" stroke-width="2" d="M2 4h18v14H2zl9 8 9-8"/></svg>'
)
_COLOURS = ("#0f6cbd", "#8764b8", "#107c41", "#c2410c", "#b4009e", "#00728f")
_SCOPE_TEXTS = {
    "Mail.Send": "Send mail as you",
    "Mail.ReadWrite": "Read and write access to your mail",
    "Mail.Read": "Read your mail",
    "User.Read": "View your basic profile",
    "offline_access": "Keep access to what you allowed",
}


def page(title: str, content: str, status: int = 200, *, script: str = "") -> web.Response:
    """A whole page in the login pages' dress."""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>' + escape(title) + "</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1"><style>' + _STYLE + "</style></head>"
        f'<body><main><div class="brand">{_MARK}Local sign-in</div>{content}</main>{script}</body></html>'
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
    if script:
        policy += "; script-src 'unsafe-inline'"
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(text=html, status=status, content_type="text/html", headers=headers)


def _hidden(values: Mapping[str, str]) -> str:
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in values.items()
    )


def _account_buttons(people: Iterable[Account], hint: str) -> str:
    ordered = sorted(people, key=lambda person: person.address.lower() != hint.lower())
    buttons = []
    for person in ordered:
        colour = _COLOURS[sum(person.address.encode()) % len(_COLOURS)]
        hinted = " hinted" if person.address.lower() == hint.lower() else ""
        buttons.append(
            f'<button class="account{hinted}" name="account" value="{escape(person.address)}">'
            f'<span class="avatar" style="background:{colour}" aria-hidden="true">{escape(person.initials)}</span>'
            f'<span><span>{escape(person.name)}</span><span class="mail">{escape(person.address)}</span></span>'
            "</button>"
        )
    return "".join(buttons)


def account_picker(
    client_id: str, scope: str, people: Iterable[Account], hint: str, values: Mapping[str, str]
) -> web.Response:
    """The page on which a person picks the account to go on with; `values` is the request it answers."""
    wishes = [_SCOPE_TEXTS.get(name, name) for name in scope.split() if name not in OIDC_SCOPES - {"offline_access"}]
    asked = "".join(f"<li>{escape(wish)}</li>" for wish in wishes)
    content = (
        f"<h1>Pick an account</h1><p>to continue to the application <b>{escape(client_id)}</b>, which asks to:</p>"
        f'<ul>{asked}</ul><form method="post">{_hidden(values)}{_account_buttons(people, hint)}'
        '<div class="foot"><button class="plain" name="cancel" value="1">Cancel</button></div></form>'
        '<p class="note">This is the local stack&rsquo;s own sign-in with demo accounts. No password is asked for and '
        "nothing leaves this machine.</p>"
    )
    return page("Sign in to your account", content)


def device_login(people: Iterable[Account], code: str) -> web.Response:
    """The page on which a person enters the code a device shows."""
    content = (
        "<h1>Enter code</h1><p>Type the code shown on your device, then pick the account to sign it in with.</p>"
        f'<form method="post"><input class="code" name="code" value="{escape(code)}" aria-label="Code" required '
        f'autocomplete="off" autofocus>{_account_buttons(people, "")}'
        '<div class="foot"><button class="plain" name="cancel" value="1">Decline</button></div></form>'
    )
    return page("Sign in to your device", content)


def login_error(error: LoginError) -> web.Response:
    """What a person sees when the application's request itself is wrong."""
    content = f"<h1>Sorry, but we&rsquo;re having trouble signing you in.</h1><p>{escape(str(error))}</p>"
    return page("Sign in to your account", content, error.status)


def notice(title: str, text: str, status: int = 200) -> web.Response:
    return page(title, f"<h1>{escape(title)}</h1><p>{escape(text)}</p>", status)


def form_post(action: str, answer: Mapping[str, str]) -> web.Response:
    """The answer as a form that posts itself (OAuth 2.0 Form Post Response Mode)."""
    content = (
        f'<h1>Working&hellip;</h1><form method="post" action="{escape(action)}">{_hidden(answer)}'
        '<noscript><button class="plain">Continue</button></noscript></form>'
    )
    return page("Working...", content, script="<script>document.forms[0].submit()</script>")
