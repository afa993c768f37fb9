import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from model_bakery import baker

from accounts.models import User
from tracking.actions import approve_decision, prepare_decision
from tracking.models import Evidence, Record, StatusChange

PAGE = {"kind": "page", "lang": "en", "publisher": "UK Government", "published_on": "2024-05-21"}
IN_BOTH = ("title", "name", "label", "summary", "text", "definition", "gist", "shows", "reason", "note")


def both(**fields: Any) -> dict[str, Any]:
    """Give each text of a record in both languages: `title=("Publish", "公布")`."""
    return {
        key: value
        for name, given in fields.items()
        for key, value in (
            ((f"{name}_en", given[0]), (f"{name}_zh", given[1])) if name in IN_BOTH else ((name, given),)
        )
    }


def world() -> dict[str, list[dict[str, Any]]]:
    """A pledge with its status, a proposal in two language versions, and a mechanism that takes it up."""
    read = {"sources": ["src-commitments"]}
    return {
        "themes": [
            both(ref="safety", label=("Safety", "安全"), definition=("Keeping it safe.", "保证安全。")),
            both(
                ref="evaluation",
                parent="safety",
                label=("Evaluation", "评测"),
                definition=("Testing it.", "测试。"),
            ),
        ],
        "sources": [
            {"ref": "src-commitments", "url": "https://example.org/commitments", "title": "Commitments"} | PAGE,
            {"ref": "src-framework", "url": "https://example.org/framework", "title": "Framework"} | PAGE,
            {"ref": "src-talk-en", "url": "https://example.org/en", "title": "A talk"} | PAGE,
            {"ref": "src-talk-zh", "url": "https://example.org/zh", "title": "演讲"} | PAGE | {"lang": "zh"},
        ],
        "actors": [
            both(ref="amazon", kind="company", country="US", name=("Amazon", "亚马逊"), **read),
            both(ref="xue-lan", kind="person", country="CN", name=("Xue Lan", "薛澜"), **read),
        ],
        "instruments": [
            both(
                ref="seoul-commitments",
                kind="voluntary_commitments",
                legal_force="voluntary",
                title=("Frontier AI Safety Commitments", "前沿人工智能安全承诺"),
                summary=("Made in Seoul.", "在首尔作出。"),
                adopted_on="2024-05-21",
                **read,
            ),
            both(
                ref="talk-2026-04-30",
                kind="speech",
                legal_force="voluntary",
                issuers=["xue-lan"],
                title=("Talk on Capitol Hill", "国会山演讲"),
                summary=("A talk in two texts.", "两个文本的演讲。"),
                adopted_on="2026-04",
                **read,
            ),
        ],
        "signatures": [{"instrument": "seoul-commitments", "actor": "amazon", "signed_on": "2024-05-21", **read}],
        "commitments": [
            both(
                ref="seoul-commitments.publish",
                instrument="seoul-commitments",
                locator="preamble",
                title=("Publish a safety framework", "公布安全框架"),
                text=("Publish a framework by the summit in France.", "在法国峰会之前公布框架。"),
                quote="publishing a safety framework",
                quote_lang="en",
                themes=["evaluation"],
                bound="signatories",
                due={"kind": "fixed", "date": "2025-02-10", "rule_en": "By the summit.", "rule_zh": "峰会之前。"},
                measurable=True,
                **read,
            )
        ],
        "mechanisms": [
            both(
                ref="dialogue",
                kind="dialogue",
                title=("Dialogue on AI", "人工智能对话"),
                summary=("Two governments talk.", "两国政府对话。"),
                hosts=["xue-lan"],
                **read,
            )
        ],
        "events": [
            both(
                ref="dialogue-1",
                mechanism="dialogue",
                title=("First round", "第一轮"),
                starts_on="2024-05",
                state="held",
                outcomes=["seoul-commitments"],
                **read,
            ),
            both(ref="dialogue-2", mechanism="dialogue", title=("Second round", "第二轮"), state="scheduled", **read),
        ],
        "passages": [
            both(ref="psg-en", source="src-talk-en", lang="en", locator="paragraph 21", gist=("Warn early.", "预警。")),
            both(ref="psg-zh", source="src-talk-zh", lang="zh", locator="paragraph 23", gist=("Share it.", "共享。")),
        ],
        "proposals": [
            both(
                ref="safe-zones",
                title=("Safe zones", "安全区"),
                summary=("Fields of cooperation.", "合作领域。"),
                proposed_by=["xue-lan"],
                tabled_on="2026-04",
                instrument="talk-2026-04-30",
                themes=["safety"],
                **read,
            ),
            both(
                ref="safe-zones.early-warning",
                parent="safe-zones",
                title=("Sharing of early warnings", "预警共享"),
                summary=("Warn each other.", "相互预警。"),
                proposed_by=["xue-lan"],
                instrument="talk-2026-04-30",
                passages=["psg-en", "psg-zh"],
                taken_up_by=[both(ref="dialogue", note=("A channel.", "渠道。"), sources=["src-framework"])],
                **read,
            ),
        ],
        "divergences": [
            both(
                ref="div-sharing",
                sources=["src-talk-en", "src-talk-zh"],
                subject="safe-zones.early-warning",
                only_in="zh",
                passages=["psg-zh"],
                summary=("The English text does not share them.", "英文文本未提共享。"),
            )
        ],
        "evidence": [
            both(
                ref="evd-framework",
                record="seoul-commitments.publish.amazon",
                source="src-framework",
                stance="supports",
                observed_on="2025-02-10",
                shows=("The framework is published.", "框架已公布。"),
            )
        ],
        "status-changes": [
            {
                "ref": "chg.amazon",
                "record": "seoul-commitments.publish.amazon",
                "status": "fulfilled",
                "effective_on": "2025-02-10",
                "reason_zh": "已在峰会前公布。",
                "evidence": ["evd-framework"],
            }
        ],
        "responses": [
            both(
                ref="rsp-amazon",
                record="seoul-commitments.publish.amazon",
                actor="amazon",
                stated_on="2025-03",
                gist=("It stands by its promise.", "信守承诺。"),
                source="src-framework",
            )
        ],
    }


PLEDGE = "seoul-commitments.publish.amazon"


@pytest.fixture
def load(db: None, tmp_path: Path) -> Callable[..., None]:
    """Load and publish records, as files of the import format."""

    def load(**records: list[dict[str, Any]]) -> None:
        folder = tmp_path / f"records-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        for name, rows in records.items():
            # JSON is YAML.
            (folder / f"{name.replace('-', '_')}.yaml").write_text(json.dumps(rows, ensure_ascii=False))
        call_command("load_records", str(folder), verbosity=0)

    return load


@pytest.fixture
def records(load: Callable[..., None]) -> None:
    load(**world())


@pytest.fixture
def editor(db: None) -> User:
    """Somebody who may approve decisions."""
    return baker.make(User, is_superuser=True)


@pytest.fixture
def correct(records: None, editor: User) -> Callable[..., StatusChange]:
    """Correct the pledge's status, as the admin does."""

    def correct(status: str, **options: Any) -> StatusChange:
        record, now = Record.objects.get(ref=PLEDGE), timezone.now()
        decision = prepare_decision(
            record=record,
            status=status,
            effective_on=options.pop("effective_on", now.date()),
            evidence=list(Evidence.objects.filter(record=record)),
            by=editor,
            now=now,
            **options,
        )
        return approve_decision(decision=decision, by=editor, now=now)

    return correct


class Reader:
    """Somebody who opens pages and reads what they say."""

    def __init__(self, client: Client):
        self.client = client

    def open(self, path: str, *, status: int = 200) -> str:
        """Return the visible text of a page, with one space between its parts."""
        return text_of(self.html(path, status=status))

    def html(self, path: str, *, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code)
        return answer.content.decode()


def text_of(html: str) -> str:
    body = html[html.index("<body>") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.fixture
def reader(client: Client) -> Reader:
    return Reader(client)
