/** What this engine keeps for a function with its options: the class of its tasks, and the object that describes its code. */
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

export class Classes {
	readonly #thread: CoreThread;
	readonly #table: ResourceTable;
	readonly #byKey = new Map<string, number>();

	constructor(thread: CoreThread, table: ResourceTable) {
		this.#thread = thread;
		this.#table = table;
	}

	/** The class for these needs and this kind of worker; refuses what could never run. */
	classFor(settings: TaskSettings, kind: number): number {
		const key = `${kind}|${[...settings.resources].map(([name, amount]) => `${name}:${amount}`).join("|")}`;
		const known = this.#byKey.get(key);
		if (known !== undefined) return known;
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
		const index = this.#thread.calls.defineClass(kind, needs);
		if (index === STATUS_TABLE_FULL) {
			throw new RayError("More than 256 different combinations of resources and environments are in use; use fewer.");
		}
		if (index < 0) throwStatus(index, "a class of tasks");
		this.#byKey.set(key, index);
		return index;
	}
}

function unschedulable(task: string, resource: string, amount: number, total: number): TaskUnschedulableError {
	const unit = resource === "memory" ? " MiB" : "";
	const shown = (value: number) => (resource === "memory" ? value : value / 10_000);
	return new TaskUnschedulableError(
		`Task ${task} asks for ${shown(amount)}${unit} of ${resource}, and the runtime has ${shown(total)} in all. Ask for less, or give init() more.`,
	);
}

/** Kinds of workers: one for each environment. */
export class Kinds {
	readonly #byKey = new Map<string, number>();
	readonly environments: (RuntimeEnv | undefined)[] = [];

	kindFor(environment: RuntimeEnv | undefined): number {
		const key = environment === undefined ? "" : canonical(environment);
		let kind = this.#byKey.get(key);
		if (kind === undefined) {
			kind = this.environments.length;
			if (kind >= 64) throw new RayError("More than 64 different runtimeEnvs are in use; use fewer.");
			this.environments.push(environment);
			this.#byKey.set(key, kind);
		}
		return kind;
	}
}

/** Whether two environments are one kind of worker. */
export function sameEnvironment(a: RuntimeEnv | undefined, b: RuntimeEnv | undefined): boolean {
	return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
	if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
	if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
	const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
	return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`;
}
