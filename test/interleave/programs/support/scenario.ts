// A program over the core, with the same end for all: the walker and the finale. With `victims`, for each of these threads
// one more program in which it may die before any of its steps or after the last, and another thread recovers it.
import * as layout from "../../../../src/core/layout.ts";
import type { Limits } from "../../model.ts";
import { type Body, type End, type Program, program, type ThreadHandle, type ThreadOptions } from "../../program.ts";
import type { Steps } from "../../steps.ts";
import { faultAtEnd } from "./finale.ts";
import { placesOf } from "./places.ts";
import { coreBytes, ERROR, INSIDE, namedBytes, PAGES, Stage, type StageOptions } from "./stage.ts";

/** What `setup` prepared, and the stage itself. */
export type On<Given> = Given & { readonly stage: Stage };

export interface ScenarioThread<Given> extends Omit<ThreadOptions<On<Given>>, "recover"> {}

export interface ScenarioOptions<Given extends object> {
	readonly name: string;
	readonly stage?: StageOptions;
	readonly setup: (stage: Stage) => Given;
	readonly threads: readonly (Body<On<Given>> | ScenarioThread<Given>)[];
	/** What is wrong at the end, beside the invariants. */
	readonly check?: (given: On<NoInfer<Given>>, end: End<On<NoInfer<Given>>>) => string | undefined;
	/** Threads that may die, each in a program of its own; there, `checkDeath` is asked instead. */
	readonly victims?: readonly number[];
	readonly checkDeath?: (given: On<NoInfer<Given>>, end: End<On<NoInfer<Given>>>) => string | undefined;
	/** False: the walker is not asked, for a memory that is given up. */
	readonly finale?: boolean;
	readonly limits?: Partial<Limits>;
}

export function scenario<Given extends object>(options: ScenarioOptions<Given>): Program[] {
	const { victims = [] } = options;
	return [make(options), ...victims.map((victim) => make(options, victim))];
}

function make<Given extends object>(options: ScenarioOptions<Given>, victim = -1): Program {
	const { name, stage: stageOptions, setup, threads, limits } = options;
	const check = victim < 0 ? options.check : options.checkDeath;
	const optionsOf = (one: Body<On<Given>> | ScenarioThread<Given>): ThreadOptions<On<Given>> =>
		typeof one === "function" ? { run: one } : one;
	const bodies = threads
		.map(optionsOf)
		.map((one, index) => (index === victim ? { ...one, recover: recovery(index) } : one));
	return program<On<Given>>({
		name: victim < 0 ? name : `${name}; thread ${victim} dies`,
		wasm: coreBytes,
		namesFrom: namedBytes,
		pages: PAGES,
		placesOf,
		setup: (context) => {
			const stage = new Stage(context, stageOptions);
			return { ...setup(stage), stage };
		},
		threads: bodies,
		check: (end) => check?.(end.given, end) ?? (options.finale === false ? undefined : faultAtEnd(end.given.stage)),
		...(limits && { limits }),
	});
}

/** What a supervisor does once a thread has stopped: recovers it, and fails what it was running. */
function recovery<Given>(victim: number): Body<On<Given>> {
	return function* (t, { stage }) {
		const { index } = stage.actor(victim);
		yield t.compareExchange(INSIDE, victim + 1, 0);
		yield* must(t, "end", index, 1);
		yield* must(t, "recover", index, 1);
		yield* failLost(t, stage);
	};
}

/** Reads the inbox, and fails every task that is to be decided about. */
export function* failLost(t: ThreadHandle, stage: Stage): Steps {
	const count = yield t.call("drain");
	for (const { kind, slot, generation } of messagesOf(t, stage, count)) {
		if (kind !== layout.MESSAGE_KIND_LOST && kind !== layout.MESSAGE_KIND_DECIDE) continue;
		yield t.call("fail", slot, generation, ERROR, 1, 0, 0, 0);
	}
}

export interface Message {
	readonly kind: number;
	readonly slot: number;
	readonly generation: number;
	readonly token: number;
}

/** What the last `drain` of the thread has written. */
export function messagesOf(t: ThreadHandle, stage: Stage, count: number): Message[] {
	const first = stage.actor(t.index).record + layout.THREAD_MESSAGES;
	return Array.from({ length: Math.max(0, count) }, (_, i) => {
		const at = first + i * layout.MESSAGE_SIZE;
		const [kind, slot, generation, token] = [0, 4, 8, 12].map((offset) => t.peek(at + offset)) as [
			number,
			number,
			number,
			number,
		];
		return { kind, slot, generation, token };
	});
}

/** A call that has to answer ok. */
export function* must(
	t: ThreadHandle,
	name: string,
	...args: number[]
): Generator<ReturnType<ThreadHandle["call"]>, void, number> {
	const status = yield t.call(name, ...args);
	if (status !== layout.STATUS_OK) throw new Error(`${name} answered ${status}`);
}

/** A call that gives a slot, a task, a count or an address. */
export function* need(
	t: ThreadHandle,
	name: string,
	...args: number[]
): Generator<ReturnType<ThreadHandle["call"]>, number, number> {
	const result = yield t.call(name, ...args);
	if (result < 0) throw new Error(`${name} answered ${result}`);
	return result;
}
