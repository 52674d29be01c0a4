"""The known parameters: name, unit in the name, default, the bounds that a value must keep, and where it comes from.

One line makes a parameter: readers have it as `parameters.service.NAME`, and `ALL` by its name.
"""

from __future__ import annotations

from typing import get_args

from chalicelib.parameters import tables, texts
from chalicelib.parameters.channels import ChannelTable
from chalicelib.parameters.shapes import Address, AnyParameter, Choice, Parameter, Release, Text, TimeWindow
from chalicelib.parameters.tables import Table

_FEN_MAX = 10**12

# XJ-4.2-limit is the default policy for factors; the stricter law is a row in the table away.
SMS_CEILING_FEN = Parameter("factor.sms.ceiling_fen", 50_000_00, 0, _FEN_MAX, "XJ-4.2-limit")
TOKEN_CEILING_FEN = Parameter("factor.token.ceiling_fen", 50_000_00, 0, _FEN_MAX, "XJ-4.2-limit")
PHONE_CEILING_FEN = Parameter("factor.phone.ceiling_fen", 500_000_00, 0, _FEN_MAX, "XJ-4.2-limit")
CLOUD_CEILING_FEN = Parameter("factor.cloud.ceiling_fen", 500_000_00, 0, _FEN_MAX, "XJ-4.2-limit")
USB_KEY_CEILING_FEN = Parameter("factor.usb_key.ceiling_fen", 5_000_000_00, 0, _FEN_MAX, "XJ-4.2-limit")
# The bank's standard, or the stricter law for payments without a certificate.
FACTOR_POLICY = Choice("factor.policy", "standard", ("standard", "strict"), "XJ-4.2-limit")
STRICT_SINGLE_FEN = Parameter("factor.strict.single_fen", 1_000_00, 0, _FEN_MAX, "Electronic payment guideline no. 1")
STRICT_DAY_FEN = Parameter("factor.strict.day_fen", 5_000_00, 0, _FEN_MAX, "Electronic payment guideline no. 1")
WRONG_CODES_DAY = Parameter("factor.wrong_codes_day", 10, 1, 100, "NB-5.3.3-sms")
CODES_DAY = Parameter("factor.codes_day", 100, 1, 100_000, "NB-5.3.3-sms")
PASSWORD_MIN_LENGTH = Parameter("password.min_length", 8, 8, 32, "NB-5.3.2")
# Each application for a query password whose data are true sends a code and gives tries at it.
PASSWORD_APPLICATIONS_DAY = Parameter("password.applications_day", 10, 1, 100, "NB-5.3.2")
TOKEN_VALID_MONTHS = Parameter("factor.token.valid_months", 36, 1, 120, "NB-5.3.4")
CERTIFICATE_VALID_MONTHS = Parameter("factor.certificate.valid_months", 24, 1, 60, "NB-5.3.4")
CERTIFICATE_RENEWAL_MONTHS = Parameter("factor.certificate.renewal_months", 1, 1, 12, "NB-5.3.4")
# How long before its end the owner of a token is reminded; of a certificate, when it can be renewed.
TOKEN_REMINDER_MONTHS = Parameter("factor.token.reminder_months", 1, 1, 12, "NB-5.3.4")
# When owners are reminded of factors that end: that is at midnight, when nobody wants an SMS.
REMINDER_HOURS = TimeWindow("factor.reminder_hours", "09:00-21:00", "NB-5.3.4")
DOWNLOAD_CODE_VALID_S = Parameter("factor.download.valid_s", 86_400, 60, 604_800, "NB-5.3.3-dl")
PIN_TRIES = Parameter("factor.cloud.pin_tries", 5, 3, 10, "NB-5.3.3-cert")
SMS_CODE_VALID_S = Parameter("factor.sms.valid_s", 180, 30, 600, "NB-5.3.3-sms")
SMS_CODE_TRIES = Parameter("factor.sms.tries", 5, 1, 10, "NB-5.3.3-sms")
# How often a code for one thing is sent in all, and the pause after each sending.
SMS_CODE_SENDS = Parameter("factor.sms.sends", 3, 1, 5, "NB-5.3.3-sms")
SMS_CODE_PAUSE_S = Parameter("factor.sms.pause_s", 60, 30, 300, "NB-5.3.3-sms")
# Long enough to read a code that was sent a second time; as many a day as a person with a bad line needs.
STEP_UP_VALID_S = Parameter("step_up.valid_s", 300, 60, 600, "NB-5.3.3-sms")
STEP_UP_DAY_MAX = Parameter("step_up.day_max", 20, 1, 100, "XJ-4.2-pw")
LOGIN_TRIES = Parameter("login.tries", 5, 3, 10, "XJ-4.2-pw")
LOGIN_LOCK_S = Parameter("login.lock_s", 1800, 60, 86_400, "XJ-4.2-pw")
CAPTCHA_AFTER = Parameter("login.captcha_after", 3, 1, 10, "XJ-4.2-pw")
CAPTCHA_VALID_S = Parameter("login.captcha_valid_s", 300, 60, 900, "XJ-4.2-pw")
# 1: nobody logs in, or goes on, without a device of their own.
DEVICE_REQUIRED = Parameter("login.device_required", 0, 0, 1, "OWASP ASVS 6.3.3")
ACCESS_TOKEN_S = Parameter("session.access_token_s", 300, 60, 900, "XJ-4.2-pw")
# A session that was not renewed for so long has ended: neither of its tokens lives longer.
SESSION_IDLE_S = Parameter("session.idle_s", 300, 60, 900, "XJ-4.2-pw")
SESSIONS_MAX = Parameter("session.max_live", 5, 1, 6, "XJ-4.2-pw")
SESSION_MAX_S = Parameter("session.max_s", 43_200, 600, 86_400, "XJ-4.2-pw")
TRANSFER_FEE_FEN = Parameter("fee.transfer.own_bank_fen", 0, 0, 100_00, "NB-5.1.6-4")
OTHER_BANK_FEE_FEN = Parameter("fee.transfer.other_bank_fen", 0, 0, 100_00, "NB-5.1.6-4")
# What was sent to clearing and has no answer is asked for after so many minutes, and then as often.
CLEARING_ASK_MIN = Parameter("clearing.ask_min", 10, 1, 1440, "YQ-4.2.2-xfer")
# What takes payments to other banks: the simulated network, or files: clearing's own message, or one for a bank that
# passes on what its customers initiate.
CLEARING_NETWORK = Choice("clearing.network", "simulated", ("simulated", "pacs.008", "pain.001"), "YQ-4.2.2-xfer")
# Which payments the simulated network accepts, rejects, answers late, twice or never.
CLEARING_SEED = Parameter("clearing.simulation_seed", 1, 0, 2**31 - 1, "YQ-4.2.2-xfer")
# Standing orders are first tried so many minutes after the Shanghai day has begun; what is refused for funds or a limit
# is tried so often in all, with that pause, while the day lasts.
ORDER_EXECUTE_MIN = Parameter("order.execute_at_min", 480, 0, 1439, "YQ-4.2.2-sched")
ORDER_TRIES = Parameter("order.tries", 3, 1, 10, "YQ-4.2.2-sched")
ORDER_RETRY_MIN = Parameter("order.retry_min", 240, 5, 1439, "YQ-4.2.2-sched")
# Orders of a customer that have not ended.
ORDERS_OPEN = Parameter("order.open_max", 50, 1, 500, "YQ-4.2.2-sched")
# So many payments are confirmed together; of a batch that was left lying nothing is paid after so many hours.
BATCH_LINES = Parameter("batch.lines_max", 20, 2, 50, "XJ-5.3-batch")
BATCH_VALID_H = Parameter("batch.valid_h", 24, 1, 72, "XJ-5.3-batch")
# A bill is answered within so many days after the day of its issue; meanwhile who has not answered is reminded, after
# so many days each, so often at most.
BILL_CHECK_OPEN_D = Parameter("bill_check.open_d", 30, 1, 180, "XJ-5.3-recon")
BILL_CHECK_REMINDER_D = Parameter("bill_check.reminder_d", 7, 1, 60, "XJ-5.3-recon")
BILL_CHECK_REMINDERS = Parameter("bill_check.reminders", 3, 0, 12, "XJ-5.3-recon")
NO_CERTIFICATE_DAY_FEN = Parameter(
    "limit.customer.day_without_certificate_fen", 50_000_00, 0, _FEN_MAX, "PBoC notice 261"
)
NO_FACTOR_DAY_FEN = Parameter("limit.customer.day_without_factor_fen", 1_000_00, 0, _FEN_MAX, "XJ-5.3-small")
# Above it nobody agrees with the bank on payments without a factor, and none of an earlier agreement passes.
NO_FACTOR_SINGLE_FEN = Parameter("limit.customer.single_without_factor_fen", 500_00, 0, _FEN_MAX, "XJ-5.3-small")
# At most five: they stand on the customer's record, which stays under 1 KB.
DEVICES_MAX = Parameter("devices.max", 5, 1, 5, "XJ-4.2-pw")
DEVICE_PROOF_S = Parameter("devices.proof_s", 120, 30, 600, "XJ-4.2-pw")
# A book is read whole to be searched: at this bound it still is one answer of the engine.
PAYEES_MAX = Parameter("payees.max", 200, 1, 500, "YQ-4.2.2-xfer")
# Each look-up of a payee, and each payee added, is a guess at whose account a number is.
PAYEE_LOOKUPS_DAY = Parameter("payees.lookups_day", 50, 1, 1000, "NB-5.1.4")
# Payments made out to an account and a name that do not match are guesses, too.
WRONG_PAYEES_DAY = Parameter("payees.wrong_day", 20, 1, 1000, "NB-5.1.4")
# How long a receive code that is shown for one payment can be scanned.
PAYCODE_VALID_S = Parameter("paycodes.valid_s", 120, 30, 600, "YQ-4.2.2-f2f")
# What a customer may pay by static receive codes a day, whatever confirms it.
STATIC_CODES_DAY_FEN = Parameter("paycodes.static_day_fen", 500_00, 0, _FEN_MAX, "PBoC 2017 no. 296")
# For how long after its posting a transfer can be asked back, and how long its payee has to answer.
RECALL_WITHIN_D = Parameter("recalls.within_d", 30, 1, 365, "YQ-4.2.2-xfer")
RECALL_OPEN_D = Parameter("recalls.open_d", 7, 1, 30, "YQ-4.2.2-xfer")
# Above these no factor raises a customer's limit.
CEILING_SINGLE_FEN = Parameter("limit.ceiling.single_fen", 5_000_000_00, 0, _FEN_MAX, "XJ-5.3-limit")
CEILING_DAY_FEN = Parameter("limit.ceiling.day_fen", 5_000_000_00, 0, _FEN_MAX, "XJ-5.3-limit")
CEILING_MONTH_FEN = Parameter("limit.ceiling.month_fen", 50_000_000_00, 0, _FEN_MAX, "XJ-5.3-limit")
CEILING_YEAR_FEN = Parameter("limit.ceiling.year_fen", 500_000_000_00, 0, _FEN_MAX, "XJ-5.3-limit")
CEILING_DAY_COUNT = Parameter("limit.ceiling.day_count", 500, 0, 1_000_000, "XJ-5.3-limit")
# From this amount on a withdrawal over the counter needs the holder's document and a second member of staff.
CASH_SECOND_PERSON_FEN = Parameter(
    "counter.cash.second_person_fen", 50_000_00, 1, _FEN_MAX, "NB-5.1.5; PBoC order 2022 no. 1"
)
# The longest term of a court's freeze of deposits, and of each renewal.
COURT_FREEZE_D = Parameter("court.freeze.max_d", 365, 1, 1096, "Supreme People's Court: freezing of bank deposits")
# How long before it is to be executed a transfer at once may have been sent, by its own `valid_until`.
TRANSFER_VALID_AHEAD_H = Parameter("transfer.valid_ahead_h", 24, 1, 72, "XJ-4.2-sms")
# How long a payer has to revoke what arrives later, reckoned from the last moment at which it could be confirmed; and
# when on the next Shanghai day, in minutes after midnight, what was asked for that day arrives.
TRANSFER_NORMAL_MIN = Parameter("transfer.normal_min", 120, 1, 1439, "PBoC notice 261")
TRANSFER_NEXT_DAY_AT_MIN = Parameter("transfer.next_day_at_min", 0, 0, 1439, "PBoC notice 261")
# Who pays more than this to others on one day is reminded of it.
TRANSFER_REMINDER_DAY_FEN = Parameter("transfer.reminder_day_fen", 300_000_00, 0, _FEN_MAX, "PBoC notice 261")
# By which channel a payment goes to another bank: 超级网银 up to a million at any time, 小额 for what may take two
# hours, 大额 beyond, on working days.
ROUTING_CHANNELS = ChannelTable(
    "routing.channels",
    "ibps 1-100000000 realtime every 00:00-24:00 1; "
    "beps 1-100000000 normal,next_day every 00:00-24:00 120; "
    "hvps 1-1000000000000 realtime,normal,next_day working 08:30-17:15 5",
    "PBoC payment systems: IBPS, BEPS, HVPS",
)
NOTICE_LEAD_H = Parameter("notice.lead_h", 72, 72, 720, "NB-5.1.8-5")
# Of how many past days the traffic by hour is added up, to say when a suspension disturbs few.
NOTICE_HINT_D = Parameter("notice.hint_d", 14, 1, 28, "NB-5.1.8-5")
# How long after its end a notice stays listed, so that customers can read what happened.
NOTICE_LISTED_D = Parameter("notice.listed_d", 30, 1, 366, "NB-5.1.8-6")
# An unplanned suspension that lasted longer than this inside working hours, or outside them, must be reported; what is
# set against the bound outside is the time outside, or the whole time, which is stricter (docs/outages.md).
OUTAGE_INSIDE_MIN = Parameter("outage.inside_min", 240, 1, 480, "NB-5.1.8-7")
OUTAGE_OUTSIDE_MIN = Parameter("outage.outside_min", 480, 1, 720, "NB-5.1.8-7")
OUTAGE_READING = Choice("outage.reading", "apart", ("apart", "whole"), "NB-5.1.8-7")
# Within so many hours of the suspension, and of handling being basically finished, the regulator has the reports.
OUTAGE_REPORT_H = Parameter("outage.report_h", 24, 1, 24, "NB-5.1.8-7")
OUTAGE_FINAL_H = Parameter("outage.final_report_h", 72, 1, 72, "NB-5.1.8-7")
# How long before it must be reported, and before each report is due, staff are warned.
OUTAGE_NEAR_MIN = Parameter("outage.warn_before_bound_min", 60, 1, 240, "NB-5.1.8-7")
OUTAGE_REPORT_AHEAD_H = Parameter("outage.warn_before_report_h", 6, 1, 23, "NB-5.1.8-7")
OUTAGE_FINAL_AHEAD_H = Parameter("outage.warn_before_final_h", 24, 1, 71, "NB-5.1.8-7")
# So many bad looks in a row open an outage, good ones end it; bad is, too, that many transactions wait for too long.
OUTAGE_PROBES_BAD = Parameter("outage.probes_bad", 3, 1, 30, "XJ-4.3")
OUTAGE_PROBES_GOOD = Parameter("outage.probes_good", 5, 1, 60, "XJ-4.3")
OUTAGE_STUCK_COUNT = Parameter("outage.stuck_count", 20, 1, 100, "XJ-4.3")
OUTAGE_STUCK_MIN = Parameter("outage.stuck_min", 15, 10, 240, "XJ-4.3")
# How long after its end an explained outage stays listed for customers.
OUTAGE_LISTED_D = Parameter("outage.listed_d", 366, 1, 3660, "XJ-7.1")
# In so many first nights of a month the run of its bills is started: the second finds what the first left out.
BILL_RUN_DAYS = Parameter("bills.run_days", 3, 1, 28, "YQ-4.2.2-bill")
# How many lines a statement may have: they are read one after the other, and a PDF's pages are held while it is made.
STATEMENT_LINES = Parameter("statements.max_lines", 50_000, 1_000, 200_000, "YQ-4.2.2-bill")
STATEMENT_PDF_LINES = Parameter("statements.pdf.max_lines", 5_000, 100, 50_000, "YQ-4.2.2-bill")
# The chain of days' seals begins with the first closed date from this one on (as 20261121; 0: the first there is): days
# of before receipts were signed cannot be sealed. Once a day is sealed it counts no more.
SEAL_FIRST_DATE = Parameter("seal.first_date", 0, 0, 99_991_231, "XJ-3.5")
# A date that was closed so many hours ago and is not sealed rings.
SEAL_LATE_H = Parameter("seal.late_h", 6, 1, 168, "XJ-3.5")
# How long a row of a customer's own log is kept: ten years by default, never under the six months of the law.
AUDIT_RETENTION_D = Parameter("audit.retention_d", 3653, 183, 36_525, "Cybersecurity Law article 21; YQ-4.2.2-log")
IDENTITY_TRIES_DAY = Parameter("identity.verification.tries_day", 5, 1, 20, "XJ-3.4")
# A request that nobody decided on in time cannot be approved any more.
APPROVAL_VALID_H = Parameter("approval.valid_h", 72, 1, 720, "NB-5.1.5")
# How long a link to a document works, which opens it for whoever has it; and how long one may wait to be made before
# its customer can have it asked for again.
DOCUMENT_LINK_S = Parameter("documents.link_s", 300, 30, 3600, "YQ-4.2.2-receipt")
DOCUMENT_AGAIN_S = Parameter("documents.again_s", 600, 60, 86_400, "YQ-4.2.2-receipt")
# Of alerts by SMS; codes and messages about security are not bounded by them.
SMS_ALERTS_DAY = Parameter("sms.alerts_day", 50, 1, 1_000, "YQ-4.2.2-alert")
SMS_BANK_DAY = Parameter("sms.bank_day", 100_000, 100, 10_000_000, "YQ-4.2.2-alert")
# How many files a customer may ask for a business date.
DOCUMENTS_DAY = Parameter("documents.day", 100, 1, 10_000, "YQ-4.2.2-receipt")
# What one archive of receipts, and one statement, holds at most.
DOCUMENT_RECEIPTS = Parameter("documents.receipts_max", 100, 1, 100, "YQ-4.2.2-receipt")
DOCUMENT_PERIOD_D = Parameter("documents.period_d", 366, 1, 1096, "YQ-4.2.2-bill")
# How long what can be made again is kept: at most as long as the bucket keeps it (infra/resources.yaml).
DOCUMENT_KEPT_D = Parameter("documents.kept_d", 90, 1, 90, "YQ-4.2.2-bill")
# How vouchers as printed are kept: whether the bucket locks each, by which mode, and for how long.
VOUCHER_LOCK = Choice("documents.voucher.lock", "none", ("none", "governance", "compliance"), "NB-5.1.6-2")
VOUCHER_KEPT_Y = Parameter("documents.voucher.kept_years", 30, 10, 100, "NB-5.1.6-2; accounting archives order 79")
WORKING_HOURS = TimeWindow("bank.working_hours", "09:00-17:00", "NB-5.1.8-6")
# Who cannot be served online learns where else the bank serves them.
WAY_OUT = Text(
    "text.way_out",
    {
        "zh": "网上服务暂停期间，您可以在营业时间到本行任一网点办理业务。",
        "en": "While online service is suspended, any of our branches serves you during working hours.",
    },
    "NB-5.1.8-6",
)
# How to reach the bank, as every message about a customer's security says it: a number to call, once there is one.
CONTACT = Text("text.contact", {"zh": "联系我行", "en": "contact the bank"}, "XJ-4.2-sms")
# As documents and their seals name the bank.
BANK_NAME = Text("text.bank_name", {"zh": "示范村镇银行", "en": "Rural Bank"}, "YQ-4.2.2-receipt", longest=40)
# Where whoever is shown a document finds the bank. It stands on documents that are kept for decades: what was in force
# once has to lead to the bank as long.
PUBLIC_ADDRESS = Address("bank.public_address", "https://bank.example", "YQ-4.2.2-receipt")
# What the public site says of the bank's branches, hours as Shanghai's, and of what it pays on deposits, a year in per
# cent; the bank's own tree of organisations is another thing, and has no words in English.
SITE_BRANCHES = Table(
    "site.branches",
    (
        tables.words("name_zh", 40),
        tables.words("name_en", 80),
        tables.words("address_zh", 80),
        tables.words("address_en", 120),
        tables.phone("phone"),
        tables.opening("weekdays"),
        tables.opening("weekend"),
    ),
    "YQ-4.2.2-info",
)
SITE_DEPOSIT_RATES = Table(
    "site.deposit_rates",
    (tables.words("zh", 40), tables.words("en", 60), tables.rate("rate"), tables.date("since")),
    "YQ-4.2.2-info",
)
# An app that says it is older is told to be updated, and from where.
APP_MINIMUM = Release("app.minimum_version", "0.0.0", "OWASP MASVS-CODE-2")
APP_ADDRESS = Address("app.address", "https://bank.example/app", "OWASP MASVS-CODE-2")
STAFF_LOGIN_TRIES = Parameter("staff.login_tries", 5, 3, 10, "NB-5.2.4")
STAFF_LOGIN_LOCK_S = Parameter("staff.login_lock_s", 1800, 60, 86_400, "NB-5.2.4")
STAFF_SESSION_IDLE_S = Parameter("staff.session_idle_s", 600, 60, 1800, "NB-5.2.4")
STAFF_SESSION_MAX_S = Parameter("staff.session_max_s", 14_400, 600, 43_200, "NB-5.2.4")
STAFF_PASSWORD_D = Parameter("staff.password_d", 90, 1, 365, "NB-5.2.4")
# So many former passwords are not taken again.
STAFF_EMERGENCY_S = Parameter("staff.emergency_s", 3600, 300, 14_400, "NB-5.2.3")
STAFF_PASSWORD_HISTORY = Parameter("staff.password_history", 5, 1, 12, "NB-5.2.4")
# How long who asked for a first password or token may take it, once another person has approved.
STAFF_HAND_OVER_H = Parameter("staff.hand_over_h", 24, 1, 168, "NB-5.2.4")

ALL: dict[str, AnyParameter] = {
    one.name: one for one in (*list(vars().values()), *texts.MESSAGES) if isinstance(one, get_args(AnyParameter))
}
