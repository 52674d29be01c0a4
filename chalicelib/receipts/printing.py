"""The picture of an e-receipt: half a sheet of A4, in Chinese or in both languages. Draws; no I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import segno

from chalicelib.platform import clock
from chalicelib.platform.money import grouped_text
from chalicelib.platform.money_words import in_words
from chalicelib.platform.pdf import pages, seals
from chalicelib.platform.pdf.pages import FAINT, RED, Document
from chalicelib.platform.pdf.prints import mark_of
from chalicelib.receipts.domain import (
    CHANNELS,
    FACTORS,
    TITLES,
    Receipt,
    grouped,
    local_time,
    verification_address,
)

Language = Literal["zh", "en"]
SIZE_MM = (210, 148)
SEALED = "电子回单专用章"
_LEFT, _WIDTH = 12, 186
_TOP, _FOOT = 26, 103
_QR_MM, _SEAL_MM = 29, 17.5
_LABEL_MM = 26
# The smallest is for a name or purpose whose every character no font has, so that its code stands.
_TEXT, _NOTE, _SMALLEST = 9, 7, 3.5
_NOTE_ZH = (
    "本回单所附文件 receipt.jws 由本行密钥签名，是交易的有效凭证；本页为其内容的展示，以该文件及联机验真结果为准。"
    "重复打印不代表重复交易；其后是否退回或冲正，请联机验真。"
)
_NOTE_EN = (
    "The attached file receipt.jws, signed by the bank's key, is the voucher; this page shows what it says. A reprint "
    "is no further payment. Whether the money has since gone back, the verification page tells."
)


@dataclass(frozen=True, slots=True)
class Edition:
    """How a receipt is printed: language, the how-many-eth print, and the bank as its documents name it."""

    language: Language
    print_number: int
    bank: dict[str, str]
    address: str

    def words(self, zh: str, en: str) -> str:
        """A word in the edition's language; the English one keeps the Chinese, which is what vouchers are held by."""
        return zh if self.language == "zh" else f"{en} {zh}"

    @property
    def mark(self) -> str:
        """Which print it is."""
        return self.words(*mark_of(self.print_number))


@dataclass(frozen=True, slots=True)
class _Cell:
    """A label and what it labels, `width` millimetres of the table together; the first `label` are the label's."""

    zh: str
    en: str
    said: str
    width: float = _WIDTH
    label: float = _LABEL_MM
    bold: bool = False


def draw(document: Document, receipt: Receipt, edition: Edition) -> None:
    """Draw the receipt onto the document's page of SIZE_MM."""
    _head(document, receipt, edition)
    y: float = _TOP
    for height, cells in _rows(receipt, edition):
        x: float = _LEFT
        for cell in cells:
            _draw_cell(document, edition, cell, x, y, height)
            x += cell.width
        y += height
    document.box(_LEFT, _TOP, _WIDTH, y - _TOP, 0.5)
    _foot(document, receipt, edition)


def _head(document: Document, receipt: Receipt, edition: Edition) -> None:
    middle, right = SIZE_MM[0] / 2, _LEFT + _WIDTH
    zh, en = TITLES[receipt.kind]
    is_english = edition.language == "en"
    document.text(middle, 6.5 if is_english else 8, zh, 16, align="centre", bold=True)
    document.wrapped(_LEFT, 6, 52, 7.5, edition.bank["zh"], 11, bold=True)
    if is_english:
        document.text(middle, 13.5, en, 9, align="centre")
        document.wrapped(_LEFT, 13.5, 52, 5, edition.bank["en"], 8, smallest=_SMALLEST)
    colour = FAINT if edition.print_number == 1 else RED
    document.text(right, 9, edition.mark, _TEXT, align="right", colour=colour, bold=edition.print_number > 1)
    number, time = edition.words("回单编号", "Receipt No."), edition.words("交易时间", "Time")
    document.text(_LEFT, 20, f"{number}: {receipt.number}", _TEXT)
    zone = edition.words("北京时间", "Beijing")
    document.text(right, 20, f"{time}: {local_time(receipt.posted_at)} ({zone})", _TEXT, align="right")


def _rows(receipt: Receipt, edition: Edition) -> list[tuple[float, list[_Cell]]]:
    """The table: heights in millimetres, and the cells from left to right."""
    half, third = _WIDTH / 2, _WIDTH / 3
    parties = [
        (9.0, [_Cell(f"付款人{zh}", f"Payer's {en}", payer, half), _Cell(f"收款人{zh}", f"Payee's {en}", payee, half)])
        for zh, en, payer, payee in (
            ("户名", "name", receipt.payer_name, receipt.payee_name),
            ("账号", "account", receipt.payer_account, receipt.payee_account),
            ("开户行", "bank", receipt.payer_bank, receipt.payee_bank),
        )
    ]
    figures = f"{receipt.currency} {grouped_text(receipt.amount_fen)}"
    factor, channel = (
        edition.words(*table.get(code, (code, code)))
        for table, code in ((FACTORS, receipt.factor), (CHANNELS, receipt.channel))
    )
    day = receipt.business_date
    entry = [_Cell("分录编号", "Journal entry", receipt.entry_id)]
    if receipt.reverses:
        entry = [
            _Cell("分录编号", "Journal entry", receipt.entry_id, half),
            _Cell("被冲正回单", "Reverses", receipt.reverses, half),
        ]
    return [
        *parties,
        (
            9.0,
            [
                _Cell("金额（大写）", "In words", in_words(receipt.amount_fen), 116, bold=True),
                _Cell("金额（小写）", "Amount", figures, _WIDTH - 116, bold=True),
            ],
        ),
        (
            7.5,
            [
                _Cell("币种", "Currency", edition.words("人民币", receipt.currency), 54),
                _Cell("手续费", "Fee", grouped_text(receipt.fee_fen), 52),
                _Cell("交易渠道", "Channel", channel, 80),
            ],
        ),
        (8.5, [_Cell("用途", "Purpose", receipt.purpose)]),
        (
            7.5,
            [
                _Cell("记账日期", "Business date", f"{day[:4]}-{day[4:6]}-{day[6:]}", third),
                _Cell("确认方式", "Confirmed by", factor, third),
                _Cell("开具时间", "Issued", clock.to_local_text(clock.from_text(receipt.issued_at)), third),
            ],
        ),
        (7.0, entry),
        (7.0, [_Cell("指令摘要", "Digest", receipt.digest)]),
    ]


def _draw_cell(document: Document, edition: Edition, cell: _Cell, x: float, y: float, height: float) -> None:
    document.box(x, y, cell.width, height, 0.2)
    document.box(x, y, cell.label, height, 0.2, pages.SHADE)
    if edition.language == "zh":
        document.wrapped(x + 1.5, y, cell.label - 3, height, cell.zh, _TEXT)
    else:
        document.wrapped(x + 1.5, y, cell.label - 3, height * 0.55, cell.en, 8)
        document.wrapped(x + 1.5, y + height * 0.5, cell.label - 3, height * 0.45, cell.zh, 6.5, colour=FAINT)
    begins, width = x + cell.label + 2, cell.width - cell.label - 4
    document.wrapped(begins, y, width, height, cell.said, _TEXT, smallest=_SMALLEST, bold=cell.bold)


def _foot(document: Document, receipt: Receipt, edition: Edition) -> None:
    address = verification_address(edition.address, receipt.number, receipt.code)
    # A version of the standard is chosen by itself; M survives a fold.
    document.squares(_LEFT, _FOOT, _QR_MM, segno.make(address, error="m", micro=False).matrix)
    x, width = _LEFT + _QR_MM + 5, 104
    code = edition.words("验证码", "Verification code")
    document.text(x, _FOOT, f"{code}: {grouped(receipt.code)}", 10, bold=True)
    how = edition.words(
        f"验真: 扫描二维码，或在 {edition.address}/verify 输入回单编号和验证码。",
        f"To verify, scan the code or enter number and verification code at {edition.address}/verify.",
    )
    document.wrapped(x, _FOOT + 5, width, 9, how, _NOTE, smallest=_SMALLEST)
    document.wrapped(x, _FOOT + 14.5, width, 16, edition.words(_NOTE_ZH, _NOTE_EN), _NOTE)
    issuer = edition.words("签发", "Issued by")
    document.text(x, _FOOT + 32, f"{issuer}: {receipt.issuer}", _NOTE, colour=FAINT)
    middle = _LEFT + _WIDTH - _SEAL_MM - 2
    seals.draw(document, middle, _FOOT + _SEAL_MM - 1, _SEAL_MM, edition.bank["zh"], SEALED)
