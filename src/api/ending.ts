import type { Engine } from "../engine/engine.ts";
import type { ShutdownOptions } from "../types.ts";
import { registry } from "./current.ts";

/** Shuts a runtime down, once: whoever asks again waits for the same end. */
export function end(engine: Engine, options: Required<ShutdownOptions>): Promise<void> {
	if (!registry.engines.has(engine)) return Promise.resolve();
	let ending = registry.ending.get(engine);
	if (ending === undefined) {
		ending = engine.shutdown(options).finally(() => forget(engine));
		registry.ending.set(engine, ending);
	}
	return ending;
}

/** Stops a runtime at once, also one that is being shut down. */
export function endNow(engine: Engine): void {
	if (!registry.engines.has(engine)) return;
	try {
		engine.shutdownNow();
	} finally {
		forget(engine);
	}
}

/** Whether it takes work: it is neither over nor on its way there. */
export function isOpen(engine: Engine): boolean {
	return engine.alive && registry.engines.has(engine) && !registry.ending.has(engine);
}

function forget(engine: Engine): void {
	registry.engines.delete(engine);
	if (registry.engine !== engine) return;
	registry.engine = undefined;
	registry.ended = true;
}
