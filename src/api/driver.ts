/** What a program loads and a worker does not: the means to start an engine. */
import type { Engine } from "../engine/engine.ts";
import { ThreadsAhead } from "../engine/local/ahead.ts";
import type { InitSettings } from "../engine/settings.ts";
import { provideEngine } from "./lifecycle.ts";
import "./members.ts";

/** The engine is most of the package, and is loaded while its first threads start. */
async function startEngine(settings: InitSettings): Promise<Engine> {
	const ahead = new ThreadsAhead(settings);
	try {
		const { startLocalEngine } = await import("../engine/local/start.ts");
		return startLocalEngine(settings, ahead);
	} finally {
		ahead.close();
	}
}

provideEngine(startEngine);
