/** Remote functions: what `remote` makes of a function, and what can be done about the tasks it starts. */
import { checkOptions, flag, isClass, show, whole, wrongType } from "../engine/checks.ts";
import { isRefGenerator } from "../engine/generator.ts";
import { INSPECT } from "../engine/inspect.ts";
import { checkUsable, isRef } from "../engine/ref.ts";
import { provideRemoteFunctions, SETTINGS, settingsOf } from "../engine/remote-function.ts";
import type { Definition, TaskSettings } from "../engine/settings.ts";
import { callSite } from "../functions/callsite.ts";
import { definitions } from "../functions/definitions.ts";
import { nameAt } from "../functions/naming.ts";
import type {
	AnyFn,
	CancelOptions,
	ObjectRef,
	ObjectRefGenerator,
	Only,
	RemoteFunction,
	ResultWith,
	TaskOptions,
} from "../types.ts";
import { SENDABLE } from "../values/hooks.ts";
import { currentEngine } from "./current.ts";
import { taskSettings } from "./options/task.ts";

/**
 * Makes a function remote: `.remote(…)` runs it as a task on a worker and gives a ref to its result at once, or, of a
 * generator function, the refs of its items as they come. A ref among the arguments arrives as its value. Call it at
 * module level, above `init()`: then workers can find functions that cannot be sent by themselves.
 *
 * A generator function is one written with `function*`: types cannot tell it from a function that returns another's
 * generator, whose tasks fail. Write `function* (n) { yield* items(n); }`, not `(n) => items(n)`.
 *
 * @example
 * const square = ray.remote((n: number) => n * n);
 * const refs = [1, 2, 3].map((n) => square.remote(n));
 * console.log(await ray.get(refs));
 *
 * @example
 * const fetchPage = ray.remote(async (url: string) => (await fetch(url)).text(), { maxRetries: 5, retryExceptions: true });
 * const urgent = fetchPage.options({ priority: 7, timeout: 10_000 });
 */
export function remote<F extends AnyFn, const O extends TaskOptions = TaskOptions>(
	fn: F,
	options?: Only<O, TaskOptions>,
): RemoteFunction<F, ResultWith<ReturnType<F>, O>> {
	checkFunction(fn);
	return makeRemote(taskSettings("remote", define(fn), undefined, options)) as never;
}

function checkFunction(fn: unknown): void {
	if (typeof fn !== "function") throw wrongType("remote(): the first argument", "a function", fn);
	if (settingsOf(fn) !== undefined) {
		throw new TypeError(`remote(): ${fn.name} is remote already. Use its .options() to set options.`);
	}
	if (isClass(fn)) {
		throw new TypeError(
			`remote(): ${show(fn)} is a class, and this version of wasmray has no actors. Give a function.`,
		);
	}
}

function define(fn: AnyFn): Definition {
	const site = callSite(remote);
	const ordinal = definitions().register(site, fn);
	return { fn, name: fn.name || nameAt(site) || "anonymous", site, ordinal, shipped: new WeakMap() };
}

type AnyRemoteFunction = RemoteFunction<AnyFn, unknown>;

/** What all remote functions have in common. */
const common = Object.create(Function.prototype, {
	[SENDABLE]: { value: "function" },
	[INSPECT]: { value: showRemote },
	local: {
		get(this: AnyRemoteFunction) {
			return settingsOf(this)?.definition.fn;
		},
	},
});

function showRemote(this: AnyRemoteFunction): string {
	return `[RemoteFunction: ${settingsOf(this)?.name}]`;
}

/**
 * It is a function only so that calling it can say what to do; what it can do are its properties. Programs make one for each
 * call (`f.options({ … }).remote()`), so no property is defined the slow way: 0.7 µs instead of 13.
 */
function makeRemote(settings: TaskSettings): AnyRemoteFunction {
	const { name, definition } = settings;
	const { [name]: uncallable } = {
		[name]: () => {
			throw new TypeError(
				`${name} is a remote function: call ${name}.remote(…) to run it on a worker, or ${name}.local(…).`,
			);
		},
	};
	const made = Object.setPrototypeOf(uncallable, common);
	made[SETTINGS] = settings;
	made.remote = (...args: unknown[]) => currentEngine("remote").submit(settings, args);
	made.options = (options: unknown) => makeRemote(taskSettings("options", definition, settings, options));
	return made;
}

provideRemoteFunctions(makeRemote);

const cancelChecks = { force: flag, recursive: flag };

/**
 * Cancels the task whose result a ref or generator is. Its refs reject with TaskCancelledError: queued work is dropped, and
 * running asynchronous work sees `getRuntimeContext().signal` abort. `force` ends the worker, without a retry; `recursive`
 * (default true) cancels what the task submitted too, and by the same force. The task's CPU is free again when its code ends.
 *
 * False: it had finished already, or the ref is no task's.
 *
 * @example
 * const ref = search.remote(query);
 * setTimeout(() => ray.cancel(ref), 1000);
 */
export function cancel(ref: ObjectRef | ObjectRefGenerator<unknown>, options?: CancelOptions): boolean {
	const target: unknown = isRefGenerator(ref) ? ref.stream : ref;
	if (!isRef(target)) throw wrongType("cancel(): the first argument", "an ObjectRef or an ObjectRefGenerator", target);
	checkUsable(target);
	const { force = false, recursive = true } = checkOptions("cancel", options, cancelChecks);
	return target.engine.cancel(target, { force, recursive });
}

const checkCount = whole(1, 2 ** 31 - 1);

/**
 * Resolves when `init({ maxPendingTasks })` leaves room for `n` more tasks, which no other caller in this thread is given: first come,
 * first served. Submit them at once: in the event loop's next turn what is not used goes to others.
 *
 * @example
 * for (const file of files) {
 *   await ray.capacity();
 *   refs.push(convert.remote(file));
 * }
 */
export async function capacity(n = 1): Promise<void> {
	await currentEngine("capacity").capacity(checkCount(n, "capacity(): n"));
}
