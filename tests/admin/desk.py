"""A member of staff at work in the admin: pages are opened and their forms sent back as a browser would."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client


class _FormReader(HTMLParser):
    """Read what the forms of a page would send if nothing were typed, buttons left out."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.buttons: list[str] = []
        self.select: str | None = None
        self.first_option: str | None = None
        self.chosen: list[str] = []
        self.multiple = False
        self.text: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "textarea":
            self.text = (name, [])
        elif tag == "select":
            self.select, self.chosen, self.first_option, self.multiple = name, [], None, "multiple" in given
        elif tag == "option" and self.select is not None:
            self.first_option = value if self.first_option is None else self.first_option
            self.chosen += [value] if "selected" in given else []
        elif tag in ("input", "button") and given.get("type") == "submit":
            self.buttons.append(value or name)
        elif tag == "input" and name and "disabled" not in given:
            box = given.get("type") in ("checkbox", "radio")
            values = self.values.setdefault(name, [])
            if not box or "checked" in given:
                values.append(value if "value" in given or not box else "on")

    def handle_data(self, data: str) -> None:
        if self.text:
            self.text[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.text:
            name, parts = self.text
            self.values.setdefault(name, []).append("".join(parts).removeprefix("\n"))
            self.text = None
        elif tag == "select" and self.select is not None:
            only = [] if self.multiple or self.first_option is None else [self.first_option]
            self.values.setdefault(self.select, []).extend(self.chosen or only)
            self.select = None


@dataclass
class Shown:
    """A page that came back."""

    response: Any
    path: str
    values: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.response.content.decode()


class Desk:
    """Opens pages as one member of staff in one language."""

    def __init__(self, client: Client, language: str = "en") -> None:
        self.client = client
        client.cookies["django_language"] = language

    def open(self, path: str) -> Shown:
        return self._shown(self.client.get(path, follow=True), path)

    def send(self, page: Shown, button: str, /, **typed: Any) -> Shown:
        """Send the page's form with what was typed over it; names have `__` where the form has `-`."""
        values: dict[str, Any] = {name: value for name, value in page.values.items() if name != "language"}
        for name, value in typed.items():
            values[name.replace("__", "-")] = value if isinstance(value, list) else [str(value)]
        return self._shown(self.client.post(page.path, values | {button: "1"}, follow=True), page.path)

    def post(self, path: str, **values: Any) -> Shown:
        return self._shown(self.client.post(path, values, follow=True), path)

    def _shown(self, response: Any, path: str) -> Shown:
        reader = _FormReader()
        reader.feed(response.content.decode())
        at = response.redirect_chain[-1][0] if response.redirect_chain else path
        return Shown(response, at, reader.values, reader.buttons)
