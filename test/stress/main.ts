// The stress: jobs, a killer, and what must be true in between and at the end.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/paths.mjs";
import { PAGE_BYTES } from "../../src/core/memory.ts";
import { checkInvariants, walkerRoom } from "../core/support/walk.ts";
import { needs, totals } from "./classes.ts";
import { dump, handlesOf } from "./dump.ts";
import { Driver } from "./host/driver.ts";
import type { Ref } from "./host/values.ts";
import { jobs, type Stress } from "./jobs.ts";
import { Random } from "./random.ts";
import { GPUS, jobsAt, LICENCES, SHARED_WORDS, Shared } from "./shared.ts";
import { startWatchdog } from "./watchdog.ts";

export interface StressOptions {
	readonly seconds: number;
	readonly seed: number;
	readonly workers: number;
	/** The bundles of worker.ts and watchdog.ts. */
	readonly entry: string;
	readonly watchdog: string;
	/** Milliseconds between two kills, at most; 0: none. */
	readonly killEvery: number;
	/** Jobs at a time. */
	readonly width: number;
	/** Run the debug build, with its assertions. */
	readonly debug: boolean;
	/** Milliseconds without the end of any job, after which it is a hang. */
	readonly patience: number;
	/** What the stress does wrong itself, so that a test sees it found out. */
	readonly fault: "" | "leak" | "hang";
}

export interface StressReport {
	readonly jobs: number;
	readonly killed: number;
	readonly started: number;
	readonly decisions: number;
	readonly walks: number;
	readonly failures: readonly string[];
}

const MEGABYTES = 64;
const OBJECTS = 65536;
const TASKS = 16384;
/** Unfinished tasks; enough for all jobs but the largest bursts. */
const LIMIT = 1500;

class StressRun {
	readonly #options: StressOptions;
	readonly #random: Random;
	readonly #driver: Driver;
	readonly #stress: Stress;
	readonly #failures: string[] = [];
	readonly #until: number;
	readonly #active = new Map<number, string>();
	#jobs = 0;
	#killed = 0;
	#walks = 0;

	constructor(options: StressOptions) {
		this.#options = options;
		this.#random = new Random(options.seed);
		const { workers, entry } = options;
		const spare = 16 - workers;
		const size = MEGABYTES * 1024 * 1024;
		this.#driver = Driver.create({
			entry,
			workers,
			spare,
			megabytes: MEGABYTES,
			objects: OBJECTS,
			tasks: TASKS,
			spareBytes: walkerRoom(size, OBJECTS, TASKS, workers + spare + 2) + PAGE_BYTES,
			sharedWords: SHARED_WORDS,
			onProblem: (problem) => this.#fail(problem),
			...(options.debug && { module: debugModule() }),
		});
		const shared = new Shared(this.#driver.shared);
		this.#driver.onGone = (index) => shared.forget(index);
		for (const [resource, amount] of totals(LICENCES, GPUS, Math.max(1, Math.floor(spare / 3)))) {
			this.#driver.core.calls.setResource(resource, amount);
		}
		for (const [i, need] of needs.entries()) {
			if (this.#driver.defineClass(need) !== i + 1) throw new Error("the classes have other numbers than expected");
		}
		this.#driver.core.calls.setLimit(LIMIT);
		const codes = new Map<string, Ref>();
		for (const name of [
			"add",
			"checksum",
			"fill",
			"blockingFan",
			"blockLater",
			"fanAsync",
			"count",
			"flaky",
			"boom",
			"licence",
			"gpu",
		]) {
			codes.set(name, this.#driver.define(name));
		}
		for (const name of ["several", "make", "total", "crash"]) codes.set(name, this.#driver.define(name));
		for (const name of ["blockingFan", "blockLater"]) {
			const { slot, generation } = codes.get(name) as Ref;
			this.#driver.core.calls.markBlocking(slot, generation);
		}
		this.#stress = { driver: this.#driver, random: this.#random, shared, codes, serial: 0 };
		this.#until = performance.now() + options.seconds * 1000;
	}

	async run(): Promise<StressReport> {
		const { seed, workers, watchdog: entry, width, patience, fault } = this.#options;
		const { memory, shared } = this.#driver;
		const title = `stress with seed ${seed} and ${workers} workers`;
		const watchdog = startWatchdog(entry, { memory, shared, patience, title });
		this.#driver.fill();
		const lines = Array.from({ length: width }, (_, i) => this.#line(i));
		const killer = this.#kill();
		await Promise.all([...lines, killer]);
		if (fault === "leak") this.#driver.put("nobody releases this");
		if (fault === "hang") await this.#driver.get(this.#driver.create());
		await this.#end();
		await watchdog.terminate();
		const { started, decisions } = this.#driver;
		const [jobCount, killed, walks, failures] = [this.#jobs, this.#killed, this.#walks, this.#failures];
		return { jobs: jobCount, killed, started, decisions, walks, failures };
	}

	get #isOver(): boolean {
		return performance.now() > this.#until || this.#failures.length > 0;
	}

	#fail(failure: string): void {
		this.#failures.push(failure);
	}

	/** Jobs one after the other. */
	async #line(number: number): Promise<void> {
		const names = Object.keys(jobs);
		while (!this.#isOver) {
			const name = this.#random.pick(names);
			this.#active.set(number, name);
			try {
				await (jobs[name] as (stress: Stress) => Promise<void>)(this.#stress);
			} catch (error) {
				this.#fail(`job ${name}: ${(error as Error).stack}`);
			}
			this.#jobs++;
			Atomics.add(this.#driver.shared, jobsAt, 1);
		}
		this.#active.delete(number);
	}

	async #kill(): Promise<void> {
		const { killEvery } = this.#options;
		let untilWalk = 10;
		while (killEvery > 0 && !this.#isOver) {
			await new Promise((resolve) => setTimeout(resolve, this.#random.whole(1, killEvery)));
			if (--untilWalk === 0) {
				untilWalk = this.#random.whole(10, 30);
				await this.#driver.freeze(() => this.#walk(false));
			} else {
				const { index } = this.#random.pick(this.#driver.workers);
				await this.#driver.kill(index);
				this.#killed++;
			}
		}
	}

	#walk(over: boolean): void {
		this.#walks++;
		try {
			checkInvariants(this.#driver.memory, { inPlace: true, over });
		} catch (error) {
			this.#fail(`${(error as Error).message}\n${dump(this.#driver.memory)}`);
		}
	}

	/** Nothing must be left. */
	async #end(): Promise<void> {
		const driver = this.#driver;
		// Tasks that nobody asks about any more, and messages about watches that were given up, come to their end.
		while (this.#failures.length === 0 && this.#pending() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
		driver.release(...this.#stress.codes.values());
		// What the last messages named is released when the inbox is looked at again.
		const until = performance.now() + 2000;
		while (handlesOf(driver.memory, driver.core.index) > 0 && performance.now() < until) {
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
		for (const problem of driver.problems) this.#fail(problem);
		this.#expectNone("objects that the driver waits for", driver.waiting);
		this.#expectNone("handles of the driver", handlesOf(driver.memory, driver.core.index));
		const last = await driver.close();
		this.#expectNone("workers", driver.workers.length);
		const stats = last.stats();
		for (const name of ["objects", "granules", "pending", "ready", "taken", "unread", "unreadDropped"] as const) {
			this.#expectNone(name, stats[name]);
		}
		this.#walk(true);
	}

	#pending(): number {
		return this.#driver.stats().pending;
	}

	#expectNone(what: string, count: number): void {
		if (count !== 0) this.#fail(`${count} ${what} are left at the end`);
	}
}

function debugModule(): WebAssembly.Module {
	return new WebAssembly.Module(readFileSync(join(root, "build", "core.debug.wasm")));
}

export function stress(options: StressOptions): Promise<StressReport> {
	return new StressRun(options).run();
}
