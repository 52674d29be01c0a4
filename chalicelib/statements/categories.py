"""What money went out for, by what a line says of itself. Pure; the rule is docs/statements.md's.

Nothing is guessed from habits or names: a customer finds each amount's category in the purpose that they wrote.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.accounts.service import Line

FEES, CASH, OWN, OTHER = "fees", "cash", "own_accounts", "other"
# In the order in which they are looked for: Chinese words as parts of the purpose, English ones as its words.
_BY_PURPOSE: dict[str, tuple[tuple[str, ...], frozenset[str]]] = {
    "wages": (("工资", "薪", "劳务", "奖金"), frozenset({"salary", "wage", "wages"})),
    "loans": (("还款", "还贷", "贷款", "借款", "房贷", "车贷", "信用卡"), frozenset({"loan", "mortgage"})),
    "housing": (("房租", "租金", "物业", "房款", "装修"), frozenset({"rent", "housing"})),
    "utilities": (("水费", "电费", "水电", "燃气", "煤气", "暖气", "话费", "宽带", "网费"), frozenset({"utilities"})),
    "education": (("学费", "学杂", "培训", "教育", "书本"), frozenset({"tuition", "school"})),
    "health": (("医院", "医疗", "医药", "药费", "药店", "体检", "住院"), frozenset({"hospital", "medicine"})),
    "insurance_tax": (("保险", "保费", "社保", "公积金", "税"), frozenset({"insurance", "tax", "taxes"})),
    "goods": (
        ("货款", "货物", "采购", "农资", "农药", "化肥", "种子", "饲料", "材料", "设备"),
        frozenset({"goods", "invoice"}),
    ),
    "food": (("餐", "饭", "买菜", "菜款", "粮", "食品", "外卖"), frozenset({"food", "dinner", "lunch"})),
    "travel": (("车票", "机票", "路费", "油费", "加油", "打车", "旅游", "旅行", "酒店"), frozenset({"travel", "taxi"})),
    "gifts": (("红包", "礼金", "礼物", "压岁", "孝敬", "生活费"), frozenset({"gift", "gifts"})),
}
_ENGLISH = re.compile("[a-z]+")
WORDS: dict[str, tuple[str, str]] = {
    "wages": ("工资劳务", "Wages"),
    "loans": ("还款", "Loans"),
    "housing": ("住房", "Housing"),
    "utilities": ("水电通讯", "Utilities"),
    "education": ("教育", "Education"),
    "health": ("医疗健康", "Health"),
    "insurance_tax": ("保险税费", "Insurance and tax"),
    "goods": ("货款材料", "Goods"),
    "food": ("餐饮食品", "Food"),
    "travel": ("交通旅行", "Travel"),
    "gifts": ("家人礼金", "Family and gifts"),
    OWN: ("同名账户", "Own accounts"),
    CASH: ("取现", "Cash"),
    FEES: ("手续费", "Fees"),
    OTHER: ("其他", "Other"),
}


def category_of(line: Line, holder: str) -> str:
    """The category of a line that lowers the balance of `holder`'s account.

    Its kind decides first, then whether the other side has the holder's name, then the purpose's words.
    """
    kind = line.movement.kind
    if kind != "principal":
        return {"fee": FEES, "cash": CASH}.get(kind, OTHER)
    if line.counterparty_name == holder:
        return OWN
    english = set(_ENGLISH.findall(line.purpose.lower()))
    for category, (parts, words) in _BY_PURPOSE.items():
        if words & english or any(part in line.purpose for part in parts):
            return category
    return OTHER
