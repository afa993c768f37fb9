"""The language of messages: what the address asks for, else what the reader's browser says. Cookies do not count."""

from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

LANGUAGES = {"en": "en", "zh": "zh-hans"}


def language_of(request: HttpRequest, *, asked: str = "") -> str:
    """Return Django's code of the language to answer in; English when nothing fits."""
    if asked in LANGUAGES:
        return LANGUAGES[asked]
    for code, weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        known = LANGUAGES.get(code.split("-")[0])
        if known and weight > 0:
            return known
    return LANGUAGES["en"]
