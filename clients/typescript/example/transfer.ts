/**
 * One transfer as an app would make it: bind this device and log in, switch transfers on with a step-up, create,
 * confirm, receipt.
 *
 *     node example/transfer.ts '{"base_url": "…", "login_name": "…", "password": "…", "payer_account": "…",
 *       "payee_account": "…", "payee_name": "…", "amount": "12.30"}'
 *
 * Each time the bank has sent a code it prints `{"code_for": <id>}` and takes the code from the next line of its input;
 * in the end it prints the receipt.
 */

import { createInterface } from "node:readline/promises";

import { Bank, Refused, StepUpRequired, WebKey, answered, deviceProof, newKey, readForm, withStepUp } from "../src/index.ts";

interface Wish {
  base_url: string;
  login_name: string;
  password: string;
  payer_account: string;
  payee_account: string;
  payee_name: string;
  amount: string;
}

const TIMEOUT_MS = 60_000;
const RECEIPT_TRIES = 100;
const RECEIPT_EVERY_MS = 300;

const wish = JSON.parse(process.argv[2] ?? "{}") as Wish;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const bank = new Bank(wish.base_url, { language: "en", timeoutMs: TIMEOUT_MS });

async function codeFor(id: string): Promise<string> {
  console.log(JSON.stringify({ code_for: id }));
  const { value } = await lines.next();
  return String(value).trim();
}

/** A device that the bank does not know yet is bound with a code; from then on it logs in without. */
async function logIn(): Promise<void> {
  const key = await WebKey.generate();
  const device = { name: "example", platform: "other" as const, ...(await deviceProof(key, wish.login_name)) };
  const body = { login_name: wish.login_name, password: wish.password, device };
  try {
    bank.authorize(answered(await bank.client.POST("/v1/sessions", { body })).access_token);
  } catch (refused) {
    if (!(refused instanceof StepUpRequired)) {
      throw refused;
    }
    const code = { step_up: refused.stepUp, code: await codeFor(refused.stepUp) };
    bank.authorize(answered(await bank.client.POST("/v1/sessions/devices", { body: code })).access_token);
  }
}

async function confirmStepUp(asked: StepUpRequired): Promise<void> {
  const path = { step_up_id: asked.stepUp };
  const shown = answered(await bank.client.GET("/v1/step-ups/{step_up_id}", { params: { path } }));
  // What is confirmed is what was wanted, or this throws.
  await readForm(shown, { operation: "transfers.switch_on", challenge_id: asked.stepUp });
  const body = { factor: "sms" as const, code: await codeFor(asked.stepUp) };
  answered(await bank.client.POST("/v1/step-ups/{step_up_id}/confirmation", { params: { path }, body }));
}

/** Off at once, on again with a step-up. */
async function switchTransfers(): Promise<void> {
  answered(await bank.client.PUT("/v1/settings/transfers", { body: { on: false } }));
  await withStepUp(
    (header) => bank.client.PUT("/v1/settings/transfers", { params: { header }, body: { on: true } }),
    confirmStepUp,
  );
}

async function transfer(): Promise<string> {
  const { payer_account, payee_account, payee_name, amount } = wish;
  const body = { payer_account, payee_account, payee_name, amount };
  const header = { "Idempotency-Key": newKey() };
  const created = answered(await bank.client.POST("/v1/transfers", { params: { header }, body }));
  await readForm(created, body);
  const path = { transfer_id: created.id };
  const code = { factor: "sms" as const, code: await codeFor(created.id) };
  answered(await bank.client.POST("/v1/transfers/{transfer_id}/confirmation", { params: { path }, body: code }));
  return created.id;
}

/** Workers write it within a second or two. */
async function receiptOf(id: string) {
  const path = { transfer_id: id };
  for (let tries = 1; ; tries += 1) {
    try {
      return answered(await bank.client.GET("/v1/transfers/{transfer_id}/receipt", { params: { path } }));
    } catch (refused) {
      if (!(refused instanceof Refused && refused.code === "receipt_not_ready") || tries === RECEIPT_TRIES) {
        throw refused;
      }
      await new Promise((resolve) => setTimeout(resolve, RECEIPT_EVERY_MS));
    }
  }
}

await logIn();
await switchTransfers();
const receipt = await receiptOf(await transfer());
answered(await bank.client.DELETE("/v1/sessions/current"));
console.log(JSON.stringify(receipt));
process.exit(0);
