/** What this engine keeps for a function with its options: the class of its tasks, and the kind of worker that runs them. */
import { RESOURCE_CPU, RESOURCE_GPU, RESOURCE_MAX, RESOURCE_MEMORY, STATUS_TABLE_FULL } from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import { RayError, TaskUnschedulableError } from "../../errors.ts";
import type { RuntimeEnv } from "../../types.ts";
import type { TaskSettings } from "../settings.ts";
import { throwStatus } from "./status.ts";

/** The resources of a runtime, by name: shared by all its threads, in the order in which they were defined. */
export interface ResourceTable {
	readonly totals: Readonly<Record<string, number>>;
	readonly names: readonly string[];
}

/** In units of the core: 1/10,000, memory in MiB. */
export function resourceTable(totals: Record<string, number>): ResourceTable {
	const custom = Object.keys(totals).filter((name) => !["CPU", "GPU", "memory"].includes(name));
	const names = ["CPU", "memory", "GPU", ...custom];
	if (names.length > RESOURCE_MAX) {
		throw new RangeError(`init(): at most ${RESOURCE_MAX - 3} custom resources; ${custom.length} were given`);
	}
	return { totals, names };
}

const FIXED = new Map([
	["CPU", RESOURCE_CPU],
	["memory", RESOURCE_MEMORY],
	["GPU", RESOURCE_GPU],
]);

/** So many classes the core has places for. */
const MOST_CLASSES = 256;

/**
 * The classes of tasks that this thread submits. One without unfinished tasks may give its place to another at any time: the
 * core refuses its number then, and it is to be defined `again`.
 */
export class Classes {
	readonly #thread: CoreThread;
	readonly #table: ResourceTable;
	readonly #byKey = new Map<string, number>();

	constructor(thread: CoreThread, table: ResourceTable) {
		this.#thread = thread;
		this.#table = table;
	}

	/** The class for these needs and this kind of worker, as last known; refuses what could never run. */
	classFor(settings: TaskSettings, kind: number): number {
		return this.#byKey.get(keyOf(settings, kind)) ?? this.again(settings, kind);
	}

	/** The same, as the core knows it now. */
	again(settings: TaskSettings, kind: number): number {
		const { u32 } = this.#thread.views;
		let at = this.#thread.scratch;
		let needs = 0;
		for (const [name, amount] of settings.resources) {
			const total = this.#table.totals[name] ?? 0;
			if (amount > total) throw unschedulable(settings.name, name, amount, total);
			if (amount === 0) continue;
			u32[at++] = FIXED.get(name) ?? this.#table.names.indexOf(name);
			u32[at++] = amount;
			needs++;
		}
		const number = this.#thread.calls.defineClass(kind, needs);
		if (number === STATUS_TABLE_FULL) {
			throw new RayError(
				`Task ${settings.name} needs a combination of resources and environment that no unfinished task has, and unfinished tasks have ${MOST_CLASSES} different ones, which is the most. Await some of them, or use fewer combinations.`,
			);
		}
		if (number < 0) throwStatus(number, "a class of tasks");
		// Not more than can be known: what was forgotten is defined again.
		if (this.#byKey.size >= MOST_CLASSES) this.#byKey.clear();
		this.#byKey.set(keyOf(settings, kind), number);
		return number;
	}
}

function keyOf({ resources }: TaskSettings, kind: number): string {
	return `${kind}|${[...resources].map(([name, amount]) => `${name}:${amount}`).join("|")}`;
}

function unschedulable(task: string, resource: string, amount: number, total: number): TaskUnschedulableError {
	const unit = resource === "memory" ? " MiB" : "";
	const shown = (value: number) => (resource === "memory" ? value : value / 10_000);
	return new TaskUnschedulableError(
		`Task ${task} asks for ${shown(amount)}${unit} of ${resource}, and the runtime has ${shown(total)} in all. Ask for less, or give init() more.`,
	);
}

/**
 * Kinds of workers, one for each environment. They are numbered in memory that all threads share, by a hash of the
 * environment, so a task may name a new one without asking anybody: places are taken by one atomic step and never given up.
 */
export class Kinds {
	readonly #table: BigInt64Array;
	readonly #onNew: (kind: number, environment: RuntimeEnv | undefined) => void;
	readonly #byKey = new Map<string, number>();
	/** Those that this thread has heard of. */
	readonly environments = new Map<number, RuntimeEnv | undefined>();

	/** `onNew`: called before this thread uses a kind for the first time, whoever numbered it. */
	constructor(table: BigInt64Array, onNew: (kind: number, environment: RuntimeEnv | undefined) => void = () => {}) {
		this.#table = table;
		this.#onNew = onNew;
	}

	kindFor(environment: RuntimeEnv | undefined): number {
		const key = canonical(environment ?? {});
		const known = this.#byKey.get(key);
		if (known !== undefined) return known;
		const kind = this.#number(hashOf(key));
		this.learn(kind, environment);
		this.#onNew(kind, environment);
		return kind;
	}

	/** What another thread says. */
	learn(kind: number, environment: RuntimeEnv | undefined): void {
		this.#byKey.set(canonical(environment ?? {}), kind);
		this.environments.set(kind, environment);
	}

	#number(hash: bigint): number {
		for (let kind = 0; kind < this.#table.length; kind++) {
			const before = Atomics.compareExchange(this.#table, kind, 0n, hash);
			if (before === 0n || before === hash) return kind;
		}
		throw new RayError(`More than ${this.#table.length} different runtimeEnvs are in use; use fewer.`);
	}
}

/** FNV-1a, 64 bits, never 0. */
function hashOf(text: string): bigint {
	let hash = 0xcbf29ce484222325n;
	for (let i = 0; i < text.length; i++) {
		hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
	}
	return BigInt.asIntN(64, hash) || 1n;
}

function canonical(value: unknown): string {
	if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
	if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
	const given = Object.entries(value).filter(([, item]) => item !== undefined);
	const entries = given.sort(([a], [b]) => (a < b ? -1 : 1));
	return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`;
}
