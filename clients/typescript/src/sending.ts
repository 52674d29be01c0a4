/** Sends a request again where that is safe: the same bytes, so the same idempotency key. */

export const MAX_SENDINGS = 4;
/** What asks for a longer wait is for a person to decide. */
export const MAX_WAIT_MS = 10_000;
export const FIRST_WAIT_MS = 500;

/** Nothing was done, and it may pass. */
const PASSING: ReadonlySet<string> = new Set(["too_many_requests", "try_again", "unavailable"]);
/** It may have been done: to be sent again where that does nothing twice. */
const OPEN = "outcome_unknown";
const HARMLESS: ReadonlySet<string> = new Set(["GET", "HEAD"]);
const KEY = "Idempotency-Key";

export type Send = (request: Request) => Promise<Response>;
export type Wait = (milliseconds: number) => Promise<unknown>;

/** What came is none of the bank's answers: a proxy's page, perhaps. What became of the request is not known. */
export class NoAnswer extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`an answer with status ${status} that is not the bank's`);
    this.name = "NoAnswer";
    this.status = status;
  }
}

export const wait: Wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * A `fetch` that repeats what may pass, at most MAX_SENDINGS times, and gives the last answer, whatever it is.
 * Throws NoAnswer, and what `send` throws.
 */
export function resending(send: Send, pause: Wait = wait): Send {
  return async (request) => {
    const repeatable = HARMLESS.has(request.method) || request.headers.has(KEY);
    for (let sending = 1; ; sending += 1) {
      const isLast = sending === MAX_SENDINGS;
      const doubled = FIRST_WAIT_MS * 2 ** (sending - 1);
      let answer: Response;
      try {
        answer = await send(request.clone());
      } catch (silence) {
        if (!repeatable || isLast || request.signal.aborted) {
          throw silence;
        }
        await pause(doubled);
        continue;
      }
      if (isLast || !(await mayPass(answer, repeatable))) {
        return answer;
      }
      await pause(Math.max(doubled, askedWait(answer)));
    }
  };
}

async function mayPass(answer: Response, repeatable: boolean): Promise<boolean> {
  if (answer.status < 400) {
    return false;
  }
  const code = await codeOf(answer);
  if (askedWait(answer) > MAX_WAIT_MS) {
    return false;
  }
  return PASSING.has(code) || (code === OPEN && repeatable);
}

/** The code of a refusal. Throws NoAnswer where it is not the bank's. */
async function codeOf(answer: Response): Promise<string> {
  let found: unknown;
  try {
    found = await answer.clone().json();
  } catch {
    throw new NoAnswer(answer.status);
  }
  if (typeof found === "object" && found !== null && "code" in found && typeof found.code === "string") {
    return found.code;
  }
  throw new NoAnswer(answer.status);
}

function askedWait(answer: Response): number {
  const asked = answer.headers.get("Retry-After") ?? "";
  return /^[0-9]+$/.test(asked) ? Number(asked) * 1000 : 0;
}
