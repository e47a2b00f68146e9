"""Which language a text is in, guessed from its script and its commonest words; silent when it is not sure."""

from __future__ import annotations

import re

MAX_READ = 4_000
_LEAST_SCORE = 3.0
_LEAST_LEAD = 1.3

# Words that occur in most sentences of a language, and words of classified advertisements.
_WORDS = {
    "en": """
        the and you your for with our are we to of in is it call this that have will can any all no from or on
        at free us my do not be as by work services service best today more house home years year please text
        need new now repair cleaning quality licensed insured estimates estimate affordable professional
        business
    """,
    "es": """
        el la los las de que y en para con por su una un se es al del nuestro nuestra llame somos más todo sin
        no lo gratis servicio servicios trabajo trabajos limpieza casa años precio precios llámenos hacemos
        ofrecemos usted reparación presupuesto experiencia calidad estimados también hoy
    """,
    "fr": """
        le la les des et vous nous pour avec dans est une un sur votre notre pas plus qui sont au aux par ou du
        de en ce je tous devis gratuit travaux service services appelez maison ans prix nos vos
    """,
    "pt": """
        os as que para com uma um não por mais seu sua nós você do da em são ligue seus todos sem nosso nossa de
        e o a no na grátis orçamento serviço serviços trabalho limpeza casa anos fazemos preço atendimento
    """,
    "de": """
        der die das und sie wir für mit ist ein eine nicht auf von zu den im ihr ihre unser rufen auch oder bei
        in am des dem aus haben zum zur über kostenlos angebot preise reinigung haus jahre jetzt arbeiten
    """,
    "it": """
        il lo gli che per con una un non sono della del di nostro nostra chiamate più tutti anche dei alla
        vostro la le e in si è da al nel servizio servizi lavori casa anni gratuito preventivo offriamo
    """,
    "nl": """
        de het een en van voor met wij uw ons is op te niet zijn bij ook naar onze bel gratis om aan werk huis
        jaar wij als dan kunt u offerte
    """,
    "pl": """
        i w na z do nie się jest oraz dla od po za usługi nasze są to że o jak tel firma dom zadzwoń cena
        oferujemy wykonujemy
    """,
    "tr": """
        ve bir için ile bu da de çok en her olarak hizmet bizi arayın ev iş ücretsiz fiyat var tüm
    """,
    "id": """
        dan yang di untuk dengan kami anda dari ini jasa hubungi rumah atau bisa harga murah
    """,
    "tl": """
        ang ng mga sa na at ay po kami para namin kayo tawag ninyo bahay
    """,
    "ht": """
        nou ou pou ak nan yo ki se travay kay rele fè bon tout
    """,
}
# Letters that belong to one of these languages alone.
_LETTERS = {
    "es": "ñ¿¡", "de": "ßäöü", "pt": "ãõ", "vi": "ơưđăạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
    "pl": "łąęśźżćń", "tr": "ğış", "fr": "œèêëùç",
}  # fmt: skip
_LETTER_WEIGHT = {"vi": 1.5, "de": 0.7, "tr": 0.7, "fr": 0.6, "pt": 1.2, "es": 1.2, "pl": 0.9}
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ar", re.compile(r"[\u0620-\u064a]")),
    ("fa", re.compile(r"[\u067e\u0686\u0698\u06af]")),
    ("he", re.compile(r"[\u05d0-\u05ea]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("hy", re.compile(r"[\u0530-\u058f]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
)
_UKRAINIAN = re.compile(r"[іїєґ]")
_WORD = re.compile(r"[^\W\d_]+")
_BY_WORD: dict[str, list[str]] = {}
for _language, _words in _WORDS.items():
    for _word in set(_words.split()):
        _BY_WORD.setdefault(_word, []).append(_language)
_BY_LETTER = {letter: language for language, letters in _LETTERS.items() for letter in letters}
_ODD_LETTER = re.compile("[" + "".join(_BY_LETTER) + "]")


def guess_language(text: str) -> str:
    """The ISO 639-1 code of a text's language, or "" when there is too little to tell.

    A script of one language decides where most letters are in it; elsewhere common words count, a word shared by
    several languages less, and letters that only one of them has.
    """
    text = text[:MAX_READ].lower()
    words = _WORD.findall(text)
    letters = sum(map(len, words))
    if letters < 4:
        return ""
    return _by_script(text, letters) or _by_words(words, text)


def _by_script(text: str, letters: int) -> str:
    if text.isascii():
        return ""
    counts = {language: len(pattern.findall(text)) for language, pattern in _SCRIPTS}
    if counts["ja"] and counts["ja"] + counts["zh"] > letters * 0.4:
        return "ja" if counts["ja"] > counts["zh"] * 0.1 else "zh"
    if counts["fa"] > 1 and counts["ar"] > letters * 0.4:
        return "fa"
    best = max(counts, key=lambda language: counts[language])
    # One sign of Chinese or Korean says as much as a word of letters.
    if counts[best] * (3 if best in ("zh", "ko") else 1) < letters * 0.5:
        return ""
    if best == "ru":
        return "uk" if len(_UKRAINIAN.findall(text)) > counts["ru"] * 0.02 else "ru"
    return best


def _by_words(words: list[str], text: str) -> str:
    scores = dict.fromkeys((*_WORDS, "vi"), 0.0)
    for word in words:
        languages = _BY_WORD.get(word, ())
        for language in languages:
            scores[language] += 1 / len(languages) ** 0.5
    if not text.isascii():
        for letter in _ODD_LETTER.findall(text):
            language = _BY_LETTER[letter]
            scores[language] += _LETTER_WEIGHT[language]
    ranked = sorted(scores.items(), key=lambda entry: -entry[1])
    (best, most), (_, second) = ranked[0], ranked[1]
    enough = max(_LEAST_SCORE, min(len(words) * 0.06, 12.0))
    return best if most >= enough and most >= second * _LEAST_LEAD else ""
