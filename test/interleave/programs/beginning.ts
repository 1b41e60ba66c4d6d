// The memory before and while it is laid out.
import {
	STATUS_INITIALISED,
	STATUS_NOT_INITIALISED,
	STATUS_OK,
	THREAD_FLAG_MAY_BLOCK,
} from "../../../src/core/layout.ts";
import { type Program, program, type ThreadHandle } from "../program.ts";
import type { Steps } from "../steps.ts";
import { coreBytes, namedBytes, PAGES, SIZE } from "./support/stage.ts";

const core = { wasm: coreBytes, namesFrom: namedBytes, pages: PAGES };

function* init(t: ThreadHandle): Steps {
	t.log(yield t.call("init", SIZE, 64, 64, 4, 0xffffffff));
}

const twice = program({
	...core,
	name: "two who lay out one memory",
	threads: [init, init],
	check: ({ logOf }) => {
		const answers = [...logOf(0), ...logOf(1)];
		const once = answers.includes(STATUS_OK) && answers.includes(STATUS_INITIALISED);
		return once ? undefined : `they hear ${answers.join(" and ")}`;
	},
});

/** Calls that need no slot: before the memory is laid out they say so, and after they work. */
const early = program({
	...core,
	name: "calls while the memory is laid out",
	threads: [
		init,
		function* (t) {
			let known = false;
			const calls: readonly [string, ...number[]][] = [
				["end", 3, 1],
				["reserve", 0, THREAD_FLAG_MAY_BLOCK],
				["attach", 0, 1],
				["poison"],
			];
			for (const [name, ...args] of calls) {
				const status = yield t.call(name, ...args);
				if (known && status === STATUS_NOT_INITIALISED) t.log(`${name} does not know that the memory is laid out`);
				known ||= status !== STATUS_NOT_INITIALISED;
			}
		},
	],
	check: ({ logOf }) => logOf(1)[0] as string | undefined,
});

export const programs: Program[] = [twice, early];
