"""The door for the web server: granian loads `config.wsgi:application`.

What a proxy says of the reader (X-Forwarded-For, X-Forwarded-Proto) is believed when the request comes from one of
TRUSTED_PROXIES. The reader's address is then the last one in that list that is no trusted proxy's.
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = wrap_wsgi_with_proxy_headers(get_wsgi_application(), trusted_hosts=settings.TRUSTED_PROXIES)
