"""Sending a file, whole or the part of it that is still missing (RFC 9110, section 14)."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

BLOCK = 1 << 16
RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))", re.ASCII)


def send(request: HttpRequest, path: Path, *, name: str, media_type: str, etag: str) -> HttpResponseBase:
    """Return the answer with a file whose bytes are those of `etag` for ever.

    Only one range is understood; whoever asks for several, or for the rest of another file (If-Range), gets it whole.
    """
    file = path.open("rb")
    size = os.fstat(file.fileno()).st_size
    asked = RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    partial = asked is not None and request.method == "GET" and request.headers.get("If-Range", etag) == etag
    first, last = _bounds(asked, size) if asked and partial else (0, size - 1)
    if partial and not 0 <= first <= last:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"})
    response = StreamingHttpResponse(_part(file, first, last), status=206 if partial else 200, content_type=media_type)
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or ""
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Length"] = str(last - first + 1)
    if partial:
        response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


def _part(file: IO[bytes], first: int, last: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        while first <= last and (block := file.read(min(BLOCK, last - first + 1))):
            first += len(block)
            yield block


def _bounds(asked: re.Match[str], size: int) -> tuple[int, int]:
    """Return the first and the last byte of a range; the first is beyond the last when there is nothing to send."""
    first, last, ending = asked.groups()
    if ending is not None:
        return (max(size - int(ending), 0), size - 1) if int(ending) else (1, 0)
    return int(first), min(int(last), size - 1) if last else size - 1
