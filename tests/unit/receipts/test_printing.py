"""The picture of an e-receipt: it says all that was signed, in its place, in both editions (YQ-4.2.2-receipt)."""

from __future__ import annotations

import dataclasses
import io

import pytest

from chalicelib.parameters.service import BANK_NAME
from chalicelib.parameters.shapes import MAX_ADDRESS
from chalicelib.platform.money import MAX_FEN
from chalicelib.platform.pdf import fonts
from chalicelib.platform.pdf.pages import POINTS_PER_MM, Document
from chalicelib.receipts import printing
from chalicelib.receipts.domain import CHANNELS, FACTORS, Receipt
from chalicelib.receipts.printing import Edition, Language
from chalicelib.transfers.domain import MAX_NAME, MAX_PURPOSE
from tests.printed import bare, codes_in, outside, pixels, text_in, text_of
from tests.unit.receipts.test_domain import RECEIPT

BANK = {"zh": "示范村镇银行", "en": "Rural Bank"}
ADDRESS = "https://bank.example"
LONGEST_ADDRESS = "https://" + "m" * (MAX_ADDRESS - 8)
REVERSAL = dataclasses.replace(RECEIPT, kind="reversal", reverses=RECEIPT.number, channel="bank")
both = pytest.mark.parametrize("language", ["zh", "en"])


def printed(
    receipt: Receipt, language: Language, number: int = 1, bank: dict[str, str] = BANK, address: str = ADDRESS
) -> bytes:
    sink = io.BytesIO()
    document = Document(sink, "回单", "行", printing.SIZE_MM)
    printing.draw(document, receipt, Edition(language, number, bank, address))
    document.finish()
    return sink.getvalue()


@both
@pytest.mark.parametrize("receipt", [RECEIPT, REVERSAL], ids=["transfer", "reversal"])
@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_a_receipt_says_what_was_signed(receipt: Receipt, language: Language) -> None:
    said = bare(text_of(printed(receipt, language)))
    facts = {
        *("网上银行电子回单", receipt.number, "2026-11-21 00:00:05", "2026-11-21 00:00:06"),
        *(receipt.payer_name, receipt.payer_account, receipt.payer_bank),
        *(receipt.payee_name, receipt.payee_account, receipt.payee_bank),
        *("CNY 107,000.53", "人民币壹拾万柒仟元零伍角叁分", "0.00", receipt.purpose, receipt.reverses),
        *(CHANNELS[receipt.channel][0], FACTORS[receipt.factor][0], receipt.entry_id, receipt.digest),
        *("ABCD-EFGH-IJKL-MNOP", receipt.issuer, "电子回单专用章", "receipt.jws", f"{ADDRESS}/verify"),
    }
    assert {fact for fact in facts if bare(fact) not in said} == set()
    assert ("（冲正）" in said) == (receipt is REVERSAL)
    assert ("Payer'sname" in said) == (language == "en")


@both
@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [(1, "首次打印", "First print"), (2, "补打 第2次打印", "Reprint, print 2"), (113, "补打 第113次打印", "print 113")],
)
@pytest.mark.requirement("NB-5.1.6-3")
def test_first_print_and_reprints_are_marked(number: int, zh: str, en: str, language: Language) -> None:
    said = bare(text_of(printed(RECEIPT, language, number)))
    assert bare(zh) in said
    assert (bare(en) in said) == (language == "en")
    assert (("首次" in said), ("补打" in said)) == (number == 1, number > 1)


@both
def test_the_code_leads_to_the_public_page_with_number_and_code(language: Language) -> None:
    wanted = f"{ADDRESS}/verify?number={RECEIPT.number}&code={RECEIPT.code}"
    assert codes_in(printed(RECEIPT, language)) == [wanted]


@both
@pytest.mark.parametrize("letter", ["汉", "龘", "W", "𬱖", "\U0001f600"])
def test_the_longest_fields_are_whole_and_stay_in_their_places(letter: str, language: Language) -> None:
    name, bank = letter * MAX_NAME, letter * 30
    longest = dataclasses.replace(
        REVERSAL,
        payer_name=name,
        payee_name=name,
        payer_bank=bank,
        payee_bank=bank,
        purpose=letter * MAX_PURPOSE,
        amount_fen=MAX_FEN - 1,
        fee_fen=MAX_FEN - 1,
        channel="batch",
        factor="certificate",
        payer_account="9" * 32,
        payee_account="9" * 32,
    )
    longest_name = dict.fromkeys(("zh", "en"), "汉" * BANK_NAME.longest)
    page = printed(longest, language, 999, longest_name, LONGEST_ADDRESS)
    said = bare(text_of(page))
    assert said.count(fonts.shown(name)) >= 2
    assert fonts.shown(letter * MAX_PURPOSE) in said
    assert bare(longest_name["zh"]) in said
    assert outside(page, 4 * POINTS_PER_MM) == []
    assert codes_in(page) == [f"{LONGEST_ADDRESS}/verify?number={RECEIPT.number}&code={RECEIPT.code}"]


@both
def test_the_seal_hides_no_text(language: Language) -> None:
    # The square around the seal, in points from below: what is read there is on the seal alone.
    left, below, right, above = (mm * POINTS_PER_MM for mm in (160, 8, 199, 45))
    assert set(bare(text_in(printed(REVERSAL, language), left, below, right, above))) == set(
        "示范村镇银行电子回单专用章"
    )


def test_the_same_receipt_print_and_language_look_the_same() -> None:
    assert pixels(printed(RECEIPT, "zh", 2)) == pixels(printed(RECEIPT, "zh", 2))
    assert pixels(printed(RECEIPT, "zh", 2)) != pixels(printed(RECEIPT, "zh", 3))
