"""Refusals of this context. A name that does not match is the ledger's PayeeUnavailable, as at a transfer."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_PAYEE, Refusal


class PayeeIsOwn(Refusal):
    code, status, rank = "payee_is_own", 422, RANK_PAYEE
    zh = "本人账户不必加入收款人名册，可直接在本人账户之间转账。"
    en = "An account of your own is no payee; transfer between your own accounts directly."


class PayeeKnown(Refusal):
    """The same account of the same bank stands in the book under another name."""

    code, status, rank = "payee_known", 409, RANK_PAYEE
    zh = "该账号已在收款人名册中，但户名不同；如户名有误，请先删除原记录再添加。"
    en = "This account is in your book under another name; if that name is wrong remove it first, then add it anew."


class PayeeBookFull(Refusal):
    code, status, rank = "payee_book_full", 422, RANK_PAYEE
    zh = "收款人已达 {most} 个，请先删除不再使用的收款人。"
    en = "Your book holds {most} payees already; remove some that you no longer pay first."


class PayeeLookupsExhausted(Refusal):
    """What bounds guessing at names: every look-up counts, whether it matched or not."""

    code, status, rank = "payee_lookups_exhausted", 429, RANK_PAYEE
    zh = "今日核对收款人的次数已用完，请明日再试；转账时仍会核对账号与户名。"
    en = "No more look-ups of payees today, try again tomorrow; a transfer checks account and name all the same."
