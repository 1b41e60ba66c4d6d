/**
 * What the contract leaves open: callbacks among the options have their parameters' types from there. The test compiles this
 * text, which is never run; where something is inferred otherwise, the compiler says so.
 */
import * as ray from "../../src/index.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Says that a value has exactly this type. */
const has =
	<T>() =>
	<V>(_value: V, _same: Same<V, T>): boolean =>
		true;

type Pair = [number, string];
const pair = (n: number): Pair => [n, ""];

export function callbacks(): void {
	const once = ray.remote((n: number) => n, {
		retryExceptions: (error, attempt) => has<unknown>()(error, true) && has<number>()(attempt, true),
		retryDelay: (attempt) => attempt * 2,
	});
	has<ray.ObjectRef<number>>()(once.remote(1), true);
	once.options({
		retryExceptions: (error, attempt) => has<unknown>()(error, true) && has<number>()(attempt, true),
		retryDelay: (attempt) => attempt * 2,
	});
}

export function besideNumReturns(): void {
	const two = ray.remote(pair, { retryDelay: (attempt) => attempt * 2, numReturns: 2 });
	has<[ray.ObjectRef<number>, ray.ObjectRef<string>]>()(two.remote(1), true);
	const still = two.options({ retryDelay: (attempt) => attempt * 2 });
	has<[ray.ObjectRef<number>, ray.ObjectRef<string>]>()(still.remote(1), true);
	const whole = ray.remote(pair, { numReturns: 1, retryDelay: (attempt) => attempt * 2 });
	has<ray.ObjectRef<Pair>>()(whole.remote(1), true);
}

export function options(): void {
	has<ray.ObjectRef<Pair>>()(ray.remote(pair).remote(1), true);
	has<ray.ObjectRef<Pair>>()(ray.remote(pair, {}).remote(1), true);
	const given: ray.TaskOptions = { retryDelay: (attempt) => attempt };
	has<ray.ObjectRef<Pair>>()(ray.remote(pair, given).remote(1), true);
	const items = ray.remote(
		function* (n: number) {
			yield n;
		},
		{ retryDelay: (attempt) => attempt, generatorBackpressure: 1 },
	);
	has<ray.ObjectRefGenerator<number>>()(items.remote(1), true);
}

export function refused(): void {
	// @ts-expect-error
	ray.remote(pair, { retryDelay: (attempt) => attempt, retry: 1 });
	// @ts-expect-error
	ray.remote(pair, { retryDelay: (attempt) => `${attempt}` });
	// @ts-expect-error
	ray.remote(pair, { retryExceptions: (error) => error.code === "EBUSY" });
	// @ts-expect-error
	ray.remote(pair).options({ retryDelay: (attempt) => attempt, retry: 1 });
}

/** Types cannot tell it from a generator function: the run fails, and the documents say so. */
export function notWrittenAsGenerator(): void {
	function* inner(n: number) {
		yield n;
	}
	has<ray.ObjectRefGenerator<number>>()(ray.remote((n: number) => inner(n)).remote(1), true);
}
