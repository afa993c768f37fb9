from datetime import timedelta

from celery.beat import Scheduler
from celery.schedules import crontab

from jobs.registry import JOBS

# A wake-up that no worker took is worthless when the next one is sent.
EXPIRES = timedelta(seconds=55)


class RegistryScheduler(Scheduler):
    """Beat's timetable, made from the registry: each job is woken up at once, and then on every full minute.

    Whether it has something to do then is found out by the worker, so there is no state to keep on disk.
    """

    def setup_schedule(self) -> None:
        for job in JOBS.values():
            self.schedule[job.name] = self.Entry(
                app=self.app,
                name=job.name,
                task="jobs.wake_up",
                args=(job.name,),
                schedule=crontab(app=self.app),
                last_run_at=self.app.now() - timedelta(minutes=1),
                options={"queue": job.queue, "expires": EXPIRES.total_seconds()},
            )
