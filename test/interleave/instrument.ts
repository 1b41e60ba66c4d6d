// Shipping bytes → bytes that an explorer can suspend before each atomic operation.
//
// Every memory instruction becomes a call of a small helper with the same operands, the instruction's offset and the
// number of its site:
//
//     (i32.atomic.rmw.add offset=8 (ptr) (value))   →   (call $x.i32.atomic.rmw.add (i32.const site) (i32.const 8) (ptr) (value))
//
// The operands are evaluated before the call, so the point stands directly before the operation whatever was nested in
// them (a point inserted in front of the statement would come before a load nested in it, and bugs would be missed).
// A helper reports to the import, then does what the import's answer says: the operation itself, or one of its
// mutations. So one instrumented module serves every mutant. Asyncify makes the reporting imports suspendable.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import binaryen from "binaryen";
import { fixedHelpers, helperText, importsText, observingHelper, type SiteKind, shapeOf } from "./helpers.ts";

/** One memory instruction of the module. */
export interface Site {
	readonly id: number;
	readonly kind: SiteKind;
	readonly atomic: boolean;
	/** Bytes; 0 for copy and fill. */
	readonly width: number;
	readonly instruction: string;
	/** From the name section, else the first export of the function, else its number. */
	readonly function: string;
	/** `function: instruction +offset #n`, the n-th of its kind in its function: what lists of accepted survivors are keyed by. */
	readonly name: string;
}

export interface Instrumented {
	readonly bytes: Uint8Array<ArrayBuffer>;
	readonly sites: readonly Site[];
	readonly globals: number;
	/** Of the shipping bytes. */
	readonly hash: string;
}

export interface InstrumentOptions {
	/** The same code with a name section (asc's `--debug` adds nothing else at the same optimisation level). */
	readonly namesFrom?: Uint8Array;
	/** Only writes are reported and nothing suspends: for a module that looks at the memory between schedules. */
	readonly observing?: boolean;
	/** Folder for instrumented modules, by content hash. Default: node_modules/.cache/wasmray-interleave. */
	readonly cache?: string | false;
}

const sources = ["./instrument.ts", "./helpers.ts"].map((name) => fileURLToPath(new URL(name, import.meta.url)));
const cacheFolder = fileURLToPath(new URL("../../node_modules/.cache/wasmray-interleave/", import.meta.url));
let ownText: string | undefined;

const known = new Map<string, Instrumented>();

/** Instruments `wasm`, or returns what was made of it before, in this process or in an earlier one. */
export function instrument(wasm: Uint8Array, options: InstrumentOptions = {}): Instrumented {
	const hash = createHash("sha256").update(wasm).digest("hex").slice(0, 16);
	const folder = options.cache ?? cacheFolder;
	if (folder === false) return transform(wasm, hash, options);
	ownText ??= sources.map((path) => readFileSync(path, "utf8")).join("");
	const key = createHash("sha256")
		.update(ownText)
		.update(String(options.observing ?? false));
	key.update(wasm).update(options.namesFrom ?? "");
	const stem = `${folder}/${key.digest("hex").slice(0, 32)}`;
	let made = known.get(stem);
	if (made === undefined) {
		made = fromFolder(stem, hash);
		if (made === undefined) {
			made = transform(wasm, hash, options);
			mkdirSync(folder, { recursive: true });
			// The table is renamed into place last: whoever sees it sees the whole pair.
			replaceFile(`${stem}.wasm`, made.bytes);
			replaceFile(`${stem}.json`, JSON.stringify({ sites: made.sites, globals: made.globals }));
		}
		known.set(stem, made);
	}
	return made;
}

function fromFolder(stem: string, hash: string): Instrumented | undefined {
	if (!existsSync(`${stem}.json`)) return undefined;
	const table = JSON.parse(readFileSync(`${stem}.json`, "utf8")) as Pick<Instrumented, "sites" | "globals">;
	return { bytes: new Uint8Array(readFileSync(`${stem}.wasm`)), hash, ...table };
}

function replaceFile(path: string, content: string | Uint8Array): void {
	const temporary = `${path}.${process.pid}`;
	writeFileSync(temporary, content);
	renameSync(temporary, path);
}

function transform(wasm: Uint8Array, hash: string, { namesFrom, observing = false }: InstrumentOptions): Instrumented {
	if (namesFrom && !sameCode(wasm, namesFrom)) {
		throw new Error("namesFrom is another module: it may differ from the shipping bytes only in custom sections");
	}
	const original = binaryen.readBinaryWithFeatures(namesFrom ?? wasm, binaryen.Features.All);
	const text = original.emitText();
	original.dispose();
	const rewritten = rewrite(text, observing);
	const module = binaryen.parseText(rewritten.text);
	try {
		module.setFeatures(binaryen.Features.All & ~binaryen.Features.GC);
		binaryen.setPassArgument(
			"asyncify-imports",
			"explorer.load,explorer.store,explorer.cas,explorer.wait,explorer.notify",
		);
		if (!text.includes("call_indirect")) binaryen.setPassArgument("asyncify-ignore-indirect", "1");
		settle();
		if (!observing) module.runPasses(["asyncify"]);
		const bytes = new Uint8Array(module.emitBinary());
		return { bytes, sites: rewritten.sites, globals: rewritten.globals, hash };
	} finally {
		binaryen.clearPassArguments();
		module.dispose();
	}
}

/** Binaryen's options are global, and AssemblyScript's compiler, if it ran in this process, has left others. */
function settle(): void {
	binaryen.setOptimizeLevel(1);
	binaryen.setShrinkLevel(0);
	binaryen.setDebugInfo(false);
	binaryen.setTrapsNeverHappen(false);
	binaryen.setLowMemoryUnused(false);
	binaryen.setZeroFilledMemory(false);
	binaryen.setFastMath(false);
	binaryen.setGenerateStackIR(false);
	binaryen.setOptimizeStackIR(false);
}

interface Rewritten {
	readonly text: string;
	readonly sites: Site[];
	readonly globals: number;
}

const heads = new RegExp(
	[
		String.raw`\(func \$(?<func>"[^"]*"|\S+)`,
		String.raw`\(global \$(?<global>"[^"]*"|\S+) \(mut`,
		String.raw`\(export "(?<exported>[^"]*)" \(func \$(?<target>"[^"]*"|[^\s)]+)\)\)`,
		String.raw`\((?<op>(?:[if](?:32|64)|v128)\.[a-z0-9_.]*(?:load|store|rmw)[a-z0-9_.]*|memory\.[a-z0-9.]+)(?: offset=(?<offset>\d+))?(?: align=\d+)?(?=[\s)])`,
	].join("|"),
	"g",
);

/** Binaryen prints one operator a line, operands nested: each instruction's head can be replaced where it stands. */
function rewrite(text: string, observing: boolean): Rewritten {
	const sites: Site[] = [];
	const helpers = new Map<string, string>();
	const globals: string[] = [];
	const exported = new Map<string, string>();
	const counts = new Map<string, number>();
	let current = "";
	for (const match of text.matchAll(heads)) {
		const { exported: name, target } = match.groups ?? {};
		if (name !== undefined && target !== undefined && !exported.has(target)) exported.set(target, name);
	}
	const body = text.replace(heads, (head: string, ...rest: unknown[]) => {
		const { func, global, op, offset } = rest.at(-1) as Record<string, string | undefined>;
		if (func !== undefined) current = readableName(func, exported);
		if (global !== undefined) globals.push(global);
		if (op === undefined) return head;
		// The memory is as large as the program says and never grows: what lies behind it holds the suspended stacks.
		if (op === "memory.size") return "(call $x.size";
		if (op === "memory.grow") return "(call $x.grow";
		const kind = `${current}: ${op}${offset === undefined ? "" : ` +${offset}`}`;
		const count = (counts.get(kind) ?? 0) + 1;
		counts.set(kind, count);
		const shape = shapeOf(op);
		if (observing && (shape.kind === "load" || shape.kind === "notify")) return head;
		if (!helpers.has(op)) helpers.set(op, observing ? observingHelper(op, shape) : helperText(op, shape));
		sites.push({
			id: sites.length,
			kind: shape.kind,
			atomic: shape.atomic,
			width: shape.width,
			instruction: op,
			function: current,
			name: `${kind} #${count}`,
		});
		return `(call $x.${op} (i32.const ${sites.length - 1}) (i32.const ${offset ?? 0})`;
	});
	const exports = globals.map((name, index) => `(export "global:${index}" (global $${name}))`);
	const opened = body.indexOf("(module") + "(module".length;
	const added = [importsText, fixedHelpers, ...helpers.values(), ...exports].join("\n");
	return { text: placeAdded(body, opened, added), sites, globals: globals.length };
}

/** Imports go first, everything else behind the module's own definitions. */
function placeAdded(body: string, opened: number, added: string): string {
	const closed = body.lastIndexOf(")");
	return `${body.slice(0, opened)}\n${importsText}\n${body.slice(opened, closed)}\n${added.slice(importsText.length)}\n)`;
}

function readableName(func: string, exported: ReadonlyMap<string, string>): string {
	const plain = func.replaceAll('"', "");
	return /^\d+$/.test(plain) ? (exported.get(func) ?? `function ${plain}`) : plain;
}

/** Equal but for custom sections (id 0). */
function sameCode(a: Uint8Array, b: Uint8Array): boolean {
	const [left, right] = [a, b].map((bytes) => Buffer.concat(sections(bytes)));
	return left !== undefined && right !== undefined && left.equals(right);
}

function sections(bytes: Uint8Array): Uint8Array[] {
	const found: Uint8Array[] = [];
	for (let at = 8; at < bytes.length; ) {
		const start = at;
		const id = bytes[at++];
		let size = 0;
		for (let shift = 0; ; shift += 7) {
			const byte = bytes[at++] ?? 0;
			size |= (byte & 127) << shift;
			if (byte < 128) break;
		}
		at += size;
		if (id !== 0) found.push(bytes.subarray(start, at));
	}
	return found;
}
