"""Whether what a reader has kept still is what they would be answered: entity tags (RFC 9110, 8.8.3 and 13.1.2)."""

from __future__ import annotations

import hashlib

from chalice.app import Response

from chalicelib.platform.headers import is_known

_TAG_BYTES = 16


def unless_kept(answer: Response, if_none_match: str | None) -> Response:
    """An answer that anybody may keep with its tag; 304 without the body to who names that tag as theirs.

    The tag is strong: the same bytes have the same one, and nothing behind the bank changes them. Who is told 304 gets
    the other headers again, which are what is known of the kept answer from then on. One that has a tag is as it is.
    """
    if (
        answer.status_code != 200
        or "ETag" in answer.headers
        or not str(answer.headers["Cache-Control"]).startswith("public")
    ):
        return answer
    digest = hashlib.sha256(answer.body.encode()).digest()[:_TAG_BYTES]
    tag = f'"{digest.hex()}"'
    headers = {**answer.headers, "ETag": tag}
    if is_known(if_none_match, tag):
        return Response(body="", status_code=304, headers=headers)
    return Response(body=answer.body, status_code=200, headers=headers)
