// A step of the AssemblyScript compiler: `sleepOn` stays a function of its own; assembly/sync/atomic.ts says why.
class KeepCalls {
	/** @param {{ runPasses(names: string[]): void }} module */
	afterCompile(module) {
		const { binaryen } = /** @type {any} */ (this);
		binaryen.setPassArgument("no-inline", "*sleepOn*");
		module.runPasses(["no-inline"]);
	}
}

export default KeepCalls;
