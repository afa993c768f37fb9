"""docs/api.md promises what one address answers; this asks each of them."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
QUESTION = re.compile(r"```\n(/api/v1/\S+)\n```\n[^`\n]+(`.+)\n")


def questions(name):
    """Return the addresses of a guide, each with what its answer must hold."""
    found = QUESTION.findall((DOCS / name).read_text())
    return [(address, tuple(re.findall(r"`([^`]+)`", told))) for address, told in found]


def test_both_languages_ask_the_same_ten_questions():
    assert questions("api.md") == questions("api.zh.md")
    assert len(questions("api.md")) == 10


@pytest.mark.parametrize(("address", "told"), questions("api.md"))
def test_one_address_answers_a_question(api, address, told):
    response = api.client.get(address)

    text = b"".join(response).decode()
    assert response.status_code == 200, text
    assert [part for part in told if part not in text] == []
