"""Pages become text whatever they are written in, the way browsers do it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadgen.harvest.charsets import decode, decode_text, usable_charset


@pytest.mark.parametrize(
    ("content", "content_type", "text"),
    [
        ("naïve €".encode(), "text/html", "naïve €"),
        ("naïve €".encode("cp1252"), "text/html", "naïve €"),
        ("naïve €".encode("cp1252"), "text/html; charset=ISO-8859-1", "naïve €"),
        ("Привет".encode("koi8-r"), 'text/html; charset="koi8-r"', "Привет"),
        ('<meta charset="shift_jis">日本'.encode("shift_jis"), "text/html", '<meta charset="shift_jis">日本'),
        ("\ufeffé".encode(), "text/html; charset=koi8-r", "é"),
        ("é".encode(), "text/html; charset=no-such-thing", "é"),
        (b"+ADw-script+AD4-", "text/html; charset=utf-7", "+ADw-script+AD4-"),
        (b"abc", "text/html; charset=base64", "abc"),
        (b"a\x00b", "text/html", "ab"),
        (b"\xff\xfe\xe9\x00", "text/html", "é"),
        ("é".encode("cp1252"), "text/html; charset=utf-8", "�"),
    ],
)
def test_text_is_decoded_as_browsers_do(content: bytes, content_type: str, text: str) -> None:
    assert decode_text(content, content_type) == text


@settings(derandomize=True)
@given(st.binary(max_size=200), st.text(max_size=40))
def test_no_bytes_and_no_header_make_decoding_fail(content: bytes, content_type: str) -> None:
    assert "\x00" not in decode_text(b"<meta charset=" + content, content_type)
    decode_text(content, f"text/html; charset={content_type}")


@pytest.mark.parametrize(
    ("content", "content_type", "charset", "text"),
    [
        ("Привет".encode("cp1251"), "text/html; charset=utf-8", "windows-1251", "Привет"),
        ("Привет".encode("cp1251"), "text/html; charset=utf-8", "x-cp1251", "Привет"),
        (b"<meta charset=koi8-r>" + "Привет".encode("cp1251"), "text/html", "cp1251", "<meta charset=koi8-r>Привет"),
        ("\ufeffПривет".encode(), "text/html", "cp1251", "Привет"),
        ("Привет".encode(), "text/html; charset=utf-8", "no-such-charset", "Привет"),
    ],
)
def test_a_charset_that_is_given_overrules_the_page(content: bytes, content_type: str, charset: str, text: str) -> None:
    assert decode_text(content, content_type, charset) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gb2312", "镕€"),  # GBK and GB 18030 hold what the name does not
        ("shift_jis", "①㈱"),
        ("x-sjis", "①㈱"),
        ("ks_c_5601-1987", "똠방각하"),
        ("euc-kr", "똠방각하"),
        ("iso-8859-9", "ığ€"),
        ("latin1", "“quoted” €"),
        ("us-ascii", "“quoted” €"),
        ("tis-620", "ไทย"),
        ("big5", "香港"),
        ("iso-8859-8-i", "שלום"),
    ],
)
def test_a_charset_is_what_pages_mean_by_its_name(name: str, text: str) -> None:
    codec = usable_charset(name)
    assert decode_text(text.encode(codec), f"text/html; charset={name}") == text


def test_a_declaration_in_a_comment_is_none() -> None:
    page = b"<!-- <meta charset=koi8-r> --><meta charset=windows-1251>" + "Привет".encode("cp1251")
    assert "Привет" in decode_text(page, "text/html")


def test_a_page_that_claims_in_ascii_to_be_utf_16_is_utf_8() -> None:
    assert "é" in decode_text("<meta charset=utf-16>é".encode(), "text/html")


def test_an_xml_declaration_counts() -> None:
    feed = "<?xml version='1.0' encoding='windows-1251'?><rss>Привет</rss>"
    assert decode_text(feed.encode("cp1251"), "application/rss+xml") == feed


def test_a_compressed_file_has_no_text() -> None:
    assert decode_text(b"\x1f\x8b\x08\x00garbage", "application/gzip") == ""


SAMPLES = {
    "ru": "Предлагаем услуги сантехника и электрика в вашем районе. Звоните в любое время, выезд бесплатно!",
    "uk": "Пропонуємо послуги з ремонту квартир. Їздимо по всьому місту, ціни помірні, є гарантія.",
    "el": "Αναλαμβάνουμε ανακαινίσεις και επισκευές σε όλη την πόλη, με εγγύηση και χαμηλές τιμές.",
    "he": "שיפוצים ועבודות אינסטלציה בכל האזור, מחירים נוחים ושירות מהיר לכל לקוח.",
    "ar": "نقدم خدمات التنظيف والصيانة في جميع أنحاء المدينة بأسعار مناسبة وضمان كامل.",
    "th": "รับเหมาก่อสร้างและซ่อมบ้านทุกชนิด งานดี ราคาถูก โทรหาเราได้ทุกวัน",
    "ja": "水まわりの修理やリフォームを承ります。お見積もりは無料ですので、お気軽にお電話ください。",
    "ko": "집수리와 청소를 전문으로 합니다. 견적은 무료이니 언제든지 전화 주십시오.",
    "zh": "我们提供家庭清洁和水管维修服务，在本地有十年经验，价格合理，欢迎来电，这是我们的电话。",
    "tw": "我們提供家庭清潔和水管維修服務，在本地有十年經驗，價格合理，歡迎來電，這是我們的電話。",
}


@pytest.mark.parametrize(
    ("language", "charset"),
    [
        ("ru", "cp1251"),
        ("ru", "koi8-r"),
        ("ru", "cp866"),
        ("ru", "iso8859-5"),
        ("uk", "cp1251"),
        ("el", "cp1253"),
        ("he", "cp1255"),
        ("ar", "cp1256"),
        ("th", "cp874"),
        ("ja", "cp932"),
        ("ja", "euc_jp"),
        ("ja", "iso2022_jp"),
        ("ko", "cp949"),
        ("zh", "gb18030"),
        ("tw", "big5hkscs"),
    ],
)
def test_a_page_that_names_no_charset_is_read_by_what_it_looks_like(language: str, charset: str) -> None:
    page = f"<html><body class='main'><h1>{SAMPLES[language]}</h1></body></html>".encode(charset)
    assert SAMPLES[language] in decode_text(page, "text/html")


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("<p>Café, naïve – “Übung” für alle: 20 € pro Stunde, Señor Muñoz.</p>", "cp1252"),
        ("<p>£20 an hour – “no job too small”</p>", "cp1252"),
        ("<p>®™©</p>", "cp1252"),
        ("<html lang='pl'><p>Usługi hydrauliczne, także w święta, łazienki, źródło.</p></html>", "cp1250"),
        ("<html lang=tr><p>Tadilat işleri, güvenilir ve uygun fiyatlı, çatı onarımı.</p></html>", "cp1254"),
    ],
)
def test_accents_on_latin_letters_are_no_other_script(text: str, charset: str) -> None:
    assert decode_text(text.encode(charset), "text/html") == text


def test_a_broken_character_in_utf_8_costs_that_character_only() -> None:
    text = "Grüße aus Köln, für nur 20 € – schöne Wände, größere Türen. " * 3
    broken = text.encode() + b"\xc3"
    assert decode_text(broken, "text/html") == text + "\ufffd"


@settings(derandomize=True)
@given(
    st.binary(max_size=60) | st.text(max_size=60).map(str.encode),
    st.sampled_from(["", "text/html; charset=utf-8", "text/html; charset=koi8-r", "text/html; charset=utf-16"]),
    st.sampled_from(["", "utf8", "cp1251"]),
)
def test_bytes_are_called_utf8_only_where_they_are_the_text(content: bytes, content_type: str, charset: str) -> None:
    text, is_utf8 = decode(content, content_type, charset)
    assert text == decode_text(content, content_type, charset)
    if is_utf8:
        assert text.encode() == content


@pytest.mark.parametrize(
    ("content", "is_utf8"),
    [
        ("naïve €".encode(), True),
        (b"\xef\xbb\xbfabc", False),
        (b"a\x00b", False),
        (b"\xe9", False),
        (b"\x1f\x8b", False),
    ],
)
def test_a_usual_page_is_not_encoded_again_for_the_parser(content: bytes, is_utf8: bool) -> None:
    assert decode(content, "text/html; charset=utf-8").is_utf8 is is_utf8
