/**
 * What programs write, and the types they get. The test compiles this text against the package and against the contract:
 * both must accept it, and both must refuse what is marked.
 */
import * as ray from "../../src/index.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Says that a value has exactly this type. */
const has =
	<T>() =>
	<V>(_value: V, _same: Same<V, T>): void => {};

export async function lifecycle(): Promise<void> {
	await using runtime = await ray.init({ numCpus: 2, objectStoreMemory: "512MB", resources: { license: 1 } });
	has<string>()(runtime.id, true);
	has<number>()(await ray.get(runtime.put(1)), true);
	has<number>()(
		runtime.run(() => 5),
		true,
	);
	has<string | undefined>()(await ray.main(async () => "done"), true);
	has<boolean>()(ray.isInitialized(), true);
	await ray.shutdown({ drain: true, timeout: 10 });
	// @ts-expect-error
	await ray.init({ numCpu: 2 });
	// @ts-expect-error
	await ray.init({ objectStoreMemory: true });
	// @ts-expect-error
	await ray.shutdown({ wait: true });
}

export async function objects(): Promise<void> {
	const number = ray.put(1);
	const text = ray.put("a");
	has<ray.ObjectRef<number>>()(number, true);
	has<number>()(await number.get({ timeout: 5, copy: true }), true);
	has<[number, string]>()(await ray.get([number, text]), true);
	const numbers: ray.ObjectRef<number>[] = ray.putBatch([1, 2, 3]);
	has<number[]>()(await ray.get(numbers), true);
	has<number>()(ray.getSync(number, { timeout: 5 }), true);
	has<number[]>()(ray.getSync(numbers), true);
	has<[ray.ObjectRef<number>[], ray.ObjectRef<number>[]]>()(await ray.wait(numbers, { numReturns: 2 }), true);
	const [ready] = await ray.wait([number, text]);
	has<string | number>()(await (ready[0] as (typeof ready)[number]).get(), true);
	for await (const ref of ray.asCompleted(new Set(numbers), { timeout: 5 })) has<number>()(await ref.get(), true);
	for await (const ref of ray.asCompleted([number, text])) has<string | number>()(await ref.get(), true);
	ray.free(number);
	ray.free(numbers);
	using _scoped = ray.put({ nested: number });
	// @ts-expect-error
	await ray.get(5);
	// @ts-expect-error
	ray.getSync(number, { signal: new AbortController().signal });
	// @ts-expect-error
	await ray.wait(number);
}

class Point {
	x = 1;
}

export function serializers(): void {
	ray.registerSerializer(Point, {
		name: "Point",
		serialize: ({ x }) => [x],
		deserialize: ([x]) => Object.assign(new Point(), { x }),
	});
	// @ts-expect-error
	ray.registerSerializer(Point, { name: "Point", serialize: ({ y }) => y, deserialize: () => new Point() });
}

export async function tasks(): Promise<void> {
	const square = ray.remote((n: number) => n * n);
	has<ray.ObjectRef<number>>()(square.remote(2), true);
	has<ray.ObjectRef<number>>()(square.remote(ray.put(2)), true);
	has<(n: number) => number>()(square.local, true);
	// @ts-expect-error
	square.remote("2");
	// @ts-expect-error
	square.remote(ray.put("2"));
	// @ts-expect-error
	square.remote();
	// @ts-expect-error
	square(2);

	const later = ray.remote(async (name: string, times = 1) => name.repeat(times), { name: "later", priority: 3 });
	has<ray.ObjectRef<string>>()(later.remote("a"), true);
	has<ray.ObjectRef<string>>()(later.options({ timeout: 5 }).remote("a", ray.put(2)), true);
	// @ts-expect-error
	ray.remote(() => 1, { numCpu: 1 });
	// @ts-expect-error
	later.options({ retries: 1 });

	const pair = ray.remote(() => [1, "a"] as [number, string], { numReturns: 2 });
	has<[ray.ObjectRef<number>, ray.ObjectRef<string>]>()(pair.remote(), true);
	has<ray.ObjectRef<[number, string]>>()(pair.options({ numReturns: 1 }).remote(), true);
	has<[ray.ObjectRef<number>, ray.ObjectRef<string>]>()(pair.options({ numCpus: 2 }).remote(), true);
	const many = ray.remote(async (n: number) => Array.from({ length: n }, String)).options({ numReturns: 100 });
	has<ray.ObjectRef<string>[]>()(many.remote(100), true);

	const items = ray.remote(function* () {
		yield 1;
	});
	has<ray.ObjectRefGenerator<number>>()(items.remote(), true);
	await using stream = ray
		.remote(async function* (prefix: string) {
			yield `${prefix}!`;
		})
		.remote("a");
	for await (const ref of stream) has<string>()(await ref.get(), true);
	has<ray.ObjectRef<void>>()(stream.completed(), true);

	// A parameter that is a ref itself is given a ref to a ref, or one nested in something.
	const nested = ray.remote((given: { ref: ray.ObjectRef<number> }) => given.ref);
	has<ray.ObjectRef<ray.ObjectRef<number>>>()(nested.remote({ ref: ray.put(1) }), true);
	const direct = ray.remote((ref: ray.ObjectRef<number>) => ref.get());
	// @ts-expect-error
	direct.remote(ray.put(1));

	const retried = ray.remote(() => 1, { retryExceptions: [TypeError], retryDelay: (attempt: number) => attempt * 10 });
	has<boolean>()(ray.cancel(retried.remote(), { force: true }), true);
	ray.cancel(stream);
	await ray.capacity(2);
	// @ts-expect-error
	ray.cancel(5);
	// @ts-expect-error
	ray.remote(5);
}

export async function state(): Promise<void> {
	const { taskId, attempt, signal, assignedGpuIds } = ray.getRuntimeContext();
	has<string | undefined>()(taskId, true);
	has<number | undefined>()(attempt, true);
	has<AbortSignal>()(signal, true);
	has<readonly number[]>()(assignedGpuIds, true);
	has<number>()(ray.storeStats().capacity, true);
	const [first] = await ray.listObjects({ limit: 1, filters: [["state", "=", "READY"]] });
	has<"PENDING" | "READY" | "SPILLED" | "ERROR">()((first as ray.ObjectState).state, true);
}

export function errors(error: unknown): void {
	if (error instanceof ray.TaskError) has<string>()(error.remoteStack + error.taskName + error.attempts, true);
	if (error instanceof ray.ObjectFreedError) has<string>()(error.objectId, true);
	if (error instanceof ray.WorkerCrashedError) has<number>()(error.workerId, true);
	if (error instanceof ray.RayError) has<string>()(error.code, true);
}
