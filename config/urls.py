"""Which app answers which address. Only the website's own pages carry the language in the path."""

from importlib.util import find_spec

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from config.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
for prefix, module in (("api/", "api.urls"),):
    if find_spec(module.split(".")[0]) and find_spec(module):
        urlpatterns.append(path(prefix, include(module)))
urlpatterns += i18n_patterns(path("", include("subscriptions.urls")), path("", include("website.urls")))
