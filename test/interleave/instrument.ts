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
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import binaryen from "binaryen";

export type SiteKind =
	| "load"
	| "store"
	| "add"
	| "sub"
	| "and"
	| "or"
	| "xor"
	| "xchg"
	| "cmpxchg"
	| "wait"
	| "notify"
	| "copy"
	| "fill";

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
	/** `function: instruction #n`, the n-th of its kind in its function: what lists of accepted survivors are keyed by. */
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
	/** Folder for instrumented modules, by content hash. Default: node_modules/.cache/wasmray-interleave. */
	readonly cache?: string | false;
}

/** What a reporting import answers: do it, only read, or read, report again and write. */
export const PERFORM = 0;
export const DROP = 1;
export const SPLIT = 2;

const here = fileURLToPath(import.meta.url);
const cacheFolder = fileURLToPath(new URL("../../node_modules/.cache/wasmray-interleave/", import.meta.url));
let ownText: string | undefined;

/** Instruments `wasm`, or returns what an earlier run left in the cache. */
export function instrument(wasm: Uint8Array, options: InstrumentOptions = {}): Instrumented {
	ownText ??= readFileSync(here, "utf8");
	const hash = createHash("sha256").update(wasm).digest("hex").slice(0, 16);
	const folder = options.cache ?? cacheFolder;
	if (folder === false) return transform(wasm, hash, options.namesFrom);
	const key = createHash("sha256")
		.update(ownText)
		.update(wasm)
		.update(options.namesFrom ?? "");
	const stem = `${folder}/${key.digest("hex").slice(0, 32)}`;
	try {
		const table = JSON.parse(readFileSync(`${stem}.json`, "utf8")) as Pick<Instrumented, "sites" | "globals">;
		return { bytes: new Uint8Array(readFileSync(`${stem}.wasm`)), hash, ...table };
	} catch {
		const made = transform(wasm, hash, options.namesFrom);
		mkdirSync(folder, { recursive: true });
		// The table is renamed into place last: whoever sees it sees the whole pair.
		replaceFile(`${stem}.wasm`, made.bytes);
		replaceFile(`${stem}.json`, JSON.stringify({ sites: made.sites, globals: made.globals }));
		return made;
	}
}

function replaceFile(path: string, content: string | Uint8Array): void {
	const temporary = `${path}.${process.pid}`;
	writeFileSync(temporary, content);
	renameSync(temporary, path);
}

function transform(wasm: Uint8Array, hash: string, namesFrom?: Uint8Array): Instrumented {
	if (namesFrom && !sameCode(wasm, namesFrom)) {
		throw new Error("namesFrom is another module: it may differ from the shipping bytes only in custom sections");
	}
	const original = binaryen.readBinaryWithFeatures(namesFrom ?? wasm, binaryen.Features.All);
	const text = original.emitText();
	original.dispose();
	const rewritten = rewrite(text);
	const module = binaryen.parseText(rewritten.text);
	try {
		module.setFeatures(binaryen.Features.All & ~binaryen.Features.GC);
		binaryen.setPassArgument(
			"asyncify-imports",
			"explorer.load,explorer.store,explorer.cas,explorer.wait,explorer.notify",
		);
		if (!text.includes("call_indirect")) binaryen.setPassArgument("asyncify-ignore-indirect", "1");
		binaryen.setOptimizeLevel(1);
		binaryen.setShrinkLevel(0);
		module.runPasses(["asyncify"]);
		const bytes = new Uint8Array(module.emitBinary());
		return { bytes, sites: rewritten.sites, globals: rewritten.globals, hash };
	} finally {
		binaryen.clearPassArguments();
		module.dispose();
	}
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
function rewrite(text: string): Rewritten {
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
		const count = (counts.get(`${current}: ${op}`) ?? 0) + 1;
		counts.set(`${current}: ${op}`, count);
		const shape = shapeOf(op);
		if (!helpers.has(op)) helpers.set(op, helperText(op, shape));
		sites.push({
			id: sites.length,
			kind: shape.kind,
			atomic: shape.atomic,
			width: shape.width,
			instruction: op,
			function: current,
			name: `${current}: ${op} #${count}`,
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

interface Shape {
	readonly kind: SiteKind;
	readonly atomic: boolean;
	readonly width: number;
	/** The value's wasm type. */
	readonly type: "i32" | "i64" | "f32" | "f64" | "v128";
}

const typeWidths = { i32: 4, i64: 8, f32: 4, f64: 8, v128: 16 } as const;

function shapeOf(op: string): Shape {
	if (op === "memory.copy" || op === "memory.fill") {
		return { kind: op === "memory.copy" ? "copy" : "fill", atomic: false, width: 0, type: "i32" };
	}
	if (op === "memory.atomic.notify") return { kind: "notify", atomic: true, width: 4, type: "i32" };
	if (op === "memory.atomic.wait32") return { kind: "wait", atomic: true, width: 4, type: "i32" };
	const parts = /^(i32|i64|f32|f64|v128)\.(atomic\.)?(load|store|rmw)(8|16|32)?(?:\.([a-z]+))?(?:_[su])?$/.exec(op);
	if (!parts) throw new Error(`the explorer does not know the instruction ${op}: add it to shapeOf and helperText`);
	const type = parts[1] as Shape["type"];
	const kind = (parts[3] === "rmw" ? parts[5] : parts[3]) as SiteKind;
	return { kind, atomic: parts[2] !== undefined, width: parts[4] ? Number(parts[4]) / 8 : typeWidths[type], type };
}

const importsText = `
 (import "explorer" "access" (func $x.access (param i32 i32 i32 i32)))
 (import "explorer" "load" (func $x.point.load (param i32 i32) (result i32)))
 (import "explorer" "store" (func $x.point.store (param i32 i32 i32 i32) (result i32)))
 (import "explorer" "cas" (func $x.point.cas (param i32 i32 i32 i32 i32 i32) (result i32)))
 (import "explorer" "wait" (func $x.point.wait (param i32 i32 i32 i32 i32) (result i32)))
 (import "explorer" "notify" (func $x.point.notify (param i32 i32 i32) (result i32)))
 (import "explorer" "size" (func $x.size (result i32)))`;

const fixedHelpers = `
 (func $x.grow (param $pages i32) (result i32)
  (if (result i32) (local.get $pages) (then (i32.const -1)) (else (call $x.size))))`;

const low = (type: string, value: string) =>
	type === "i64" ? `(i32.wrap_i64 (local.get ${value}))` : `(local.get ${value})`;
const high = (type: string, value: string) =>
	type === "i64" ? `(i32.wrap_i64 (i64.shr_u (local.get ${value}) (i64.const 32)))` : "(i32.const 0)";

function helperText(op: string, shape: Shape): string {
	const { type, kind, width } = shape;
	const name = `$x.${op}`;
	const place = "(param $site i32) (param $offset i32)";
	const address = "(local.set $p (i32.add (local.get $p) (local.get $offset)))";
	const here = "(local.get $site) (local.get $p)";
	if (kind === "copy") {
		return `(func ${name} ${place} (param $to i32) (param $from i32) (param $size i32)
  (call $x.access (local.get $site) (i32.const 0) (local.get $from) (local.get $size))
  (call $x.access (local.get $site) (i32.const 1) (local.get $to) (local.get $size))
  (memory.copy (local.get $to) (local.get $from) (local.get $size)))`;
	}
	if (kind === "fill") {
		return `(func ${name} ${place} (param $to i32) (param $value i32) (param $size i32)
  (call $x.access (local.get $site) (i32.const 1) (local.get $to) (local.get $size))
  (memory.fill (local.get $to) (local.get $value) (local.get $size)))`;
	}
	if (kind === "notify") {
		return `(func ${name} ${place} (param $p i32) (param $count i32) (result i32)
  ${address}
  (call $x.point.notify ${here} (local.get $count)))`;
	}
	if (kind === "wait") {
		return `(func ${name} ${place} (param $p i32) (param $expected i32) (param $timeout i64) (result i32)
  ${address}
  (call $x.point.wait ${here} (local.get $expected) ${low("i64", "$timeout")} ${high("i64", "$timeout")}))`;
	}
	if (!shape.atomic) {
		const access = `(call $x.access (local.get $site) (i32.const ${kind === "store" ? 1 : 0}) (local.get $p) (i32.const ${width}))`;
		return kind === "load"
			? `(func ${name} ${place} (param $p i32) (result ${type}) ${address} ${access} (${op} align=1 (local.get $p)))`
			: `(func ${name} ${place} (param $p i32) (param $value ${type}) ${address} ${access} (${op} align=1 (local.get $p) (local.get $value)))`;
	}
	const bits = width * 8 === typeWidths[type] * 8 ? "" : String(width * 8);
	const load = `(${type}.atomic.load${bits}${bits ? "_u" : ""} (local.get $p))`;
	const store = (value: string) => `(${type}.atomic.store${bits} (local.get $p) ${value})`;
	const point = (value: string) => `(call $x.point.store ${here} ${low(type, value)} ${high(type, value)})`;
	if (kind === "load") {
		return `(func ${name} ${place} (param $p i32) (result ${type}) ${address} (drop (call $x.point.load ${here})) ${load})`;
	}
	if (kind === "store") {
		return `(func ${name} ${place} (param $p i32) (param $value ${type}) ${address}
  (if (i32.eqz ${point("$value")}) (then ${store("(local.get $value)")})))`;
	}
	if (kind === "cmpxchg") {
		const call = `(call $x.point.cas ${here} ${low(type, "$expected")} ${high(type, "$expected")} ${low(type, "$value")} ${high(type, "$value")})`;
		// wasm compares the loaded value with the expected one cut to the access' width.
		const mask = bits ? `(${type}.const ${2 ** (width * 8) - 1})` : `(${type}.const -1)`;
		return `(func ${name} ${place} (param $p i32) (param $expected ${type}) (param $value ${type}) (result ${type})
  (local $action i32) (local $old ${type})
  ${address}
  (local.set $action ${call})
  (if (i32.eqz (local.get $action)) (then (return (${op} (local.get $p) (local.get $expected) (local.get $value)))))
  (local.set $old ${load})
  (if (i32.eq (local.get $action) (i32.const ${SPLIT}))
   (then (if (${type}.eq (local.get $old) (${type}.and (local.get $expected) ${mask}))
    (then (drop ${point("$value")}) ${store("(local.get $value)")}))))
  (local.get $old))`;
	}
	const combined = kind === "xchg" ? "(local.get $value)" : `(${type}.${kind} (local.get $old) (local.get $value))`;
	return `(func ${name} ${place} (param $p i32) (param $value ${type}) (result ${type})
  (local $action i32) (local $old ${type})
  ${address}
  (local.set $action ${point("$value")})
  (if (i32.eqz (local.get $action)) (then (return (${op} (local.get $p) (local.get $value)))))
  (local.set $old ${load})
  (if (i32.eq (local.get $action) (i32.const ${SPLIT}))
   (then (drop ${point("$value")}) ${store(combined)}))
  (local.get $old))`;
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
