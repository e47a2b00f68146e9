# ruff: noqa: E501 — an alternative of a pattern reads best whole
"""What a person wrote, without what their program quotes below and above it and without their signature.

There is no rule for quoting (RFC 3676 §4.5 knows the ">" alone), so this goes by what the big programs write.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

_QUOTES = (
    "blockquote, .gmail_quote, .gmail_extra, .yahoo_quoted, .moz-cite-prefix, .protonmail_quote, .tutanota_quote, "
    "#divRplyFwdMsg, #divRplyFwdMsg ~ *, #appendonsend, #appendonsend ~ *, #mail-editor-reference-message-container, "
    ".OutlookMessageHeader, .OutlookMessageHeader ~ *, .gmail_signature, #Signature, .moz-signature, .zmail_extra, "
    "#reply-intro, #reply-intro ~ *"
)
_WROTE = re.compile(
    r"^\s*>?\s*(?:on|am|le|el|il|op|em|den|dne|dnia|w dniu|pe|vào|på|på|em|a|em|tirsdag|mandag|onsdag|torsdag|fredag)\b.{4,300}"
    r"(?:wrote|writes|schrieb|a écrit|escribió|ha scritto|scrisse|schreef|escreveu|skrev|napsal\(?a?\)?|napisał\(?a?\)?|kirjoitti|a scris|đã viết|yazdı)\b(?:.{0,120}[:：])?\s*$"
    r"|^\s*.{0,200}(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|kirjoitti)\s*:\s*$"
    r"|^\s*(?:20\d\d|\d{1,2}[./ ]).{4,200}(?:<[^>]+@[^>]+>|пишет|написал\(?а?\)?|写道|寫道|のメール|님이 작성|:)\s*[:：]\s*$"
    r"|^\s*(?:在|于)\s?20\d\d.{4,200}写道[:：]\s*$",
    re.IGNORECASE,
)
_DIVIDER = re.compile(
    r"^\s*>?\s*(?:[-_*=]{2,}\s*(?:original (?:message|appointment)|forwarded message|ursprüngliche nachricht|original-nachricht|originalnachricht|message d.origine"
    r"|message original|mensaje original|messaggio originale|oorspronkelijk bericht|mensagem original|ursprungligt meddelande|oprindelig meddelelse|opprinnelig melding"
    r"|alkuperäinen viesti|wiadomość oryginalna|исходное сообщение|原始邮件|原始郵件|元のメッセージ|original email)\s*[-_*=]*"
    r"|_{20,}|-{30,})\s*$",
    re.IGNORECASE,
)
_BLOCK = re.compile(
    r"^\s*[*_]*(?:from|von|de|da|van|från|fra|od|от|发件人|差出人|lähettäjä)[*_]*\s*[:：]\s*\S.*$", re.IGNORECASE
)
_BLOCK_NEXT = re.compile(
    r"^\s*[*_]*(?:sent|date|to|subject|gesendet|datum|an|betreff|envoyé|date|à|objet|enviado|fecha|para|asunto|inviato|data|a|oggetto|verzonden|aan|onderwerp"
    r"|enviada|assunto|skickat|till|ämne|sendt|til|emne|wysłano|do|temat|отправлено|кому|тема|发送时间|收件人|主题|送信日時|宛先|件名|reply-to|cc)[*_]*\s*[:：]",
    re.IGNORECASE,
)
_SENT_FROM = re.compile(
    r"^\s*(?:sent from|get outlook for|sent via|sent with|von meinem|gesendet (?:mit|von)|envoyé (?:de|depuis)|enviado (?:desde|do)|inviato da|verstuurd vanaf|verzonden (?:vanaf|met)"
    r"|skickat från|sendt fra|lähetetty|wysłan[eo] z|отправлено (?:с|из)|发自我的|iphoneから|从我的)\b.*$",
    re.IGNORECASE,
)
_GOODBYE = re.compile(
    r"^\s*(?:(?:best|kind|warm(?:est)?|many)\s+(?:regards|wishes|thanks)|regards|thanks?(?: you)?|thx|cheers|sincerely|yours(?: truly| sincerely| faithfully)?|best|"
    r"mit freundlichen grüßen|mit freundlichem gruß|freundliche grüße|viele grüße|lg|mfg|cordialement|bien à vous|saludos(?: cordiales)?|atentamente|un saludo|"
    r"cordiali saluti|distinti saluti|met vriendelijke groet(?:en)?|atenciosamente|obrigad[oa]|med vänlig hälsning|mvh|med venlig hilsen|pozdrawiam|z poważaniem|с уважением)"
    r"\s*[,.!]*\s*$",
    re.IGNORECASE,
)
_OUR_FOOTER = re.compile(
    r"^.*\breply STOP\b.*\bwe will not write to you again\b.*$|^\s*unsubscribe:\s*<?https?://\S+\s*$", re.IGNORECASE
)
_MAX_LINES = 2_000


def own_text(text: str, html: str = "") -> str:
    """What the sender wrote: no quotes, no signature, no "sent from my phone".

    Args:
        text: the plain text.
        html: the HTML, used if there is no plain text.
    """
    body = text if text.strip() else html_text(html)
    lines = body.replace("\r\n", "\n").split("\n")[:_MAX_LINES]
    kept = _without_signature(_without_quotes(lines))
    return "\n".join(line.rstrip() for line in kept).strip()


def html_text(html: str) -> str:
    """What an HTML body says, its quotes left out; the whole of it if nothing else remains."""
    if not html.strip():
        return ""
    return _read(html, without_quotes=True) or _read(html, without_quotes=False)


def _read(html: str, *, without_quotes: bool) -> str:
    spaced = re.sub(r"(?i)(<br\b[^>]*>|</(?:p|div|tr|li|h\d|blockquote)>)", r"\1\n", re.sub(r"\s+", " ", html))
    tree = LexborHTMLParser(spaced)
    for node in tree.css("script, style, head, title" + (f", {_QUOTES}" if without_quotes else "")):
        node.decompose()
    text = tree.body.text(separator="") if tree.body is not None else ""
    return re.sub(r"\n\s*\n+", "\n\n", re.sub(r"[ \t\xa0]+", " ", text)).strip()


def _without_quotes(lines: list[str]) -> list[str]:
    kept: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        if line.lstrip().startswith(">"):
            number += 1
            continue
        end = _header_of_quote(lines, number)
        if end:
            if not _is_marked(lines, end):
                break  # all that follows is quoted, without a mark
            number = end
            continue
        if _DIVIDER.match(line) and any(part.strip() for part in kept):
            break
        if _BLOCK.match(line) and any(_BLOCK_NEXT.match(one) for one in lines[number + 1 : number + 4]):
            break
        if not _OUR_FOOTER.match(line):
            kept.append(line)
        number += 1
    return kept


def _header_of_quote(lines: list[str], number: int) -> int:
    """The line after a "on this day somebody wrote:", which may be broken over three lines; 0 if there is none."""
    for length in (1, 2, 3):
        part = [line.strip() for line in lines[number : number + length]]
        if len(part) == length and all(part) and _WROTE.match(" ".join(part)):
            return number + length
    return 0


def _is_marked(lines: list[str], number: int) -> bool:
    """Whether the quote's lines begin with ">", so that answers may stand between them."""
    following = next((line for line in lines[number:] if line.strip()), "")
    return following.lstrip().startswith(">")


def _without_signature(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        if line.rstrip("\r\n") in {"-- ", "--", "—"} or _SENT_FROM.match(line):
            return lines[:number]
        if _GOODBYE.match(line) and any(one.strip() for one in lines[:number]):
            return lines[:number]
    return lines
