"""The reference of the contract over HTTP."""

from __future__ import annotations

from chalicelib.platform import caching
from chalicelib.platform.http import HTML, Answer, Api, Call
from chalicelib.site import pages, reference

api = Api(__name__)

# The script's address changes with its bytes.
SCRIPT_MAX_AGE_S = 31_536_000


@api.operation(
    "GET",
    "/docs",
    zh="接口文档页面",
    en="The reference of the contract",
    auth=None,
    answer=None,
    content_type=HTML,
    on_refusal=pages.refusal_page,
    also=(304,),
)
def reference_page(call: Call) -> Answer:
    """Draws /v1/openapi.json, by a script of the bank's own."""
    found = reference.page()
    return caching.tagged(call, found.text, found.tag, pages.PUBLIC_MAX_AGE_S, reference.headers())


@api.operation(
    "GET",
    "/docs/redoc.js",
    zh="接口文档页面的脚本",
    en="The script of that page",
    auth=None,
    answer=None,
    content_type="text/javascript",
    also=(304,),
)
def reference_script(call: Call) -> Answer:
    """Redoc, unchanged; 2.3 MB, which the gateway packs on its way."""
    found = reference.script()
    return caching.tagged(call, found.text, found.tag, SCRIPT_MAX_AGE_S)
