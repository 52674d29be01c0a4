"""What an operator does with keys and secrets: `python -m infra.ops_keys COMMAND`.

    list-token-keys             every key of access tokens: signs, next, verifies, retired or withdrawn
    rotate-token-key            make the next one; it signs in ten minutes, the one before ends when its tokens have
    withdraw-token-key KID      a key in wrong hands: no token of it is good any more
    rotate-code-secret          a new secret for confirmation codes; codes under way stay good
    export-code-secrets         every one there ever was, a line each, for `infra.evidence verify --code-secret`

Works on the stage that the environment names (TOKEN_KEY_ID, TOKEN_KEYS_TABLE and so on, as the functions have them),
or, where it names none, on the running local bank. Ends with 0 when done, 2 when it cannot be.
"""

import os
import sys
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib.factors import service as factors
from chalicelib.identity import keys
from chalicelib.identity.commands import rotate_token_key
from chalicelib.platform import clock
from infra.local.engine import EngineError
from infra.local.messages import running_endpoint
from infra.local.stack import find_bank

DONE, NOT_DONE = 0, 2


def _now_s() -> int:
    return int(clock.now().timestamp())


def _list() -> None:
    keys.forget()
    now = _now_s()
    known = keys.rows(now)
    ends = keys.retires_at(known)
    signing = keys.signing(now).key_id
    for row in known:
        end = ends[row.key_id]
        state = "verifies"
        if row.is_withdrawn:
            state = "withdrawn"
        elif end is not None and end <= now:
            state = "retired"
        elif row.key_id == signing:
            state = "signs"
        elif row.signs_from > now:
            state = "next"
        print(
            f"{keys.public_half(row.key_id).kid} {state} {clock.to_text(clock.from_epoch(row.signs_from))} {row.key_id}"
        )


def _rotate() -> None:
    kid, signs_from = rotate_token_key.rotate(_now_s())
    print(f"新密钥 / next key: {kid}, signs from {clock.to_text(clock.from_epoch(signs_from))}")


def _rotate_secret() -> None:
    factors.rotate_secret(clock.now())
    print("验证码密钥已更换 / the secret for codes was replaced")


def _export_secrets() -> None:
    for secret in factors.known_secrets():
        print(secret.decode())


def _withdraw(kid: str) -> None:
    rotate_token_key.withdraw(kid, _now_s())
    print(f"密钥已作废 / withdrawn: {kid}")


COMMANDS: dict[str, Callable[[], None]] = {
    "list-token-keys": _list,
    "rotate-token-key": _rotate,
    "rotate-code-secret": _rotate_secret,
    "export-code-secrets": _export_secrets,
}


def _carry_out(arguments: list[str]) -> bool:
    match arguments:
        case [name] if name in COMMANDS:
            COMMANDS[name]()
        case ["withdraw-token-key", kid]:
            _withdraw(kid)
        case _:
            print(__doc__, file=sys.stderr)
            return False
    return True


def main(arguments: list[str]) -> int:
    """Carry out one command; return the exit code."""
    try:
        if not os.environ.get("TOKEN_KEY_ID"):
            os.environ.update(find_bank(running_endpoint()).process_environment())
        return DONE if _carry_out(arguments) else NOT_DONE
    except (ValueError, EngineError) as problem:
        print(f"error: {problem}", file=sys.stderr)
    except (BotoCoreError, ClientError, PynamoDBException, KeyError) as problem:
        print(f"the bank does not answer ({type(problem).__name__})", file=sys.stderr)
    return NOT_DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
