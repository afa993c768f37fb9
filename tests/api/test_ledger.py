"""A stranger can check the ledger from what the API tells, with code of their own."""

import hashlib
import json

from commitments.models import Pledge
from publishing.actions import unpublish
from publishing.models import Publishable
from tests.api.test_details import PARIS


def canonical(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def test_every_hash_can_be_worked_out_from_the_answers(api, publishing, editor):
    pledge = Pledge.objects.get(ref=PARIS)
    pledge.note_en = "“Kept” late \u2028 \\ \U0001f600."
    pledge.save()
    publishing(pledge)
    unpublish(thing=Publishable.objects.get(ref="evd-un-panel-brief"), note_en="Wrong.", note_zh="", by=editor)

    previous, seq, without = "0" * 64, 0, []
    page = api.get("ledger/", documents="true", page_size=500)
    while True:
        for row in page["results"]:
            seq += 1
            assert (row["seq"], row["previous_hash"]) == (seq, previous)
            hashed = {key: value for key, value in row.items() if key not in ("hash", "document", "salt")}
            assert hashlib.sha256(canonical(hashed)).hexdigest() == row["hash"]
            if row["document"] is None:
                without.append((row["ref"], row["action"]))
            else:
                salted = bytes.fromhex(row["salt"]) + canonical(row["document"])
                assert hashlib.sha256(salted).hexdigest() == row["document_hash"]
            previous = row["hash"]
        if page["next"] is None:
            break
        page = api.follow(page["next"])

    assert (page["head"]["seq"], page["head"]["hash"]) == (seq, previous)
    assert without == [("evd-un-panel-brief", "published"), ("evd-un-panel-brief", "unpublished")]


def test_rows_are_found_by_position_thing_kind_act_and_change(api):
    whole = api.get("ledger/", page_size=1, count="true")
    last = whole["head"]["seq"]

    assert whole["count"] == last
    assert [row["seq"] for row in api.get("ledger/", seq__gte=5, seq__lte=7)["results"]] == [5, 6, 7]
    assert [row["ref"] for row in api.get("ledger/", ref="state-cn")["results"]] == ["state-cn"]
    assert api.get("ledger/", resource="themes", count="true")["count"] == api.get("themes/", count="true")["count"]
    assert api.get("ledger/", action="unpublished")["results"] == []
    (change,) = api.get("changes/")["results"]
    assert (change["first_seq"], change["last_seq"], change["act"]) == (1, last, "import")
    assert api.get("ledger/", change=change["id"], count="true")["count"] == last
    assert api.get("ledger/", ordering="-seq", page_size=1)["results"][0]["seq"] == last
    assert "document" not in whole["results"][0]
    for bad in ({"change": "x"}, {"action": "moved"}, {"resource": "pledge"}, {"version": 3}, {"as_of": "2026-01-01"}):
        assert api.problem("ledger/", **bad)["status"] == 400


def test_changes_since_a_version_are_what_is_new(api, publishing):
    known = api.get("changes/")["version"]
    pledge = Pledge.objects.get(ref=PARIS)
    pledge.note_en = "Revised."
    pledge.save()
    publishing(pledge)

    (new,) = api.get("changes/", last_seq__gte=known + 1)["results"]
    assert (new["act"], new["first_seq"], new["last_seq"]) == ("publish", known + 1, known + 1)
    assert api.get("changes/", act="import", recorded_at__lte=new["recorded_at"], count="true")["count"] == 1
