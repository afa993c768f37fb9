"""One published record of every kind, loaded by the importer as anybody's would be."""

from typing import Any

SOURCES = ["src-report"]


def both(name: str, english: str, chinese: str) -> dict[str, str]:
    return {f"{name}_en": english, f"{name}_zh": chinese}


def records() -> dict[str, list[dict[str, Any]]]:
    """Return an instrument with a commitment that is overdue, its pledge, and something of every other kind."""
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
        "themes": [{"ref": "safety", **both("label", "Safety", "安全"), **both("definition", "Safety", "安全")}],
        "actors": [
            {"ref": "acme", "kind": "company", **both("name", "Acme", "艾克美"), "sources": SOURCES},
            {"ref": "bell", "kind": "company", **both("name", "Bell", "贝尔"), "sources": SOURCES},
        ],
        "instruments": [
            {
                "ref": "seoul",
                "kind": "declaration",
                **both("title", "Seoul declaration", "首尔宣言"),
                **both("summary", "Companies promise reports.", "企业承诺发布报告。"),
                "legal_force": "voluntary",
                "sources": SOURCES,
            }
        ],
        "signatures": [{"instrument": "seoul", "actor": "acme", "sources": SOURCES}],
        "commitments": [
            {
                "ref": "seoul.report",
                "instrument": "seoul",
                **both("title", "Publish a report", "发布报告"),
                **both("text", "Publish a report on safety.", "发布安全报告。"),
                "themes": ["safety"],
                "bound": "signatories",
                "due": {"kind": "fixed", "date": "2026-03-31"},
                "measurable": True,
                "sources": SOURCES,
            }
        ],
        "passages": [
            {"ref": "psg-1", "source": "src-report", "lang": "en", "locator": "1", **both("gist", "Says it.", "说了。")}
        ],
        "mechanisms": [
            {
                "ref": "summit",
                "kind": "summit_series",
                **both("title", "Summit", "峰会"),
                **both("summary", "It meets.", "举行会议。"),
                "sources": SOURCES,
            }
        ],
        "proposals": [
            {
                "ref": "safe-zones",
                **both("title", "Safe zones", "安全区"),
                **both("summary", "Zones.", "区域。"),
                "proposed_by": ["acme"],
                "taken_up_by": [{"ref": "summit", **both("note", "On its list.", "列入议程。"), "sources": SOURCES}],
                "passages": ["psg-1"],
                "sources": SOURCES,
            }
        ],
        "events": [
            {
                "ref": "summit-2026",
                "mechanism": "summit",
                **both("title", "Summit of 2026", "2026年峰会"),
                "starts_on": "2026-02",
                "state": "held",
                "sources": SOURCES,
            }
        ],
        "divergences": [
            {
                "ref": "div-1",
                "subject": "safe-zones",
                "only_in": "zh",
                "passages": ["psg-1"],
                **both("summary", "Only one text has it.", "只有一种文本有此内容。"),
                "sources": SOURCES,
            }
        ],
        "evidence": [
            {
                "ref": "evd-seoul.report.acme-1",
                "record": "seoul.report.acme",
                "source": "src-report",
                "stance": "supports",
                "observed_on": "2026-03-30",
                **both("shows", "The report is on the web.", "报告已在网上公布。"),
            },
            {
                "ref": "evd-summit-1",
                "record": "summit",
                "source": "src-report",
                "stance": "supports",
                "observed_on": "2026-02",
                **both("shows", "It met.", "已举行会议。"),
            },
        ],
        "responses": [
            {
                "ref": "rsp-1",
                "record": "seoul.report.acme",
                "actor": "acme",
                "stated_on": "2026-04-02",
                **both("gist", "We will.", "我们会的。"),
                "source": "src-report",
            }
        ],
        "status-changes": [
            {
                "ref": "chg.summit.2026-02-28",
                "record": "summit",
                "status": "active",
                "effective_on": "2026-02-28",
                **both("reason", "It met in February.", "二月举行了会议。"),
                "evidence": ["evd-summit-1"],
            }
        ],
    }
