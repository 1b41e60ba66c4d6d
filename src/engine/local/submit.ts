/** A call becomes a task: its arguments are encoded, its numbers written into this thread's spec, and the core takes it. */

import {
	STATUS_LIMIT,
	STATUS_OUTDATED,
	TASK_FLAG_STREAM,
	TASK_SPEC_ARGS,
	TASK_SPEC_ARGS_SIZE,
	TASK_SPEC_CODE,
	TASK_SPEC_CODE_GENERATION,
	TASK_SPEC_DEPENDENCIES,
	TASK_SPEC_FLAGS,
	TASK_SPEC_INLINED,
	TASK_SPEC_INLINED_LENGTH,
	TASK_SPEC_KIND,
	TASK_SPEC_LIMIT,
	TASK_SPEC_PARENT,
	TASK_SPEC_PARENT_GENERATION,
	TASK_SPEC_PRIORITY,
	TASK_SPEC_REFERENCES,
	TASK_SPEC_RESOURCE_CLASS,
	TASK_SPEC_RESULT_LIST,
	TASK_SPEC_RESULTS,
	TASK_SPEC_RETRIES,
	TASK_SPEC_TOKEN,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import { PendingCallsLimitExceededError } from "../../errors.ts";
import { refusal } from "../../values/refusals.ts";
import type { Engine } from "../engine.ts";
import { RefGenerator } from "../generator.ts";
import { checkUsable, isRef, type ObjectRef } from "../ref.ts";
import type { TaskSettings } from "../settings.ts";
import { throwStatus } from "./status.ts";
import { refusalOf } from "./store/object-writer.ts";
import type { Store } from "./store/store.ts";

/** What a task's arguments are: a list of values; with refs among them, the refs' places and the list without them. */
export const ARGS_WITH_REFS = 1;
/** That stands in an object of its own, the first of the dependencies. */
export const ARGS_IN_OBJECT = 2;

/** What the engine keeps for settings it has seen. */
export interface Plan {
	readonly engine: object;
	/** As the core has named it last. */
	resourceClass: number;
	/** Which codecs there were. */
	readonly codecs: number;
	/** The object that describes the function: a ref, held for as long as the plan lives, or what the running task holds. */
	readonly code: { readonly slot: number; readonly generation: number };
}

export interface Origin {
	/** The task that submits, if one does. */
	readonly parent: number;
	readonly parentGeneration: number;
}

const NO_ORIGIN: Origin = { parent: 0, parentGeneration: 0 };

export class Submitter {
	readonly #engine: Engine;
	readonly #thread: CoreThread;
	readonly #store: Store;
	readonly #classAgain: (settings: TaskSettings) => number;

	/** `classAgain`: defines the class of these tasks when it is outdated. */
	constructor(engine: Engine, thread: CoreThread, store: Store, classAgain: (settings: TaskSettings) => number) {
		this.#engine = engine;
		this.#thread = thread;
		this.#store = store;
		this.#classAgain = classAgain;
	}

	/** Of a task without results, the one that nobody gets. `token`: the submitter's word, 0 if it keeps nothing for the task. */
	submit(
		settings: TaskSettings,
		plan: Plan,
		args: readonly unknown[],
		token: number,
		origin: Origin = NO_ORIGIN,
	): ObjectRef | ObjectRef[] | RefGenerator {
		const { calls, views, spec } = this.#thread;
		const store = this.#store;
		const awaited = this.#writeArguments(args, (spec << 2) + TASK_SPEC_INLINED);
		const inObject = store.argumentsSlot !== 0;
		const block = store.a;
		const { u32 } = views;
		// A task without results has one that nobody gets: what it fails with is told at the end.
		const results = Math.max(1, settings.numReturns);
		const list = results > 1 ? this.#resultList(results, block) : 0;
		u32[spec + (TASK_SPEC_CODE >> 2)] = plan.code.slot;
		u32[spec + (TASK_SPEC_CODE_GENERATION >> 2)] = plan.code.generation;
		u32[spec + (TASK_SPEC_RESOURCE_CLASS >> 2)] = plan.resourceClass;
		u32[spec + (TASK_SPEC_PRIORITY >> 2)] = settings.priority;
		u32[spec + (TASK_SPEC_FLAGS >> 2)] = settings.isGenerator ? TASK_FLAG_STREAM : 0;
		u32[spec + (TASK_SPEC_RETRIES >> 2)] = settings.maxRetries;
		u32[spec + (TASK_SPEC_RESULTS >> 2)] = results;
		u32[spec + (TASK_SPEC_LIMIT >> 2)] = settings.generatorBackpressure;
		u32[spec + (TASK_SPEC_PARENT >> 2)] = origin.parent;
		u32[spec + (TASK_SPEC_PARENT_GENERATION >> 2)] = origin.parentGeneration;
		u32[spec + (TASK_SPEC_TOKEN >> 2)] = token;
		u32[spec + (TASK_SPEC_ARGS >> 2)] = block;
		u32[spec + (TASK_SPEC_ARGS_SIZE >> 2)] = store.b;
		u32[spec + (TASK_SPEC_KIND >> 2)] = (awaited > 0 ? ARGS_WITH_REFS : 0) | (inObject ? ARGS_IN_OBJECT : 0);
		u32[spec + (TASK_SPEC_REFERENCES >> 2)] = store.c;
		u32[spec + (TASK_SPEC_DEPENDENCIES >> 2)] = inObject ? awaited + 1 : awaited;
		u32[spec + (TASK_SPEC_RESULT_LIST >> 2)] = list;
		let slot = calls.submit();
		try {
			while (slot === STATUS_OUTDATED) {
				plan.resourceClass = this.#classAgain(settings);
				u32[spec + (TASK_SPEC_RESOURCE_CLASS >> 2)] = plan.resourceClass;
				slot = calls.submit();
			}
			if (slot === STATUS_LIMIT) throw limitExceeded();
			if (slot < 0) throwStatus(slot, `task ${settings.name}`);
		} catch (error) {
			if (block !== 0) calls.dealloc(block);
			if (list !== 0) calls.dealloc(list);
			throw error;
		} finally {
			if (inObject) store.releaseArguments();
		}
		const { task, taskGeneration } = this.#thread;
		if (results === 1) {
			const ref = store.newRef(slot, this.#thread.generation, task, taskGeneration);
			if (settings.numReturns === 0) return [ref];
			return settings.isGenerator ? new RefGenerator(ref as ObjectRef<void>) : ref;
		}
		const refs: ObjectRef[] = [];
		for (let i = 0, at = list >>> 2; i < results; i++, at += 2) {
			refs.push(store.newRef(u32[at] as number, u32[at + 1] as number, task, taskGeneration));
		}
		if (list !== 0) calls.dealloc(list);
		return refs;
	}

	/** Room for the refs of several results. If there is none, the arguments' block goes too. */
	#resultList(results: number, block: number): number {
		try {
			return this.#store.allocate(results * 8);
		} catch (error) {
			if (block !== 0) this.#thread.calls.dealloc(block);
			this.#store.releaseArguments();
			throw error;
		}
	}

	/** How many of the arguments are refs: the task waits for them, and is given their values. */
	#writeArguments(args: readonly unknown[], inlined: number): number {
		let dependencies: ObjectRef[] | undefined;
		for (let i = 0; i < args.length; i++) {
			const arg = args[i];
			if (typeof arg !== "object" || arg === null || !isRef(arg)) continue;
			checkUsable(arg);
			const refused = refusalOf(this.#engine, arg);
			if (refused !== undefined) throw refusal(`args[${i}]`, refused.what, refused.advice);
			dependencies ??= [];
			dependencies.push(arg);
		}
		if (dependencies === undefined) {
			this.#store.writeArguments(args, undefined, inlined, TASK_SPEC_INLINED_LENGTH);
			return 0;
		}
		const places: number[] = [];
		const values = args.map((arg, i) => {
			if (!isRef(arg)) return arg;
			places.push(i);
			return undefined;
		});
		this.#store.writeArguments([places, values], dependencies, inlined, TASK_SPEC_INLINED_LENGTH);
		return dependencies.length;
	}
}

function limitExceeded(): PendingCallsLimitExceededError {
	return new PendingCallsLimitExceededError(
		"As many tasks are unfinished as maxPendingTasks allows. Await ray.capacity() before submitting more, or raise maxPendingTasks.",
	);
}
