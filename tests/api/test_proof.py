"""One answer leads from a claim down to the signed head, and a stranger needs nothing else to check it."""

import hashlib

from django.core.management import call_command

from publishing import ledger
from publishing.models import LedgerEntry
from tests.api.conftest import BASE
from tests.api.test_details import PARIS
from tests.api.test_history import revise
from tests.api.test_ledger import canonical

PROOF = f"pledges/{PARIS}/proof/"


def checked(api, proof):
    for row in proof["rows"]:
        salted = bytes.fromhex(row["salt"]) + canonical(row["document"])
        assert hashlib.sha256(salted).hexdigest() == (row["redacted_hash"] or row["document_hash"])
        named = {name: row[name] for name in proof["hashed_fields"]}
        assert hashlib.sha256(canonical(named)).hexdigest() == row["hash"]
    (last,) = [row for row in proof["rows"] if row["seq"] == max(each["seq"] for each in proof["rows"])]
    chain = api.follow(last["chain_url"])["results"]
    assert chain[0]["hash"] == last["hash"]
    assert [row["previous_hash"] for row in chain[1:]] == [row["hash"] for row in chain[:-1]]
    return chain[-1]


def test_from_the_answer_about_a_record_one_link_leads_down_to_the_signed_head(api):
    proof = api.follow(api.get(f"pledges/{PARIS}/")["proof_url"])

    assert proof["claim"] == {
        "status": "fulfilled",
        "status_since": "2025-02-11",
        "change": f"chg.{PARIS}.2025-02-11",
    }
    roles = [row["role"] for row in proof["rows"]]
    assert roles == ["thing", "commitment", "status", "evidence", "evidence", "source", "source"]
    status = proof["rows"][2]["document"]
    assert status["evidence"] == sorted(row["ref"] for row in proof["rows"] if row["role"] == "evidence")
    end = checked(api, proof)
    (signed,) = proof["signed_heads"]
    assert (end["seq"], end["hash"]) == (signed["seq"], signed["hash"])
    assert signed["statement"].endswith(f"{end['seq']}:{end['hash']}")
    program = api.client.get(proof["verifier_url"].removeprefix(BASE))
    assert b"def verify_one" in b"".join(program)
    assert proof["check"][1].endswith(f"--ref {PARIS}")


def test_what_is_not_signed_yet_leads_to_the_head_of_its_version_and_later_to_a_signed_one(api, publishing):
    version = revise(publishing, note_en="Late.")

    proof = api.get(PROOF, version=version)

    assert proof["rows"][0]["signed_head"] is None
    assert checked(api, proof)["hash"] == proof["head"]["hash"] == ledger.head().hash
    call_command("run_job", "sign_head", "--at", "2027-01-01", verbosity=0)
    assert api.get(PROOF, version=version)["rows"][0]["signed_head"] == "2027-01-01"


def test_whatever_is_public_can_be_proved_and_what_is_not_cannot(api, django_assert_max_num_queries):
    for resource in ("actors", "sources", "themes", "mechanisms", "proposals", "status-changes"):
        ref = api.refs(f"{resource}/", page_size=1)[0]
        with django_assert_max_num_queries(22):
            proof = api.get(f"{resource}/{ref}/proof/")
        assert proof["rows"][0]["ref"] == ref and checked(api, proof)

    before = LedgerEntry.objects.get(ref=PARIS).seq - 1
    assert api.problem(PROOF, version=before)["status"] == 404
    assert api.problem(f"actors/{PARIS}/proof/")["code"] == "is_elsewhere"
