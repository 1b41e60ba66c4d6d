import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest starts first, so that both runners are done at the same time. A fresh clone knows of no durations. */
const longest = [
	"interleave/core",
	"stack/stack",
	"examples/",
	"stress/stress",
	"runtime/",
	"interleave/",
	"frame/wasm",
	"core/fuzz/",
	"functions/",
];

class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const rank = ({ moduleId }: TestSpecification) => {
			const at = longest.findIndex((start) => moduleId.includes(`/test/${start}`));
			return at < 0 ? longest.length : at;
		};
		return [...files].sort((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1));
	}
}

/** They start no threads and change nothing that outlives them, so they may follow each other in one process. */
const alone = ["test/core/*.test.ts", "test/values/!(platforms).test.ts"];
const all = "test/**/*.test.ts";

export default defineConfig({
	test: {
		globalSetup: "scripts/test-setup.mjs",
		setupFiles: "test/seed.ts",
		// Processes, not threads: tests start and end worker threads of their own, and a test file must not outlive its end.
		pool: "forks",
		maxWorkers: 2,
		testTimeout: 60_000,
		hookTimeout: 30_000,
		sequence: { sequencer: LongestFirst },
		projects: [
			{ extends: true, test: { name: "threads", include: [all], exclude: alone } },
			{ extends: true, test: { name: "one thread", include: alone, isolate: false } },
		],
	},
});
