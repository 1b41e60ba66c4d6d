import { pause, settleWorkers, startContender } from "./common.mjs";

/** Four workers, whatever --workers says: an idle cost that grows with the workers shows better. */
const WORKERS = 4;
const EVERY_MS = 100;
const CHANNEL = "bench-idle";

export const idle = {
	name: "idle",
	title: "Idle",
	method:
		"Four workers that have worked, then nothing to do but one 100 ms timer that a task left running in a worker; the whole process's CPU time. The timer's ticks are counted: a worker that blocks between tasks stops them.",
	cases: ({ quick }) => [
		{
			label: "idle",
			parameters: quick ? { settleMs: 300, measureMs: 1000 } : { settleMs: 1000, measureMs: 5000 },
			rounds: quick ? 1 : 3,
			limitSeconds: 30,
			figures: [
				// No ratio: the best figure may be that of a pool whose timers stand still.
				{ key: "cpu", label: "CPU of four idle workers", unit: "% of a core", better: "lower", compare: false },
				{ key: "ticks", label: "  the timer's ticks, of those due", unit: "%", better: "higher", compare: false },
			],
		},
	],
	async run({ load, parameters: { settleMs, measureMs } }) {
		const contender = await startContender({ load, workers: WORKERS });
		await settleWorkers(contender, WORKERS);
		for (let call = 0; call < 100; call++) await contender.call("echo", call);
		const port = new BroadcastChannel(CHANNEL);
		const reported = new Promise((resolve) => {
			port.onmessage = ({ data }) => resolve(data);
		});
		// A little longer than it is measured, since each tick comes a little late.
		const forMs = settleMs + measureMs + 2 * EVERY_MS;
		const due = (settleMs + measureMs) / EVERY_MS;
		await contender.call("tick", { everyMs: EVERY_MS, forMs, channel: CHANNEL });
		await pause(settleMs);
		const before = process.cpuUsage();
		const startedAt = performance.now();
		await pause(measureMs);
		const used = process.cpuUsage(before);
		const elapsed = performance.now() - startedAt;
		const ticks = await Promise.race([reported, pause(500).then(() => 0)]);
		port.close();
		return {
			cpu: ((used.user + used.system) / 1000 / elapsed) * 100,
			ticks: Math.min(ticks / due, 1) * 100,
		};
	},
};
