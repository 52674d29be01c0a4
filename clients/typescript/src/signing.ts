/**
 * What a customer signs, to the byte: instructions, step-ups, registrations of keys, log-ins of devices
 * (docs/instruction.md). A phone's key store, a USB key or a key in memory signs; each is a Signer. Web Crypto alone.
 */

export const INSTRUCTION = "rural-bank-instruction-2";
export const INSTRUCTION_MORE = "rural-bank-instruction-3";
export const REGISTRATION = "rural-bank-registration-1";
export const DEVICE = "rural-bank-device-1";

/** With one of these an instruction says more than version 2 can. */
const MORE = ["arrives_at", "payee_bank", "speed"];
const P256 = { name: "ECDSA", namedCurve: "P-256" } as const;
const ES256 = { name: "ECDSA", hash: "SHA-256" } as const;
const HALF = 32;

export type Bytes = Uint8Array<ArrayBuffer>;
export type Facts = { readonly [name: string]: string | Facts };
export type PublicJwk = { readonly kty: "EC"; readonly crv: "P-256"; readonly x: string; readonly y: string };

/** What is to be signed is not what its digest stands for, or not what the customer wanted: do not sign. */
export class FormAltered extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FormAltered";
  }
}

/** Whatever keeps a P-256 key. */
export interface Signer {
  /** ES256 over `form`: r and s, 32 bytes each. */
  sign(form: Bytes): Promise<Bytes>;
  /** The public half as SubjectPublicKeyInfo (DER). */
  publicKey(): Promise<Bytes>;
}

/** A key of Web Crypto, which a browser can keep unexportable. */
export class WebKey implements Signer {
  readonly #pair: CryptoKeyPair;

  constructor(pair: CryptoKeyPair) {
    this.#pair = pair;
  }

  /** A new key that never leaves Web Crypto. */
  static async generate(): Promise<WebKey> {
    return new WebKey(await crypto.subtle.generateKey(P256, false, ["sign", "verify"]));
  }

  async sign(form: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign(ES256, this.#pair.privateKey, form));
  }

  async publicKey(): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.exportKey("spki", this.#pair.publicKey));
  }
}

/** The canonical form (RFC 8785 of text values): names in order, no space, UTF-8. */
export function canonical(facts: Facts): Bytes {
  return bytesOf(JSON.stringify(inOrder(facts)));
}

function inOrder(facts: Facts): Facts {
  const rows = Object.entries(facts).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(rows.map(([name, value]) => [name, typeof value === "string" ? value : inOrder(value)]));
}

/** SHA-256, in hexadecimal, as answers carry it. */
export async function digest(form: Bytes): Promise<string> {
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", form));
  return Array.from(found, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The form of an instruction with these fields; the version follows from which there are. */
export function instructionForm(fields: Readonly<Record<string, string>>): Bytes {
  const saysMore = MORE.some((name) => name in fields);
  return canonical({ ...fields, version: saysMore ? INSTRUCTION_MORE : INSTRUCTION });
}

/**
 * The bytes to sign, of `canonical` and `digest` of a transfer or step-up as it was answered.
 *
 * `wanted` is what the customer typed: fields of an instruction; of a step-up its `operation` and facts. Throws
 * FormAltered when the form is not of that digest, is not canonical, or says anything else than wanted.
 */
export async function readForm(
  answer: { readonly canonical: string; readonly digest: string },
  wanted: Readonly<Record<string, string>>,
): Promise<Bytes> {
  const form = bytesOfBase64(answer.canonical);
  const facts = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(form)) as Facts;
  if ((await digest(form)) !== answer.digest || base64(canonical(facts)) !== answer.canonical) {
    throw new FormAltered("the form is not what its digest is of");
  }
  const said = { ...(typeof facts["facts"] === "object" ? facts["facts"] : {}), ...facts };
  const other = Object.keys(wanted).filter((name) => said[name] !== wanted[name]);
  if (other.length > 0) {
    throw new FormAltered(`the form says otherwise: ${other.sort().join(", ")}`);
  }
  return form;
}

/** `signature` of a confirmation by certificate, and `proof` of a registration: base64 of r and s. */
export async function signature(signer: Signer, form: Bytes): Promise<string> {
  return base64(await signer.sign(form));
}

/** Whether `signed` (base64 of r and s) is ES256 over `form` by a public key (SubjectPublicKeyInfo, DER). */
export async function isSigned(publicKey: Bytes, signed: string, form: Bytes): Promise<boolean> {
  const key = await crypto.subtle.importKey("spki", publicKey, P256, true, ["verify"]);
  return crypto.subtle.verify(ES256, key, bytesOfBase64(signed), form);
}

/** A public key as RFC 7517 writes it, for `key` of a registration. */
export async function jwkOf(publicKey: Bytes): Promise<PublicJwk> {
  const key = await crypto.subtle.importKey("spki", publicKey, P256, true, ["verify"]);
  const { x, y } = await crypto.subtle.exportKey("jwk", key);
  if (x === undefined || y === undefined) {
    throw new TypeError("not a P-256 key");
  }
  return { kty: "EC", crv: "P-256", x, y };
}

/** What proves a new key to be the customer's; `code` came by SMS and is empty at renewal. */
export function registrationForm(key: PublicJwk, customerId: string, factorId: string, code: string): Bytes {
  const { kty, crv, x, y } = key;
  const bound = { code, customer_id: customerId, factor_id: factorId, version: REGISTRATION };
  return canonical({ kty, crv, x, y, ...bound });
}

/** What a device signs to log in. `signedAt` is its time: `new Date().toISOString()`. */
export function deviceText(loginName: string, signedAt: string): Bytes {
  return bytesOf(`${DEVICE}\n${loginName}\n${signedAt}`);
}

/** `public_key`, `signed_at` and `signature` of `device` in a log-in; good once. */
export async function deviceProof(
  signer: Signer,
  loginName: string,
  signedAt: string = new Date().toISOString(),
): Promise<{ public_key: string; signed_at: string; signature: string }> {
  const raw = await signer.sign(deviceText(loginName, signedAt));
  return { public_key: base64(await signer.publicKey()), signed_at: signedAt, signature: base64(derOf(raw)) };
}

/** r and s, 32 bytes each, of a signature as key stores and USB keys give it (DER). */
export function rawOf(der: Bytes): Bytes {
  const raw = new Uint8Array(2 * HALF);
  let at = 2;
  for (const end of [HALF, 2 * HALF]) {
    const length = der[at + 1] ?? 0;
    const number = der.subarray(at + 2, at + 2 + length);
    const digits = number[0] === 0 ? number.subarray(1) : number;
    if (der[0] !== 0x30 || der[at] !== 0x02 || number.length !== length || digits.length > HALF) {
      throw new TypeError("not a P-256 signature in DER");
    }
    raw.set(digits, end - digits.length);
    at += 2 + length;
  }
  return raw;
}

/** The same signature in DER, as log-ins of devices carry it. */
export function derOf(raw: Bytes): Bytes {
  const numbers = [raw.subarray(0, HALF), raw.subarray(HALF)].flatMap((half) => {
    const digits = [...half.subarray(half.findIndex((byte) => byte !== 0))];
    const positive = (digits[0] ?? 0) < 0x80 ? digits : [0, ...digits];
    return [0x02, positive.length, ...positive];
  });
  return Uint8Array.from([0x30, numbers.length, ...numbers]);
}

/** UTF-8. */
export function bytesOf(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** Base64 with padding. */
export function base64(bytes: Bytes): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** The bytes of base64. */
export function bytesOfBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
