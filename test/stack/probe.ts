import binaryen from "binaryen";

interface Body {
	readonly locals: number;
	readonly calls: readonly string[];
	readonly wideLoads: number;
}

/** The module's functions by name, read from its text. */
function functionsOf(module: binaryen.Module): Map<string, Body> {
	const functions = new Map<string, Body>();
	for (const text of module
		.emitStackIR()
		.split(/^ \(func /m)
		.slice(1)) {
		const name = (text.match(/^\S+/) as RegExpMatchArray)[0].replace(/\)$/, "");
		const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
		functions.set(name, {
			locals: count(/\((?:param|local) \$/g),
			calls: [...new Set([...text.matchAll(/^\s+call (\S+)/gm)].map(([, callee]) => callee as string))],
			wideLoads: count(/^\s+i64\.load\b/gm),
		});
	}
	return functions;
}

function read(bytes: Uint8Array): binaryen.Module {
	const module = binaryen.readBinary(bytes);
	module.setFeatures(binaryen.Features.All);
	return module;
}

/** The probe is the one function that calls nothing but itself and loads hundreds of words. */
function probeOf(functions: Map<string, Body>): { name: string; words: number } {
	const found = [...functions].filter(([name, { calls, wideLoads }]) => wideLoads > 99 && calls.join() === name);
	if (found.length !== 1) throw new Error(`${found.length} functions look like the stack's probe`);
	const [name, { wideLoads }] = found[0] as [string, Body];
	return { name, words: wideLoads };
}

/** The longest chain of calls from an export, beside the probe, and the words that its frames may take. */
export function measure(bytes: Uint8Array): { probeWords: number; deepest: string[]; words: number } {
	const module = read(bytes);
	const functions = functionsOf(module);
	const probe = probeOf(functions);
	const known = new Map<string, { words: number; chain: string[] }>();
	const under = new Set<string>();
	const below = (name: string): { words: number; chain: string[] } => {
		const before = known.get(name);
		if (before !== undefined) return before;
		if (under.has(name)) throw new Error(`${name} may call itself, so no probe can be deep enough`);
		under.add(name);
		const { calls, locals } = functions.get(name) as Body;
		let deepest = { words: 0, chain: [] as string[] };
		for (const callee of calls) {
			if (callee === probe.name) continue;
			const one = below(callee);
			if (one.words > deepest.words) deepest = one;
		}
		under.delete(name);
		const result = { words: deepest.words + locals + FRAME_WORDS, chain: [name, ...deepest.chain] };
		known.set(name, result);
		return result;
	};
	let best = { words: 0, chain: [] as string[] };
	for (const name of functions.keys()) {
		if (name === probe.name) continue;
		const one = below(name);
		if (one.words > best.words) best = one;
	}
	module.dispose();
	return { probeWords: probe.words, deepest: best.chain, words: best.words };
}

/** Return address, saved registers, and operands that no local holds: in sum over a chain more than V8 takes. */
const FRAME_WORDS = 10;

/** The same module with a probe that reaches nowhere. */
export function withoutProbe(bytes: Uint8Array): Uint8Array {
	const module = read(bytes);
	const { name } = probeOf(functionsOf(module));
	const plain = name.replace(/^\$/, "");
	const info = binaryen.getFunctionInfo(module.getFunction(plain));
	module.removeFunction(plain);
	module.addFunction(plain, info.params, info.results, [], module.i64.const(0));
	const changed = module.emitBinary();
	module.dispose();
	return changed;
}
