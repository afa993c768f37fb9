"""docs/data-dictionary.md says what the declarations say."""

from pathlib import Path

from api.management.commands.data_dictionary import data_dictionary

WRITTEN = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


def test_the_data_dictionary_is_that_of_the_declarations():
    assert WRITTEN.read_text(encoding="utf-8") == data_dictionary(), (
        "Look at the difference; `make snapshot` writes it."
    )
