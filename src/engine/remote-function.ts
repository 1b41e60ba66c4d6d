/**
 * Remote functions inside values. What one is made of is its settings; the object around them is the API's, which stands
 * above the engine and tells it here how to make one.
 */
import type { TaskSettings } from "./settings.ts";

/** Where a remote function keeps its settings. */
export const SETTINGS: unique symbol = Symbol.for("wasmray.settings") as never;

type Maker = (settings: TaskSettings) => object;

let maker: Maker | undefined;

export function provideRemoteFunctions(make: Maker): void {
	maker = make;
}

/** A remote function with these settings, as `remote()` gives it. */
export function makeRemoteFunction(settings: TaskSettings): object {
	if (maker === undefined) throw new Error("The API that makes remote functions is not loaded.");
	return maker(settings);
}

/** The settings of a remote function, of whatever copy of the package; undefined for everything else. */
export function settingsOf(value: unknown): TaskSettings | undefined {
	return typeof value === "function" ? (value as { [SETTINGS]?: TaskSettings })[SETTINGS] : undefined;
}
