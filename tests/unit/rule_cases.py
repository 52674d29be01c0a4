"""One rule from each place in the code that makes one, with images around its edge: for test_rules and the engines."""

from __future__ import annotations

import datetime as dt
from typing import Any

from chalicelib.approvals import domain as approvals
from chalicelib.batches import domain as batches
from chalicelib.batches import store as batches_store
from chalicelib.billchecks import domain as billchecks
from chalicelib.blanks import domain as stock
from chalicelib.clearing import domain as clearing
from chalicelib.counter import court
from chalicelib.counter import domain as counter
from chalicelib.customers.commands import count_wrong_payee as guesses
from chalicelib.customers.domain import (
    EDITIONS,
    device_rule,
    epoch_ms,
    later_rule,
    not_stopped_rule,
    owned_rule,
    paying_rules,
    phone_rule,
    query_rule,
    room_rule,
    same_phone_rule,
    standing_rule,
    stopped_rule,
    switch_rule,
    unverified_rule,
    verified_rule,
)
from chalicelib.devices.service import bound_rule, own_rule
from chalicelib.devices.service import room_rule as device_room_rule
from chalicelib.documents import domain as documents
from chalicelib.factors import domain as factors
from chalicelib.factors import store as factors_store
from chalicelib.factors.commands import change_pin, issue_certificate, sign_with_pin
from chalicelib.identity import session_store
from chalicelib.identity.application_store import open_rule, unused_rule
from chalicelib.identity.attempts_store import locked_rule, unlocked_rule, used_up_rule
from chalicelib.identity.store import login_name_rule, owner_rule, password_rule
from chalicelib.ledger.commands import change_state, holds, legal_freeze, reverse_entry
from chalicelib.ledger.deferred import seq_rule
from chalicelib.ledger.domain import (
    STATES,
    credit_rule,
    date_rule,
    debit_rules,
    giving_back_rule,
    held_rule,
    paying_rule,
)
from chalicelib.limits.domain import (
    Proof,
    account_counters,
    customer_counters,
    customer_totals,
    presence_rule,
    single_rule,
    small_rule,
    unchanged_rule,
)
from chalicelib.maintenance import domain as notices
from chalicelib.notifications.store import as_read_rule
from chalicelib.orders import domain as orders
from chalicelib.parameters.store import revision_rule
from chalicelib.paycodes import domain as paycodes
from chalicelib.payees import domain as payees
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, ItemUpdate, Rule, n, s
from chalicelib.platform.errors import NotFound
from chalicelib.recalls import domain as recalls
from chalicelib.reports.domain import rank_rule
from chalicelib.staff import emergency_store
from chalicelib.staff import session_store as staff_session_store
from chalicelib.staff import store as staff_store
from chalicelib.stepup import domain as stepup
from chalicelib.transfers.commands.confirm_transfer import _claim
from chalicelib.transfers.commands.transfer_at_once import holder_rule
from chalicelib.transfers.commands.transfer_at_once import own_rule as own_payee_rule
from chalicelib.transfers.posting import draft_of, valid_rule
from chalicelib.transfers.states import CONFIRM, EXECUTE
from tests.unit.samples import (
    CALLER,
    CUSTOMER,
    ENTRY,
    NOW,
    POLICY,
    PROOF,
    SESSION,
    account_image,
    customer_image,
    instruction_image,
)

TABLE = "rules"
TODAY = "20261121"
NOW_TEXT = clock.to_text(NOW)
MAX_TRIES = 5


def update_of(*rules: Rule) -> ItemUpdate:
    """An update under these rules of the one item there is."""
    update = ItemUpdate(TABLE, {"id": s("it")}, missing=NotFound).require(*rules)
    return update.set("#touched = :touched", touched=n(1))


def without(image: Image, *names: str) -> Image:
    """The image without some attributes."""
    return {name: value for name, value in image.items() if name not in names}


def edges(image: Image, name: str, edge: Any) -> list[Image]:
    """The image with an attribute at the edge, one below, one above, at nothing, and absent."""
    if isinstance(edge, int):
        values: list[Any] = [edge, edge - 1, edge + 1, 0, -1, -edge]
    else:
        values = [edge, edge[:-1], edge + "x", edge.upper(), "-"]
    return [*({**image, name: value} for value in values), without(image, name)]


def counter_images(image: Image, bucket: str, limit: str, take: int) -> list[Image]:
    """Untouched, touched, used up, over-used; the limit above, at and below what is taken."""
    found = []
    for limit_value in (take - 1, take, take + 1, 0):
        found.append({**image, limit: limit_value})
        found += [{**image, limit: limit_value, bucket: held} for held in (take - 1, take, take + 1, 0, -1, -take)]
    return [*found, without(image, limit), {**without(image, limit), bucket: take}]


def claim_rules() -> list[Rule]:
    return _claim(CALLER, ENTRY, "sms", MAX_TRIES, NOW_TEXT).rules


def posting_rules() -> list[Rule]:
    journal = draft_of(instruction_image(), CALLER, NOW, PROOF).journal
    assert isinstance(journal, ItemUpdate)
    return journal.rules


def cases() -> list[tuple[str, Rule, list[Image]]]:
    """Name, rule, and images around its edge."""
    account, customer, awaiting = account_image(), customer_image(), instruction_image()
    found = [
        *paying_cases(account, customer),
        *instruction_cases(awaiting),
        *factor_cases(customer),
        *hold_and_reversal_cases(account, awaiting),
        *till_cases(),
        *session_cases(),
        *contract_cases(account, customer),
        *device_and_phone_cases(customer),
        *step_up_cases(),
        *limit_cases(account),
        *credential_cases(),
        *blank_cases(),
        *approval_cases(),
        *staff_cases(),
        ("room for a payee", payees.room_rule(200), edges({"payees": 200}, "payees", 200)),
        ("payee's last use", payees.later_use_rule(NOW_TEXT), edges({}, "last_used_at", NOW_TEXT)),
        *recall_cases(),
        *pay_code_cases(),
        *guess_cases(),
        ("own payee", own_payee_rule(CUSTOMER), edges(account, "customer_id", CUSTOMER)),
        ("payee's name", holder_rule("赵小明"), edges(account, "holder", "赵小明")),
    ]
    customers_own = customer_counters(TODAY, 500, Proof.NONE)
    for image, counters in ((account, account_counters(TODAY, 500)), (customer, customers_own)):
        found += [
            (c.limit, c.rule(), counter_images(without(image, c.limit), c.bucket, c.limit, c.take)) for c in counters
        ]
    return found


def paying_cases(account: Image, customer: Image) -> list[tuple[str, Rule, list[Image]]]:
    """What the payer's and payee's accounts and the payer's record must satisfy."""
    owner, right, state, funds = debit_rules(CUSTOMER, 12_345)
    session, since, edition, active = paying_rules(SESSION)
    return [
        ("payer's owner", owner, edges(account, "customer_id", CUSTOMER)),
        ("payer's right", right, [{**account, "right": value} for value in ("full", "query", "")]),
        ("payer's state", state, [{**account, "state": value} for value in STATES]),
        ("payer's funds", funds, edges(account, "available_fen", 12_345)),
        ("payee's state", credit_rule(), [{**account, "state": value} for value in STATES]),
        (
            "business date",
            date_rule(TODAY),
            [{**account, "business_date": value} for value in ("20261120", TODAY, "20261122", "20270101")],
        ),
        ("single ceiling", single_rule(12_345), edges(account, "limit_single", 12_345)),
        ("small amount", small_rule(12_345, 12_345), [*edges(customer, "limit_small", 12_345), customer]),
        (
            "session",
            session,
            [{**customer, "revoked": value} for value in ({}, {SESSION: 1}, {"other": 1}, {"other": 1, SESSION: 2})],
        ),
        ("since", since, edges(customer, "since", SESSION)),
        ("since grows", later_rule(SESSION), edges(customer, "since", SESSION)),
        ("edition", edition, [{**customer, "edition": value} for value in (*EDITIONS, "")]),
        ("customer's state", active, edges(customer, "state", "active")),
        ("transfers stopped", not_stopped_rule(), [customer, {**customer, "transfers_stopped": NOW_TEXT}]),
        (
            "stop of that time",
            stopped_rule(NOW_TEXT),
            [customer, *({**customer, "transfers_stopped": value} for value in (NOW_TEXT, ""))],
        ),
        ("transfer switch", switch_rule(), [{**customer, "transfers_on": value} for value in (True, False)]),
    ]


def instruction_cases(awaiting: Image) -> list[tuple[str, Rule, list[Image]]]:
    """What an instruction must satisfy to be claimed and posted."""
    claimant, claim_state, claim_valid, claim_factor, tries = claim_rules()
    post_state, post_valid, digest = posting_rules()
    states = [{**awaiting, "state": value} for value in ("awaiting", "posted", "expired", "")]
    return [
        ("claimant", claimant, edges(awaiting, "customer_id", CUSTOMER)),
        ("claim: state", claim_state, states),
        ("claim: in time", claim_valid, edges(awaiting, "valid_until", NOW_TEXT)),
        ("claim: factor", claim_factor, edges(awaiting, "factor", "sms")),
        ("claim: tries", tries, edges(awaiting, "tries", MAX_TRIES)),
        ("posting: state", post_state, states),
        ("pending", EXECUTE.rule(), [*states, {**awaiting, "state": "pending"}]),
        ("posting: in time", post_valid, edges(awaiting, "valid_until", NOW_TEXT)),
        (
            "posting: digest",
            digest,
            [awaiting, {**awaiting, "digest": b"x" * 32}, {**awaiting, "digest": b""}, without(awaiting, "digest")],
        ),
        ("state", CONFIRM.rule(), states),
        ("valid", valid_rule(NOW_TEXT), edges(awaiting, "valid_until", NOW_TEXT)),
    ]


def device_and_phone_cases(customer: Image) -> list[tuple[str, Rule, list[Image]]]:
    """The same for bound devices and the reserved phone."""
    return [
        ("bound device", device_rule("d" * 16), devices_images(customer)),
        ("a device of one's own", bound_rule("d" * 16), devices_images(customer)),
        ("room for a device", device_room_rule(2), devices_images(customer)),
        (
            "device row",
            own_rule(CUSTOMER),
            [
                {"customer_id": owner_, "state": state_}
                for owner_ in (CUSTOMER, "x")
                for state_ in ("bound", "lost", "revoked")
            ],
        ),
        ("reserved phone", phone_rule(NOW), [customer, *edges(customer, "phone_at", epoch_ms(NOW))]),
        ("phone as read", same_phone_rule("13900000001"), edges({"phone": "x"}, "phone", "13900000001")),
    ]


def limit_cases(account: Image) -> list[tuple[str, Rule, list[Image]]]:
    """The same for changes of limits, for the order of deferred legs, and for a policy's total of the day."""
    (total,) = customer_totals(TODAY, 500, Proof.FACTOR)
    return [
        ("limit as read", unchanged_rule("limit_day", 500), edges(account, "limit_day", 500)),
        (
            "bucket as read",
            presence_rule(f"day_{TODAY}", present=False),
            [account, {**account, f"day_{TODAY}": 0}, {**account, f"day_{TODAY}": -9}],
        ),
        ("inbox head as read", as_read_rule(3), edges({"revision": 3}, "revision", 3)),
        ("sequence", seq_rule(7), edges(account, "seq", 7)),
        ("row's rank", rank_rule(3), edges({"rank": 3}, "rank", 3)),
        ("day's total", total.rule(700), edges(customer_image(), total.bucket, 200)),
        ("day's total: untouched", total.rule(499), edges(customer_image(), total.bucket, -1)),
    ]


def credential_cases() -> list[tuple[str, Rule, list[Image]]]:
    """The same for passwords, login names, locks and applications."""
    return [
        (
            "application is open",
            open_rule(NOW_TEXT, MAX_TRIES),
            [
                *edges({"state": "awaiting", "valid_until": "3", "tries": 0}, "state", "awaiting"),
                *edges({"state": "awaiting", "valid_until": NOW_TEXT, "tries": 0}, "valid_until", NOW_TEXT),
                *edges({"state": "awaiting", "valid_until": "3", "tries": 0}, "tries", MAX_TRIES),
            ],
        ),
        ("application is unused", unused_rule(), edges({"state": "awaiting"}, "state", "awaiting")),
        ("password as checked", password_rule("hash"), edges({"password_hash": "hash"}, "password_hash", "hash")),
        ("login name as read", login_name_rule("zhao"), edges({"login_name": "zhao"}, "login_name", "zhao")),
        ("no login name", login_name_rule(None), [{}, {"login_name": "zhao"}]),
        ("name's owner", owner_rule(CUSTOMER), edges({"customer_id": CUSTOMER}, "customer_id", CUSTOMER)),
        ("login lock as seen", locked_rule(1000), edges({"locked_until": 1000}, "locked_until", 1000)),
        ("no login lock", unlocked_rule(), [{}, {"locked_until": 0}, {"locked_until": 1000}]),
        ("login tries used up", used_up_rule(MAX_TRIES), edges({"tries": MAX_TRIES}, "tries", MAX_TRIES)),
    ]


def approval_cases() -> list[tuple[str, Rule, list[Image]]]:
    """The same for requests for approval, and for a parameter as it was read."""
    waiting = {"state": "requested", "maker": "T0001", "digest": "ab", "expires_at": NOW_TEXT}
    return [
        ("approval: open", approvals.open_rule(), edges(waiting, "state", "requested")),
        ("approval: in time", approvals.in_time_rule(NOW_TEXT), edges(waiting, "expires_at", NOW_TEXT)),
        ("approval: over", approvals.over_rule(NOW_TEXT), edges(waiting, "expires_at", NOW_TEXT)),
        ("approval: two people", approvals.other_person_rule("T0001"), edges(waiting, "maker", "T0001")),
        ("approval: maker", approvals.maker_rule("T0001"), edges(waiting, "maker", "T0001")),
        ("approval: as seen", approvals.seen_rule("ab"), edges(waiting, "digest", "ab")),
        ("notice: not withdrawn", notices.not_withdrawn_rule(), [{}, {"withdrawn_at": "2"}]),
        ("notice: not replaced", notices.not_replaced_rule(), [{}, {"replaced_by": "2"}]),
        ("notice: not shortened", notices.not_shortened_rule(), [{}, {"shortened_at": "2"}]),
        ("notice: not over", notices.not_over_rule(NOW_TEXT), edges({"ends_at": NOW_TEXT}, "ends_at", NOW_TEXT)),
        ("parameter as read", revision_rule(3), edges({"revision": 3}, "revision", 3)),
        ("clearing: sent", clearing.state_rule("sent"), edges({"state": "sent"}, "state", "sent")),
        ("batch: line open", batches.open_rule(), edges({"state": "open"}, "state", "open")),
        ("batch: not ended", batches_store.not_ended_rule(), [{}, {"ended_at": "2"}]),
        ("bill check as read", billchecks.unchanged_rule(3), edges({"revision": 3}, "revision", 3)),
        ("bill check: account", billchecks.account_rule(), edges({"state": "closed"}, "state", "closed")),
        ("document: not ready", documents.not_ready_rule(), [{"state": one} for one in ("waiting", "failed", "ready")]),
        ("document as read", documents.as_read_rule(NOW_TEXT), edges({"asked_at": NOW_TEXT}, "asked_at", NOW_TEXT)),
        ("order as read", orders.unchanged_rule(3), edges({"revision": 3}, "revision", 3)),
        ("parameter without history", revision_rule(0), [{}, {"revision": 1}, {"revision": 0}]),
    ]


def staff_cases() -> list[tuple[str, Rule, list[Image]]]:
    """The same for members of staff and their sessions."""
    session = {"state": "active", "standing": 2, "idle_until": 1001, "ends_at": 1001}
    member = {"token_serial": "TK1", "token_step": 7}
    return [
        ("staff: active", staff_store.active_rule(), [{}, {"state": "active"}, {"state": "suspended"}]),
        ("staff: standing", staff_store.standing_rule(2), edges({"standing": 2}, "standing", 2)),
        ("staff: first standing", staff_store.standing_rule(0), [{}, {"standing": 1}]),
        (
            "staff: password",
            staff_store.password_rule("hash"),
            edges({"password_hash": "hash"}, "password_hash", "hash"),
        ),
        (
            "staff: code unused",
            staff_store.unused_step_rule("TK1", 7),
            [without(member, "token_step"), {}, *edges(member, "token_step", 7), *edges(member, "token_serial", "TK1")],
        ),
        (
            "staff: credentials due",
            staff_store.hand_over_rule(staff_store.HandOver("a", "T1", "", True, True), NOW_TEXT),
            [
                {},
                *({"hand_over": one} for one in edges({"approval_id": "a", "until": "9"}, "approval_id", "a")),
                *({"hand_over": one} for one in edges({"approval_id": "a", "until": "9"}, "until", NOW_TEXT)),
            ],
        ),
        ("staff: own number", staff_store.own_number_rule("T1"), edges({"staff_id": "T1"}, "staff_id", "T1")),
        ("staff: switch", staff_store.is_on_rule(True), [{"is_on": True}, {"is_on": False}, {}]),
        (
            "emergency: another reviews",
            emergency_store.other_reviewer_rule("T1"),
            [{"state": a, "staff_id": b} for a in ("open", "reviewed") for b in ("T1", "T2")],
        ),
        ("emergency: none", emergency_store.no_emergency_rule(), [{}, {"emergency": {"case_id": "c"}}]),
        (
            "emergency: this case",
            emergency_store.case_rule("c"),
            [{}, {"emergency": {"case_id": "c"}}, {"emergency": {"case_id": "d"}}],
        ),
        (
            "staff: session",
            staff_session_store.live_rule(2, 1000),
            [
                *edges(session, "idle_until", 1000),
                *edges(session, "ends_at", 1000),
                *edges(session, "standing", 2),
                *edges(session, "state", "active"),
            ],
        ),
    ]


def devices_images(customer: Image) -> list[Image]:
    """A customer with none, another one, this one, and two devices."""
    held = [{}, {"x": 1}, {"d" * 16: 1}, {"d" * 16: 1, "x": 1}]
    return [{**customer, "devices": devices} for devices in held]


def step_up_cases() -> list[tuple[str, Rule, list[Image]]]:
    """The same for challenges of sensitive operations."""
    digest = stepup.digest_of("i" * 20, CUSTOMER, "transfers.switch_on", {}, NOW_TEXT)
    waiting = {
        "customer_id": CUSTOMER,
        "holder": SESSION,
        "digest": digest,
        "rests_on": "token1",
        "state": "awaiting",
        "tries": 1,
        "attempt": 1,
        "valid_until": clock.to_text(NOW + dt.timedelta(minutes=5)),
    }
    confirmed = {**waiting, "state": "confirmed"}
    holders = [*edges(waiting, "holder", SESSION), *edges(waiting, "customer_id", CUSTOMER)]
    states = [{**waiting, "state": value} for value in ("awaiting", "confirmed", "used", "")]
    usable = [
        *edges(confirmed, "holder", SESSION),
        *edges(confirmed, "customer_id", CUSTOMER),
        *edges(confirmed, "valid_until", NOW_TEXT),
        *edges(confirmed, "rests_on", "token1"),
        *({**confirmed, "digest": value} for value in (digest[:-1] + b"x", b"")),
        *states,
    ]
    return [
        ("step-up: holder", stepup.holder_rule(CUSTOMER, SESSION), holders),
        ("step-up: state", stepup.awaiting_rule(), states),
        ("step-up: proved", stepup.proved_rule(), states),
        ("step-up: in time", stepup.in_time_rule(NOW_TEXT), edges(waiting, "valid_until", NOW_TEXT)),
        ("step-up: tries", stepup.tries_rule(MAX_TRIES), edges(waiting, "tries", MAX_TRIES)),
        ("step-up: attempt", stepup.attempt_rule(1), edges(waiting, "attempt", 1)),
        ("step-up: usable", stepup.usable_rule(CUSTOMER, SESSION, digest, "token1", NOW_TEXT), usable),
    ]


def factor_cases(customer: Image) -> list[tuple[str, Rule, list[Image]]]:
    """The same for what a payment's factor asks of the customer's record, and for a factor's own row."""
    maps: tuple[dict[str, str], ...] = ({}, {"sms": "sms"}, {"k1": "phone"}, {"k1": "phone", "sms": ""}, {"k1": "sms"})
    held = [{**customer, "factors": value} for value in maps]
    strict = factors.strict_policy(POLICY, 500, 700)
    return [
        ("factor", factors.active_rule("sms"), [*held, without(customer, "factors")]),
        ("wrong codes", factors.guesses_rule(TODAY, 10), edges(customer, f"wrong_{TODAY}", 10)),
        ("codes", factors.codes_rule(TODAY, 10), edges(customer, f"codes_{TODAY}", 10)),
        ("token's step", factors.step_rule(29_000_000), edges(customer, "token_step", 29_000_000)),
        ("factor's ceiling", factors.ceiling_rule("sms", 500, strict), [*held, without(customer, "factors")]),
        ("factor's ceiling: k1", factors.ceiling_rule("k1", 501, strict), [*held, without(customer, "factors")]),
        (
            "factor's state",
            factors_store.state_rule("active", "lost"),
            [{**customer, "state": value} for value in ("active", "lost", "revoked", "applied", "")],
        ),
        ("factors as read", factors.same_factors_rule({"k1": "phone"}), [*held, without(customer, "factors")]),
        ("factors: none yet", factors.same_factors_rule(None), [*held, without(customer, "factors")]),
        ("factor's place", factors_store.place_rule("k1"), edges(customer, "holder", "k1")),
        (
            "factor not lost",
            factors.unlost_rule(NotFound),
            [{**customer, "state": value} for value in ("active", "lost", "locked", "revoked", "expired")],
        ),
        (
            "factor not lost since",
            factors.unlost_since_rule(NOW_TEXT, NotFound),
            edges(customer, "lost_until", NOW_TEXT),
        ),
        ("no loss lifted since", factors.unlifted_rule(NOW_TEXT), edges(customer, "loss_lifted_at", NOW_TEXT)),
        (
            "key kept by the bank",
            issue_certificate.carrier_rule(bank_keeps=True),
            [{**customer, "method": value} for value in ("cloud", "phone", "")],
        ),
        (
            "key kept by the customer",
            issue_certificate.carrier_rule(bank_keeps=False),
            [{**customer, "method": value} for value in ("cloud", "phone", "")],
        ),
        ("pin: cloud", sign_with_pin.cloud_rule(), edges(customer, "method", "cloud")),
        (
            "pin: usable",
            sign_with_pin.usable_rule(NOW_TEXT),
            [
                *edges({**customer, "state": "active"}, "valid_until", NOW_TEXT),
                *edges({**customer, "valid_until": NOW_TEXT + "x"}, "state", "active"),
                {**customer, "state": "locked", "valid_until": NOW_TEXT + "x"},
            ],
        ),
        ("pin: tries", sign_with_pin.pin_tries_rule(5, NOW_TEXT), edges(customer, "pin_tries", 5)),
        ("pin: as checked", change_pin.pin_rule("hash"), edges(customer, "pin_hash", "hash")),
        ("download: attempt", issue_certificate.attempt_rule(2), edges(customer, "attempt", 2)),
        ("download: in time", issue_certificate.code_valid_rule(NOW_TEXT), edges(customer, "code_until", NOW_TEXT)),
        ("download: tries", issue_certificate.tries_rule(5), edges(customer, "tries", 5)),
    ]


def blank_cases() -> list[tuple[str, Rule, list[Image]]]:
    """The same for a blank token or USB key."""
    blank = {"serial": "TK1", "state": "in_stock", "branch_id": "0001", "customer_id": CUSTOMER, "steps": 2}
    blanks = [
        {**blank, "state": state, "branch_id": branch, "customer_id": customer, "unused": unused}
        for state in stock.STATES
        for branch in ("0001", "0002")
        for customer in (CUSTOMER, "another")
        for unused in (True, False)
    ]
    return [
        ("blank: in stock", stock.stock_rule("0001"), blanks),
        ("blank: held", stock.held_rule(CUSTOMER), [*blanks, without({**blank, "state": "issued"}, "customer_id")]),
        ("blank: to spoil", stock.spoilable_rule(), blanks),
        ("blank: unused", stock.unused_rule(), [*blanks, {**blank, "state": "cancelled"}]),
        ("blank: steps", stock.steps_rule(2), edges(blank, "steps", 2)),
    ]


def hold_and_reversal_cases(account: Image, awaiting: Image) -> list[tuple[str, Rule, list[Image]]]:
    """The same for holds, reversals and changes of state."""
    held = {**awaiting, "state": holds.HELD, "expires_at": NOW_TEXT}
    posted = {**awaiting, "state": "posted"}
    give_back = ItemUpdate(TABLE, {"id": s("it")}, missing=NotFound)
    (day, *_) = account_counters(TODAY, 500)
    day.give_back(give_back, {day.bucket: 1})
    moneys = [{**account, "available_fen": a, "held_fen": h} for a in (0, 1, -1) for h in (0, 1)]
    return [
        ("paying state", paying_rule(), [{**account, "state": value} for value in STATES]),
        ("giving back state", giving_back_rule(), [{**account, "state": value} for value in STATES]),
        ("held funds", held_rule(300), edges(account, "held_fen", 300)),
        ("hold: open", holds.open_rule(), [{**held, "state": value} for value in ("held", "posted", "released", "")]),
        ("hold: in time", holds.in_time_rule(NOW_TEXT), edges(held, "expires_at", NOW_TEXT)),
        ("hold: over", holds.over_rule(NOW_TEXT), edges(held, "expires_at", NOW_TEXT)),
        ("bucket is there", give_back.rules[0], [account, {**account, day.bucket: 0}, {**account, day.bucket: 9}]),
        ("reversal: funds", reverse_entry.funds_rule(300), edges(account, "available_fen", 300)),
        ("unreversed", reverse_entry.unreversed_rule(), [posted, awaiting, {**posted, "reversed_by": "x"}]),
        ("state before", change_state.state_rule("open", "lost"), [{**account, "state": value} for value in STATES]),
        ("empty", change_state.empty_rule("closed"), moneys),
        ("deferred", change_state.deferred_rule(), edges(account, "credit", "deferred")),
        (
            "arrived",
            change_state.arrived_rule(TODAY),
            [{**account, "credit": "deferred"}, *edges(account, "deferred_until", TODAY)],
        ),
    ]


def till_cases() -> list[tuple[str, Rule, list[Image]]]:
    """The same for tills and vaults."""
    till = {"state": "open", "branch_id": "0001", "teller_id": "T0001", "cash_fen": 500, "counted_fen": 500}
    states = [{**till, "state": value} for value in ("open", "counted", "closed", "")]
    people = [
        {**till, "teller_id": teller, **counted}
        for teller in ("T0001", "T0002")
        for counted in ({}, {"counted_by": "T0001"}, {"counted_by": "T0002"})
    ]
    return [
        ("till: open", counter.till_open_rule("0001"), [*states, *edges(till, "branch_id", "0001")]),
        ("till: cash", counter.till_cash_rule(500), edges(till, "cash_fen", 500)),
        ("vault: cash", counter.vault_cash_rule(500), edges(till, "cash_fen", 500)),
        ("till: countable", counter.countable_rule(), states),
        ("till: expected", counter.expected_rule(500), edges(till, "cash_fen", 500)),
        ("till: counted", counter.counted_rule(), states),
        ("till: same count", counter.same_count_rule(500), edges(till, "counted_fen", 500)),
        ("court: orders", legal_freeze.court_count_rule(2), edges({"court_count": 2}, "court_count", 2)),
        ("court: as found", legal_freeze.found_rule("lost"), [{"state": value} for value in STATES]),
        ("court: in force", legal_freeze.court_rule(2), edges({"court": 2}, "court", 2)),
        ("court: none", change_state.no_court_rule(), [{}, {"court": 1}]),
        ("court: funds", legal_freeze.court_funds_rule(-5), edges({"available_fen": -5}, "available_fen", -5)),
        ("court: taken", court.taken_rule(7), edges({"taken_fen": 7}, "taken_fen", 7)),
        ("court: nothing taken", court.taken_rule(0), edges({"taken_fen": 0}, "taken_fen", 0)),
        (
            "court: order as read",
            court.order_rule("in_force", "20261130"),
            [
                *edges({"state": "in_force", "until": "20261130"}, "until", "20261130"),
                *edges({"state": "in_force", "until": "20261130"}, "state", "in_force"),
            ],
        ),
        ("till: other person", counter.other_person_rule("T0002"), people),
    ]


def recall_cases() -> list[tuple[str, Rule, list[Image]]]:
    """The same for recalls: each step of their state machine, and whose step it is."""
    recall = {"state": "asked", "expires_at": NOW_TEXT, "payer_customer": CUSTOMER, "payee_customer": CUSTOMER}
    states = [*({**recall, "state": state} for state in recalls.STATES), without(recall, "state")]
    return [
        *((f"recall: {step}", recalls.step_rule(step), states) for step in recalls.STEPS),
        ("recall: in time", recalls.in_time_rule(NOW_TEXT), edges(recall, "expires_at", NOW_TEXT)),
        ("recall: payer", recalls.payer_rule(CUSTOMER), edges(recall, "payer_customer", CUSTOMER)),
        ("recall: payee", recalls.payee_rule(CUSTOMER), edges(recall, "payee_customer", CUSTOMER)),
    ]


def pay_code_cases() -> list[tuple[str, Rule, list[Image]]]:
    """The same for receive codes."""
    code = {"state": paycodes.OPEN, "customer_id": CUSTOMER, "names": "c" * 26}
    states = [{**code, "state": state} for state in (paycodes.OPEN, paycodes.USED, paycodes.WITHDRAWN)]
    return [
        ("receive code: open", paycodes.open_rule(), states),
        ("receive code: owner", paycodes.owner_rule(CUSTOMER), edges(code, "customer_id", CUSTOMER)),
        ("receive code: not used", paycodes.not_used_rule(), states),
        ("receive code: as read", paycodes.named_rule("c" * 26), edges(code, "names", "c" * 26)),
    ]


def guess_cases() -> list[tuple[str, Rule, list[Image]]]:
    """The same for the count of payees that did not match."""
    counted = {"misnamed_on": "20261121", "misnamed": 3}
    images = [*edges(counted, "misnamed", 3), *edges({**counted, "misnamed": 1}, "misnamed_on", "20261121"), {}]
    return [
        ("wrong payees: room", guesses.same_day_rule("20261121", 3), images[:5] + images[6:]),
        ("wrong payees: first", guesses.other_day_rule("20261121"), images),
    ]


def session_cases() -> list[tuple[str, Rule, list[Image]]]:
    """The same for sessions and locks."""
    going = {"state": "active", "refresh_hash": b"hash", "refresh_until": 1001, "ends_at": 1001}
    return [
        (
            "session as read",
            session_store.unchanged_rule(b"hash"),
            [going, {**going, "state": "ended"}, {**going, "refresh_hash": b"other"}, without(going, "refresh_hash")],
        ),
        (
            "session in time",
            session_store.in_time_rule(1000),
            [*edges(going, "refresh_until", 1000), *edges(going, "ends_at", 1000)],
        ),
    ]


def contract_cases(account: Image, customer: Image) -> list[tuple[str, Rule, list[Image]]]:
    """The same for signing up and contracts."""
    standings = [{**customer, "state": a, "edition": b} for a in ("offline", "active") for b in ("none", "express")]
    owners = [{**account, "state": a, "customer_id": b} for a in STATES for b in (CUSTOMER, "another")]
    return [
        ("room", room_rule("contracts", 50), edges({"contracts": 50}, "contracts", 50)),
        ("standing", standing_rule("offline", "none"), standings),
        ("own and open", owned_rule(CUSTOMER), owners),
        ("contract: query", query_rule(), [{"right": value} for value in ("query", "full", "held")]),
        ("unverified", unverified_rule(), [{}, {"verification": "refused"}, {"verification": "verified"}]),
        ("verified", verified_rule(), [{}, {"verification": "refused"}, {"verification": "verified"}]),
    ]


# A row of the table is named here, so that each is a test of its own.
