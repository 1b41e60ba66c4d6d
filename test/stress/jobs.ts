// What the stress's driver submits, and what must come of it. A job ends when all it began is settled as it must be.
import { checksum, fill } from "./bytes.ts";
import { CLASS } from "./classes.ts";
import type { Driver } from "./host/driver.ts";
import type { SubmitOptions, Submitted } from "./host/thread.ts";
import { type Ref, TaskFailure, type Value } from "./host/values.ts";
import type { Random } from "./random.ts";
import { LICENCES, ONCE, type Shared } from "./shared.ts";

export interface Stress {
	readonly driver: Driver;
	readonly random: Random;
	readonly shared: Shared;
	/** Functions by name. */
	readonly codes: ReadonlyMap<string, Ref>;
	serial: number;
}

type Job = (stress: Stress) => Promise<void>;

/** Ends that a task may come to instead of its value. */
type Failures = readonly string[];

async function submit(
	{ driver, random, codes }: Stress,
	name: string,
	args: readonly Value[],
	options: SubmitOptions = {},
): Promise<Submitted> {
	const code = codes.get(name) as Ref;
	const priority = random.chance(0.5) ? 8 : random.whole(0, 15);
	while (true) {
		await driver.room(1);
		try {
			return driver.submit(code, args, { retries: -1, priority, ...options });
		} catch (error) {
			// A worker was quicker.
			if (!(error as Error).message.includes('"limit"')) throw error;
		}
	}
}

async function one(stress: Stress, name: string, args: readonly Value[], options?: SubmitOptions): Promise<Ref> {
	const { refs } = await submit(stress, name, args, options);
	return refs[0] as Ref;
}

/** A task that notes each of its attempts, and takes its time. */
function add(stress: Stress, numbers: readonly Value[], options: SubmitOptions = {}, time?: number): Promise<Ref> {
	const serial = stress.serial++ % ONCE;
	stress.shared.renew(serial);
	const spent = time ?? (stress.random.chance(0.7) ? 0 : stress.random.size(12));
	return one(stress, "add", [serial, spent, ...numbers], options);
}

function same(found: unknown, wanted: unknown, what: string): void {
	const equal =
		wanted instanceof Uint8Array && found instanceof Uint8Array
			? Buffer.compare(found, wanted) === 0
			: Object.is(found, wanted);
	if (!equal) throw new Error(`${what}: ${describe(found)} instead of ${describe(wanted)}`);
}

function describe(value: unknown): string {
	return value instanceof Uint8Array
		? `${value.length} bytes (${checksum(value)})`
		: (JSON.stringify(value) ?? "undefined");
}

/** The value, which is compared; or one of these failures. Then the ref is released. */
async function expect(stress: Stress, ref: Ref, wanted: unknown, what: string, failures: Failures = []): Promise<void> {
	try {
		same(await stress.driver.get(ref), wanted, what);
	} catch (error) {
		if (!(error instanceof TaskFailure) || !failures.includes(error.name)) throw withContext(error, what);
	}
	stress.driver.release(ref);
}

function withContext(error: unknown, what: string): Error {
	return new Error(`${what}: ${(error as Error).name}: ${(error as Error).message}`, { cause: error });
}

const cancelled: Failures = ["Cancelled", "cancelled"];
const freed: Failures = ["Freed", "freed"];

export const jobs: { readonly [name: string]: Job } = {
	async sum(stress) {
		const [a, b] = [stress.random.whole(0, 1000), stress.random.whole(0, 1000)];
		const resourceClass = stress.random.pick([CLASS.cpu, CLASS.half, CLASS.free]);
		await expect(stress, await add(stress, [a, b], { resourceClass }), a + b, "a sum");
	},

	async burst(stress) {
		const { driver, random } = stress;
		const count = random.whole(50, 400);
		await driver.room(count);
		const refs: Ref[] = [];
		for (let i = 0; i < count; i++) refs.push(await add(stress, [i], {}, 0));
		for (const [i, ref] of refs.entries()) await expect(stress, ref, i, "one of a burst");
	},

	async chain(stress) {
		let ref = stress.driver.put(1);
		const length = stress.random.whole(1, 20);
		for (let i = 0; i < length; i++) {
			const next = await add(stress, [ref, 1]);
			stress.driver.release(ref);
			ref = next;
		}
		await expect(stress, ref, length + 1, "a chain");
	},

	async diamond(stress) {
		const { driver, random } = stress;
		const base = await add(stress, [7]);
		const middle: Ref[] = [];
		for (let i = random.whole(2, 12); i > 0; i--) middle.push(await add(stress, [base, 1]));
		const end = await add(stress, middle);
		driver.release(base, ...middle);
		await expect(stress, end, middle.length * 8, "a diamond");
	},

	/** Tasks that wait for an object that the driver seals, or deletes, later. */
	async promise(stress) {
		const { driver, random } = stress;
		const promise = driver.create();
		const refs: Ref[] = [];
		for (let i = random.whole(1, 8); i > 0; i--) refs.push(await add(stress, [promise, i]));
		const deleted = random.chance(0.3);
		if (deleted) driver.free(promise);
		else driver.seal(promise, 10);
		driver.release(promise);
		for (const [i, ref] of refs.entries()) {
			const what = "a task that waited for a promise";
			await expect(stress, ref, deleted ? Symbol() : 10 + refs.length - i, what, deleted ? freed : []);
		}
	},

	async bytesIn(stress) {
		const { driver, random } = stress;
		const bytes = fill(random.whole(0, 1e6), random.size(65536));
		const put = driver.put(bytes);
		const ref = await one(stress, "checksum", [put]);
		driver.release(put);
		await expect(stress, ref, checksum(bytes), "a checksum");
	},

	async bytesOut(stress) {
		const { random, driver } = stress;
		const [seed, size] = [random.whole(0, 1e6), random.size(65536)];
		const ref = await one(stress, "fill", [seed, size]);
		const sum = await one(stress, "checksum", [ref]);
		await expect(stress, ref, fill(seed, size), "bytes");
		driver.retain(sum);
		await expect(stress, sum, checksum(fill(seed, size)), "a checksum of a task's bytes");
		driver.release(sum);
	},

	async fan(stress) {
		const [depth, width] = [stress.random.whole(1, 2), stress.random.whole(1, 5)];
		const resourceClass = depth === 1 ? CLASS.inner : CLASS.outer;
		const ref = await one(stress, "blockingFan", [depth, width], { resourceClass });
		await expect(stress, ref, width ** depth, "tasks that block for others");
	},

	async fanAsync(stress) {
		const [depth, width] = [stress.random.whole(1, 3), stress.random.whole(1, 4)];
		await expect(stress, await one(stress, "fanAsync", [depth, width]), width ** depth, "tasks that wait for others");
	},

	async cancelTree(stress) {
		const { task, generation, refs } = await submit(stress, "fanAsync", [3, 4]);
		await pause(stress.random.size(40));
		stress.driver.cancel(task, generation, stress.random.pick([1, 3]));
		await expect(stress, refs[0] as Ref, 64, "a tree of tasks that is cancelled", cancelled);
	},

	async cancel(stress) {
		const { driver, random, shared } = stress;
		const serial = stress.serial++ % ONCE;
		shared.renew(serial);
		const { task, generation, refs } = await submit(stress, "add", [serial, random.size(60), 5]);
		const after = await one(stress, "checksum", [refs[0] as Ref], { retries: 0 });
		driver.release(after);
		await pause(random.chance(0.3) ? 0 : random.size(60));
		driver.cancel(task, generation, random.whole(0, 3));
		await expect(stress, refs[0] as Ref, 5, "a task that is cancelled", cancelled);
	},

	async stream(stress) {
		const { driver, random } = stress;
		const [seed, count, size] = [random.whole(0, 1e6), random.whole(0, 60), random.chance(0.5) ? 0 : random.size(4096)];
		const stream = await one(stress, "count", [seed, count, size], { stream: random.whole(0, 8) });
		const most = random.chance(0.3) ? random.whole(0, count) : count + 1;
		let i = 0;
		if (most > 0) {
			for await (const item of driver.items(stream)) {
				same(driver.read(item), size > 0 ? fill(seed + i, size) : seed + i, `item ${i} of a stream`);
				driver.release(item);
				if (random.chance(0.05)) await pause(random.size(10));
				if (++i === most) break;
			}
		}
		if (i < most) same(i, count, "the length of a stream");
		driver.release(stream);
	},

	async flaky(stress) {
		const until = stress.random.whole(1, 5);
		const ref = await one(stress, "flaky", [until]);
		const value = (await stress.driver.get(ref)) as number;
		if (value < until) throw new Error(`a task came to its value at attempt ${value} instead of ${until}`);
		stress.driver.release(ref);
	},

	async givesUp(stress) {
		const ref = await one(stress, "flaky", [1e6], { retries: stress.random.whole(0, 3) });
		await expect(stress, ref, Symbol(), "a task without attempts left", ["TryAgain", "Crashed"]);
	},

	async boom(stress) {
		const { driver, random } = stress;
		const first = await one(stress, "boom", ["Boom"], { retries: 0 });
		const later: Ref[] = [first];
		for (let i = random.whole(1, 6); i > 0; i--) later.push(await add(stress, [random.pick(later), 1]));
		const names = new Set<string>();
		for (const ref of later) {
			await driver.get(ref).then(
				() => names.add("none"),
				(error: Error) => names.add(error.name),
			);
			driver.release(ref);
		}
		const [name, more] = [...names];
		if (more !== undefined || (name !== "Boom" && name !== "Crashed")) {
			throw new Error(`a failure and what depends on it came to ${[...names].join(", ")}`);
		}
	},

	async crash(stress) {
		const ref = await one(stress, "crash", []);
		const value = (await stress.driver.get(ref)) as number;
		if (value < 2) throw new Error("a task went on behind the end of its thread");
		stress.driver.release(ref);
	},

	async licence(stress) {
		const amount = stress.random.whole(1, Math.min(2, LICENCES));
		const resourceClass = amount === 1 ? CLASS.licence : CLASS.licences;
		const ref = await one(stress, "licence", [amount, stress.random.size(8)], { resourceClass });
		await expect(stress, ref, amount, "a task with licences");
	},

	async gpu(stress) {
		const count = stress.random.whole(1, 2);
		const resourceClass = count === 1 ? CLASS.gpu : CLASS.gpus;
		const ref = await one(stress, "gpu", [count, stress.random.size(8)], { resourceClass });
		await expect(stress, ref, count, "a task with GPUs");
	},

	async several(stress) {
		const [seed, count] = [stress.random.whole(0, 1e6), stress.random.whole(2, 9)];
		const { refs } = await submit(stress, "several", [seed, count], { results: count });
		for (const [i, ref] of refs.entries()) {
			await expect(stress, ref, i % 2 ? fill(seed + i, 100 * i) : seed + i, `result ${i} of ${count}`);
		}
	},

	async nested(stress) {
		const { driver, random } = stress;
		const [seed, count] = [random.whole(0, 1e6), random.whole(0, 8)];
		const made = await one(stress, "make", [seed, count]);
		const list = (await driver.get(made)) as Ref[];
		driver.release(made);
		for (const [i, ref] of list.entries()) await expect(stress, ref, fill(seed + i, 50 * i), "an object in an object");
	},

	async passed(stress) {
		const { driver, random } = stress;
		const refs: Ref[] = [];
		for (let i = random.whole(1, 6); i > 0; i--) refs.push(await add(stress, [i]));
		const total = await one(stress, "total", [refs]);
		driver.release(...refs);
		await expect(stress, total, (refs.length * (refs.length + 1)) / 2, "refs that were passed as they are");
	},

	async block(stress) {
		const { driver, random } = stress;
		const ref = await add(stress, [3]);
		try {
			same(driver.getSync(ref, random.size(8)), 3, "a sum, gotten by blocking");
		} catch (error) {
			if ((error as Error).name !== "OutOfTime") throw error;
		}
		await expect(stress, ref, 3, "a sum, gotten again");
	},

	async blockLater(stress) {
		const count = stress.random.whole(1, 5);
		await expect(stress, await one(stress, "blockLater", [count]), count, "a task that waits, then blocks");
	},

	async unwatch(stress) {
		const { driver, random } = stress;
		const ref = await add(stress, [4]);
		for (let i = random.whole(1, 4); i > 0; i--) {
			const forget = driver.onSettled(ref, () => undefined);
			if (random.chance(0.5)) await pause(random.size(4));
			forget();
		}
		await expect(stress, ref, 4, "a sum that was waited for before");
	},

	async free(stress) {
		const { driver, random } = stress;
		const ref = await one(stress, "fill", [1, 3000]);
		const sum = await one(stress, "checksum", [ref]);
		await pause(random.size(20));
		driver.free(ref);
		// Freed while a task is about to read it, or before: an error of the core's, or of that task's own.
		await expect(stress, ref, fill(1, 3000), "an object that is deleted", freed);
		await expect(stress, sum, checksum(fill(1, 3000)), "a task whose argument is deleted", freed);
	},

	async passOver(stress) {
		const { driver, random } = stress;
		let ref: Ref = driver.put(0);
		for (let i = random.whole(1, 50); i > 0; i--) {
			const outer = driver.put([ref, i]);
			driver.release(ref);
			ref = outer;
		}
		driver.release(ref);
		await pause(0);
	},
};

function pause(milliseconds: number): Promise<void> {
	return new Promise((resolve) => (milliseconds > 0 ? setTimeout(resolve, milliseconds) : setImmediate(resolve)));
}
