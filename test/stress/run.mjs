// Real threads under stress: tasks of every kind, workers that are ended anywhere, and nothing left at the end.
//
//   WASMRAY_STRESS_SECONDS=30 WASMRAY_STRESS_SEED=1 WASMRAY_STRESS_WORKERS=8 WASMRAY_STRESS_DEBUG=1 npm run stress
//
// Further settings: KILL_EVERY (milliseconds between two kills, at most; 0: none), WIDTH (jobs at a time), PATIENCE
// (milliseconds without the end of a job, after which it is a hang), FAULT (see stress.test.ts).
import { availableParallelism } from "node:os";
import { bundle } from "./bundle.mjs";

const [main, entry, watchdog] = await Promise.all(["main", "worker", "watchdog"].map((name) => bundle(name)));
const { stress } = await import(/** @type {string} */ (main));

/** @param {string} name @param {number} otherwise */
const setting = (name, otherwise) => Number(process.env[`WASMRAY_STRESS_${name}`] ?? otherwise);
const seconds = setting("SECONDS", 30);
const first = setting("SEED", Number(process.env.WASMRAY_SEED ?? Math.floor(Math.random() * 2 ** 31)));
const cores = availableParallelism();
const only = setting("WORKERS", 0);
const debug = setting("DEBUG", 0) === 1;
// As many workers as cores, then two and four times as many: a lock's holder is then often preempted.
const sizes = only > 0 ? [only] : [1, 2, 4].map((factor) => Math.min(8, Math.max(2, factor * cores)));

for (const [i, workers] of sizes.entries()) {
	const seed = first + i;
	const start = performance.now();
	const report = await stress({
		seconds: seconds / sizes.length,
		seed,
		workers,
		entry,
		watchdog,
		debug,
		killEvery: setting("KILL_EVERY", 120),
		width: setting("WIDTH", 40),
		patience: setting("PATIENCE", 20_000),
		fault: process.env.WASMRAY_STRESS_FAULT ?? "",
	});
	const took = ((performance.now() - start) / 1000).toFixed(1);
	const { jobs, killed, started, decisions, walks, failures } = report;
	console.log(
		`seed ${seed}, ${workers} workers${debug ? ", debug build" : ""}: ${jobs} jobs in ${took} s, ${started} workers started, ` +
			`${killed} killed, ${decisions} decisions, ${walks} walks, ${failures.length} failures`,
	);
	for (const failure of failures.slice(0, 10)) console.error(failure);
	if (failures.length > 0) {
		console.error(`Again: WASMRAY_STRESS_SEED=${seed} WASMRAY_STRESS_WORKERS=${workers} npm run stress`);
		process.exit(1);
	}
}
