// The functions that the instrumented module calls in place of its memory instructions, as WebAssembly text: one for each
// kind of instruction that the module has. The parameters in front of the instruction's own operands are its site and its
// offset.

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

/** What a reporting import answers: do it, only read, or read, report again and write. */
export const PERFORM = 0;
export const DROP = 1;
export const SPLIT = 2;

export interface Shape {
	readonly kind: SiteKind;
	readonly atomic: boolean;
	readonly width: number;
	/** The value's wasm type. */
	readonly type: "i32" | "i64" | "f32" | "f64" | "v128";
}

const typeWidths = { i32: 4, i64: 8, f32: 4, f64: 8, v128: 16 } as const;

export function shapeOf(op: string): Shape {
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

export const importsText = `
 (import "explorer" "access" (func $x.access (param i32 i32 i32 i32)))
 (import "explorer" "load" (func $x.point.load (param i32 i32) (result i32)))
 (import "explorer" "store" (func $x.point.store (param i32 i32 i32 i32) (result i32)))
 (import "explorer" "cas" (func $x.point.cas (param i32 i32 i32 i32 i32 i32) (result i32)))
 (import "explorer" "wait" (func $x.point.wait (param i32 i32 i32 i32 i32) (result i32)))
 (import "explorer" "notify" (func $x.point.notify (param i32 i32 i32) (result i32)))
 (import "explorer" "size" (func $x.size (result i32)))`;

export const fixedHelpers = `
 (func $x.grow (param $pages i32) (result i32)
  (if (result i32) (local.get $pages) (then (i32.const -1)) (else (call $x.size))))`;

const low = (type: string, value: string) =>
	type === "i64" ? `(i32.wrap_i64 (local.get ${value}))` : `(local.get ${value})`;
const high = (type: string, value: string) =>
	type === "i64" ? `(i32.wrap_i64 (i64.shr_u (local.get ${value}) (i64.const 32)))` : "(i32.const 0)";

export function helperText(op: string, shape: Shape): string {
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

/** A write that is only reported, as if it were plain. */
export function observingHelper(op: string, shape: Shape): string {
	const { kind, type, width } = shape;
	if (kind === "copy" || kind === "fill" || kind === "wait") return helperText(op, shape);
	const operands = kind === "cmpxchg" ? ["$expected", "$value"] : ["$value"];
	return `(func $x.${op} (param $site i32) (param $offset i32) (param $p i32)
  ${operands.map((name) => `(param ${name} ${type})`).join(" ")} ${kind === "store" ? "" : `(result ${type})`}
  (local.set $p (i32.add (local.get $p) (local.get $offset)))
  (call $x.access (local.get $site) (i32.const 1) (local.get $p) (i32.const ${width}))
  (${op} ${shape.atomic ? "" : "align=1 "}(local.get $p) ${operands.map((name) => `(local.get ${name})`).join(" ")}))`;
}
