"""Finding documents by their words, in English and Chinese, through an index."""

import re

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from publishing.errors import DomainError

LONGEST = 200
# The same characters as publishing_spaced() in sql/search.sql sets apart.
CHINESE = "\u3400-\u9fff\uf900-\ufaff"
RUN = re.compile(f"[{CHINESE}]+|[^{CHINESE}]+")


class WordsTooLong(DomainError):
    code = "words_too_long"
    message = _("Search for at most %(limit)d characters.")


class WordsEmpty(DomainError):
    code = "words_empty"
    message = _("Search for at least one word or one Chinese character.")


def matching(words: str) -> Q:
    """Return the condition on Document that all of `words` occur in it.

    English words match by their stems, “quoted words” as a phrase, -word excludes; Chinese characters that stand side
    by side must stand side by side in the document. What hangs on a record is not searched by itself.

    Raises WordsTooLong, WordsEmpty.
    """
    if len(words) > LONGEST:
        raise WordsTooLong(limit=LONGEST)
    condition = None
    for run in RUN.findall(words):
        if re.match(f"[{CHINESE}]", run):
            query = SearchQuery(" ".join(run), config="simple", search_type="phrase")
        elif re.search(r"\w", run):
            query = SearchQuery(run, config="english", search_type="websearch")
        else:
            continue
        condition = query if condition is None else condition & query
    if condition is None:
        raise WordsEmpty()
    return Q(search=condition)
