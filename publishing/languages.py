"""Two columns for each text, and which of them a reader gets."""

from typing import Any

from publishing.words import readers_language


class InReadersLanguage:
    """Read `name_en` or `name_zh` by the active language; the other one when that is empty."""

    def __init__(self, name: str):
        self.names = (f"{name}_en", f"{name}_zh")

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        english, chinese = (getattr(instance, name) for name in self.names)
        return (chinese or english) if readers_language() == "zh" else (english or chinese)
