"""Marks and quotes are read from source as it stands there."""

from __future__ import annotations

from compliance.marks import marked_in
from compliance.quotes import quoted_in

TESTS = """
import pytest
pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.requirement("NB-1")]

@pytest.mark.requirement("NB-2", "NB-3")
@pytest.mark.parametrize("x", [1])
def test_one(x): ...

def test_two(): ...

def helper(): ...

@pytest.mark.requirement("NB-4")
class TestThree:
    pytestmark = pytest.mark.requirement("NB-5")

    def test_four(self): ...
"""
CODE = '''"""Notices (NB-1)."""
LEAD_H = Parameter("notice.lead_h", 72, "NB-2")

# Three days, special cases excepted: NB-3.
BOUND = 72

@api.operation(en="Notices (NB-4)")
def read(call):
    """Public (NB-5)."""
    def inner():
        return 1  # NB-6

class Late(Refusal):
    """NB-5, NB-7."""
'''


def test_a_test_has_the_marks_of_its_decorators_class_and_file() -> None:
    assert marked_in(TESTS, "tests/unit/test_x.py") == {
        "tests/unit/test_x.py::test_one": ["NB-1", "NB-2", "NB-3"],
        "tests/unit/test_x.py::test_two": ["NB-1"],
        "tests/unit/test_x.py::TestThree::test_four": ["NB-1", "NB-4", "NB-5"],
    }


def test_a_quote_is_placed_in_the_innermost_function_or_class() -> None:
    assert quoted_in(CODE, "notices.domain") == {
        "NB-1": {"notices.domain"},
        "NB-2": {"notices.domain:LEAD_H"},
        "NB-3": {"notices.domain"},
        "NB-4": {"notices.domain:read"},
        "NB-5": {"notices.domain:read", "notices.domain:Late"},
        "NB-6": {"notices.domain:read.inner"},
        "NB-7": {"notices.domain:Late"},
    }
