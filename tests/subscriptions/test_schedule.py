"""Digests leave at eight in the morning by the clock on the subscriber's wall."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from subscriptions.schedule import next_delivery


@pytest.mark.parametrize(
    ("frequency", "zone", "after", "following"),
    [
        ("daily", "UTC", "2026-11-24T07:59:59", "2026-11-24T08:00"),
        ("daily", "UTC", "2026-11-24T08:00:00", "2026-11-25T08:00"),
        ("daily", "Asia/Shanghai", "2026-11-24T12:00", "2026-11-25T00:00"),
        ("daily", "Pacific/Kiritimati", "2026-11-24T12:00", "2026-11-24T18:00"),
        ("daily", "America/Los_Angeles", "2026-11-24T12:00", "2026-11-24T16:00"),
        ("weekly", "UTC", "2026-11-24T12:00", "2026-11-30T08:00"),
        # Monday begins earlier in Auckland than in UTC.
        ("weekly", "Pacific/Auckland", "2026-11-24T12:00", "2026-11-29T19:00"),
        ("weekly", "America/New_York", "2026-11-30T12:00", "2026-11-30T13:00"),
        # In Berlin the clock goes back on 25 October 2026 and forward on 28 March 2027.
        ("daily", "Europe/Berlin", "2026-10-24T06:00", "2026-10-25T07:00"),
        ("daily", "Europe/Berlin", "2027-03-27T07:00", "2027-03-28T06:00"),
        ("weekly", "Europe/Berlin", "2026-10-19T06:00", "2026-10-26T07:00"),
        ("weekly", "Europe/Berlin", "2027-03-22T07:00", "2027-03-29T06:00"),
        # Samoa went over the date line and had no 30 December 2011.
        ("daily", "Pacific/Apia", "2011-12-29T18:00", "2011-12-30T18:00"),
        ("daily", "Pacific/Apia", "2011-12-30T18:00", "2011-12-31T18:00"),
    ],
)
def test_the_next_digest_leaves_at_eight_local_time(frequency, zone, after, following):
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)

    delivery = next_delivery(frequency=frequency, zone=ZoneInfo(zone), after=moment)

    assert delivery == datetime.fromisoformat(following).replace(tzinfo=UTC)
