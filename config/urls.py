"""Which app answers which address. Only the website's own pages carry the language in the path."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.http import Http404
from django.urls import include, path, re_path
from django.views.defaults import page_not_found

from config.health import healthz, readyz
from config.metrics import metrics

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("admin/", include("accounts.urls")),
    # The admin leads to public pages by addresses of its own, not by any row of any table.
    re_path("^admin/r/", page_not_found, {"exception": Http404()}),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/", include("api.urls")),
    *i18n_patterns(
        path("", include("subscriptions.urls")),
        path("", include("keys.urls")),
        path("", include("submissions.urls")),
        path("", include("website.urls")),
    ),
]
