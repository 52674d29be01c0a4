/** What the bank refuses, thrown: programs decide by `code`, which never changes, and show people `message`. */

import type { components } from "./contract.ts";

export type Problem = components["schemas"]["Problem"];

/** The bank refused; `facts` are the figures of the sentence, `errors` the fields that do not fit and how. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly correlationId: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly errors: readonly { field: string; code: string }[];

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = new.target.name;
    this.status = problem.status;
    this.code = problem.code;
    this.correlationId = problem.correlation_id;
    this.facts = problem.facts ?? {};
    this.errors = problem.errors ?? [];
  }

  /** A fact that this code always has. */
  protected fact(name: string): string {
    return this.facts[name] ?? "";
  }
}

/** This version of the app is too old: nothing but an update helps. Log-out and reports of loss still work. */
export class AppOutdated extends Refused {
  /** The oldest version that is served. */
  get minimum(): string {
    return this.fact("minimum");
  }

  /** Where to update. */
  get address(): string {
    return this.fact("address");
  }
}

/** What was asked for must be confirmed first; see `withStepUp`. */
export class StepUpRequired extends Refused {
  /** The id that is confirmed and then goes along as `Step-Up`. */
  get stepUp(): string {
    return this.fact("step_up");
  }

  /** The factors that would do. */
  get factors(): string[] {
    return this.fact("factors").split(",");
  }
}

const OF_CODE: Readonly<Record<string, typeof Refused>> = {
  app_outdated: AppOutdated,
  step_up_required: StepUpRequired,
};

/** What a successful answer of the client carries. */
export type Data<R> = R extends { data: infer D; error?: never } ? D : never;

/** What a successful answer carries, undefined where it carries nothing. Throws Refused for any other. */
export function answered<R extends { data?: unknown; error?: Problem }>(result: R): Data<R> {
  if (result.error !== undefined) {
    throw new (OF_CODE[result.error.code] ?? Refused)(result.error);
  }
  return result.data as Data<R>;
}
