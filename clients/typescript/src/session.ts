/** A thin session: where the bank is, the app's version, the token; and what a request goes through around it. */

import createClient, { type Client } from "openapi-fetch";

import type { paths } from "./contract.ts";
import { type Data, type Problem, StepUpRequired, answered } from "./refusals.ts";
import { type Send, type Wait, resending, wait } from "./sending.ts";

export const TIMEOUT_MS = 15_000;

export interface Options {
  /** Of the bank's own app, such as 3.2.0; other programs leave it out. */
  appVersion?: string;
  language?: "zh-CN" | "en";
  /** How long one sending may take. */
  timeoutMs?: number;
  /** In the place of the platform's `fetch`. */
  fetch?: Send;
  /** In the place of waiting. */
  wait?: Wait;
}

/** The bank as one app sees it: `client` has a method for each of HTTP's, typed by the contract. */
export class Bank {
  readonly client: Client<paths>;
  #token: string | undefined;

  constructor(baseUrl: string, options: Options = {}) {
    const send = options.fetch ?? (limited(options.timeoutMs ?? TIMEOUT_MS));
    this.client = createClient<paths>({ baseUrl, fetch: resending(send, options.wait ?? wait) });
    this.client.use({
      onRequest: ({ request }) => {
        request.headers.set("Accept-Language", options.language ?? "zh-CN");
        if (options.appVersion !== undefined) {
          request.headers.set("App-Version", options.appVersion);
        }
        if (this.#token !== undefined) {
          request.headers.set("Authorization", `Bearer ${this.#token}`);
        }
      },
    });
  }

  /** Use this access token from now on: after log-in, and after each renewal. */
  authorize(accessToken: string): void {
    this.#token = accessToken;
  }
}

function limited(timeoutMs: number): Send {
  return (request) =>
    fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]) });
}

/** An idempotency key. Keep it with the request until the answer is there: after a crash the same goes again. */
export function newKey(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

type Result = { data?: unknown; error?: Problem };

/**
 * Ask; where a step-up is required, have it confirmed and ask again with it: `request` takes the header along.
 * Throws Refused, and what `confirm` throws.
 */
export async function withStepUp<R extends Result>(
  request: (header: { "Step-Up"?: string }) => Promise<R>,
  confirm: (asked: StepUpRequired) => Promise<unknown>,
): Promise<Data<R>> {
  try {
    return answered(await request({}));
  } catch (refused) {
    if (!(refused instanceof StepUpRequired)) {
      throw refused;
    }
    await confirm(refused);
    return answered(await request({ "Step-Up": refused.stepUp }));
  }
}

/** Each page of a list, the first to the last, fetched as it is asked for. Throws Refused. */
export async function* pages<R extends Result>(
  request: (query: { cursor?: string }) => Promise<R>,
): AsyncGenerator<Data<R>, void, undefined> {
  let query: { cursor?: string } = {};
  for (;;) {
    const page = answered(await request(query));
    yield page;
    const { next_cursor: cursor } = page as { next_cursor: string | null };
    if (cursor === null) {
      return;
    }
    query = { cursor };
  }
}
