/**
 * What the package exports, against the contract's declarations. Compiled, never run: where something is missing or of
 * another type, the compiler names it. What calls of remote functions take and give is in `usage.ts`.
 */
import type * as ours from "../../src/index.ts";
import type * as oursForTests from "../../src/testing/index.ts";
import type * as contract from "./api.d.ts";
import type * as contractForTests from "./testing.d.ts";

type Ours = typeof ours;
type Contract = typeof contract;

/** What of the contract this version delivers. */
type Delivered =
	| "init"
	| "shutdown"
	| "shutdownNow"
	| "isInitialized"
	| "runtime"
	| "createRuntime"
	| "main"
	| "put"
	| "putBatch"
	| "get"
	| "getSync"
	| "wait"
	| "asCompleted"
	| "free"
	| "registerSerializer"
	| "cancel"
	| "capacity"
	| "getRuntimeContext"
	| "listObjects"
	| "storeStats"
	| Extract<keyof Contract, `${string}Error`>;

/** True, or what does not fit: the compiler then says that `true` is not assignable to it. */
type Fits<Wrong> = [Wrong] extends [never] ? true : Wrong;
type Misfits<A, B> = { [K in keyof B]: K extends keyof A ? (A[K] extends B[K] ? never : K) : K }[keyof B];

export const delivered: Fits<Misfits<Ours, Pick<Contract, Delivered>>> = true;
/** A name that the contract does not know is a mistake. */
export const nothingElse: Fits<Exclude<keyof Ours, Delivered | "remote">> = true;

/** Those for tests: all of it. */
export const forTests: Fits<Misfits<typeof oursForTests, typeof contractForTests>> = true;
export const nothingElseForTests: Fits<Exclude<keyof typeof oursForTests, keyof typeof contractForTests>> = true;

// ── options and results ──────────────────────────────────────────────────────

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : "the contract's is wider") : "the contract's is narrower";
/** Options of later versions are missing; those there are mean the same. */
type SameOptions<A, B> = [Exclude<keyof A, keyof B>] extends [never]
	? Same<Required<A>, Required<Pick<B, keyof A & keyof B>>>
	: Exclude<keyof A, keyof B>;

export const initOptions: SameOptions<ours.InitOptions, contract.InitOptions> = true;
export const shutdownOptions: Same<ours.ShutdownOptions, contract.ShutdownOptions> = true;
export const runtimeEnv: Same<ours.RuntimeEnv, contract.RuntimeEnv> = true;
export const getOptions: Same<ours.GetOptions, contract.GetOptions> = true;
export const taskOptionNames: Same<keyof ours.TaskOptions, keyof contract.TaskOptions> = true;
export const taskOptions: SameOptions<
	Omit<ours.TaskOptions, "schedulingStrategy">,
	Omit<contract.TaskOptions, "schedulingStrategy">
> = true;
export const refs: Same<ours.ObjectRef<number>, contract.ObjectRef<number>> = true;
export const generators: Same<ours.ObjectRefGenerator<number>, contract.ObjectRefGenerator<number>> = true;
export const objectStates: Same<ours.ObjectState, contract.ObjectState> = true;
export const stateFilters: Same<ours.StateFilter, contract.StateFilter> = true;
export const storeStats: Same<ours.StoreStats, contract.StoreStats> = true;
export const faults: Same<oursForTests.Faults, contractForTests.Faults> = true;
export const testRuntimeOptions: Same<
	Omit<oursForTests.TestRuntimeOptions, keyof ours.InitOptions>,
	Pick<contractForTests.TestRuntimeOptions, "timeout" | "checkImmutability" | "checkLeaks">
> = true;
