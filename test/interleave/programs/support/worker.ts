// Workers: the very loop that threads run, and a part of it for programs that look at what it brings.
import { work } from "../../../../src/engine/local/protocol/execute.ts";
import type { Own } from "../../../../src/engine/local/protocol/own.ts";
import { type ParkHost, rest } from "../../../../src/engine/local/protocol/park.ts";
import type { Protocol, Steps } from "../../../../src/engine/local/protocol/steps.ts";
import { Host } from "./host.ts";
import type { ScenarioThread } from "./scenario.ts";

/** A worker: the loop, for ever. It has so many chores, one after the other when it has no task. */
export const worker = (spins = 0, chores = 0): ScenarioThread<object> => ({
	daemon: true,
	*run(t, { stage }) {
		const host = new Host(t, stage);
		let left = chores;
		const chore = () => void left--;
		const waits = host.working({ spins: () => spins, hasChore: () => left > 0, chore });
		yield* host.run(work(host.steps, host.own, waits));
	},
});

/** Parks once, and rests if there is nothing: a task; 0: look again; below: a status. */
export function* park(steps: Steps, own: Own, host: ParkHost): Protocol<number> {
	const task = yield steps.park(host.busy);
	return task === 0 ? yield* rest(steps, own, host) : task;
}
