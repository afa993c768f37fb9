"""Lists: what they hold, how they are filtered, ordered and paged, now and as they stood."""

import pytest
from django.utils import timezone

from api.urls import lists
from catalog.models import Theme
from commitments.models import Instrument
from tests.api.conftest import BASE

COLLECTIONS = (
    "actors themes instruments signatures commitments pledges mechanisms proposals events sources passages"
    " divergences evidence status-changes responses records changes ledger ledger/heads"
).split()
RESOURCES = [name for name in COLLECTIONS if name not in ("changes", "ledger", "ledger/heads")]


def test_the_first_address_names_every_list(api):
    answer = api.get("")

    assert sorted(answer["lists"]) == sorted(COLLECTIONS)
    for name, entry in answer["lists"].items():
        assert entry["url"] == f"{BASE}/api/v1/{name}/"


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_list_answers_a_page_and_counts_when_asked(api, name):
    page = api.get(f"{name}/", page_size=2)
    counted = api.get(f"{name}/", page_size=1, count="true")

    assert set(page) - {"head"} == {"next", "previous", "version", "results"}
    assert 1 <= len(page["results"]) <= 2
    assert counted["count"] >= len(page["results"])


QUESTIONS = {
    "themes": """
        parent__isnull=true parent=safety ref__in=safety,coordination parent__not=safety
    """,
    "actors": """
        kind=state country=CN country__not=CN country__in=CN,US&kind__not=state country__isnull=true
        ordering=-name_zh,name_en members=state-cn parent__isnull=false q=China q=中国
    """,
    "instruments": """
        kind__in=law,regulation legal_force=binding adopted_on__gte=2024-05-21 adopted_on__lte=2023
        adopted_on__isnull=true ordering=-adopted_on ordering=adopted_on issuers=state-cn tracked=false
        supersedes__isnull=false ended_on__isnull=false
    """,
    "signatures": """
        actor=state-cn country=CN&ordering=signed_on country__not=US signed_on__gte=2024-02
        actor__in=state-cn,state-fr withdrew_on__isnull=false
    """,
    "commitments": """
        jointly=true themes=coordination measurable=false&ordering=title_zh
    """,
    "pledges": """
        status=fulfilled status__not=not_assessed status__in=not_assessed,stalled overdue=true
        overdue=false&assessed=true due_soon=true contested=false&status=in_progress country=CN
        country__not=CN&ordering=-due_on theme=safety theme__not=safety&status=fulfilled actor__isnull=true
        due_on__gte=2026&due_on__lte=2027-06-30 due_on__isnull=true ordering=due_on,-title_en
        ordering=-status_since status_since__gte=2025 status_since__isnull=false
        overdue_from__lte=2026-01-01T00:00:00Z instance_of__isnull=false period__in=2025,2026 q=报告 q=risk
        theme=safety&actor=state-cn&q=安全
    """,
    "mechanisms": """
        kind=summit_series status=active theme=safety parent__isnull=false members=state-cn
        established_on__lte=2024-01 ordering=-established_on overdue=false
    """,
    "proposals": """
        parent__isnull=true status__not=tabled theme=safety instrument__isnull=false
    """,
    "events": """
        state=held&ordering=-starts_on country__in=FR,GB starts_on__gte=2026 ends_on__isnull=true
    """,
    "sources": """
        lang=zh kind__not=page role__in=press,other watch=true published_on__gte=2026-04 read_on__lte=2026-12-31
        ordering=-published_on
    """,
    "passages": """
        lang=zh q=水
    """,
    "divergences": """
        only_in=en subject__isnull=true
    """,
    "evidence": """
        stance=context observed_on__gte=2025-02 ordering=-observed_on stance__not=supports
    """,
    "status-changes": """
        kind=assessment status=fulfilled&ordering=-effective_on supersedes__isnull=true effective_on__lte=2024
    """,
    "responses": """
        disputes=false word_for_word=true stated_on__gte=2025&ordering=stated_on
    """,
    "records": """
        resource=mechanisms resource__not=pledges&ordering=title_en status=active theme=safety
        theme__not=safety&resource=proposals actor=state-cn actor__isnull=true&overdue=true
        instrument__isnull=true instrument__isnull=false&resource=proposals country=CN&assessed=true
        due_on__gte=2027 ordering=-due_on,title_zh ordering=status_since q=峰会 overdue=true
    """,
}


@pytest.mark.parametrize("name", RESOURCES)
def test_the_present_is_the_same_from_columns_and_from_documents(api, name):
    version = api.get("", lang="en")["version"]
    today = timezone.now().date().isoformat()

    whole = api.get(f"{name}/", count="true", page_size=1)["count"]
    counts = []
    for question in ["", *QUESTIONS[name].split()]:
        given = dict(part.split("=", 1) for part in question.split("&") if part)
        live = api.get(f"{name}/", page_size=60, count="true", **given)
        then = api.get(f"{name}/", page_size=60, count="true", version=version, as_of=today, **given)

        assert live["results"] == then["results"], question
        assert live["count"] == then["count"], question
        counts.append(live["count"])
    assert counts[0] == whole
    assert any(0 < count < whole for count in counts) or name == "divergences"


@pytest.mark.parametrize("name", RESOURCES)
def test_every_filter_finds_the_same_in_columns_and_in_documents(api, name):
    (listed,) = (each for each in lists if each.name == name)
    version = api.get("", lang="en")["version"]
    today = timezone.now().date().isoformat()
    page = {"page_size": 30, "ordering": "-ref"}
    shown = {row["ref"]: row for row in api.get(f"{name}/", **page)["results"]}
    common = {"theme": "safety", "country": "CN", "instrument": "bletchley-declaration", "actor": "state-cn"}

    for parameter, filter_ in listed.filters().items():
        key, _, lookup = parameter.partition("__")
        values = [value for row in shown.values() for value in told(row.get(key)) if "," not in value]
        schema = filter_.value.schema()
        value = "true" if schema["type"] == "boolean" else next(iter(values), common.get(key, ""))
        if not value:
            continue
        live = api.get(f"{name}/", **page, fields="ref", **{parameter: value})["results"]
        then = api.get(f"{name}/", **page, fields="ref", version=version, as_of=today, **{parameter: value})["results"]

        assert live == then, (parameter, value)
        found = {row["ref"] for row in live} & shown.keys()
        if all(key in row for row in shown.values()) and lookup not in ("gte", "lte"):
            has = {ref for ref, row in shown.items() if value in told(row[key])}
            wanted = {
                "not": shown.keys() - has,
                "isnull": {ref for ref, row in shown.items() if not told(row[key])},
            }.get(lookup, has)
            assert found == wanted, (parameter, value)


def told(value):
    """Return the values of one key of a result, as filters name them; none where nothing stands."""
    several = value if isinstance(value, list) else [value]
    plain = [each["ref"] if isinstance(each, dict) and "ref" in each else each for each in several]
    return [
        str(each).lower() if isinstance(each, bool) else each
        for each in plain
        if isinstance(each, str | bool) and each != ""
    ]


def test_a_commitment_is_found_by_whom_it_binds_and_by_broader_themes(api):
    by_actor = set(api.refs("commitments/", actor="state-cn", page_size=500))
    bound = {row["commitment"]["ref"] for row in api.get("pledges/", actor="state-cn", page_size=500)["results"]}
    narrow = next(row for row in api.get("themes/", parent__isnull="false")["results"])

    assert by_actor == bound
    assert by_actor <= set(api.refs("commitments/", country="CN", page_size=500))
    for theme in (narrow["ref"], narrow["parent"]["ref"]):
        own = set(api.refs("commitments/", themes=narrow["ref"], page_size=500))
        assert own <= set(api.refs("commitments/", theme=theme, page_size=500))


def test_every_field_that_is_declared_for_it_orders(api):
    for each in lists:
        for key in each.orders():
            api.get(f"{each.name}/", page_size=1, ordering=f"-{key}")


def test_a_theme_includes_narrower_ones(api):
    narrower = api.get("themes/", parent__isnull="false", page_size=1)["results"][0]
    below = set(api.refs("pledges/", theme=narrower["ref"], page_size=500))
    above = set(api.refs("pledges/", theme=narrower["parent"]["ref"], page_size=500))

    assert below < above


def test_a_date_known_to_the_month_is_in_a_range_that_touches_the_month(api, publishing):
    instrument = Instrument.objects.get(ref="bletchley-chairs-statement")
    inside, outside = ("2024-02", "2024-33", "2024", "2024-02-16"), ("2024-34", "2024-03", "2023-36", "2023")
    for stated in (*inside, *outside):
        instrument.adopted_on = stated
        instrument.save()
        version = publishing(instrument)
        for given in ({}, {"version": version}):
            range_ = {"adopted_on__gte": "2024-02-10", "adopted_on__lte": "2024-02-20"}
            refs = api.refs("instruments/", page_size=500, **range_, **given)
            assert (instrument.ref in refs) is (stated in inside), (stated, given)


@pytest.mark.parametrize(
    ("name", "ordering"),
    [("pledges", "ref"), ("pledges", "-due_on"), ("records", "due_on,-title_zh"), ("instruments", "-adopted_on"),
     ("pledges", "status_since"), ("ledger", "-seq")],
)  # fmt: skip
@pytest.mark.parametrize("pinned", [False, True])
def test_pages_forth_and_back_give_each_row_once(api, name, ordering, pinned):
    given = {"version": api.get("")["version"]} if pinned and name != "ledger" else {}
    key = "seq" if name == "ledger" else "ref"
    whole, pages = [], []
    url = api.get(f"{name}/", ordering=ordering, page_size=397, fields=key, **given)
    while True:
        pages.append([row[key] for row in url["results"]])
        whole.extend(pages[-1])
        if url["next"] is None or len(pages) == 5:
            break
        url = api.follow(url["next"])
    assert len(set(whole)) == len(whole)
    if name != "ledger":
        assert len(whole) == api.get(f"{name}/", count="true", page_size=1)["count"]

    for expected in reversed(pages[:-1]):
        url = api.follow(url["previous"])
        assert [row[key] for row in url["results"]] == expected
    assert url["previous"] is None


def test_rows_that_are_added_shift_no_page(api, publishing):
    first = api.get("themes/", page_size=5)
    for ref in ("aaa", "zzz"):
        words = dict.fromkeys(("label_en", "label_zh", "definition_en", "definition_zh"), ref)
        publishing(Theme.objects.create(ref=ref, **words))
    second = api.follow(first["next"])
    back = api.follow(second["previous"])

    refs = [row["ref"] for row in first["results"]]
    assert not set(refs) & {row["ref"] for row in second["results"]}
    assert [row["ref"] for row in back["results"]] == refs
    assert back["previous"] is not None
    assert "zzz" in api.refs("themes/", page_size=500)


def test_a_cursor_is_refused_with_other_filters_and_when_it_is_not_whole(api):
    cursor = api.get("pledges/", page_size=1)["next"].split("cursor=")[1].replace("%3A", ":")

    assert api.problem("pledges/", cursor=cursor, status="fulfilled")["code"] == "cursor_of_another_list"
    assert api.problem("records/", cursor=cursor)["code"] == "cursor_of_another_list"
    assert api.problem("pledges/", cursor=cursor, ordering="-ref")["code"] == "cursor_of_another_list"
    assert api.problem("pledges/", cursor=cursor, as_of="2026-01-01")["code"] == "cursor_of_another_list"
    for broken in (cursor[:-1], cursor[1:], "x", "W10", cursor + "é"):
        problem = api.problem("pledges/", cursor=broken)
        assert (problem["code"], problem["errors"][0]["parameter"]) == ("cursor_broken", "cursor")
    assert len(api.get("pledges/", cursor=cursor, page_size=7, fields="ref", lang="zh")["results"]) == 7


def test_results_name_what_they_link_to_in_both_languages(api):
    pledge = api.get("pledges/", actor="state-cn", commitment="cap24-group-of-friends")["results"][0]

    assert pledge["actor"] == {"ref": "state-cn", "resource": "actors", "name_en": "China", "name_zh": "中国"}
    assert pledge["commitment"]["title_zh"] == "成立之友小组"
    assert pledge["commitment"]["instrument"] == {
        "ref": "ai-capacity-building-action-plan-2024",
        "resource": "instruments",
        "title_en": "AI Capacity-Building Action Plan for Good and for All",
        "title_zh": "人工智能能力建设普惠计划",
    }
    assert pledge["url"] == f"{BASE}/api/v1/pledges/cap24-group-of-friends.state-cn/"
    assert pledge["page_en"] == f"{BASE}/en/records/cap24-group-of-friends.state-cn/"
    assert pledge["page_zh"] == f"{BASE}/zh-hans/records/cap24-group-of-friends.state-cn/"


def test_records_are_the_three_kinds_together(api):
    kinds = {"pledges", "mechanisms", "proposals"}
    counts = {name: api.get(f"{name}/", count="true", page_size=1)["count"] for name in kinds}

    assert api.get("records/", count="true", page_size=1)["count"] == sum(counts.values())
    for name in kinds:
        shown = api.get("records/", resource=name, page_size=1)["results"][0]
        assert shown["resource"] == name
        assert shown["url"].endswith(f"/api/v1/{name}/{shown['ref']}/")


def test_a_page_and_a_detail_take_the_same_queries_whatever_their_size(api, django_assert_num_queries):
    for size in (2, 200):
        with django_assert_num_queries(7):
            api.get("pledges/", page_size=size)
        with django_assert_num_queries(8):
            api.get("records/", page_size=size, ordering="-due_on", assessed="true")
        with django_assert_num_queries(9):
            api.get("pledges/", page_size=size, theme="safety", actor__in="state-cn,state-fr")
        with django_assert_num_queries(4):
            api.get("status-changes/", page_size=size, as_of="2025-06-01")


def test_a_phrase_goes_over_no_end_of_a_field_and_no_punctuation(api, publishing):
    theme = Theme.objects.create(
        ref="phrases",
        label_en="Zebra",
        label_zh="测验甲",
        definition_en="crossing of ways",
        definition_zh="乙丙，丁戊。己 庚",
    )
    publishing(theme)

    for words in ("测验甲", "乙丙", "丁戊", "己庚", '"zebra"', '"crossing of ways"', "zebra crossing"):
        assert api.refs("themes/", q=words) == ["phrases"], words
    for words in ("甲乙", "丙丁", "戊己", '"zebra crossing"', "zqzq"):
        assert api.refs("themes/", q=words) == [], words


def test_simplified_and_traditional_chinese_find_each_other(api, publishing):
    publishing(
        Theme.objects.create(ref="forms", label_en="x", label_zh="測驗", definition_en="x", definition_zh="头发")
    )

    for words in ("測驗", "测验", "测驗", "头发", "頭髮", "頭發"):
        assert api.refs("themes/", q=words) == ["forms"], words
    for words in ("驗測", "验测", "髮頭"):
        assert api.refs("themes/", q=words) == [], words
    found = api.refs("records/", q="风险", page_size=200)
    assert found
    assert api.refs("records/", q="風險", page_size=200) == found


def test_words_are_asked_for_by_their_beginning_in_quotes_as_alternatives_or_left_out(api, publishing):
    publishing(
        Theme.objects.create(
            ref="wording",
            label_en="Zebra crossing",
            label_zh="测验",
            definition_en="Theories of well-known quaggas",
            definition_zh="关于 AI 的安全区",
        )
    )

    for words in (
        "quag*",
        "the* zebr*",
        'quag* "zebra crossing" -lion',
        "well-known quagga",
        "lion or quag*",
        "zebra -lion*",
        '"AI 安全区"',
        "-狮子 zebra",
    ):
        assert api.refs("themes/", q=words) == ["wording"], words
    for words in (
        "quaga*",
        "quag* lion",
        '"crossing zebra"',
        "zebra -quag*",
        "quagga -安全",
        "lion or zebra -the*",
    ):
        assert api.refs("themes/", q=words) == [], words
