/** The session: what goes along with a request, what is sent again, what a refusal becomes. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { AppOutdated, Bank, NoAnswer, Refused, StepUpRequired, answered, newKey, pages, withStepUp } from "../src/index.ts";

interface Sent {
  request: Request;
  body: string;
}

const BODY = { payer_account: "1", payee_account: "2", payee_name: "钱红", amount: "1.00" };

function refusal(status: number, code: string, facts?: Record<string, string>, retryAfter?: string): Response {
  const problem = { type: "t", title: "t", status, detail: "d", code, correlation_id: "c", ...(facts && { facts }) };
  const headers = retryAfter === undefined ? {} : { "Retry-After": retryAfter };
  return Response.json(problem, { status, headers });
}

/** A bank that gives these answers, one a sending; what it was sent, and how long was waited. */
function scripted(...answers: (() => Response)[]) {
  const sent: Sent[] = [];
  const waited: number[] = [];
  const bank = new Bank("https://bank.example/base", {
    appVersion: "3.2.0",
    language: "en",
    wait: async (milliseconds) => waited.push(milliseconds),
    fetch: async (request) => {
      sent.push({ request, body: await request.clone().text() });
      const next = answers[sent.length - 1];
      assert.ok(next, "one sending too many");
      return next();
    },
  });
  const create = () => bank.client.POST("/v1/transfers", { params: { header: { "Idempotency-Key": "a-key" } }, body: BODY });
  return { bank, sent, waited, create };
}

function silence(): Response {
  throw new TypeError("fetch failed");
}

test("what goes along", async () => {
  const { bank, sent, create } = scripted(() => refusal(404, "not_found"));
  bank.authorize("token");
  await create();
  const headers = sent[0]?.request.headers;
  assert.equal(sent[0]?.request.url, "https://bank.example/base/v1/transfers");
  const names = ["Accept-Language", "App-Version", "Authorization", "Idempotency-Key"];
  assert.deepEqual(names.map((name) => headers?.get(name)), ["en", "3.2.0", "Bearer token", "a-key"]);
  assert.equal(sent[0]?.body, JSON.stringify(BODY));
});

for (const [name, answer] of Object.entries({
  too_many_requests: () => refusal(429, "too_many_requests"),
  try_again: () => refusal(503, "try_again", undefined, "1"),
  unavailable: () => refusal(503, "unavailable"),
  outcome_unknown: () => refusal(504, "outcome_unknown"),
  silence,
})) {
  test(`what may pass is sent again with the same key and bytes: ${name}`, async () => {
    const { sent, waited, create } = scripted(answer, answer, () => refusal(404, "not_found"));
    assert.equal((await create()).error?.code, "not_found");
    assert.deepEqual(sent.map(({ request, body }) => [request.headers.get("Idempotency-Key"), body]), [
      ["a-key", JSON.stringify(BODY)],
      ["a-key", JSON.stringify(BODY)],
      ["a-key", JSON.stringify(BODY)],
    ]);
    assert.deepEqual(waited, name === "try_again" ? [1000, 1000] : [500, 1000]);
  });
}

test("at most four sendings, and the last answer is the answer", async () => {
  const passing = () => refusal(503, "try_again");
  const { sent, create } = scripted(passing, passing, passing, passing);
  assert.equal((await create()).error?.code, "try_again");
  assert.equal(sent.length, 4);
});

for (const [name, answer] of Object.entries({
  under_maintenance: () => refusal(503, "under_maintenance"),
  code_too_soon: () => refusal(429, "code_too_soon"),
  "a long wait": () => refusal(503, "try_again", undefined, "600"),
})) {
  test(`what does not pass is not sent again: ${name}`, async () => {
    const { sent, create } = scripted(answer);
    await create();
    assert.equal(sent.length, 1);
  });
}

test("what may have been done is not done twice", async () => {
  const body = { login_name: "a", password: "b" };
  const unknown = scripted(() => refusal(503, "outcome_unknown"));
  assert.equal((await unknown.bank.client.POST("/v1/sessions", { body })).error?.code, "outcome_unknown");
  const silent = scripted(silence);
  await assert.rejects(silent.bank.client.POST("/v1/sessions", { body }), TypeError);
  assert.deepEqual([unknown.sent.length, silent.sent.length], [1, 1]);
});

for (const page of ["<html>", "[]", "{}"]) {
  test(`a proxy's page is no answer: ${page}`, async () => {
    await assert.rejects(scripted(() => new Response(page, { status: 502 })).create(), NoAnswer);
  });
}

test("an outdated app is told where to update", async () => {
  const facts = { yours: "3.1.0", minimum: "3.2.0", address: "https://bank.example/app" };
  const result = await scripted(() => refusal(403, "app_outdated", facts)).create();
  assert.throws(
    () => answered(result),
    (refused) => refused instanceof AppOutdated && refused.minimum === "3.2.0" && refused.address === facts.address,
  );
});

test("a refusal says what the problem says", async () => {
  const result = await scripted(() => refusal(422, "insufficient_funds", { limit: "1.00" })).create();
  assert.throws(
    () => answered(result),
    (refused) =>
      refused instanceof Refused &&
      refused.code === "insufficient_funds" &&
      refused.status === 422 &&
      refused.message === "d" &&
      refused.correlationId === "c" &&
      refused.facts["limit"] === "1.00",
  );
});

test("a step-up is confirmed, and the request asked again with it", async () => {
  const facts = { step_up: "mzxw6ytboi2dkmrrgu4q", factors: "sms,token" };
  const { bank, sent } = scripted(
    () => refusal(403, "step_up_required", facts),
    () => Response.json({ on: true }),
  );
  const asked: StepUpRequired[] = [];
  const done = await withStepUp(
    (header) => bank.client.PUT("/v1/settings/transfers", { params: { header }, body: { on: true } }),
    async (refused) => asked.push(refused),
  );
  assert.equal(done.on, true);
  assert.deepEqual(asked.map((one) => [one.stepUp, one.factors]), [[facts.step_up, ["sms", "token"]]]);
  assert.deepEqual(sent.map(({ request }) => request.headers.get("Step-Up")), [null, facts.step_up]);
});

test("pages follow the cursor to its end", async () => {
  const page = (next: string | null) => () => Response.json({ payees: [], next_cursor: next });
  const { bank, sent } = scripted(page("b"), page("c"), page(null));
  let count = 0;
  for await (const found of pages((query) => bank.client.GET("/v1/payees", { params: { query } }))) {
    count += found.payees.length + 1;
  }
  assert.equal(count, 3);
  assert.deepEqual(sent.map(({ request }) => new URL(request.url).searchParams.get("cursor")), [null, "b", "c"]);
});

test("keys are new each time", () => {
  assert.match(newKey(), /^[0-9a-f]{32}$/);
  assert.notEqual(newKey(), newKey());
});
