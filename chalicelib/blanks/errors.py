"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_MALFORMED, RANK_RIGHT, Refusal


class BlankMalformed(Refusal):
    code, status, rank = "blank_malformed", 400, RANK_MALFORMED
    zh = "凭证资料无效：{reason}。"
    en = "The blanks' data are not valid: {reason}."


class BlankNotInStock(Refusal):
    """NB-5.3.5: never received, or at another branch."""

    code, status, rank = "blank_not_in_stock", 409, RANK_RIGHT
    zh = "序列号 {serial} 不在该机构库存中。"
    en = "Serial number {serial} is not in this branch's stock."


class BlankIssued(Refusal):
    """NB-5.3.5: a blank is issued once."""

    code, status, rank = "blank_issued", 409, RANK_RIGHT
    zh = "序列号 {serial} 已发放给客户。"
    en = "Serial number {serial} has been issued to a customer."


class BlankCancelled(Refusal):
    code, status, rank = "blank_cancelled", 409, RANK_RIGHT
    zh = "序列号 {serial} 对应的认证工具已注销，不能再发放。"
    en = "Serial number {serial} was issued and its factor has ended; it is not issued again."


class BlankSpoiled(Refusal):
    code, status, rank = "blank_spoiled", 409, RANK_RIGHT
    zh = "序列号 {serial} 已作废。"
    en = "Serial number {serial} is spoiled."


class BlankKnown(Refusal):
    """NB-5.3.5: a serial number is received once."""

    code, status, rank = "blank_known", 409, RANK_RIGHT
    zh = "序列号 {serial} 等 {count} 个已登记过，整批未入库。"
    en = "{count} of these were received before, {serial} among them; nothing of the batch was received."


class BlankUsed(Refusal):
    """Only a blank that its customer never put to use comes back to stock."""

    code, status, rank = "blank_used", 409, RANK_RIGHT
    zh = "序列号 {serial} 未在客户处注销或已启用过，不能退回库存。"
    en = "Serial number {serial} is still held or was in use; it cannot come back to stock."
