"""How a page says that it has nothing to show: one table from what went wrong to the answer."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from publishing.errors import DomainError
from publishing.reading import Merged, NothingThere, Unpublished, leading_on
from website.dossier import NotYetThere

BAD_REQUEST = (400, "website/refused.html")
ANSWERS = {
    NothingThere: (404, "404.html"),
    NotYetThere: (404, "website/refused.html"),
    Unpublished: (410, "website/unpublished.html"),
}


def page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a view of the website: only GET and HEAD; a DomainError becomes a page that says what to do.

    Caches may keep the page and ask each time whether it is still the same; then the answer is 304 without a body.
    """

    @wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Merged as merged:
            return HttpResponsePermanentRedirect(leading_on(request.get_full_path(), merged))
        except DomainError as error:
            status, template = ANSWERS.get(type(error), BAD_REQUEST)
            return render(request, template, {"error": error, **kwargs}, status=status)

    return require_safe(conditional_page(cache_control(public=True, no_cache=True)(answering)))
