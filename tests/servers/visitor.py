"""Somebody at a running tracker's address: a browser without a screen, with cookies of its own."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode, urljoin

HIDDEN_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass(frozen=True)
class Answer:
    """What came back after all redirections."""

    status: int
    url: str
    text: str

    @property
    def hidden_fields(self) -> dict[str, str]:
        """What the forms of the page send without being asked."""
        return {name: unescape(value) for name, value in HIDDEN_FIELD.findall(self.text)}


class Visitor:
    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> Answer:
        """Ask for a path or an address of this tracker, whatever the status of the answer."""
        return self._ask(path, None)

    def post(self, path: str, fields: Mapping[str, str | Sequence[str]] | None = None) -> Answer:
        return self._ask(path, urlencode(fields or {}, doseq=True).encode())

    def submit(self, page: Answer, fields: Mapping[str, str | Sequence[str]]) -> Answer:
        """Send the form of a page to its own address, with its hidden fields."""
        return self.post(page.url, {**page.hidden_fields, **fields})

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status == 200, answer.text
        return json.loads(answer.text)

    def log_in(self, *, username: str, password: str) -> None:
        page = self.get("/admin/login/?next=/admin/")
        answer = self.submit(page, {"username": username, "password": password})
        assert answer.url == f"{self.url}/admin/", answer.url

    def _ask(self, path: str, data: bytes | None) -> Answer:
        try:
            with self._opener.open(urljoin(self.url, path), data, timeout=60) as answer:
                return Answer(answer.status, answer.url, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.url or "", error.read().decode())
