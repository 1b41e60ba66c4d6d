// How fast empty tasks go from one thread to another and back.
import { Driver } from "./host/driver.ts";
import type { Ref } from "./host/values.ts";

const burst = 100_000;
const rounds = 20_000;

export async function throughput(entry: string): Promise<string[]> {
	const driver = Driver.create({ entry, workers: 1, objects: 1 << 18, tasks: 1 << 18, megabytes: 128 });
	driver.fill();
	const code = driver.define("() => undefined");
	const lines: string[] = [];
	await driver.get(driver.submit(code, [], {}).refs[0] as Ref);

	for (let repeat = 0; repeat < 5; repeat++) {
		const start = performance.now();
		const refs: Ref[] = [];
		for (let i = 0; i < burst; i++) refs.push(driver.submit(code, [], {}).refs[0] as Ref);
		const submitted = performance.now();
		for (const ref of refs) {
			await driver.get(ref);
			driver.release(ref);
		}
		const end = performance.now();
		const rate = ((burst / (end - start)) * 1000).toFixed(0);
		lines.push(`${burst} at once: ${rate}/s (submitting ${(((submitted - start) / burst) * 1e6).toFixed(0)} ns each)`);
	}

	for (let repeat = 0; repeat < 3; repeat++) {
		const times = new Float64Array(rounds);
		for (let i = 0; i < rounds; i++) {
			const start = performance.now();
			const [ref] = driver.submit(code, [], {}).refs as [Ref];
			await driver.get(ref);
			times[i] = (performance.now() - start) * 1000;
			driver.release(ref);
		}
		times.sort();
		const at = (part: number) => (times[Math.floor(rounds * part)] as number).toFixed(1);
		lines.push(`one by one: p50 ${at(0.5)} µs, p99 ${at(0.99)} µs`);
	}

	for (let repeat = 0; repeat < 3; repeat++) {
		const start = performance.now();
		for (let i = 0; i < rounds; i++) {
			const [ref] = driver.submit(code, [], {}).refs as [Ref];
			driver.getSync(ref);
			driver.release(ref);
		}
		lines.push(`one by one with getSync: ${(((performance.now() - start) / rounds) * 1000).toFixed(1)} µs`);
	}
	driver.release(code);
	await driver.close();
	return lines;
}
