# ruff: noqa: E501 — an alternative of a pattern reads best whole
"""Whether a person asks not to be written to.

A wish that is clear is obeyed, in whatever words; a word that means something else in its sentence ("stop by", "one-stop
shop") is not one. Where both readings are possible the wish is assumed: not writing to somebody who would have liked it
costs a customer, writing to somebody who asked us not to breaks the law (15 U.S.C. §7704(a)(4)).
"""

from __future__ import annotations

import re
import unicodedata

_WORDS = frozenset(
    (
        # English
        *("stop", "stop it", "stop please", "please stop", "stop now", "stop emails", "stop mail", "stop mails", "stop email", "stop all", "stop stop"),
        *("stop stop stop", "stopall", "stop all emails", "just stop", "stop this", "stop sending", "stop emailing", "end", "quit", "cancel", "optout", "opt out", "opting out"),
        *("i opt out", "opt me out", "please opt me out", "unsubscribe", "unsubscribe me", "please unsubscribe", "unsubscribe please", "unsub", "unsubscribed", "unsuscribe", "unsubcribe", "unsubscibe"),
        *("remove", "remove me", "please remove", "please remove me", "remove please", "remove email", "remove my email", "take me off", "no more", "no more emails", "no more email", "no emails", "no emails please"),
        *("leave me alone", "go away", "delete me", "delete my data", "do not contact", "do not email", "do not mail", "do not contact me", "do not email me", "no spam", "spam", "this is spam", "stop spam", "stop spamming", "off"),
        # German
        *("stopp", "abmelden", "bitte abmelden", "abbestellen", "bitte abbestellen", "austragen", "bitte austragen", "abmeldung", "kündigen", "keine mails mehr", "keine e mails mehr", "keine werbung", "keine werbung mehr", "bitte löschen", "löschen", "bitte keine weiteren mails", "bitte keine mails mehr"),
        # French, Spanish, Italian, Portuguese, Dutch
        *("arrêt", "arret", "arrêtez", "arretez", "stop svp", "désabonner", "desabonner", "désinscrire", "désinscription", "désabonnement", "me désinscrire", "me désabonner", "désabonnez moi", "plus de mails", "plus d emails"),
        *("baja", "alto", "parar", "pare", "dar de baja", "darme de baja", "darse de baja", "date de baja", "cancelar", "cancelar suscripción", "cancelar suscripcion", "no más correos", "no mas correos", "no más emails", "eliminar", "desuscribir", "desuscribirme", "quitarme de la lista"),
        *("cancellami", "cancellatemi", "disiscrivi", "disiscrivimi", "disiscrivetemi", "rimuovi", "rimuovimi", "rimuovetemi", "basta", "cancellazione", "disiscrizione", "annulla iscrizione", "no grazie stop"),
        *("descadastrar", "cancelar inscrição", "remover", "sair", "me remova", "remova me", "descadastre", "não quero receber", "cancelar assinatura"),
        *("afmelden", "uitschrijven", "stoppen", "stop ermee", "uitschrijven aub", "graag uitschrijven", "afmelden aub", "graag afmelden", "schrijf me uit", "geen mails meer", "geen e mails meer"),
        # Nordic, Polish, Czech, Russian, Ukrainian, Turkish, Romanian, Hungarian
        *("avregistrera", "avsluta", "sluta", "avprenumerera", "avanmäl", "stoppa", "afmeld", "frameld", "afmeld mig", "avmeld", "meld meg av", "lopeta", "peruuta", "poista", "poista minut listalta"),
        *("wypisz", "wypisz mnie", "rezygnuję", "proszę mnie wypisać", "usuń", "usuńcie mnie", "odhlásit", "odhlaste mě", "zrušit", "отписаться", "отпишите меня", "отписка", "стоп", "удалите меня", "не пишите мне", "відписатися", "iptal", "listeden çık", "aboneliği iptal et", "dezabonare", "leiratkozás"),
        # Chinese, Japanese, Korean, Arabic, Hebrew, Vietnamese
        *("退订", "取消订阅", "退訂", "取消訂閱", "td", "请停止", "不要再发", "配信停止", "配信停止してください", "停止", "解除", "登録解除", "수신거부", "수신 거부", "중지", "구독취소", "إلغاء الاشتراك", "توقف", "הסר", "הסירו אותי", "hủy đăng ký", "dừng lại"),
    )
)  # fmt: skip

_ME = r"(?:me|us|my|our|mine|this (?:e-?mail|address)|i|here|any(?: ?one| of us)?)"
_LISTS = r"(?:list|lists|database|mailing|mailings|mailer|records|system|crm|campaign|distribution|contacts?|newsletter|rotation|sequence|mails?|e-?mails?)"
_CLEAR = re.compile(
    r"\b(?:remove|take|delete|drop|strike|scrub|get|pull|erase) (?:\w+ ){0,3}?(?:me|us|my|our|mine|this|the above|[\w.+-]+@[\w.-]+)\b[^.!?\n]{0,60}?\b(?:off|from|of|out of|permanently)\b[^.!?\n]{0,40}?\b" + _LISTS + r"\b"
    r"|\b(?:remove|delete|erase|purge) (?:all )?(?:my|our) (?:e-?mails?(?: address(?:es)?)?|name|address|information|info|data|details|contact(?: (?:info|details|information))?|record|personal data)\b"
    r"|\btake (?:me|us|my \w+) off\b|^(?:please |kindly |pls )?remove (?:me|us)\b(?! \w+ the (?:old|ad))"
    r"|\bplease (?:immediately )?(?:remove|delete) (?:me|us|my|this (?:e-?mail|address))\b"
    r"|\bunsubscri(?:be|bing) (?:me|us|my|from(?! (?:our|my|their|his|her)\b)|this|immediately|now|please|asap)\b|\b(?:please|pls|kindly|want(?:ed)? to|like to|wish to|need to|trying to|tried to|have to|can you|could you) (?:\w+ )?(?:unsubscribe|unsub|opt[- ]?out)\b(?! (?:from )?(?:my|our|their|his|her|customers?|clients?|links?|users?|subscribers?|pages?|buttons?))"
    r"|\bopt (?:me|us|my \w+) out\b|\bi(?:'d like| would like|'m| am| want| wish)? (?:to )?opt(?:ing)?[- ]?out\b|\bopting out\b"
    r"|\bstop (?:\w+ ){0,2}?(?:e-?mailing|mailing|contacting|messaging|spamming|writing|bothering|harassing|soliciting|texting|pestering|bugging|calling|reaching out)\b(?! (?:my|our|their|his|her) (?:customers|clients|competitors))"
    r"|\bstop (?:\w+ ){0,2}?sending\b(?! (?:invoices|leads to))|\bstop (?:with )?(?:all )?(?:the|these|your|those|this|any|further|future)? ?(?:unwanted |unsolicited |spam |junk |cold |annoying )?(?:e-?mails?|messages|mailings?|spam|communications?|correspondence|solicitations?)\b"
    r"|\bquit (?:e-?mailing|sending|contacting|spamming|bothering)\b|\bcease (?:and desist|all|any|contact|sending|e-?mailing|contacting|further)\b|\bdiscontinue (?:\w+ )?(?:e-?mails?|contact|sending|mailings?|correspondence)\b"
    r"|\b(?:do not|don'?t|dont|never|please no) (?:ever |you ever |please )?(?:e-?mail|mail|contact|write|message|spam|solicit|bother|reach out|send|text)(?: to)? (?:me|us|this|here|any ?more|again|any(?: (?:more|further|other))?)\b(?! (?:by|via|over|at|on|through|before|until|till|after|with|the (?:quote|invoice|link|price)|a |your|details|for (?:another|a few)))"
    r"|\b(?:do not|don'?t|dont) (?:wish|want|like|care|need) (?:to )?(?:receive|get|be (?:contacted|e-?mailed|mailed|solicited|on)|hear from|have) (?:\w+ ){0,2}?(?:you|your|e-?mails?|mails?|messages|these|this|any|further|future|again|spam|this list|contacted|communications?)"
    r"|\bno (?:further|more|additional|future) (?:e-?mails?|mails?|contact|messages|communications?|correspondence|spam|solicitations?|follow[- ]?ups?)\b|\bno longer (?:wish|want) to (?:receive|be|hear|get)\b"
    r"|\b(?:never|not) (?:contact|e-?mail|write|message) (?:me|us|to me|to us) (?:again|any ?more|ever)\b|\bleave (?:me|us) alone\b|\blose (?:my|our|this) (?:e-?mail|number|address|contact)\b|\b(?:fuck|piss|bugger) off\b|\bf\*+k off\b|\bget lost\b"
    r"|\b(?:report(?:ing|ed)?|mark(?:ing|ed)?|flag(?:ging|ged)?) (?:\w+ ){0,4}?(?:as )?spam\b|\bthis is (?:unsolicited|spam)\b|\b(?:unsolicited|unwanted) (?:commercial )?(?:e-?mails?|spam)\b|\bwithdraw (?:my|any|all) consent\b|\bright to (?:erasure|be forgotten|object)\b|\bdo[- ]not[- ]contact list\b|\bnot (?:to )?(?:be )?(?:contacted|e-?mailed) (?:again|any ?more|further)\b"
    # German
    r"|\b(?:keine|keinerlei) (?:weiteren? |weitere |solchen? |solche |mehr )?(?:e-?mails?|mails?|nachrichten|werbung|werbemails?|newsletter|zuschriften|kontaktaufnahme)\b(?! (?:bekommen|erhalten|angekommen|gesehen))(?=.{0,40}(?:mehr|senden|schicken|erhalten|wünsch|[.!]|$))"
    r"|\b(?:nehmen|streichen|löschen|entfernen|tragen|melden) sie (?:mich|uns|meine|unsere|diese)\b|\b(?:bitte )?(?:nimm|streich|lösch|entfern|trag|meld)e? (?:mich|uns|meine)\b|\bmich (?:bitte )?(?:aus|von) (?:ihrem|ihrer|dem|der|eurem|eurer)\b|\baus (?:ihrem|ihrer|dem|der|eurem|eurer) (?:verteiler|liste|datenbank|mailingliste)\b|\b(?:vom|von ihrem|newsletter) (?:newsletter |verteiler )?(?:abmelden|abbestellen)\b|\bmöchte (?:mich )?(?:\w+ ){0,4}?(?:abmelden|austragen|abbestellen)\b|\b(?:schreiben|kontaktieren|mailen|belästigen) sie (?:mich|mir|uns) (?:bitte )?(?:nicht|nie)(?: mehr| wieder)?\b|\bwiderspreche (?:ich )?(?:der|hiermit|einer)\b"
    # French
    r"|\b(?:désinscri\w+|désabonn\w+|desabonn\w+|desinscri\w+)[- ](?:moi|nous|mon|immédiatement|de)\b|\b(?:me|nous) (?:désinscrire|désabonner|retirer|supprimer|rayer|enlever)\b|\b(?:retirez|supprimez|enlevez|rayez|effacez)[- ](?:moi|nous|mon|mes|notre)\b|\bne (?:plus|pas) (?:m.|me|nous) ?(?:écrire|contacter|envoyer|recevoir|solliciter)\b|\bne (?:m.|me|nous) ?(?:\w+ )?(?:écrivez|contactez|envoyez|sollicitez) plus\b|\bne (?:souhaite|veux|désire|souhaitons) (?:plus|pas) (?:recevoir|être)\b|\b(?:arrêtez|cessez) (?:de|d.|vos|les|ces)\b|\bplus (?:aucun|de) (?:e-?mail|mail|message|courriel)s?\b"
    # Spanish, Portuguese, Italian, Dutch
    r"|\b(?:darme|denme|dame|dar|dénme|deme) de baja\b|\b(?:elimin|quit|borr|sac|remuev|retir)(?:en|e|ar|a|arme|enme|eme|ame)(?:me)? (?:de|mi|mis|nuestr\w+)\b|\b(?:elim[ií]n|qu[ií]t|b[oó]rr|s[aá]qu)(?:en|e)(?:me|nos)\b|\bno (?:me|nos) (?:\w+ )?(?:escrib\w+|env[ií]\w+|contact\w+|mand\w+)(?: m[aá]s| de nuevo)?\b|\bno (?:quiero|deseo|queremos|deseamos) (?:recibir|que me|m[aá]s|seguir)\b|\b(?:dejen?|pare|paren|deja) de (?:enviar\w*|escribir\w*|mandar\w*|contactar\w*|molestar\w*)\b"
    r"|\b(?:remova|retire|exclua|tire|descadastre|apague)(?:m)?(?:-me| me| meu| o meu| nosso)\b|\bnão (?:quero|desejo|queremos|gostaria de) (?:mais )?(?:receber|ser|que)\b|\b(?:pare|parem) de (?:enviar|mandar|me|escrever)\b|\bnão (?:me )?(?:envie|mande|escreva|contate)m?(?: mais)?\b|\bcancelar (?:minha|a minha) (?:inscrição|assinatura)\b"
    r"|\b(?:cancella|rimuov|elimin|toglie|disiscriv|togl)\w*(?:mi|temi|eteci|ci)\b|\b(?:rimuovere|cancellare|eliminare|togliere) (?:il mio|la mia|i miei|il nostro|mio)\b|\bnon (?:voglio|desidero|vogliamo|desideriamo|intendo) (?:più )?(?:ricevere|essere)\b|\bnon (?:scrivete|contattate|inviate|mandate|scriver|contattar|inviar|mandar)\w*(?: più)?\b|\bsmett\w+ (?:di|con)\b"
    r"|\b(?:schrijf|verwijder|haal|meld) (?:\w+ )?(?:mij|me|ons|mijn|onze)\b[^.\n]{0,30}\b(?:uit|af|van|lijst|adres|gegevens|e-?mail\w*|bestand)\b|\bgeen (?:\w+ )?(?:e-?mails?|mails?|berichten|reclame|nieuwsbrief) meer\b|\bniet (?:meer|langer) (?:te )?(?:mailen|benader\w+|ontvangen|contact\w*|schrijven|toezenden|sturen)\b|\bstop met (?:mailen|sturen|het|deze|die|e-?mails?)\b|\b(?:uitschrijven|afmelden) (?:van|voor|uit|aub|a\.u\.b|graag)\b"
    # Nordic, Polish, Russian
    r"|\bta bort (?:mig|oss|min|mina|vår)\b|\b(?:skicka|maila|kontakta) (?:\w+ )?(?:inte|aldrig)\b|\b(?:inte|inga) (?:\w+ )?(?:fler|mer|längre) (?:mail|mejl|e-?post|utskick)\b|\bavregistrera (?:mig|oss)\b|\bvill inte (?:ha|få|längre)\b|\b(?:fjern|slet|afmeld|slett|meld) (?:mig|meg|os|oss|min)\b|\b(?:ikke|ingen) (?:flere|mere|mer) (?:mails?|e-?post|beskeder|henvendelser)\b|\bpoistakaa (?:minut|meidät|sähköposti\w*)\b|\bälkää (?:lähettäkö|ottako)\b|\ben halua (?:enää )?(?:saada|vastaanottaa)\b"
    r"|\b(?:proszę )?(?:wypis\w+|usun\w+|wykreśl\w+|usuń\w*) (?:mnie|nas|mój|mojego|moje)\b|\bnie (?:życzę|chcę|chcemy) (?:sobie )?(?:\w+ )?(?:otrzymywać|dostawać|maili|wiadomości|kontaktu)\b|\bproszę (?:o )?(?:nie|usunięcie|wypisanie|zaprzestanie)\b(?! (?:wahać|zapomnieć))"
    r"|(?:отпишите|удалите|исключите|уберите) (?:меня|нас|мой|мою)|не (?:пишите|присылайте|отправляйте|беспокойте|шлите)|не (?:хочу|желаю|хотим) (?:больше )?(?:получать|писем|видеть)|прекратите"
    r"|不要再(?:给我)?(?:发|发送|联系)|请(?:把我|将我)?.{0,8}(?:移除|删除|退订|取消)|別再(?:寄|發)|(?:配信|メール|送信)(?:を|の)?(?:停止|解除|やめ)|送らないで|送信しないで|수신을? ?거부|보내지 ?마",
    re.IGNORECASE,
)  # fmt: skip
_NOT_MEANT = re.compile(
    r"\b(?:one|non|bus|truck|full|pit|rest|door|never|back)[- ]stop\b|\bstop (?:by|in|at|over|off|on|light|sign|watch|loss|gap|motion|valve)\b"
    r"|\bunsubscribe (?:links?|buttons?|rates?|pages?|headers?|forms?|options?|flow|process)\b",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|hallo|guten (?:tag|morgen)|sehr geehrte\w*|bonjour|salut|hola|buenos días|ciao|buongiorno|salve|beste|geachte|olá|hej|cześć|dzień dobry|здравствуйте|to whom it may concern|sir|madam)\b[^\n]{0,40}$",
    re.IGNORECASE,
)
_SHORT = 12


def asks_to_stop(text: str) -> bool:
    """Whether somebody asks not to be written to.

    Args:
        text: what they wrote themselves, without quotes and signature.
    """
    lines = [line.strip() for line in unicodedata.normalize("NFKC", text).replace("’", "'").split("\n") if line.strip()]
    while lines and _GREETING.match(lines[0].rstrip(",.!;: ")) and len(lines) > 1:
        lines = lines[1:]
    if not lines:
        return False
    if any(_bare(line) in _WORDS for line in lines[:3]) or _bare(" ".join(lines)) in _WORDS:
        return True
    flowing = _NOT_MEANT.sub(" ", " ".join(lines))
    if any(_bare(sentence) in _WORDS - _WEAK for sentence in re.split(r"[.!?;]+|\s[-–—]\s", flowing)):
        return True
    if _CLEAR.search(flowing):
        return True
    words = _bare(flowing).split()
    return len(words) <= _SHORT and bool(_LOUD & set(words)) and "?" not in flowing


def subject_asks_to_stop(subject: str) -> bool:
    """Whether a subject is nothing but such a wish, as that of a mail from a List-Unsubscribe link."""
    return _bare(re.sub(r"(?i)^\s*(?:(?:re|aw|fwd?|sv|antw)\s*:\s*)+", "", subject)) in _WORDS - _WEAK


_WEAK = frozenset({"end", "cancel", "quit", "off", "alto", "basta", "parar", "sair", "spam", "remove", "go away", "no more", "td", "cancelar", "eliminar", "stop it", "remover", "解除", "停止", "zrušit", "iptal"})  # fmt: skip
"""Words that are a wish only where they stand alone on their line."""
_LOUD = frozenset({"unsubscribe", "unsubscribing", "unsub", "optout", "abmelden", "austragen", "désinscrire", "désabonner", "disiscrivermi", "uitschrijven", "afmelden", "отписаться"})  # fmt: skip
"""Words that in a sentence of a few words mean nothing else."""


def _bare(text: str) -> str:
    """Lower case, words alone."""
    return " ".join(re.sub(r"[^\w]+|_", " ", text.lower()).split())
