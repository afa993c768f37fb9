"""Finding documents by their words, in English and Chinese, through an index."""

import re
from collections import defaultdict
from functools import cache, reduce
from operator import and_, or_

from django.contrib.postgres.search import SearchQuery, SearchQueryCombinable
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from opencc import OpenCC

from publishing.errors import DomainError

LONGEST = 200
# The same characters as publishing_spaced() in sql/search.sql sets apart.
CHINESE = "\u3400-\u9fff\uf900-\ufaff"
RUN = re.compile(f"[{CHINESE}]+|[^{CHINESE}]+")
# A phrase in quotes or a word, with or without a sign that excludes it.
ASKED = re.compile(r'(?P<sign>-*)(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))')
PREFIX = re.compile(rf"(?=\w{{2}})[^*{CHINESE}]+\*")


class WordsTooLong(DomainError):
    code = "words_too_long"
    message = _("Search for at most %(limit)d characters.")


class WordsEmpty(DomainError):
    code = "words_empty"
    message = _("Search for at least one word or one Chinese character.")


class QuotesOpen(DomainError):
    code = "quotes_open"
    message = _("Close the quotation marks, or leave them out.")


class AsteriskMisplaced(DomainError):
    code = "asterisk_misplaced"
    message = _("Put * only at the end of an English word of two letters or more, without quotation marks: regul*.")


def named_words(words: str) -> list[Q]:
    """Return for each of `words` the condition on Document that one in a name begins so; none for English stop words.

    A name is a title, name or label in either language. Chinese characters that stand side by side are one word, in
    simplified or traditional form. One query, by which PostgreSQL says which words say nothing.
    """
    asked = []
    for run in RUN.findall(words):
        if re.match(f"[{CHINESE}]", run):
            asked.append(("simple", _phrase(run, weight=":A")))
        else:
            asked += [("english", f"{quoted}:*A") for quoted in map(_quoted, run.split())]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(array_agg(numnode(to_tsquery(w.config::regconfig, w.word)) ORDER BY w.nr), '{}')"
            " FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY w (config, word, nr)",
            [[config for config, _word in asked], [word for _config, word in asked]],
        )
        (lengths,) = cursor.fetchone()
    return [
        Q(search=SearchQuery(word, config=config, search_type="raw"))
        for (config, word), length in zip(asked, lengths, strict=True)
        if length
    ]


def _quoted(word: str) -> str:
    """Return a word as a tsquery has it, whatever signs it is written with."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


@cache
def _variants() -> dict[str, str]:
    """Return for each Chinese character that has several forms all of them, simplified and traditional, by OpenCC.

    Forms belong together that are simplified alike: 发, 發 and 髮. It takes a quarter of a second, once.
    """
    characters = [chr(code) for code in range(0x3400, 0xFB00) if re.match(f"[{CHINESE}]", chr(code))]
    # A line each, so that no two become a word that is converted as a whole.
    simplified = OpenCC("t2s").convert(OpenCC("s2t").convert("\n".join(characters))).split("\n")
    forms: dict[str, str] = defaultdict(str)
    for character, simple in zip(characters, simplified, strict=True):
        forms[simple] += character
    return {character: alike for alike in forms.values() if len(alike) > 1 for character in alike}


def _phrase(run: str, *, weight: str = "") -> str:
    """Return the tsquery of Chinese characters that stand side by side, each in any of its forms."""
    forms = _variants()
    return " <-> ".join(
        "(" + "|".join(form + weight for form in forms.get(character, character)) + ")" for character in run
    )


def matching(words: str) -> Q:
    """Return the condition on Document that all of `words` occur in it.

    English words match by their stems, "quoted words" as a phrase, regul* all stems that begin so; -word excludes; "or"
    stands between alternatives. Chinese characters that stand side by side must stand side by side in the document, in
    simplified or traditional form. What hangs on a record is not searched by itself.

    Raises WordsTooLong, WordsEmpty, QuotesOpen, AsteriskMisplaced.
    """
    if len(words) > LONGEST:
        raise WordsTooLong(limit=LONGEST)
    if words.count('"') % 2:
        raise QuotesOpen()
    alternatives: list[list[SearchQueryCombinable]] = [[]]
    for asked in ASKED.finditer(words):
        if asked[0].lower() == "or":
            alternatives.append([])
        elif query := _query(asked["word"] or asked["phrase"], phrase=not asked["word"], excluded=bool(asked["sign"])):
            alternatives[-1].append(query)
    conditions = [reduce(and_, queries) for queries in alternatives if queries]
    if not conditions:
        raise WordsEmpty()
    return Q(search=reduce(or_, conditions))


def _query(text: str, *, phrase: bool, excluded: bool) -> SearchQueryCombinable | None:
    """Return what a word or phrase asks for, or excludes; None where it has neither letter nor number."""
    parts, join, join_excluded = [], and_, or_
    if "*" in text:
        if phrase or not PREFIX.fullmatch(text):
            raise AsteriskMisplaced()
        # The stem finds the stems, the letters themselves those of stop words: th* and the* find "theory".
        prefix = f"{_quoted(text[:-1])}:*"
        parts = [SearchQuery(prefix, config=config, search_type="raw") for config in ("english", "simple")]
        join, join_excluded = or_, and_
    else:
        for run in RUN.findall(text):
            if re.match(f"[{CHINESE}]", run):
                parts.append(SearchQuery(_phrase(run), config="simple", search_type="raw"))
            elif re.search(r"\w", run):
                parts.append(SearchQuery(run, config="english", search_type="phrase"))
    if not parts:
        return None
    # Django negates only a single query.
    return reduce(join_excluded, [~part for part in parts]) if excluded else reduce(join, parts)
