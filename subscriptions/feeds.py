"""What programs that read news subscribe to, in Atom (RFC 4287). Nobody need give an address for it."""

from datetime import datetime

from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from publishing import ledger
from publishing.models import SignedHead
from subscriptions.links import absolute

NEWEST = 60


class SignedHeadsFeed(Feed):
    """The signed head of each day, newest first: whatever keeps its entries keeps a witness of the ledger's past.

    Statement, signature and key stand in the entry itself, so that it can be checked when the tracker is gone.
    """

    feed_type = Atom1Feed
    author_name = "Pactwatch"

    def title(self) -> str:
        return _("Pactwatch: the signed head of each day")

    def subtitle(self) -> str:
        return _(
            "The last position of the ledger and its hash as each day (UTC) began, signed. Whoever keeps one can show"
            " whether anything before it was rewritten."
        )

    def link(self) -> str:
        return absolute("/api/v1/ledger/heads/")

    def feed_url(self) -> str:
        return absolute(reverse("subscriptions:heads"))

    def items(self) -> list[SignedHead]:
        return list(SignedHead.objects.order_by("-day")[:NEWEST])

    def item_title(self, item: SignedHead) -> str:
        return _("Signed head of %(day)s: position %(position)s") % {
            "day": item.day.isoformat(),
            "position": str(item.seq),
        }

    def item_description(self, item: SignedHead) -> str:
        lines = [
            ("statement", item.statement),
            ("signature", item.signature),
            ("public_key", item.public_key),
            ("signed_at", ledger.timestamp(item.signed_at)),
        ]
        return format_html("<pre>{}</pre>", "\n".join(f"{name}: {value}" for name, value in lines))

    def item_link(self, item: SignedHead) -> str:
        day = item.day.isoformat()
        return absolute(f"/api/v1/ledger/heads/?day__gte={day}&day__lte={day}")

    def item_pubdate(self, item: SignedHead) -> datetime:
        return item.signed_at

    def item_updateddate(self, item: SignedHead) -> datetime:
        return item.signed_at


_answer = SignedHeadsFeed()


@require_safe
@conditional_page
@cache_control(public=True, no_cache=True)
def heads(request: HttpRequest) -> HttpResponse:
    """Answer with the signed heads, in the language of the address."""
    return _answer(request)
