import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["test/**/*.test.ts"],
		globalSetup: "scripts/test-setup.mjs",
		setupFiles: "test/seed.ts",
		// Processes, not threads: tests start and end worker threads of their own, and a test file must not outlive its end.
		pool: "forks",
		maxWorkers: 2,
		testTimeout: 60_000,
		hookTimeout: 30_000,
	},
});
