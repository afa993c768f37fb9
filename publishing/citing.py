"""Citations of what is public, in the styles that people ask for. docs/decisions/0009-citations.md tells why so."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import orjson
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON

NAME = "Pactwatch"
FOLDER = Path(__file__).parent / "styles"
# The styles that are made by CSL, each with the name of its file.
BY_CSL = {"apa": "apa", "gbt7714": "china-national-standard-gb-t-7714-2015-numeric"}
MEDIA_TYPES = {
    "apa": "text/plain; charset=utf-8",
    "bibtex": "application/x-bibtex; charset=utf-8",
    "csl-json": "application/vnd.citationstyles.csl+json",
    "gbt7714": "text/plain; charset=utf-8",
}
STYLES = tuple(MEDIA_TYPES)
# What TeX reads as commands.
TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def item(
    *, key: str, kind: str, title: str, url: str, version: int, published: date | None, read: date | None, language: str
) -> dict[str, Any]:
    """Return what is cited as an item of CSL-JSON.

    `published` is the day on which the data version was recorded, `read` the day of reading: None where the answer
    stays the same for ever. `kind` is a type of CSL, `webpage` or `dataset`.
    """
    found: dict[str, Any] = {
        "id": key,
        "type": kind,
        "title": title,
        "author": [{"literal": NAME}],
        "publisher": NAME,
        "version": str(version),
        "URL": url,
        "language": language,
    }
    days = {"issued": published, "accessed": read}
    return found | {
        name: {"date-parts": [[day.year, day.month, day.day]]} for name, day in days.items() if day is not None
    }


def cite(cited: Mapping[str, Any], *, style: str) -> bytes:
    """Return an item in one of STYLES, as UTF-8 with a line end."""
    if style == "csl-json":
        return orjson.dumps([cited], option=orjson.OPT_INDENT_2) + b"\n"
    text = bibtex(cited) if style == "bibtex" else _by_csl(cited, BY_CSL[style])
    return f"{text}\n".encode()


def bibtex(cited: Mapping[str, Any]) -> str:
    """Return an item as an entry of BibTeX, with the fields for addresses that biblatex and natbib know."""
    parts = {name: cited[name]["date-parts"][0] for name in ("issued", "accessed") if name in cited}
    fields = {
        "title": f"{{{_tex(cited['title'])}}}",
        "author": f"{{{cited['author'][0]['literal']}}}",
        "year": str(parts["issued"][0]) if "issued" in parts else "",
        "month": str(parts["issued"][1]) if "issued" in parts else "",
        "version": cited["version"],
        "url": cited["URL"],
        "urldate": "{:04}-{:02}-{:02}".format(*parts["accessed"]) if "accessed" in parts else "",
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return "@misc{" + cited["id"] + ",\n" + ",\n".join(lines) + "\n}"


def _tex(text: str) -> str:
    return "".join(TEX.get(character, character) for character in text)


def _by_csl(cited: Mapping[str, Any], style: str) -> str:
    """Return the entry of a bibliography, without the number that a numeric style begins it with."""
    bibliography = CitationStylesBibliography(
        CitationStylesStyle(str(FOLDER / style), locale="en-US", validate=False), CiteProcJSON([cited]), formatter.plain
    )
    bibliography.register(Citation([CitationItem(cited["id"])]))
    (entry,) = bibliography.bibliography()
    return re.sub(r"^\[1\]\s*", "", str(entry))
