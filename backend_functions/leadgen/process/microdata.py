"""Microdata, RDFa Lite and microformats of a page as things in JSON-LD's shape, so that one reader serves all.

Sources: https://html.spec.whatwg.org/multipage/microdata.html (values of properties: §5.2.4),
https://www.w3.org/TR/rdfa-lite/, https://microformats.org/wiki/hcard and h-card.
"""

from __future__ import annotations

from typing import Any

MAX_ELEMENTS = 1_000
MAX_VALUE = 1_000
MAX_CARDS = 5
_CLIMB = 260

Thing = dict[str, Any]

_CARD_PROPERTIES = {
    "fn": "name", "p-name": "name", "org": "legalName", "p-org": "legalName", "tel": "telephone", "p-tel": "telephone",
    "email": "email", "u-email": "email", "url": "url", "u-url": "url", "street-address": "streetAddress",
    "p-street-address": "streetAddress", "locality": "addressLocality", "p-locality": "addressLocality",
    "region": "addressRegion", "p-region": "addressRegion", "postal-code": "postalCode",
    "p-postal-code": "postalCode", "country-name": "addressCountry", "p-country-name": "addressCountry",
}  # fmt: skip
_ADDRESS_PARTS = frozenset({"streetAddress", "addressLocality", "addressRegion", "postalCode", "addressCountry"})


def read_items(tree: Any, source: str) -> list[Thing]:
    """The things of a parsed page (`LexborHTMLParser`) outside of JSON-LD.

    Args:
        tree: the page.
        source: its HTML, to leave out a notation that does not occur.
    """
    items: list[Thing] = []
    if "itemprop" in source:
        items += _nested(tree, "[itemscope],[itemprop]", "itemscope", "itemtype", "itemprop")
    if "typeof" in source and "property" in source:
        items += _nested(tree, "[typeof],[property]", "typeof", "typeof", "property")
    if "vcard" in source or "h-card" in source:
        items += [card for node in tree.css(".vcard,.h-card")[:MAX_CARDS] if (card := _card(node))]
    return items


def _nested(tree: Any, selector: str, scope: str, kind: str, prop: str) -> list[Thing]:
    """Things of a notation in which elements with a scope hold those with a property. Top ones are returned."""
    things: dict[int, Thing] = {}
    owners: dict[int, Thing | None] = {}
    top: list[Thing] = []
    # An element that two parts of a selector match is given twice.
    nodes = {node.mem_id: node for node in tree.css(selector)[:MAX_ELEMENTS]}
    for node in nodes.values():
        values: dict[str, str | None] = node.attributes
        names = [name.rsplit(":", 1)[-1].rsplit("/", 1)[-1] for name in (values.get(prop) or "").split()][:8]
        owner = _owner(node, things, owners) if things else None
        thing: Thing | None = None
        if scope in values:
            thing = {"@type": (values.get(kind) or "").split()[:5]}
            identifier = values.get("itemid") or values.get("resource")
            if identifier:
                thing["@id"] = identifier[:MAX_VALUE]
            things[node.mem_id] = thing
            if owner is None or not names:
                top.append(thing)
        if owner is not None and names:
            value = thing if thing is not None else _value(node, values)
            for name in names:
                owner.setdefault(name, []).append(value)
    return top


def _owner(node: Any, things: dict[int, Thing], owners: dict[int, Thing | None]) -> Thing | None:
    """The nearest thing around an element. What was climbed once is remembered, so that all climbs cost one walk."""
    path: list[int] = []
    parent = node.parent
    found: Thing | None = None
    for _ in range(_CLIMB):
        if parent is None or not parent.is_element_node:
            break
        identity = parent.mem_id
        if identity in things:
            found = things[identity]
            break
        if identity in owners:
            found = owners[identity]
            break
        path.append(identity)
        parent = parent.parent
    owners.update(dict.fromkeys(path, found))
    return found


_FROM: dict[str, tuple[str, ...]] = {
    "meta": ("content",), "a": ("content", "href"), "area": ("href",), "link": ("href",), "img": ("src",),
    "audio": ("src",), "video": ("src",), "iframe": ("src",), "source": ("src",), "object": ("data",),
    "data": ("value",), "meter": ("value",), "time": ("datetime",),
}  # fmt: skip


def _value(node: Any, values: dict[str, str | None]) -> str:
    for attribute in (*_FROM.get(node.tag, ()), "content"):
        written = values.get(attribute)
        if written and not (attribute == "href" and written.startswith("#")):
            return written[:MAX_VALUE]
    return _text(node)


def _text(node: Any) -> str:
    """Text of an element, read from its first descendants only, so that nested properties stay cheap."""
    pieces: list[str] = []
    stack = [node.child] if node.child is not None else []
    for _ in range(60):
        if not stack:
            break
        current = stack.pop()
        if current.next is not None:
            stack.append(current.next)
        if current.tag == "-text":
            pieces.append((current.text_content or "")[:MAX_VALUE])
        elif current.is_element_node and current.tag not in ("script", "style", "template"):
            pieces.append(" " if current.tag in ("br", "div", "p", "li", "td") else "")
            if current.child is not None:
                stack.append(current.child)
    return " ".join("".join(pieces).split())[:MAX_VALUE]


def _card(node: Any) -> Thing | None:
    card: Thing = {"@type": []}
    address: Thing = {}
    for found in node.css("[class]")[:60]:
        values: dict[str, str | None] = found.attributes
        for name in (values.get("class") or "").split()[:8]:
            prop = _CARD_PROPERTIES.get(name)
            if prop is None:
                continue
            text = _value(found, values) if prop in ("url", "email", "telephone") else _text(found)
            (address if prop in _ADDRESS_PARTS else card).setdefault(prop, []).append(text)
    if address:
        card["address"] = address
    if "name" in card and not {"telephone", "email", "address"} & card.keys():
        return None
    if len(card) == 1:
        return None
    same = card.get("legalName") and card.get("name") == card["legalName"]
    card["@type"] = ["Organization"] if same or "legalName" in card else []
    return card
