import { afterAll, beforeAll } from "vitest";
import { init, shutdown } from "./kit.ts";
import { makePrograms, type Programs } from "./programs.ts";

/** For a file of tests: the kit has a worker of its own. */
export function useWorker(): void {
	let programs: Programs;
	beforeAll(async () => {
		programs = await makePrograms();
		await init(programs.worker);
	});
	afterAll(async () => {
		await shutdown();
		programs.remove();
	});
}
