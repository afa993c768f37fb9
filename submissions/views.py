"""The pages of submissions, in the language of their address: the form, and what became of what was sent.

The POST is free of Django's CSRF check: nothing in it rests on who is logged in, and the form stands on pages that
caches keep.
"""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Language
from submissions import actions
from submissions.fates import fate_of
from submissions.forms import PageForm
from submissions.models import Submission
from throttling.budgets import may_send
from tracking.models import Record


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def send(request: HttpRequest) -> HttpResponse:
    """The form by itself, for `?record=REF`; records have it on their pages. Sent, it leads to the receipt."""
    sent = request.method == "POST"
    given = request.POST if sent else request.GET
    record = Record.objects.public().filter(ref=given.get("record", "").replace("\0", "")).first()
    if record is None:
        raise Http404
    form = PageForm(given if sent else None)
    shown = {"record": record, "form": form, "given": given}
    if not sent or not form.is_valid():
        return render(request, "submissions/send.html", shown, status=422 if sent else 200)
    if not may_send(request):
        return render(request, "submissions/send.html", shown | {"too_many": True}, status=429)
    told = {name: form.cleaned_data[name] for name in ("kind", "text", "url", "email")}
    submission, _is_new = actions.send_in(
        record=record, language=get_language() or Language.ENGLISH, now=timezone.now(), **told
    )
    return redirect("submissions:receipt", submission.receipt)


@never_cache
@require_safe
def receipt(request: HttpRequest, receipt: UUID) -> HttpResponse:
    """What became of something that was sent in."""
    submission = Submission.objects.select_related("finding__record").filter(receipt=receipt).first()
    if submission is None:
        raise Http404
    response = render(
        request,
        "submissions/receipt.html",
        {"submission": submission, "record": submission.finding.subject, "fate": fate_of(submission)},
    )
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
