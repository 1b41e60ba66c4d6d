// A thread that does nothing but look whether jobs still end. If none does for too long it prints what everybody is at, and
// ends the process: a hang is a failure, also when it is the driver that hangs.
import { writeSync } from "node:fs";
import { Worker, workerData } from "node:worker_threads";
import { dump } from "./dump.ts";
import { jobsAt } from "./shared.ts";

interface WatchdogData {
	readonly memory: WebAssembly.Memory;
	readonly shared: Int32Array;
	readonly patience: number;
	readonly title: string;
}

export function startWatchdog(entry: string, data: WatchdogData): Worker {
	return new Worker(entry, { workerData: data });
}

function watch({ memory, shared, patience, title }: WatchdogData): void {
	const done = new Int32Array(new SharedArrayBuffer(4));
	let last = -1;
	let since = performance.now();
	while (true) {
		Atomics.wait(done, 0, 0, 500);
		const jobs = Atomics.load(shared, jobsAt);
		if (jobs !== last) {
			last = jobs;
			since = performance.now();
		} else if (performance.now() - since > patience) {
			writeSync(2, `${title}: nothing has ended for ${patience / 1000} s, after ${jobs} jobs.\n${dump(memory)}\n`);
			process.kill(process.pid, "SIGKILL");
		}
	}
}

if ((workerData as WatchdogData | null)?.patience !== undefined) watch(workerData as WatchdogData);
