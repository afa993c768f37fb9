"""A small world of published records, loaded by the importer as anybody's would be."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import yaml
from django.core.management import call_command

from accounts.models import User
from tracking.actions import approve_decision, prepare_decision
from tracking.models import Record, StatusChange

SOURCES = ["src-report"]


def both(name: str, english: str, chinese: str) -> dict[str, str]:
    return {f"{name}_en": english, f"{name}_zh": chinese}


def commitment(ref: str, title: tuple[str, str], themes: list[str], bound: list[str], due: dict[str, Any]) -> dict:
    return {
        "ref": ref,
        "instrument": ref.partition(".")[0],
        **both("title", *title),
        **both("text", *title),
        "themes": themes,
        "bound": bound,
        "due": due,
        "measurable": True,
        "sources": SOURCES,
    }


def evidence(ref: str, record: str) -> dict[str, Any]:
    return {
        "ref": ref,
        "record": record,
        "source": "src-report",
        "stance": "supports",
        "observed_on": "2026-11-20",
        **both("shows", "The report is on the web.", "报告已在网上公布。"),
    }


def instrument(ref: str, title: tuple[str, str], *, tracked: bool) -> dict[str, Any]:
    return {
        "ref": ref,
        "kind": "declaration",
        **both("title", *title),
        **both("summary", *title),
        "legal_force": "voluntary",
        "tracked": tracked,
        "sources": SOURCES,
    }


def theme(ref: str, label: tuple[str, str], parent: str | None = None) -> dict[str, Any]:
    return {"ref": ref, "parent": parent, **both("label", *label), **both("definition", *label)}


def records(year: int) -> dict[str, list[dict[str, Any]]]:
    """Return the world, with the deadlines of the reports at the end of `year` and that of wages three months later."""
    return {
        "sources": [
            {
                "ref": "src-report",
                "kind": "page",
                "url": "https://acme.example/report",
                "title": "Yearly report",
                "publisher": "Acme",
                "lang": "en",
            }
        ],
        "themes": [
            theme("safety", ("Safety", "安全")),
            theme("evaluation", ("Evaluation", "评测"), "safety"),
            theme("labour", ("Labour", "劳动")),
        ],
        "actors": [
            {
                "ref": "acme",
                "kind": "company",
                **both("name", "Acme", "顶点公司"),
                "time_zone": "Asia/Shanghai",
                "sources": SOURCES,
            },
            {"ref": "bolt", "kind": "company", **both("name", "Bolt", "闪电公司"), "sources": SOURCES},
        ],
        "instruments": [
            instrument("accord", ("The Accord", "协定"), tracked=True),
            instrument("archive", ("Closed Archive", "旧档"), tracked=False),
        ],
        "commitments": [
            commitment(
                "accord.report",
                ("Publish a report", "公布报告"),
                ["evaluation"],
                ["acme", "bolt"],
                {"kind": "fixed", "date": f"{year}-12-31"},
            ),
            commitment(
                "accord.wages",
                ("Protect wages", "保护工资"),
                ["labour"],
                ["acme"],
                {"kind": "fixed", "date": f"{year + 1}-03"},
            ),
            commitment(
                "accord.yearly",
                ("Report each year", "每年报告"),
                ["labour"],
                ["bolt"],
                {"kind": "recurring", "date": "2025-06-30", "every": "P1Y", "until": "2026-12-31"},
            ),
            commitment(
                "archive.report",
                ("An old report", "旧报告"),
                ["labour"],
                ["acme"],
                {"kind": "fixed", "date": f"{year}-12-31"},
            ),
        ],
        "evidence": [
            evidence("evd-acme", "accord.report.acme"),
            evidence("evd-bolt", "accord.report.bolt"),
            evidence("evd-wages", "accord.wages.acme"),
        ],
    }


def load(folder: Path, files: dict[str, list[dict[str, Any]]]) -> None:
    """Write records as a folder of files, and load and publish them."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, rows in files.items():
        (folder / f"{kind}.yaml").write_text(yaml.safe_dump(rows, allow_unicode=True))
    call_command("load_records", str(folder), verbosity=0)


def move_deadline(folder: Path, day: str) -> None:
    """Publish another day for the reports."""
    moved = records(2026)["commitments"][0] | {"due": {"kind": "fixed", "date": day}}
    pledges = [
        {"ref": f"accord.report.{actor}", "commitment": "accord.report", "actor": actor, "due": moved["due"]}
        for actor in ("acme", "bolt")
    ]
    load(folder / f"moved-{day}", {"commitments": [moved], "pledges": pledges})


def decide(ref: str, status: str, *, on: date, by: User, **others: Any) -> StatusChange:
    """Let somebody decide on a record's status, on all the evidence there is."""
    record = Record.objects.get(ref=ref)
    now = datetime.combine(on, time(12), UTC)
    texts = both("reason", "The report came out.", "报告已公布。")
    decision = prepare_decision(
        record=record,
        status=status,
        effective_on=on,
        evidence=list(record.evidence.order_by("ref")),
        by=by,
        now=now,
        **(texts | others),
    )
    return approve_decision(decision=decision, by=by, now=now)
