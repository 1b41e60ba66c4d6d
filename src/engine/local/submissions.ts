/**
 * What a thread keeps for the tasks it submits: how their functions are shipped, and, for those that need it, deadlines,
 * signals, and the judgement whether a failed one runs again.
 */
import {
	REASON_CANCELLED,
	REASON_FULL,
	REASON_TIMEOUT,
	STATUS_OK,
	TASK_ENTRY_ATTEMPT,
	TASK_ENTRY_RETRIES,
	TASK_ENTRY_VERDICT,
} from "../../core/layout.ts";
import { RayError, TaskCancelledError, TaskError, TaskTimeoutError, TaskUnschedulableError } from "../../errors.ts";
import { errorClassNames } from "../../values/error-values.ts";
import { EXT_HOST_FIRST, EXT_REF } from "../../values/format.ts";
import { type EncodeHooks, type Extension, type Refusal, SENDABLE } from "../../values/hooks.ts";
import { textOf } from "../../values/refusals.ts";
import { onAbort } from "../abort.ts";
import { flag, milliseconds } from "../checks.ts";
import { RefGenerator } from "../generator.ts";
import { checkUsable, isRef, type ObjectRef } from "../ref.ts";
import type { TaskSettings } from "../settings.ts";
import type { Deadline } from "./deadlines.ts";
import type { LocalEngine } from "./engine.ts";
import { idOf } from "./ids.ts";
import { Classes, type ResourceTable } from "./plans.ts";
import { refusalOf } from "./store/object-writer.ts";
import { type Origin, type Plan, Submitter } from "./submit.ts";
import type { Waiter } from "./waits.ts";

/** A task's token: 0, or a number of ours times two; bit 0: what it throws shall be judged by its submitter. */
const JUDGED = 1;

/** How functions become objects, and what stands for one inside a value. */
export interface FunctionShipping {
	/** The object that describes the function, for workers. */
	codeFor(settings: TaskSettings): { readonly slot: number; readonly generation: number };
	/** Whether the object may be kept for as long as the function is there. */
	keeps(settings: TaskSettings): boolean;
	/** What a remote function inside a value is sent as. */
	describe(remoteFunction: object): unknown;
	receive(description: unknown): unknown;
}

export interface SubmissionOptions {
	readonly resources: ResourceTable;
	readonly shipping: FunctionShipping;
	/** The kind of worker for tasks with these settings. */
	readonly kindFor: (settings: TaskSettings) => number;
}

interface Special {
	readonly settings: TaskSettings;
	deadline: Deadline | undefined;
	/** Stops listening to the signal. */
	withdraw: (() => void) | undefined;
}

interface Failure {
	readonly task: number;
	readonly generation: number;
	readonly token: number;
	/** With its thread; else its error is to be judged. */
	readonly lost: boolean;
}

export class Submissions {
	readonly #engine: LocalEngine;
	readonly #options: SubmissionOptions;
	readonly #special = new Map<number, Special>();
	#nextSpecial = 1;
	#failures: Failure[] = [];
	#late: { classes: Classes; submitter: Submitter } | undefined;
	readonly encodeHooks: EncodeHooks;

	constructor(engine: LocalEngine, options: SubmissionOptions) {
		this.#engine = engine;
		this.#options = options;
		this.encodeHooks = { toExtension: (value) => this.#toExtension(value) };
	}

	/** Made on first use: the engine's parts are not all there when this is constructed. */
	get #parts(): { classes: Classes; submitter: Submitter } {
		if (this.#late === undefined) {
			const { thread, store } = this.#engine;
			const classes = new Classes(thread, this.#options.resources);
			const again = (settings: TaskSettings) => classes.again(settings, this.#options.kindFor(settings));
			this.#late = { classes, submitter: new Submitter(this.#engine, thread, store, again) };
		}
		return this.#late;
	}

	submit(settings: TaskSettings, args: readonly unknown[], origin: Origin): ObjectRef | ObjectRef[] | RefGenerator {
		const made = this.#submit(settings, args, origin);
		if (settings.numReturns > 0) return made;
		for (const ref of made as ObjectRef[]) ref[Symbol.dispose]();
		return [];
	}

	#submit(settings: TaskSettings, args: readonly unknown[], origin: Origin): ObjectRef | ObjectRef[] | RefGenerator {
		let plan: Plan;
		try {
			const known = settings.plan as Plan | undefined;
			const holds = known?.engine === this.#engine && known.codecs === this.#engine.serializers.version;
			plan = holds ? known : this.#plan(settings);
		} catch (error) {
			if (error instanceof TaskUnschedulableError) return this.#notStarted(settings, error, true);
			throw error;
		}
		const needsCare =
			settings.timeout !== undefined ||
			settings.signal !== undefined ||
			settings.retryExceptions !== false ||
			settings.retryDelay !== 0;
		if (!needsCare) return this.#parts.submitter.submit(settings, plan, args, 0, origin);
		// What is cancelled before it is submitted surely does not run.
		if (settings.signal?.aborted || settings.timeout === 0) {
			return this.#notStarted(settings, cancelledBefore(settings), false);
		}
		const token = this.#reserveToken(settings);
		let result: ObjectRef | ObjectRef[] | RefGenerator;
		try {
			result = this.#parts.submitter.submit(settings, plan, args, token, origin);
		} catch (error) {
			this.#forget(token >> 1);
			throw error;
		}
		const first = result instanceof RefGenerator ? result.stream : Array.isArray(result) ? result[0] : result;
		this.#watchOver(token >> 1, settings, first as ObjectRef);
		return result;
	}

	/** What a task gives that cannot be started. `reports`: it is to be told to whoever does not ask, too. */
	#notStarted(settings: TaskSettings, error: Error, reports: boolean): ObjectRef | ObjectRef[] | RefGenerator {
		const failed = () => this.#engine.store.putError(error, reports);
		if (settings.isGenerator) return new RefGenerator(failed() as ObjectRef<void>);
		return settings.numReturns === 1 ? failed() : Array.from({ length: settings.numReturns }, failed);
	}

	#plan(settings: TaskSettings): Plan {
		const resourceClass = this.#parts.classes.classFor(settings, this.#options.kindFor(settings));
		const code = this.#options.shipping.codeFor(settings);
		const plan: Plan = { engine: this.#engine, resourceClass, code, codecs: this.#engine.serializers.version };
		if (this.#options.shipping.keeps(settings)) settings.plan = plan;
		return plan;
	}

	#reserveToken(settings: TaskSettings): number {
		const number = this.#nextSpecial++;
		this.#special.set(number, { settings, deadline: undefined, withdraw: undefined });
		return (number << 1) | (settings.retryExceptions === false ? 0 : JUDGED);
	}

	/** The settings of a task that this thread submitted and keeps something for. */
	settingsOf(token: number): TaskSettings | undefined {
		return this.#special.get(token >>> 1)?.settings;
	}

	#watchOver(number: number, settings: TaskSettings, first: ObjectRef): void {
		const special = this.#special.get(number) as Special;
		const { deadlines, cancelling } = this.#engine;
		const { timeout, signal } = settings;
		const place = { task: first.task, generation: first.taskGeneration };
		if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY) {
			special.deadline = deadlines.after(timeout, () => cancelling.cancelFor(place, REASON_TIMEOUT, { timeout }));
		}
		if (signal !== undefined) {
			special.withdraw = onAbort(signal, () => cancelling.cancelFor(place, REASON_CANCELLED, { signal }));
		}
		const forget = () => this.#forget(number);
		const waiter: Waiter = { patient: true, ready: forget, abandon: forget };
		if (!this.#engine.waits.add(first.slot, first.generation, waiter)) this.#forget(number);
	}

	#forget(number: number): void {
		const special = this.#special.get(number);
		if (special === undefined) return;
		this.#special.delete(number);
		if (special.deadline !== undefined) this.#engine.deadlines.cancel(special.deadline);
		special.withdraw?.();
	}

	// ── judging failures ──

	toDecide(task: number, generation: number, token: number, lost: boolean): void {
		this.#failures.push({ task, generation, token, lost });
	}

	/** A user's predicate or delay may do anything, so failures are decided about when no message is being read. */
	decideDue(): void {
		while (this.#failures.length > 0) {
			const due = this.#failures;
			this.#failures = [];
			for (const failure of due) {
				if (failure.lost) this.#engine.lost(failure.task, failure.generation, failure.token);
				else this.#judge(failure);
			}
		}
	}

	#judge({ task, generation, token }: Failure): void {
		const { calls, views } = this.#engine.thread;
		const at = this.#engine.thread.taskAt(task) >> 2;
		const settings = this.#special.get(token >>> 1)?.settings;
		const retries = views.i32[at + (TASK_ENTRY_RETRIES >> 2)] as number;
		const attempt = views.u32[at + (TASK_ENTRY_ATTEMPT >> 2)] as number;
		if (settings === undefined || retries === 0) {
			calls.fail(task, generation, 0, 0, 0, 0, 0);
			return;
		}
		const failure = this.#verdict(at);
		try {
			const taskId = idOf(this.#engine.id, "t", task, generation);
			if (wantsRetry(settings, failure, taskId, attempt)) this.retryLater(task, generation, settings, attempt, failure);
			else calls.fail(task, generation, 0, 0, 0, 0, 0);
		} catch (error) {
			this.fail(task, generation, undecided(settings, "retryExceptions", error, failure));
		}
	}

	/** The error that the task failed with. */
	#verdict(taskAt: number): unknown {
		const { thread, store } = this.#engine;
		const slot = thread.views.u32[taskAt + (TASK_ENTRY_VERDICT >> 2)] as number;
		const generation = thread.generationOf(slot);
		if (thread.calls.retain(slot, generation) !== STATUS_OK) return undefined;
		try {
			return store.errorIn(slot, generation);
		} finally {
			thread.calls.release(slot, generation);
		}
	}

	/** Runs a task that waits for a decision again, after its delay. */
	retryLater(
		task: number,
		generation: number,
		settings: TaskSettings | undefined,
		attempt: number,
		failure?: unknown,
	): void {
		const { calls } = this.#engine.thread;
		let delay = settings?.retryDelay ?? 0;
		if (typeof delay === "function") {
			try {
				delay = milliseconds(delay(attempt), "what it returns");
			} catch (error) {
				this.fail(task, generation, undecided(settings as TaskSettings, "retryDelay", error, failure));
				return;
			}
		}
		if (delay > 0) this.#engine.deadlines.after(delay, () => calls.retry(task, generation));
		else calls.retry(task, generation);
	}

	/** Fails a task that waits for a decision; if the store has no room for the error, with one of the core's that says so. */
	fail(task: number, generation: number, error: unknown): void {
		const { store, thread } = this.#engine;
		try {
			store.writeError(error, true);
		} catch {
			thread.calls.cancel(task, generation, REASON_FULL, 0);
			return;
		}
		if (thread.calls.fail(task, generation, store.flags, store.a, store.b, store.c, store.d) !== STATUS_OK)
			store.discard();
	}

	// ── refs and functions inside values ──

	#toExtension(value: object): Extension | Refusal | undefined {
		if (isRef(value)) {
			checkUsable(value);
			return refusalOf(this.#engine, value) ?? { type: EXT_REF };
		}
		if ((value as { [SENDABLE]?: unknown })[SENDABLE] === "function") {
			return { type: EXT_HOST_FIRST, description: this.#options.shipping.describe(value) };
		}
		return undefined;
	}

	receive(_type: number, description: unknown): unknown {
		return this.#options.shipping.receive(description);
	}
}

/** The user's own rule threw: the task fails with both. */
function undecided(settings: TaskSettings, option: string, thrown: unknown, failure: unknown): RayError {
	const failed =
		failure instanceof Error ? `${failure.message}. Its` : `Task ${settings.name} was lost with its worker. Its`;
	const error = new RayError(`${failed} ${option} threw ${textOf(thrown)}`, { cause: thrown });
	return failure === undefined ? error : Object.assign(error, { failure });
}

function cancelledBefore({ name, signal }: TaskSettings): Error {
	return signal?.aborted
		? new TaskCancelledError(`Task ${name} was not started: its signal is aborted.`, { cause: signal.reason })
		: new TaskTimeoutError(`Task ${name} was not started: its timeout is 0.`);
}

/** Judged is what the task's function threw: that is the cause of its own error, and an error of another task as it passes. */
function wantsRetry({ retryExceptions: rule }: TaskSettings, error: unknown, taskId: string, attempt: number): boolean {
	if (typeof rule === "boolean") return rule;
	const isOwn = error instanceof TaskError && error.taskId === taskId && error.cause !== undefined;
	const thrown = isOwn ? error.cause : error;
	if (typeof rule === "function") return flag(rule(thrown, attempt), "what it returns");
	const names = classNames(thrown);
	// An error that passes through is still what its own task threw.
	if (error instanceof TaskError) names.push(...classNames(error.cause), ...(causeClassesOf(error) ?? []));
	return rule.some((type) => names.includes(type.name));
}

/** The class names of an error, as its worker saw them: here some of the classes may be unknown. */
function classNames(thrown: unknown): string[] {
	return typeof thrown === "object" && thrown !== null ? [...errorClassNames(thrown)] : [];
}

/** Those of what a task threw that is no error, as its worker saw them. */
function causeClassesOf(error: TaskError): readonly string[] | undefined {
	return (error as { causeClasses?: readonly string[] }).causeClasses;
}
