"""What one reader may ask for in a minute: counted for all processes together, told in each answer."""

import logging
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from unittest.mock import ANY

import pytest
from django.test import Client

from throttling import budgets
from throttling.budgets import Budget, spend, standing

addresses = (f"198.51.{number // 250}.{number % 250}" for number in count(1))


@pytest.fixture
def reader(api, settings):
    """A client at an address of its own, where six units a minute may be had."""
    settings.LIMITS, settings.API_QUOTA = True, 6
    return Client(REMOTE_ADDR=next(addresses))


def left(response):
    told = re.fullmatch(r'"address";r=(\d+);t=(\d+)', response.headers["RateLimit"])
    assert told and 1 <= int(told[2]) <= 60
    return int(told[1])


def test_each_answer_tells_what_is_left_until_nothing_is(reader):
    first = reader.get("/api/v1/themes/")
    searched = reader.get("/api/v1/pledges/?q=safety")
    known = reader.get("/api/v1/themes/", headers={"if-none-match": first.headers["ETag"]})
    mistaken = reader.get("/api/v1/pladges/")
    last = reader.get("/api/v1/themes/")
    refused = reader.get("/api/v1/themes/?lang=zh")

    assert first.headers["RateLimit-Policy"] == '"address";q=6;w=60'
    assert [left(each) for each in (first, searched, known, mistaken, last)] == [5, 2, 2, 1, 0]
    assert (known.status_code, mistaken.status_code) == (304, 404)
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["violated-policies"]) == (429, "too_much", ["address"])
    assert (refused.headers["Cache-Control"], refused.headers["Content-Language"]) == ("no-store", "zh-hans")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "RateLimit" in refused.headers["Access-Control-Expose-Headers"]


def test_a_file_costs_more_and_can_always_be_had_with_the_whole_budget(reader):
    assert reader.get("/api/v1/themes/?format=csv").status_code == 200
    assert reader.get("/api/v1/themes/").status_code == 429


def test_others_have_budgets_of_their_own_and_a_household_has_one(reader):
    for number in range(6):
        reader.get("/api/v1/themes/", REMOTE_ADDR=f"2001:db8:7::{number}")

    assert reader.get("/api/v1/themes/", REMOTE_ADDR="2001:db8:7::ffff").status_code == 429
    assert reader.get("/api/v1/themes/", REMOTE_ADDR="2001:db8:8::1").status_code == 200


def test_own_use_is_readable_and_costs_nothing(reader):
    reader.get("/api/v1/themes/")
    reader.get("/api/v1/usage/")
    told = reader.get("/api/v1/usage/").json()

    assert 1 <= told.pop("resets_in_seconds") <= 60
    assert told == {
        "limited": True,
        "key": None,
        "policy": "address",
        "quota": 6,
        "window_seconds": 60,
        "used": 1,
        "remaining": 5,
        "costs": {"answer": 1, "search": 3, "file": 20},
    }


def test_a_laptop_keeps_no_limits(api):
    response = api.ask("themes/")

    assert "RateLimit" not in response.headers
    assert api.get("usage/")["limited"] is False


def test_no_count_is_lost_between_those_who_count(reader):
    budget, who = Budget("story", 1000, 60), next(addresses)

    with ThreadPoolExecutor(8) as threads:
        for _number in range(200):
            threads.submit(spend, budget, who=who, cost=2)

    assert standing(budget, who=who) == (budget, 600, ANY)


def test_while_the_server_that_counts_is_down_nobody_is_kept_out(reader, settings, caplog, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings.BROKER_URL = f"redis://127.0.0.1:{taken.getsockname()[1]}"
    budgets._limiter.cache_clear()
    monkeypatch.setattr(budgets._Server, "down_until", 0.0)

    with caplog.at_level(logging.WARNING):
        answers = [reader.get("/api/v1/themes/") for _number in range(8)]

    budgets._limiter.cache_clear()
    assert {each.status_code for each in answers} == {200}
    assert [record.name for record in caplog.records].count("throttling.budgets") == 1


def test_a_page_of_anybodys_may_read_and_only_read(api):
    response = api.client.options("/api/v1/pledges/", headers={"origin": "https://newsroom.example"})

    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert "Access-Control-Allow-Credentials" not in response.headers
    exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"ETag", "RateLimit", "Link", "Content-Disposition", "Content-Range"} <= set(exposed)
