"""A small page to look into the mailboxes. Mail is hostile: all of it is escaped, HTML shows in a sandboxed frame."""

from __future__ import annotations

import re
from html import escape
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from local.microsoft.accounts import Account
from local.microsoft.errors import GraphError
from local.microsoft.mailstore import FOLDERS, Message
from local.microsoft.mime import LIST_UNSUBSCRIBE, plain_text, preview, recipients
from local.microsoft.state import state_of

_PAGE_SIZE = 100
_STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --quiet: #64696f; --ground: #f4f6f8; --card: #fff; --line: #dfe3e8;
  --accent: #0f6cbd; --chosen: #e5f0fa; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceef0; --quiet: #9aa2ab; --ground: #16181b; --card: #1f2226;
  --line: #33383e; --accent: #6cb8ff; --chosen: #223447; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: var(--ground); height: 100vh; display: grid;
  grid-template: auto 1fr / 210px minmax(280px, 380px) 1fr;
  font: 14px/1.45 "Segoe UI", system-ui, "Helvetica Neue", "DejaVu Sans", sans-serif; }
header { grid-column: 1 / -1; padding: 10px 18px; background: var(--card); border-bottom: 1px solid var(--line);
  display: flex; gap: 18px; align-items: baseline; }
header b { font-size: 1.05rem; } header span { color: var(--quiet); }
a { color: inherit; text-decoration: none; } a:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
nav, .list { overflow: auto; border-right: 1px solid var(--line); }
nav { padding: 12px 0; }
nav h2 { font-size: .72rem; text-transform: uppercase; letter-spacing: .05em; margin: 12px 16px 4px;
  color: var(--quiet); }
nav a { display: flex; justify-content: space-between; gap: 8px; padding: 5px 16px; }
nav a span { color: var(--quiet); font-variant-numeric: tabular-nums; }
nav div { overflow: hidden; text-overflow: ellipsis; } .chosen { background: var(--chosen); }
.list { background: var(--card); } .list a { display: block; padding: 9px 16px; border-bottom: 1px solid var(--line); }
.list a div { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.row { display: flex; justify-content: space-between; gap: 8px; } .row time { flex: none; }
.quiet, time { color: var(--quiet); font-size: .85rem; } .unread { font-weight: 650; color: var(--accent); }
.empty { padding: 32px 18px; color: var(--quiet); text-align: center; }
article { padding: 20px 26px; overflow: auto; display: flex; flex-direction: column; min-width: 0; }
article h1 { font-size: 1.3rem; margin: 0 0 10px; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 0 0 12px; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
iframe { flex: 1; min-height: 380px; width: 100%; border: 1px solid var(--line); border-radius: 6px; background: #fff; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; padding-top: 12px;
  border-top: 1px solid var(--line); }
details { margin: 0 0 12px; } summary { cursor: pointer; color: var(--accent); } .more a { color: var(--accent); }
@media (max-width: 820px) { body { display: block; height: auto; } nav, .list { border: 0; max-height: 45vh; } }
"""
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def _link(account: Account, folder: str, **more: str) -> str:
    return escape("/_standin/mailbox?" + urlencode({"account": account.address, "folder": folder, **more}))


def _who(people: list[dict[str, Any]]) -> str:
    return ", ".join(f"{name} <{mail}>" if name and name != mail else mail for name, mail in recipients(people))


def _when(stamp: str) -> str:
    return stamp.replace("T", " ").removesuffix("Z")[:16]


def _navigation(request: web.Request, account: Account, folder: str) -> str:
    parts = ["<h2>Accounts</h2>"]
    state = state_of(request)
    for person in state.directory.accounts:
        chosen = ' class="chosen"' if person == account else ""
        sent = len(state.mail.deliveries.since(person.address, 0))
        title = f"{sent} delivered"
        link = _link(person, "sentitems")
        parts.append(
            f'<a href="{link}"{chosen} title="{title}"><div>{escape(person.name)}</div><span>{sent or ""}</span></a>'
        )
    parts.append("<h2>Folders</h2>")
    for name, label in FOLDERS.items():
        total, _ = state.mail.counts(account.address, name)
        chosen = ' class="chosen"' if name == folder else ""
        parts.append(f'<a href="{_link(account, name)}"{chosen}><div>{label}</div><span>{total or ""}</span></a>')
    return "<nav>" + "".join(parts) + "</nav>"


def _list(messages: list[Message], account: Account, folder: str, shown: str, page: int) -> str:
    rows = []
    for message in messages[page * _PAGE_SIZE : (page + 1) * _PAGE_SIZE]:
        content = message.content
        outgoing = folder in {"sentitems", "drafts", "outbox"}
        people = _who(content.get("toRecipients", [])) if outgoing else _who([content["from"]])
        chosen = ' class="chosen"' if message.immutable_id == shown else ""
        unread = "" if content.get("isRead") else ' class="unread"'
        text = preview(content.get("body") or {})[:90]
        rows.append(
            f'<a href="{_link(account, folder, message=message.immutable_id, page=str(page))}"{chosen}>'
            f'<div class="row"><div>{escape(people) or "(nobody)"}</div>'
            f"<time>{escape(_when(content['receivedDateTime']))}</time></div>"
            f"<div{unread}>{escape(content.get('subject') or '(no subject)')}</div>"
            f'<div class="quiet">{escape(text)}</div></a>'
        )
    if (page + 1) * _PAGE_SIZE < len(messages):
        rows.append(
            f'<div class="more"><a href="{_link(account, folder, page=str(page + 1))}">Older messages</a></div>'
        )
    return '<section class="list">' + ("".join(rows) or '<div class="empty">Nothing here.</div>') + "</section>"


def _open(message: Message | None, account: Account) -> str:
    if message is None:
        return '<article><div class="empty">Pick a message to read it.</div></article>'
    content = message.content
    facts = [("From", _who([content["from"]])), ("To", _who(content.get("toRecipients", [])))]
    facts += [("Cc", _who(content.get("ccRecipients", []))), ("Bcc", _who(content.get("bccRecipients", [])))]
    facts += [("Reply-To", _who(content.get("replyTo", []))), ("Date", _when(content["sentDateTime"]) + " UTC")]
    more = [("Message-ID", content["internetMessageId"]), ("Immutable id", message.immutable_id)]
    more += [(str(h["name"]), str(h["value"])) for h in content.get("internetMessageHeaders", [])]
    for prop in content.get("singleValueExtendedProperties", []):
        more.append(
            ("List-Unsubscribe" if prop["id"].lower() == LIST_UNSUBSCRIBE.lower() else prop["id"], prop["value"])
        )
    body = content.get("body") or {"contentType": "text", "content": ""}
    shown = (
        # Without allow-* words the frame runs no script, loads as a foreign origin and cannot leave.
        f'<iframe sandbox="" title="Message" srcdoc="{escape(body["content"])}"></iframe>'
        if body["contentType"] == "html"
        else f"<pre>{escape(plain_text(body))}</pre>"
    )
    source = "/_standin/mailbox/source?" + urlencode({"account": account.address, "message": message.immutable_id})
    draft = ' <span class="quiet">(draft)</span>' if content["isDraft"] else ""
    return (
        f"<article><h1>{escape(content.get('subject') or '(no subject)')}{draft}</h1>{_facts(facts)}"
        f'<details><summary>Headers and properties</summary>{_facts(more)}<a href="{escape(source)}">Source (.eml)</a>'
        f"</details>{shown}</article>"
    )


def _facts(facts: list[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts if v) + "</dl>"


def _account(request: web.Request) -> Account:
    directory = state_of(request).directory
    account = directory.find(request.query.get("account") or directory.accounts[0].address)
    if account is None:
        raise web.HTTPNotFound(text="There is no such account.")
    return account


def _message(request: web.Request, account: Account) -> Message | None:
    wanted = request.query.get("message", "")
    try:
        return state_of(request).mail.find(account.address, wanted) if wanted else None
    except GraphError:
        return None


async def mailbox(request: web.Request) -> web.Response:
    """GET /_standin/mailbox?account=&folder=&message="""
    account, folder = _account(request), request.query.get("folder", "sentitems")
    if folder not in FOLDERS:
        raise web.HTTPNotFound(text="There is no such folder.")
    page = int(request.query["page"]) if re.fullmatch(r"\d{1,6}", request.query.get("page", "")) else 0
    messages = sorted(state_of(request).mail.messages(account.address, folder), key=lambda message: -message.number)
    message = _message(request, account)
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mailbox of '
        f"{escape(account.name)}</title><meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<style>{_STYLE}</style></head><body><header><b>Local mailboxes</b><span>{escape(account.name)} &middot; "
        f"{escape(account.address)} &middot; {escape(FOLDERS[folder])}</span></header>"
        f"{_navigation(request, account, folder)}"
        f"{_list(messages, account, folder, message.immutable_id if message else '', page)}{_open(message, account)}"
        "</body></html>"
    )
    text = html.encode("utf-8", "replace").decode("utf-8")
    return web.Response(text=text, content_type="text/html", headers=_HEADERS)


async def source(request: web.Request) -> web.Response:
    """GET /_standin/mailbox/source?account=&message=: the mail itself, to download."""
    message = _message(request, _account(request))
    if message is None:
        raise web.HTTPNotFound(text="There is no such message.")
    headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="message-{message.number}.eml"'}
    body = state_of(request).mail.mime(message)
    return web.Response(body=body, content_type="message/rfc822", headers=headers)


def add_routes(app: web.Application) -> None:
    """Put the viewer's addresses into an application."""
    app.router.add_get("/_standin/mailbox", mailbox)
    app.router.add_get("/_standin/mailbox/source", source)
