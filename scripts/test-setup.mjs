// Builds before the tests run; nothing happens when the build is fresh. A build that fails does not keep the tests of
// other parts from running, but the run is red.
import { buildAll } from "./build.mjs";

export default async function setup() {
	try {
		await buildAll();
	} catch (error) {
		const message = `The build failed; tests of what it makes may see an older build.\n${/** @type {Error} */ (error).message}`;
		console.error(message);
		return () => {
			process.exitCode = 1;
			throw new Error(message);
		};
	}
	return undefined;
}
