"""Entity tags: of the bytes, weak or strong, one or many; only what anybody may keep has one."""

from __future__ import annotations

import pytest
from chalice.app import Response

from chalicelib.platform.validators import unless_kept

PUBLIC = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Language"}


def answer(body: str = "页面", status: int = 200, cache: str = PUBLIC["Cache-Control"]) -> Response:
    return Response(body=body, status_code=status, headers={**PUBLIC, "Cache-Control": cache})


TAG = str(unless_kept(answer(), None).headers["ETag"])


def test_the_same_bytes_have_the_same_tag_and_others_another() -> None:
    assert TAG.startswith('"')
    assert unless_kept(answer(), '"another"').headers["ETag"] == TAG
    assert unless_kept(answer("页面 "), TAG).headers["ETag"] != TAG


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (TAG, 304),
        (f"W/{TAG}", 304),
        (f'"old", W/"older" ,{TAG}', 304),
        (" * ", 304),
        (None, 200),
        ("", 200),
        ('"old"', 200),
        (TAG.strip('"'), 200),
        (TAG[:-1], 200),
        ("\x00\ud800,,;", 200),
    ],
)
def test_who_has_it_is_not_sent_it_again(given: str | None, status: int) -> None:
    sent = unless_kept(answer(), given)
    assert (sent.status_code, sent.body) == (status, "" if status == 304 else "页面")
    assert sent.headers == {**PUBLIC, "ETag": TAG}


@pytest.mark.parametrize(("status", "cache"), [(200, "no-store"), (500, PUBLIC["Cache-Control"])])
def test_what_nobody_may_keep_has_no_tag(status: int, cache: str) -> None:
    sent = unless_kept(answer(status=status, cache=cache), "*")
    assert (sent.status_code, sent.body, "ETag" in sent.headers) == (status, "页面", False)
