/**
 * Runs in a process of its own, with flags that choose how the wasm is compiled: meets the stack's end at every depth around
 * core calls, on the main thread or in a worker, and prints what it found.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { OBJECT_ENTRY_SIZE } from "../../src/core/layout.ts";
import { deepest, dives, isOverflow, pads } from "./dive.ts";
import { scenes } from "./scenes.ts";
import { INLINE, World } from "./world.ts";

export interface Job {
	/** The build of the core. */
	readonly wasm: string;
	/** In a worker with a stack of so many MiB; else on the main thread. */
	readonly workerStack?: number;
	/** Every so many words of distance to the stack's end, below a frame's. */
	readonly everyWords: number;
	/** Only these scenes. */
	readonly only?: readonly string[];
}

export interface Report {
	/** Calls that met the stack's end, and calls that did not. */
	overflows: number;
	calls: number;
	/** What was wrong. */
	faults: string[];
}

/** Depths beyond which a call is sure to have room. */
const ENOUGH = 3;
/** All records are walked after each overflow of so many; the gate is looked at after every one. */
const WALK_EVERY = 8;
/** User code that recurses until the stack ends, so often. */
const RECURSIONS = 4;

/** Makes the scene's call at every distance from the stack's end, from too near to far enough. */
function sweep(world: World, name: string, dive: (typeof dives)[number], everyWords: number, report: Report): void {
	const scene = scenes[name] as (typeof scenes)[string];
	const bottom = deepest(dive) + 2;
	for (let words = 0; words < pads.length; words += everyWords) {
		const pad = pads[words] as (typeof pads)[number];
		for (let left = bottom, passed = 0; passed < ENOUGH && left > 0; left--) {
			const act = scene(world);
			let answer = 0;
			let overflowed = false;
			try {
				answer = dive(left, () => pad(act.call));
			} catch (error) {
				if (!isOverflow(error)) throw error;
				overflowed = true;
			}
			if (overflowed) {
				report.overflows++;
				const faults = world.faults(report.overflows % WALK_EVERY === 0);
				if (faults.length > 0) throw new Error(`the call met the stack's end, and ${faults.join(", ")}`);
				answer = act.call();
			} else {
				passed++;
			}
			report.calls++;
			act.settle(answer);
		}
	}
	const left = [...world.faults(), ...world.leftOver()];
	if (left.length > 0) throw new Error(left.join(", "));
}

/** User code that makes objects and tasks at each level, until the stack ends somewhere. */
function recurse(world: World, width: number, report: Report): void {
	const { diver, code } = world;
	const { core } = diver;
	const slots = new Uint32Array(200_000);
	let made = 0;
	const level = (...words: number[]): number => {
		slots[made++] = core.put(INLINE, 1, 2, 3, 4);
		if (made % 5 === 0) slots[made++] = core.submit();
		return made < slots.length - 2 ? level(...words) + 1 : 0;
	};
	diver.prepare(code);
	try {
		level(...new Array<number>(width).fill(1));
	} catch (error) {
		if (!isOverflow(error)) throw error;
		report.overflows++;
	}
	const faults = world.faults();
	if (faults.length > 0) throw new Error(faults.join(", "));
	for (let at = core.take(); at > 0; at = diver.finish(diver.task(at)));
	for (const slot of slots.subarray(0, made)) {
		// The generation stands above the holders in the entry's word.
		if (slot !== 0)
			diver.release({ at: slot, generation: diver.load(world.views.objectTable + slot * OBJECT_ENTRY_SIZE + 4) });
		report.calls++;
	}
	const left = [...world.faults(), ...world.leftOver()];
	if (left.length > 0) throw new Error(left.join(", "));
}

function run({ wasm, everyWords, only = Object.keys(scenes) }: Job): Report {
	const report: Report = { overflows: 0, calls: 0, faults: [] };
	const bytes = readFileSync(wasm);
	const attempt = (what: string, work: (world: World) => void) => {
		// A world of its own for each, so that one fault does not hide the next.
		try {
			work(new World(bytes));
		} catch (error) {
			report.faults.push(`${what}: ${error instanceof Error ? error.message : error}`);
		}
	};
	for (const name of only) {
		attempt(name, (world) => {
			for (const dive of dives) sweep(world, name, dive, everyWords, report);
		});
	}
	attempt("recursing user code", (world) => {
		for (let width = 0; width < RECURSIONS; width++) recurse(world, width, report);
	});
	return report;
}

if (isMainThread) {
	const job = JSON.parse(process.argv[2] as string) as Job;
	const print = (report: Report) => process.stdout.write(JSON.stringify(report));
	if (job.workerStack === undefined) {
		print(run(job));
	} else {
		const worker = new Worker(fileURLToPath(import.meta.url), {
			workerData: job,
			resourceLimits: { stackSizeMb: job.workerStack },
		});
		worker.once("message", print);
	}
} else {
	parentPort?.postMessage(run(workerData as Job));
}
