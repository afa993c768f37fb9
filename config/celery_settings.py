"""The settings of Celery, read by `config.celery` when they are first needed.

The broker only carries wake-up calls: what is due stands in the database. So nothing that is lost or doubled there
matters, and nothing is kept there for longer than minutes.
"""

from django.conf import settings

from config.settings import whole_number
from jobs.registry import QUEUES

broker_url = settings.BROKER_URL
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
broker_transport_options = {
    "visibility_timeout": 300,
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 10,
}

accept_content = ["json"]
task_serializer = "json"
result_backend = None
task_ignore_result = True

# Without an exchange and a key of its own every queue would get the messages of all.
task_queues = {name: {"exchange": name, "routing_key": name} for name in QUEUES}
task_default_queue = "upkeep"
task_acks_late = True
task_reject_on_worker_lost = True
task_soft_time_limit = 25 * 60
task_time_limit = 30 * 60

imports = ["jobs.tasks"]
worker_concurrency = whole_number("WORKER_CONCURRENCY", default=2, least=1, most=256)
worker_prefetch_multiplier = 1
worker_hijack_root_logger = False

beat_scheduler = "jobs.beat:RegistryScheduler"
timezone = "UTC"

# Without it Celery closes the database connection after every task. The name is Celery's, and it must be upper case.
CELERY_DB_REUSE_MAX = 1000
