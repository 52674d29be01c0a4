"""A small demo bank: two branches, four customers, their accounts and cash, staff of each role, one notice.

Everything goes through the bank's own use cases, as a counter clerk would do it: money enters the ledger as
cash deposits. Names, phones and numbers are made up. Each step looks before it acts, so that a second run,
or one after an interruption, adds only what is missing.
"""

import base64
import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

from chalicelib.accounts import service as accounts
from chalicelib.approvals.commands.decide import approve
from chalicelib.approvals.commands.make_request import Wish, make_request
from chalicelib.customers import service as customers
from chalicelib.customers.commands.open_account import AccountForm, open_account
from chalicelib.customers.commands.open_customer import Person, open_customer
from chalicelib.customers.commands.sign_up_online import OnlineForm, sign_up_online
from chalicelib.customers.domain import RESIDENT_ID, IdentityDocument
from chalicelib.customers.providers import LocalProvider
from chalicelib.identity import service as identity
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.deposit_cash import deposit_cash
from chalicelib.limits.service import AccountLimits
from chalicelib.maintenance import service as maintenance
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, passwords, transactions
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.money import decimal_text
from chalicelib.platform.pdf import certificates
from chalicelib.platform.pdf import keys as document_keys
from chalicelib.staff import service as staff
from chalicelib.staff.commands.appoint import Appointment, appointment_writes, new_token, person_of
from chalicelib.staff.commands.check_session import acting_as
from infra.local.stack import Bank

PASSWORD = "Demo-Bank-2026"  # noqa: S105  # of made-up customers on a bank that only this machine reaches
TELLER_ID = "T0001"
ADMINISTRATORS = ("E0001", "E0002")
LIMITS = AccountLimits(
    single_fen=50_000_00, day_fen=100_000_00, day_count=500, month_fen=1_000_000_00, year_fen=5_000_000_00
)
LIMIT_OUTWARD_FEN = 200_000_00
BRANCHES = (
    staff.Branch(staff.HEAD_OFFICE, "示范村镇银行总行营业部", "示范县人民路1号", "0990-0000001"),
    staff.Branch("0002", "示范村镇银行城关支行", "示范县城关镇东街8号", "0990-0000002"),
)
# The same two for the public site, and rates that are no bank's.
_IN_ENGLISH = (
    ("Rural Bank, main office (demo)", "1 Renmin Road, Demo County (demo)", "09:00-17:00", "09:30-16:00"),
    ("Rural Bank, Chengguan sub-branch (demo)", "8 East Street, Chengguan, Demo County (demo)", "09:00-17:00", "-"),
)
SITE_BRANCHES = "; ".join(
    " | ".join((branch.name, name, branch.address, address, branch.phone, weekdays, weekend))
    for branch, (name, address, weekdays, weekend) in zip(BRANCHES, _IN_ENGLISH, strict=True)
)
SITE_RATES = (
    "活期存款（示范） | Demand deposit (demo) | 0.1111 | 2026-01-01; "
    "一年定期存款（示范） | Fixed deposit, one year (demo) | 1.1111 | 2026-01-01"
)


@dataclass(frozen=True)
class DemoCustomer:
    """A made-up customer: one deposit in fen for each account, the first of which may pay."""

    name: str
    login_name: str
    phone: str
    branch_id: str
    deposits_fen: tuple[int, ...]
    rights: tuple[str, ...]
    # A made-up resident identity number (GB 11643) holds the birth date.
    identity_number: str
    push_address: str | None = None


@dataclass(frozen=True)
class DemoMember:
    """A made-up member of staff. The seed of the token is made of the number, as nothing here is a secret."""

    staff_id: str
    name: str
    role: str
    post: str
    branch_id: str
    identity_number: str

    @property
    def seed(self) -> bytes:
        """What the token's codes are made of."""
        return hashlib.sha256(f"demo token of {self.staff_id}".encode()).digest()


STAFF = (
    DemoMember("S0001", "系统管理员甲", "system_administrator", "maker", "0001", "110101198001010010"),
    DemoMember("S0002", "系统管理员乙", "system_administrator", "checker", "0001", "110101198001020016"),
    DemoMember("E0001", "电子银行管理员甲", "ebank_administrator", "maker", "0001", "110101198001030011"),
    DemoMember("E0002", "电子银行管理员乙", "ebank_administrator", "checker", "0001", "110101198001040017"),
    DemoMember("O0001", "操作员吴静", "operator", "maker", "0001", "110101198001050012"),
    DemoMember(TELLER_ID, "柜员周敏", staff.TELLER, "maker", "0001", "110101198001060018"),
    DemoMember("T0002", "柜员郑芳", staff.TELLER, "checker", "0001", "110101198001070013"),
    DemoMember("A0001", "审计员冯刚", "auditor", "reader", "0001", "110101198001080019"),
)

CUSTOMERS = (
    DemoCustomer(
        "赵小明",
        "zhaoxiaoming",
        "13800000001",
        "0001",
        (107_000_53, 20_000_00),
        (ledger.RIGHT_FULL, ledger.RIGHT_FULL),
        "110101198805120119",
        "local:zhaoxiaoming-phone",
    ),
    DemoCustomer("钱红", "qianhong", "13800000002", "0001", (5_000_00,), (ledger.RIGHT_FULL,), "110101199209010225"),
    DemoCustomer(
        "孙建国",
        "sunjianguo",
        "13800000003",
        "0002",
        (60_000_00, 800_00),
        (ledger.RIGHT_FULL, ledger.RIGHT_QUERY),
        "110101197503260314",
    ),
    DemoCustomer("李梅", "limei", "13800000004", "0002", (88_888_88,), (ledger.RIGHT_FULL,), "110101199911180427"),
)


def seed(bank: Bank) -> dict[str, Any]:
    """Make what is missing of the demo bank; returns what `.local/demo.json` holds, balances as of now."""
    now = clock.now()
    # Last month, so that there is a month to bill: opened on the 1st, the deposits on the 5th.
    month = clock.month_before(now)
    opened = dt.datetime.fromisoformat(f"{month}-01T09:30:00").replace(tzinfo=clock.SHANGHAI)
    for branch in BRANCHES:
        staff.register_branch(branch)
    for member in STAFF:
        if staff.member_of(member.staff_id) is None:
            _appoint(member, now)
    for customer in CUSTOMERS:
        _customer(customer, opened)
    _notice(now)
    _documents(bank, now)
    _site(now)
    return {
        "base_url": bank.base_url,
        "customers": [_described(customer) for customer in CUSTOMERS],
        "staff": [_described_member(member) for member in STAFF],
    }


def _documents(bank: Bank, now: dt.datetime) -> None:
    """Documents lead to this bank, and are signed with a certificate that says that it is for tests."""
    # What was decided within the half minute before, by the seeding before this one, is not asked for again.
    parameters.forget()
    if parameters.value(parameters.PUBLIC_ADDRESS, now) != bank.base_url:
        change = {
            "name": parameters.PUBLIC_ADDRESS.name,
            "value": bank.base_url,
            "department": "电子银行部",
            "approver": "示范行长",
        }
        _decided("parameter.change", change, "示范地址", f"demo-address-{int(now.timestamp())}", now)
    try:
        document_keys.signing(now)
    except document_keys.NoCertificateInForce:
        certificates.install(certificates.trial_certificates(now), now)


def _site(now: dt.datetime) -> None:
    """What the public site says of the bank, as two administrators publish it; once, as it may be changed by hand."""
    parameters.forget()
    for table, value in ((parameters.SITE_BRANCHES, SITE_BRANCHES), (parameters.SITE_DEPOSIT_RATES, SITE_RATES)):
        if not parameters.value(table, now):
            change = {"name": table.name, "value": value, "department": "电子银行部", "approver": "示范行长"}
            _decided("parameter.change", change, "示范网站", f"demo-{table.name}-{int(now.timestamp())}", now)


def _appoint(member: DemoMember, now: dt.datetime) -> None:
    """A number, a seat and a token; the password is not a first one, so that a demo log-in needs no change."""
    person = person_of(member.identity_number, now)
    posts = frozenset({member.post})
    appointment = Appointment(member.staff_id, member.name, member.branch_id, member.role, posts, person)
    token, _ = new_token(member.staff_id, seed=member.seed)
    writes = appointment_writes(appointment, passwords.hash_password(PASSWORD), token, now, is_first=False)
    if not transactions.commit(writes):
        raise AssertionError("a demo member's number or person is taken")


def _described_member(member: DemoMember) -> dict[str, Any]:
    return {
        "login_name": member.staff_id,
        "password": PASSWORD,
        "name": member.name,
        "role": member.role,
        "post": member.post,
        "branch": member.branch_id,
        "token_seed": base64.b32encode(member.seed).decode(),
    }


def _customer(customer: DemoCustomer, opened: dt.datetime) -> None:
    if identity.customer_named(customer.login_name) is None:
        _signed_up(customer, opened)
    for account, amount_fen in zip(_accounts(customer), customer.deposits_fen, strict=True):
        if account.seq > 0:
            continue
        deposit_cash(
            account_id=account.account_id,
            branch_id=customer.branch_id,
            amount_fen=amount_fen,
            reference=f"demo-{account.account_id}",
            teller_id=TELLER_ID,
            at=opened + dt.timedelta(days=4),
        )


def _signed_up(customer: DemoCustomer, opened: dt.datetime) -> None:
    """At the counter: a customer with an identity document, accounts with a reserved phone, online banking."""
    document = IdentityDocument.of(RESIDENT_ID, customer.identity_number)
    customer_id = customers.customer_with(document)
    if customer_id is None:
        birth_date = customer.identity_number[6:14]
        person = Person(customer.name, customer.phone, customer.branch_id, document, birth_date)
        customer_id = open_customer(person, teller_id=TELLER_ID, at=opened)
    LocalProvider.register(customer.name, document)
    account_ids = list(customers.holdings_of(customer_id))
    for _ in range(len(account_ids), len(customer.rights)):
        form = AccountForm("savings", customer.phone, LIMITS)
        account_ids.append(open_account(customer_id, form, teller_id=TELLER_ID, at=opened))
    sign_up_online(
        OnlineForm(
            customer_id=customer_id,
            phone=customer.phone,
            login_name=customer.login_name,
            password=PASSWORD,
            rights=dict(zip(account_ids, customer.rights, strict=True)),
            limit_outward_fen=LIMIT_OUTWARD_FEN,
            push_address=customer.push_address,
        ),
        teller_id=TELLER_ID,
        at=opened,
    )


def _accounts(customer: DemoCustomer) -> list[ledger.Account]:
    """The customer's accounts, those that may pay first, in the order of the deposits."""
    customer_id = identity.customer_named(customer.login_name)
    assert customer_id is not None, "signed up above"
    found = accounts.accounts_of(customer_id)
    return sorted(found, key=lambda account: account.right != ledger.RIGHT_FULL)


def _notice(now: dt.datetime) -> None:
    """A notice, as two administrators publish one; another once that one is no longer listed."""
    if maintenance.listed(now):
        return
    next_week = (now + dt.timedelta(days=7)).astimezone(clock.SHANGHAI)
    starts_at = next_week.replace(hour=2, minute=0, second=0, microsecond=0)
    ends_at = starts_at + dt.timedelta(hours=2)
    payload = {
        "kind": maintenance.PLANNED,
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "affects": "transfers",
        "title": {"zh": "系统升级", "en": "Upgrade"},
        "text": {
            "zh": f"系统升级，{clock.to_local_text(starts_at)}起约两小时暂停转账；查询不受影响，急用请到网点办理。",
            "en": f"Transfers pause for two hours from {clock.to_local_text(starts_at)} (Shanghai). "
            "Enquiries work; a branch can help you.",
        },
    }
    _decided("notice.publish", payload, "示范公告", f"demo-notice-{clock.business_date(now)}", now)


def _decided(kind: str, payload: dict[str, Any], reason: str, key: str, now: dt.datetime) -> None:
    """What two administrators ask for and approve."""
    maker, checker = (_acting(number) for number in ADMINISTRATORS)
    approval = make_request(maker, Wish(kind, payload, reason), key=key, now=now)
    approve(checker, approval.approval_id, approval.digest, now=now)


def _acting(number: str) -> StaffCaller:
    member = staff.member_of(number)
    assert member is not None, "appointed above"
    return acting_as(member, "demo", "demo")


def _described(customer: DemoCustomer) -> dict[str, Any]:
    return {
        "name": customer.name,
        "login_name": customer.login_name,
        "password": PASSWORD,
        "phone": customer.phone,
        "accounts": [
            {"id": account.account_id, "balance": decimal_text(account.posted_fen), "right": account.right}
            for account in _accounts(customer)
        ],
    }
