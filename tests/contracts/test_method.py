"""docs/method.md says what the code does."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from publishing.dates import passes_at
from tracking.management.commands.status_tables import with_tables
from tracking.models import NEXT_STATES, DecisionState

METHOD = (Path(__file__).parents[2] / "docs" / "method.md").read_text(encoding="utf-8")


def test_its_tables_of_statuses_are_those_of_the_code():
    assert with_tables(METHOD) == METHOD, "Look at what has changed; `make snapshot` writes it down."


def test_its_examples_of_lateness_are_so():
    row = r"\| `(?P<due>[\d-]+)`.* \| (?P<anywhere>\S+ \S+) UTC \| (?P<shanghai>\S+ \S+) UTC \|"
    examples = list(re.finditer(row, METHOD))

    assert len(examples) == 4
    for example in examples:
        assert passes_at(example["due"]) == moment(example["anywhere"])
        assert passes_at(example["due"], ZoneInfo("Asia/Shanghai")) == moment(example["shanghai"])


def test_its_table_of_the_life_of_a_decision_is_that_of_the_code():
    for state, following in NEXT_STATES.items():
        row = re.search(rf"^\| {state} \| .* \| (.*) \|$", METHOD, re.MULTILINE)
        assert row, state
        assert {word for word in re.findall(r"\w+", row[1]) if word in DecisionState} == {*following} - {state}


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
