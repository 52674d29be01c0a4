/** The signing helper keeps to the published vectors: `node test/signing.test.ts <docs/vectors>`. */

import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import * as signing from "../src/signing.ts";

interface Vector {
  name: string;
  version: string;
  public_key: string;
  fields: Record<string, string>;
  key: signing.PublicJwk;
  customer_id: string;
  factor_id: string;
  code: string;
  challenge_id: string;
  operation: string;
  facts: Record<string, string>;
  valid_until: string;
  login_name: string;
  signed_at: string;
  text_hex: string;
  canonical_hex: string;
  sha256: string;
  signature: string;
  proof: string;
}

const FOLDER = process.argv[2] ?? "../../../docs/vectors";

function vectors(...names: string[]): Vector[] {
  return names.flatMap((name) => {
    const { vectors: rows, ...shared } = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf-8"));
    return rows.map((row: object) => ({ ...shared, ...row }));
  });
}

function hex(bytes: signing.Bytes): string {
  return Buffer.from(bytes).toString("hex");
}

function spkiOf(key: Parameters<typeof createPublicKey>[0]): signing.Bytes {
  return new Uint8Array(createPublicKey(key).export({ format: "der", type: "spki" }));
}

for (const vector of vectors("instruction", "instruction-3", "instruction-3-interbank")) {
  test(`an instruction: ${vector.name}`, async () => {
    const form = signing.instructionForm(vector.fields);
    assert.equal(hex(form), vector.canonical_hex);
    assert.equal(await signing.digest(form), vector.sha256);
    const answer = { canonical: signing.base64(form), digest: vector.sha256 };
    assert.equal(hex(await signing.readForm(answer, vector.fields)), vector.canonical_hex);
    assert.ok(await signing.isSigned(spkiOf(vector.public_key), vector.signature, form));
  });
}

for (const vector of vectors("registration")) {
  test(`a registration: ${vector.name}`, async () => {
    const form = signing.registrationForm(vector.key, vector.customer_id, vector.factor_id, vector.code);
    assert.equal(hex(form), vector.canonical_hex);
    assert.equal(await signing.digest(form), vector.sha256);
    const spki = spkiOf({ key: { ...vector.key }, format: "jwk" });
    assert.ok(await signing.isSigned(spki, vector.proof, form));
    assert.deepEqual(await signing.jwkOf(spki), vector.key);
  });
}

for (const vector of vectors("step-up")) {
  test(`a step-up: ${vector.name}`, async () => {
    const { version, challenge_id, customer_id, operation, facts, valid_until } = vector;
    const form = signing.canonical({ version, challenge_id, customer_id, operation, facts, valid_until });
    assert.equal(hex(form), vector.canonical_hex);
    const answer = { canonical: signing.base64(form), digest: vector.sha256 };
    assert.equal(hex(await signing.readForm(answer, { ...facts, operation })), vector.canonical_hex);
    assert.ok(await signing.isSigned(spkiOf(vector.public_key), vector.signature, form));
  });
}

for (const vector of vectors("device")) {
  test(`a device: ${vector.name}`, async () => {
    const text = signing.deviceText(vector.login_name, vector.signed_at);
    assert.equal(hex(text), vector.text_hex);
    const raw = signing.rawOf(signing.bytesOfBase64(vector.signature));
    assert.ok(await signing.isSigned(signing.bytesOfBase64(vector.public_key), signing.base64(raw), text));
    assert.equal(signing.base64(signing.derOf(raw)), vector.signature);
  });
}

test("a signature in DER and back, where numbers are short or look negative", () => {
  for (const [first, second] of [[1, 0x80], [0x7f, 0xff], [0x80, 1]]) {
    const raw = new Uint8Array(64);
    raw.set([first ?? 0], 20);
    raw.set([second ?? 0], 32);
    assert.deepEqual(signing.rawOf(signing.derOf(raw)), raw);
  }
  assert.throws(() => signing.rawOf(new Uint8Array(70)), TypeError);
});

test("what a key signs can be verified", async () => {
  const key = await signing.WebKey.generate();
  const form = signing.instructionForm({ amount: "1.00" });
  assert.ok(await signing.isSigned(await key.publicKey(), await signing.signature(key, form), form));
  const proof = await signing.deviceProof(key, "zhaoxiaoming");
  const raw = signing.base64(signing.rawOf(signing.bytesOfBase64(proof.signature)));
  const text = signing.deviceText("zhaoxiaoming", proof.signed_at);
  assert.ok(await signing.isSigned(signing.bytesOfBase64(proof.public_key), raw, text));
});

test("what is not what was wanted is not signed", async () => {
  const form = signing.instructionForm({ amount: "1.00" });
  const answer = { canonical: signing.base64(form), digest: await signing.digest(form) };
  await assert.rejects(signing.readForm(answer, { amount: "2.00" }), signing.FormAltered);
  await assert.rejects(signing.readForm(answer, { purpose: "" }), signing.FormAltered);
  await assert.rejects(signing.readForm({ ...answer, digest: "00".repeat(32) }, {}), signing.FormAltered);
  const spaced = signing.bytesOf('{"amount": "1.00"}');
  const other = { canonical: signing.base64(spaced), digest: await signing.digest(spaced) };
  await assert.rejects(signing.readForm(other, { amount: "1.00" }), signing.FormAltered);
});

test("a fact cannot pass for the operation", async () => {
  const form = signing.canonical({ operation: "limits.raise", facts: { operation: "transfers.switch_on" } });
  const answer = { canonical: signing.base64(form), digest: await signing.digest(form) };
  await assert.rejects(signing.readForm(answer, { operation: "transfers.switch_on" }), signing.FormAltered);
});
