"""What a query password must not be (NB-5.3.2)."""

from __future__ import annotations

import pytest

from chalicelib.identity import errors
from chalicelib.identity.password_rules import Personal, check
from chalicelib.parameters import service as parameters

# A made-up person; the check digit is right.
PERSON = Personal("13971058246", "110105199003074218", "zhao.xiaoming", ("9000017505728815622", "9000016612345678907"))
# The least that any bank may ask for: what holds for it holds for a longer one.
MIN_LENGTH = parameters.PASSWORD_MIN_LENGTH.low


@pytest.mark.requirement("NB-5.3.2")
@pytest.mark.parametrize(
    "password",
    [
        "Correct-Horse-7",
        "x7Gq2mLp",
        "红旗-Kite-Lamp-42",
        "梦里花落知多少2x",
        "Tiger#91kPz",
        "a" * 3 + "-Kupfer-Wiese-81",
        "p" + "9Tz-Qm4" * 17,
        "Sommer-1991-Kiesel",
    ],
)
def test_good_passwords(password: str) -> None:
    check(password, PERSON, MIN_LENGTH)


@pytest.mark.requirement("NB-5.3.2")
@pytest.mark.parametrize("password", ["", "x", "x7Gq2mL", "红旗飘飘七个字"])
def test_too_short(password: str) -> None:
    with pytest.raises(errors.PasswordTooShort):
        check(password, PERSON, MIN_LENGTH)


@pytest.mark.requirement("NB-5.3.2")
@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("88888888", errors.PasswordPattern),  # repeats
        ("abababab", errors.PasswordPattern),
        ("abcabcabcabc", errors.PasswordPattern),
        ("3456789abc", errors.PasswordPattern),  # runs
        ("hgfedcba", errors.PasswordPattern),
        ("yuiophjkl", errors.PasswordPattern),  # keyboard rows
        ("20080808", errors.PasswordPattern),  # dates, also nobody's own
        ("12345678", errors.PasswordCommon),
        ("password1", errors.PasswordCommon),
        ("P@ssw0rd", errors.PasswordCommon),
        ("qwertyuiop", errors.PasswordCommon),
        ("1qaz2wsx", errors.PasswordCommon),
        ("a1b2c3d4", errors.PasswordCommon),
        ("woaini520", errors.PasswordCommon),
        ("simulated", errors.PasswordCommon),
        ("a" * 128, errors.PasswordPattern),
    ],
)
def test_weak_passwords_and_the_rule_they_break(password: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        check(password, Personal(), MIN_LENGTH)


@pytest.mark.requirement("NB-5.3.2")
@pytest.mark.parametrize(
    "password", ["RuralBank2026", "Rural-Bank-1", "乡村银行2026", "手机银行123456", "XiangcunYinhang1", "rur4lb4nk"]
)
def test_the_banks_own_name_is_no_password(password: str) -> None:
    with pytest.raises(errors.PasswordCommon):
        check(password, Personal(), MIN_LENGTH)


@pytest.mark.requirement("NB-5.3.2")
@pytest.mark.parametrize(
    "part",
    [
        "19900307",  # the birthday, in every order
        "1990-03-07",
        "1990.3.7",
        "900307",
        "07031990",
        "03071990",
        "070390",
        "030790",
        "7/3/1990",
        "13971058246",  # the phone, and parts of it
        "71058246",
        "139-7105-8246",
        "058246",
        "110105199003074218",  # the identity number
        "074218",
        "110105",
        "zhao.xiaoming",  # the login name, any case, backwards, without its dot
        "ZhaoXiaoMing",
        "gnimoaix.oahz",
        "9000017505728815622",  # account numbers
        "815622",
        "345678907",
    ],
)
def test_what_others_know_is_no_password_however_it_is_dressed(part: str) -> None:
    for password in (f"{part}-Kx9!q", f"Qz#{part}vB"):
        with pytest.raises(errors.PasswordPersonal):
            check(password, PERSON, MIN_LENGTH)
        # and it is just this person's
        check(password + "-Lampe", Personal(), MIN_LENGTH)


@pytest.mark.requirement("NB-5.3.3-epay")
def test_a_query_password_is_longer_than_a_payment_password_so_the_two_differ() -> None:
    assert len("123456") < MIN_LENGTH


def test_an_identity_number_may_be_missing_or_odd() -> None:
    for id_number in ("", "x", "110105199013994218"):
        check("Kite-19900307-Lampe", Personal(id_number=id_number), MIN_LENGTH)
