"""The door for the web server: granian loads `config.wsgi:application`.

What a proxy says of the reader (X-Forwarded-For, X-Forwarded-Proto) is believed when the request comes from one of
TRUSTED_PROXIES. The reader's address is then the last one in that list that is no trusted proxy's.
"""

import os
from wsgiref.types import WSGIApplication

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def make_application() -> WSGIApplication:
    """Return the application, having begun to look after the jobs from this process."""
    application = get_wsgi_application()
    from config.watching import keep_looking  # it needs the apps, which are ready from here on

    keep_looking()
    return wrap_wsgi_with_proxy_headers(application, trusted_hosts=settings.TRUSTED_PROXIES)


application = make_application()
