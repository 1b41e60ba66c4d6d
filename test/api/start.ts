/** Has the API start fake engines, and gives a clean slate before each test. */
import { beforeEach } from "vitest";
import { registry } from "../../src/api/current.ts";
import { provideEngine } from "../../src/api/lifecycle.ts";
import type { InitSettings } from "../../src/engine/settings.ts";
import { SerializerRegistry } from "../../src/values/registry.ts";
import { FakeEngine } from "./fake-engine.ts";

export interface Started {
	readonly engines: FakeEngine[];
	readonly settings: InitSettings[];
	/** What each start waits for; rejecting, it fails. */
	before: () => Promise<unknown>;
}

export function startFakes(): Started {
	const started: Started = { engines: [], settings: [], before: async () => {} };
	beforeEach(() => {
		started.engines.length = 0;
		started.settings.length = 0;
		started.before = async () => {};
		forgetRuntimes();
		provideEngine(async (settings) => {
			started.settings.push(settings);
			await started.before();
			const engine = new FakeEngine(settings);
			started.engines.push(engine);
			return engine;
		});
	});
	return started;
}

function forgetRuntimes(): void {
	registry.engines.clear();
	Object.assign(registry, {
		engine: undefined,
		starting: undefined,
		ended: false,
		serializers: new SerializerRegistry(),
	});
}

/** What a promise does later is decided by the test. */
export function gate(): { readonly promise: Promise<void>; open(): void; fail(error: Error): void } {
	let open = () => {};
	let fail = (_error: Error) => {};
	const promise = new Promise<void>((resolve, reject) => {
		open = resolve;
		fail = reject;
	});
	return { promise, open: () => open(), fail: (error) => fail(error) };
}
