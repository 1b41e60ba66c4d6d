/**
 * wasmray/testing: runtimes for tests, and faults in them.
 *
 * @example
 * import { withTestRuntime } from "wasmray/testing";
 */
import "../index.ts";

export { type Faults, faults } from "./faults.ts";
export type { TestRuntimeOptions } from "./options.ts";
export { withTestRuntime, withTestRuntimes } from "./test-runtime.ts";
