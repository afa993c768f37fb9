"""Whatever is asked, the answer is an answer or a problem, never a fault."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.urls import lists
from api.views.reading import PublicView
from tests.api.conftest import BASE


def wrong(problem):
    return {each["parameter"]: each["detail"] for each in problem["errors"]}


def test_an_unknown_parameter_is_refused_naming_the_nearest(api):
    problem = api.problem("pledges/", stauts="fulfilled")

    assert problem == {
        "type": f"{BASE}/api/docs/#problem-unknown_parameter",
        "title": "The question cannot be answered as it is asked",
        "status": 400,
        "detail": "stauts: There is no such parameter; did you mean “status”?",
        "instance": "/api/v1/pledges/?stauts=fulfilled",
        "code": "unknown_parameter",
        "errors": [{"parameter": "stauts", "detail": "There is no such parameter; did you mean “status”?"}],
    }


def test_a_word_like_no_other_is_told_all_that_are_known(api):
    told = wrong(api.problem("pledges/", status="nope"))["status"]

    assert "did you mean" not in told
    assert "fulfilled" in told


def test_all_that_is_wrong_is_said_at_once(api):
    response = api.client.get("/api/v1/pledges/?page_size=0&status=fulfiled&actor=&lang=de&lang=en&due_on=soon&q=x")

    assert wrong(response.json()) == {
        "page_size": "This must be a whole number from 1 to 500.",
        "status": "“fulfiled” is unknown; did you mean “fulfilled”?",
        "actor": "This parameter is empty; leave it out.",
        "lang": "This parameter is there more than once.",
        "due_on": "This must be a day such as 2026-02-16, from the year 1900 to 2200.",
    }


SENSELESS = """
    page_size=501 page_size=-1 page_size=1e2 page_size=５ count=True count=1 version=-1 version=999999999
    version=999999999999999999999999999999 version=1.5 as_of=2026-13-01 as_of=0001-01-01 as_of=9999-12-31
    as_of=2100-01-01 as_of=2026-2-3 as_of=2026 known_at=2100-01-01T00:00:00Z known_at=2026-01-01
    known_at=2026-01-01T25:00:00Z known_at=2026-01-01T00:00:00 known_at=now known_at=2026-01-01T00:00:00+99:99
    known_at=2026-01-01T00:00:00Z&version=1 q=%00 q=%ED%A0%80 q=%FF q=--- status=%00 status=fulfilled%00
    actor=%F0%9F%92%A9 actor=State-CN actor=nobody-of-that-name actor=safety actor__in=state-cn, actor__in=,
    actor__in=state-cn,nobody overdue=yes overdue= due_on__gte=2026-02-30 due_on__lte=1000 due_on__isnull=0
    country=cn country__in=CN,China ordering=secret ordering=ref,ref ordering=- ordering=, ordering=actor
    fields=nothing fields=ref,ref fields= format=xml format=csv&page_size=3 format=jsonl&cursor=x lang=fr lang=EN
    cursor=%00 state=draft id=1 pk=1 unpublished_note_en=x ref__gte=a = =x overdue_from__gte=2026 ref=state-cn
    instance_of__isnull=null period=xxxxxxxxxxxxxxxxxxxxx due_on__in=yesterday %00=1
    q=" q="risk q=* q=a* q=wor*k q=*ing q="wor*" q=安* q=--*
""".split()
OVERLONG = ["page_size=" + "9" * 400, "q=" + "a" * 201, "theme=" + "a" * 300, "cursor=" + "A" * 2001, "a" * 300 + "=1"]


@pytest.mark.parametrize("query", [*SENSELESS, *OVERLONG])
def test_senseless_parameters_are_refused(api, query):
    response = api.client.get(f"/api/v1/pledges/?{query}")

    assert response.status_code == 400, response.content[:300]
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["errors"]


WORDS = ["true", "false", "2026", "2026-33", "state-cn", "a,b", "-ref", "ref", "json", "en", "0", "1"]
ODDITIES = ["\x00", "\ud800", "'", '"]', "%"]
ANYTHING = st.text(max_size=40) | st.integers().map(str) | st.dates().map(str) | st.sampled_from(WORDS + ODDITIES)


def encode(text):
    return text.encode(errors="surrogatepass")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_no_parameter_makes_a_fault(api, data):
    each = data.draw(st.sampled_from(lists))
    known = sorted(each.all_parameters())
    query = data.draw(st.dictionaries(st.sampled_from(known) | st.text(max_size=20), ANYTHING, max_size=4))
    encoded = {encode(name): encode(value) for name, value in query.items()}

    response = api.client.get(f"/api/v1/{each.name}/", encoded)

    assert response.status_code in (200, 400)


@pytest.mark.parametrize(
    "address",
    ["v1/pladges/", "v1/pledges/a/b/", "v1/pledges/%00/", "v1/pledges/UPPER/", "v2/", "v1/pledges/a%0Ab/",
     "v1/pledges/../x/", "v1/actors/1/", "v1/pledges/a.json/", "v1/%ED%A0%80/", "v1/ledger/1/",
     "v1/pledges/" + "a" * 3000 + "/"],
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_a_problem_too(api, address):
    response = api.client.get(f"/api/{address}")

    assert response.status_code == 404
    assert response.json()["status"] == 404


def test_nothing_can_be_written(api):
    for method in ("post", "put", "patch", "delete", "trace"):
        response = getattr(api.client, method)("/api/v1/pledges/")
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
        if method != "trace":
            assert response.json()["code"] == "method_not_allowed"


def test_a_reader_who_takes_no_json_is_told_so(api):
    response = api.ask("pledges/", headers={"accept": "application/xml"})

    assert (response.status_code, response.json()["code"]) == (406, "not_acceptable")
    assert api.ask("pledges/", headers={"accept": "text/html, */*;q=0.1"}).status_code == 200
    assert api.ask("themes/", headers={"accept": "application/json"}, format="csv").status_code == 406
    assert api.ask("themes/", headers={"accept": "text/csv"}, format="csv").status_code == 200


def test_a_fault_of_ours_has_the_same_shape_and_tells_nothing(api, rf, settings):
    class Broken(PublicView):
        def get(self, request):
            raise RuntimeError("the password is hunter2")

    response = Broken.as_view()(rf.get("/api/v1/broken/"))

    problem = json.loads(response.content)
    assert (response.status_code, problem["code"]) == (500, "internal_error")
    assert "hunter2" not in response.content.decode()


def test_too_many_parameters_are_a_problem(api):
    response = api.client.get("/api/v1/pledges/?" + "&".join(f"a{number}=1" for number in range(1200)))

    assert (response.status_code, response.json()["code"]) == (400, "bad_request")


def test_a_heap_of_faults_is_cut_short(api):
    unknown = api.problem("pledges/", actor__in=",".join(f"nobody-{number}" for number in range(400)))
    strange = api.client.get("/api/v1/pledges/?" + "&".join(f"a{number}=1" for number in range(900))).json()

    assert (len(unknown["errors"]), len(strange["errors"])) == (20, 20)


def test_the_language_of_messages_is_what_the_address_says_else_the_browser(api):
    for headers, given_, language in (
        ({}, {}, "en"),
        ({"accept-language": "zh-CN,zh;q=0.9"}, {}, "zh-hans"),
        ({"accept-language": "fr, zh-TW;q=0.5, en;q=0.2"}, {}, "zh-hans"),
        ({"accept-language": "zh-CN"}, {"lang": "en"}, "en"),
        ({}, {"lang": "zh"}, "zh-hans"),
        ({"accept-language": "de;q=x,,*"}, {}, "en"),
        ({"cookie": "django_language=zh-hans"}, {}, "en"),
    ):
        response = api.ask("pledges/nothing/", headers=headers, **given_)
        assert response.headers["Content-Language"] == language
        assert "Cookie" not in response.headers["Vary"]
