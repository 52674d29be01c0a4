"""A function has the layers of the libraries that its code can reach, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.package import Function, functions_of
from infra import contents
from tests.architecture.packaged import packaged
from tests.architecture.reach import BY_NAME, reach_of
from tests.architecture.source import ROOT

FUNCTIONS = {function.logical_id: function for function in functions_of(packaged())}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_function_has_the_layers_of_what_its_code_can_reach(function: Function) -> None:
    assert set(function.layers) == reach_of(function.handler).layers


def test_only_who_makes_documents_carries_their_libraries_and_fonts() -> None:
    having = {layer: {name for name, one in FUNCTIONS.items() if layer in one.layers} for layer in contents.LAYERS}
    assert having == {
        "documents": {"MakeDocuments"},
        "markup": {"APIHandler", "AskClearing", "ClearPayments", "MakeDocuments"},
        "pictures": {"APIHandler", "MakeDocuments"},
    }
    # and what is named as text is looked at, too
    assert {function.handler for function in FUNCTIONS.values()} >= BY_NAME.keys()


def test_each_place_is_in_one_zip() -> None:
    carried = [name for names in contents.LAYERS.values() for name in names]
    assert len(carried) == len(set(carried))
    assert not set(carried) & contents.BROUGHT_ALONG
    assert contents.home("bank_fonts") == "documents"
    assert contents.home("boto3") == contents.CODE
    # and data that Chalice does not pack is a package of its own, whose bytes a layer carries
    assert all(contents.home(name) in contents.LAYERS for name in contents.DATA)
    assert all((ROOT / name / "__init__.py").is_file() for name in contents.DATA)


def test_what_describes_a_distribution_goes_with_its_files() -> None:
    assert contents.home_of_distribution("lxml-6.1.3.dist-info/METADATA,,\nlxml/etree.py,,\n") == "markup"
    assert contents.home_of_distribution("boto3/session.py,,\n") == contents.CODE
    assert contents.home_of_distribution("cffi/api.py,,\n") is None


@pytest.mark.parametrize(
    ("name", "is_wanted"),
    [
        ("botocore/data/dynamodb/2012-08-10/service-2.json.gz", True),
        ("botocore/data/dynamodb/2012-08-10/examples-1.json", False),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("botocore/data/partitions.json", True),
        ("botocore/session.py", True),
        ("aws_lambda_powertools/utilities/batch/base.py", True),
        ("aws_lambda_powertools/event_handler/api_gateway.py", False),
        ("icalendar/tests/test_icalendar.py", False),
        ("pydantic/main.py", True),
        ("pydantic/v1/main.py", False),
        ("PIL/_avif.cpython-311-x86_64-linux-gnu.so", False),
        ("PIL/_imaging.cpython-311-x86_64-linux-gnu.so", True),
        ("stdnum/luhn.py", True),
        ("stdnum/de/vat.py", False),
        ("boto3-1.43.106.dist-info/METADATA", True),
        ("boto3-1.43.106.dist-info/licenses/LICENSE", True),
        ("boto3-1.43.106.dist-info/RECORD", False),
        ("cffi/api.py", False),
    ],
)
def test_what_is_carried(name: str, is_wanted: bool) -> None:
    assert contents.wanted(name) is is_wanted
    assert contents.wanted(str(Path(name).with_suffix(".pyi"))) is False
