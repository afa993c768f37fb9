"""The public pages. config/urls.py puts the language in front of each path."""

from django.urls import path, register_converter

from publishing.models import REF_PATTERN
from website.views import about, browse, catalogue, record, start


class RefConverter:
    """A permanent id in a path."""

    regex = REF_PATTERN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(RefConverter, "ref")

app_name = "website"
urlpatterns = [
    path("", start.start, name="start"),
    path("records/", browse.records, name="records"),
    path("records/<ref:ref>/", record.record, name="record"),
    path("actors/<ref:ref>/", catalogue.actor, name="actor"),
    path("instruments/<ref:ref>/", catalogue.instrument, name="instrument"),
    path("themes/<ref:ref>/", catalogue.theme, name="theme"),
    path("verify/", about.verify, name="verify"),
    path("method/", about.method, name="method"),
    path("statuses/", about.statuses, name="statuses"),
]
