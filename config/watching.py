"""Looking after the jobs from the web server: a worker that takes no work cannot tell of it itself."""

import logging
import threading
from datetime import datetime

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from config.health import UP_SINCE
from jobs.incidents import note_incidents
from subscriptions.alarms import queue_alarms
from subscriptions.digests import renew
from subscriptions.mail import send_waiting
from subscriptions.models import MessageKind

SECONDS_BETWEEN_LOOKS = 15

logger = logging.getLogger(__name__)


def look(*, now: datetime, up_since: datetime) -> int:
    """Note which jobs are late or failing by `now` (aware), tell administrators once of each, and return how many are.

    The mails go through the outbox and leave from this process. Any number of processes may look; one writes.

    Raises OSError when the mail server cannot be reached; the next look tries it again.
    """
    with transaction.atomic():
        incidents = note_incidents(now=now, up_since=up_since)
        for incident in incidents:
            logger.error("%s is %s", incident.job, "failing" if incident.failing else "late")
        if incidents:
            queue_alarms(incidents=incidents, now=now)
    send_waiting(now=now, renew=renew, kinds=[MessageKind.ALARM])
    return len(incidents)


def keep_looking() -> None:
    """Look every quarter of a minute in a thread of this process, for as long as it lives."""
    threading.Thread(target=_look_for_ever, name="watching", daemon=True).start()


def _look_for_ever() -> None:
    pause = threading.Event()
    while not pause.wait(SECONDS_BETWEEN_LOOKS):
        try:
            look(now=timezone.now(), up_since=UP_SINCE)
        except (DatabaseError, OSError) as error:
            logger.warning("The jobs could not be looked after: %s", error)
        except Exception:
            logger.exception("The jobs could not be looked after")
        finally:
            connection.close()
