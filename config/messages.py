"""The interface's sentences and their translations, without the system's gettext.

python -m config.messages update     put every sentence of the code into the catalogues, drop what is gone
python -m config.messages check      name what is not translated; exit 1 when there is any
python -m config.messages compile    make the .mo files that Django reads
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CATALOGUES = ROOT / "locale"
NOT_OURS = {"tests", "migrations", "locale", "docs", "fixtures", "requirements", "var", "node_modules", "staticfiles"}
TEMPLATE_ENDINGS = {".html", ".txt", ".xml", ".svg", ".ics"}

HEADER = r"""msgid ""
msgstr ""
"Project-Id-Version: Pactwatch\n"
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: {plural_forms}\n"

"""
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def sources() -> Iterator[Path]:
    """Yield the files that may hold sentences for users, in a fixed order."""
    for folder in sorted(ROOT.iterdir()):
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in NOT_OURS:
            for path in sorted(folder.rglob("*")):
                is_source = path.suffix == ".py" or (path.suffix in TEMPLATE_ENDINGS and "templates" in path.parts)
                if is_source and not NOT_OURS & set(path.relative_to(ROOT).parts):
                    yield path


def as_python(path: Path) -> str:
    """Return a file's text as Python in which gettext's calls can be found; a template goes through Django's lexer.

    The brackets keep Python's rules of indentation away from what is left of a template.
    """
    text = path.read_text()
    return text if path.suffix == ".py" else f"({templatize(text, origin=str(path))}\n)"


def extract() -> Catalog:
    """Return a catalogue of every sentence in the code, each with the files that it stands in."""
    found = Catalog()
    for path in sources():
        place = str(path.relative_to(ROOT))
        text = io.BytesIO(as_python(path).encode())
        for call in extract_python(text, KEYWORDS, (), {"encoding": "utf-8"}):
            context, names = spell_out(str(call[1]), call[2])
            if all(isinstance(name, str) and name for name in names):
                found.add(names[0] if len(names) == 1 else names, locations=[(place, 0)], context=context)
    return found


def spell_out(function: str, arguments: object) -> tuple[str | None, tuple[str, ...]]:
    """Return the context of a call (None without one) and its sentence, or singular and plural.

    `arguments` is what Babel gives: one text, a tuple of them, and None for what is not written out.
    """
    given = arguments if isinstance(arguments, tuple) else (arguments,)
    places = KEYWORDS[function] or (1,)
    context = None
    names = []
    for place in places:
        position = place[0] if isinstance(place, tuple) else place
        text = given[position - 1] if len(given) >= position else None
        if isinstance(place, tuple):
            context = text
        else:
            names.append(text or "")
    return context, tuple(names)


def catalogue_paths() -> list[Path]:
    return sorted(CATALOGUES.glob("*/LC_MESSAGES/django.po"))


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], domain="django", abort_invalid=True)


def update() -> None:
    """Bring every catalogue in step with the code. What is new stands there untranslated; its glossary stays on top."""
    for path in catalogue_paths():
        catalogue = read(path)
        glossary = "".join(takewhile(lambda line: line.startswith("#"), path.read_text().splitlines(keepends=True)))
        catalogue.update(extract(), no_fuzzy_matching=True, update_creation_date=False)
        with path.open("wb") as file:
            file.write(glossary.encode())
            file.write(HEADER.format(language=path.parts[-3], plural_forms=catalogue.plural_forms).encode())
            write_po(
                file,
                catalogue,
                width=120,
                omit_header=True,
                ignore_obsolete=True,
                sort_output=True,
                include_lineno=False,
            )


def faults() -> Iterator[str]:
    """Yield a line for each sentence that has no sound translation, and for each translation without a sentence."""
    code = extract()
    wanted = {key(message): message for message in code if message.id}
    for path in catalogue_paths():
        catalogue = read(path)
        has = {key(message): message for message in catalogue if message.id}
        place = path.relative_to(ROOT)
        for missing in wanted.keys() - has.keys():
            yield f"{place}: not in the catalogue: {shown(wanted[missing])}"
        for stale in has.keys() - wanted.keys():
            yield f"{place}: no longer in the code: {shown(has[stale])}"
        for message in has.values():
            translated = message.string if isinstance(message.string, tuple | list) else (message.string,)
            if not all(translated):
                yield f"{place}: not translated: {shown(message)}"
            elif message.fuzzy:
                yield f"{place}: marked as fuzzy: {shown(message)}"
        for message, errors in catalogue.check():
            yield f"{place}: {errors[0]}: {shown(message)}"


def key(message: Message) -> tuple[str | None, str]:
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def shown(message: Message) -> str:
    places = sorted({place for place, _ in message.locations})
    return f"“{key(message)[1]}” ({', '.join(places) or 'nowhere'})"


def compile_all() -> None:
    for path in catalogue_paths():
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, read(path))


def main() -> int:
    match sys.argv[1:]:
        case ["update"]:
            update()
        case ["compile"]:
            compile_all()
        case ["check"]:
            found = sorted(faults())
            print(*found, f"{len(found)} faults in the catalogues; `make messages` adds what is new.", sep="\n")
            return 1 if found else 0
        case _:
            print(__doc__, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
