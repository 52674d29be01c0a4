/** What an app needs of the bank: the contract's types, a thin session, and what a customer signs. */

export type { components, operations, paths } from "./contract.ts";
export { AppOutdated, Refused, StepUpRequired, answered, type Problem } from "./refusals.ts";
export { NoAnswer } from "./sending.ts";
export { Bank, newKey, pages, withStepUp, type Options } from "./session.ts";
export * from "./signing.ts";
