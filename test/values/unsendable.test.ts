import { createECDH } from "node:crypto";
import { BlockList } from "node:net";
import { Readable } from "node:stream";
import { runInNewContext, Script } from "node:vm";
import { MessageChannel } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { SerializationError } from "../../src/errors.ts";
import { Encoder } from "../../src/values/encoder.ts";
import { encodeInline } from "../../src/values/inline.ts";
import { SerializerRegistry } from "../../src/values/registry.ts";
import { roundTrip } from "./support.ts";

const refusalOf = (value: unknown, root = "value"): SerializationError => {
	try {
		new Encoder().encode(value, root);
	} catch (error) {
		if (error instanceof SerializationError) return error;
		throw error;
	}
	throw new Error("it was not refused");
};

function* numbers() {
	yield 1;
}

/** Without its function, which would be refused by itself. */
function ended<T extends NodeJS.Immediate | NodeJS.Timeout>(timer: T): T {
	clearImmediate(timer as NodeJS.Immediate);
	clearTimeout(timer as NodeJS.Timeout);
	return timer;
}

const unsendable: Record<string, unknown> = {
	"the function callback": function callback() {},
	"the function Point": class Point {},
	"a symbol": Symbol("s"),
	"an instance of Symbol": Object(Symbol("s")),
	"an instance of Promise": Promise.resolve(1),
	"an instance of WeakMap": new WeakMap(),
	"an instance of WeakSet": new WeakSet(),
	"an instance of WeakRef": new WeakRef({}),
	"an instance of FinalizationRegistry": new FinalizationRegistry(() => {}),
	"an instance of SharedArrayBuffer": new SharedArrayBuffer(1),
	"an instance of WebAssembly.Memory": new WebAssembly.Memory({ initial: 1 }),
	"an instance of WebAssembly.Module": new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)),
	"an instance of Blob": new Blob(["x"]),
	"an instance of URL": new URL("http://example.org"),
	"an instance of Headers": new Headers(),
	"an instance of ReadableStream": new ReadableStream(),
	"an instance of AbortSignal": new AbortController().signal,
	"an instance of MessagePort": new MessageChannel().port1,
	"an instance of Stream": Readable.from([1]),
	"an instance of Intl.NumberFormat": new Intl.NumberFormat(),
	"an instance of Immediate": ended(setImmediate(() => {})),
	"an instance of Timeout": ended(setTimeout(() => {}, 1)),
	"an instance of Script": new Script("1"),
	"an instance of BlockList": new BlockList(),
	"an instance of ECDH": createECDH("secp256k1"),
	"a generator": numbers(),
	"an iterator": [1].values(),
};

describe("what cannot be sent is refused", () => {
	for (const [what, value] of Object.entries(unsendable)) {
		it(`${what}, alone and by its path`, () => {
			expect(refusalOf(value).message).toContain(`value is ${what}, which cannot be sent; `);
			const nested = refusalOf([0, { user: { "call-back": value } }], "args");
			expect(nested.path).toBe('args[1].user["call-back"]');
			expect(nested.message).toContain(`args[1].user["call-back"] is ${what}`);
			expect(nested.code).toBe("ERR_RAY_SERIALIZATION");
		});
	}

	it("instances of their subclasses, too", () => {
		class Job extends Promise<void> {}
		expect(refusalOf([Job.resolve()]).message).toContain("value[0] is an instance of Promise");
	});

	it.each(["Math", "JSON", "Reflect", "Atomics", "Intl"])("the namespace %s, of this realm and of another", (name) => {
		const { [name]: namespace } = globalThis as unknown as Record<string, unknown>;
		for (const value of [namespace, runInNewContext(name)]) {
			expect(refusalOf(value).message).toContain("value is a namespace of the platform, which cannot be sent");
			expect(refusalOf({ v: [value] }).path).toBe("value.v[0]");
			expect(encodeInline(value, new Uint32Array(4), 0)).toBe(-1);
		}
	});

	it("what only has their names is sent", () => {
		class Timeout {
			ms = 5;
		}
		class Script {
			text = "x";
		}
		class BlockList {
			list = [1];
		}
		const value = [new Timeout(), new Script(), new BlockList(), { [Symbol.toStringTag]: "Math" }, {}];
		expect(roundTrip(value)).toEqual([{ ms: 5 }, { text: "x" }, { list: [1] }, {}, {}]);
	});

	it("a function without a name", () => {
		expect(refusalOf([() => {}]).message).toContain("value[0] is the function without a name");
	});
});

describe("the path", () => {
	const leaf = () => {};
	class Box {
		content = leaf;
	}

	it.each<[string, unknown]>([
		["value", leaf],
		["value[2]", [1, 2, leaf]],
		["value.a.b[1].c", { a: { b: [0, { c: leaf }] } }],
		['value["a b"]["0x"]', { "a b": { "0x": leaf } }],
		['value["7"]', { 7: leaf }],
		["value.größe", { größe: leaf }],
		['value.get("key").x', new Map([["key", { x: leaf }]])],
		["value.get(7)", new Map([[7, leaf]])],
		[
			"value.get(<key 1>)",
			new Map<unknown, unknown>([
				["a", 1],
				[{}, leaf],
			]),
		],
		[
			"value.keys()[1]",
			new Map<unknown, unknown>([
				["a", 1],
				[leaf, 1],
			]),
		],
		["value.values()[2].y", new Set([1, 2, { y: leaf }])],
		["value.cause.detail", new Error("e", { cause: { detail: leaf } })],
		["value.errors[0].fn", new AggregateError([Object.assign(new Error("e"), { fn: leaf })])],
		["value.config.adapter", Object.assign(new Error("e"), { config: { adapter: leaf } })],
		["value.box.content", { box: new Box() }],
		["value.a", Object.assign(Object.create(null), { a: leaf })],
		["value.extra", Object.assign("a".match(/a/) as RegExpMatchArray, { extra: leaf })],
	])("is %s", (path, value) => {
		expect(refusalOf(value).path).toBe(path);
	});

	it("leaves out steps that are not the user's, at whatever depth", () => {
		let deep: unknown = leaf;
		for (let i = 0; i < 250; i++) deep = { n: deep };
		for (const [value, path] of [
			[leaf, "args[1]"],
			[{ q: [leaf] }, "args[1].q[0]"],
			[deep, `args[1]${".n".repeat(250)}`],
		]) {
			const encoder = new Encoder();
			expect(() => encoder.encode([[0], [undefined, value]], "args", 1)).toThrow(expect.objectContaining({ path }));
			expect(() => encoder.encode({ a: leaf })).toThrow(expect.objectContaining({ path: "value.a" }));
		}
	});

	it("is that of the second of two siblings", () => {
		expect(refusalOf({ first: { a: [1, 2, 3] }, second: { b: leaf } }).path).toBe("value.second.b");
	});

	it("goes on below the depth at which values are put off", () => {
		let value: unknown = leaf;
		for (let i = 0; i < 350; i++) value = { n: value };
		const { path, message } = refusalOf({ start: value }, "result");
		expect(path).toBe(`result.start${".n".repeat(350)}`);
		expect(message).toMatch(/^result\.start\.n[.n]* … [.n]* is the function leaf/);
		expect(message.length).toBeLessThan(500);
	});
});

describe("code of the user's that throws while a value is read", () => {
	it("is named by the path, with what it threw as the cause", () => {
		const thrown = new RangeError("no");
		const error = refusalOf(
			{
				a: {
					get b() {
						throw thrown;
					},
				},
			},
			"args[0]",
		);
		expect(error.path).toBe("args[0].a.b");
		expect(error.message).toContain("args[0].a.b cannot be sent: reading it threw RangeError: no");
		expect(error.cause).toBe(thrown);
	});

	it("is a proxy", () => {
		const thrown = new Error("trap");
		const proxy = new Proxy(
			{},
			{
				ownKeys() {
					throw thrown;
				},
			},
		);
		expect(refusalOf([proxy])).toMatchObject({ path: "value[0]", cause: thrown });
		const { proxy: revoked, revoke } = Proxy.revocable([], {});
		revoke();
		expect(refusalOf({ revoked }).path).toBe("value.revoked");
	});

	it("is a proxy that is the value itself", () => {
		const { proxy, revoke } = Proxy.revocable({}, {});
		revoke();
		expect(encodeInline(proxy, new Uint32Array(4), 0)).toBe(-1);
		const error = refusalOf(proxy, "args[0]");
		expect(error.path).toBe("args[0]");
		expect(error.message).toMatch(/^args\[0\] cannot be sent: reading it threw TypeError/);
	});

	it("may throw what has no text", () => {
		expect(
			refusalOf({
				get a() {
					throw Object.create(null);
				},
			}).path,
		).toBe("value.a");
	});
});

describe("an encoder that refused a value", () => {
	it("encodes the next one as if nothing had been", () => {
		const encoder = new Encoder();
		const fresh = new Encoder();
		const bad = [
			[{ a: [new Map([[1, { deep: () => {} }]])] }],
			new Uint8Array(9000),
			new Error("e", { cause: Symbol("s") }),
		];
		const good = { list: [1, { a: "x" }, [new Uint8Array(5000)]], shared: [bad[1], bad[1]] };
		for (const value of bad) {
			if (value !== bad[1]) expect(() => encoder.encode(value)).toThrow(SerializationError);
			else encoder.encode(value);
			const length = encoder.encode(good);
			const bytes = new Uint8Array(length);
			encoder.writeTo(bytes, 0);
			const expected = new Uint8Array(fresh.encode(good));
			fresh.writeTo(expected, 0);
			expect(encoder.kind).toBe(0);
			expect(Buffer.compare(bytes, expected)).toBe(0);
		}
	});
});

describe("encoding while encoding", () => {
	it("is possible from getters and codecs, to any depth, with one encoder", () => {
		const encoder = new Encoder();
		const store = new Uint8Array(1 << 16);
		const put = (value: unknown, at: number) => {
			const length = encoder.encode(value);
			encoder.writeTo(store, at);
			return length;
		};
		const inner: number[] = [];
		const value = {
			before: [1, "x"],
			get nested() {
				inner.push(
					put(
						{
							deeper: {
								get again() {
									return put("third", 8192);
								},
							},
						},
						4096,
					),
				);
				return inner.length;
			},
			after: new Uint8Array(3000).fill(9),
		};
		const length = put(value, 0);
		const expected = roundTrip({ before: [1, "x"], nested: 1, after: new Uint8Array(3000).fill(9) });
		const plain = new Encoder();
		expect(plain.encode(expected)).toBe(length);
		const bytes = new Uint8Array(length);
		plain.writeTo(bytes, 0);
		expect(Buffer.compare(bytes, store.subarray(0, length))).toBe(0);
		expect(inner).toEqual([plain.encode({ deeper: { again: plain.encode("third") } })]);
	});

	it("leaves the outer value whole when the inner one is refused", () => {
		const encoder = new Encoder();
		const value = {
			get tried() {
				try {
					encoder.encode({ bad: () => {} });
					return "sent";
				} catch (error) {
					return (error as SerializationError).path;
				}
			},
		};
		const length = encoder.encode([value, value]);
		const bytes = new Uint8Array(length);
		encoder.writeTo(bytes, 0);
		const fresh = new Encoder();
		const same = { tried: "value.bad" };
		expect(fresh.encode([same, same])).toBe(length);
	});
});

describe("codecs of the user's", () => {
	class Node {
		next: Node | undefined;
	}
	const registry = new SerializerRegistry();
	registry.register(Node, {
		name: "node",
		serialize: ({ next }) => ({ next }),
		deserialize: ({ next }) => Object.assign(new Node(), { next }),
	});

	it("are refused an instance that contains itself, by the path", () => {
		const node = new Node();
		node.next = new Node();
		node.next.next = node;
		expect(() => new Encoder(registry).encode({ node })).toThrow(
			"value.node<node>.next<node>.next is the instance itself",
		);
	});

	it("are refused data nested too deeply, and the depth is named", () => {
		let node = new Node();
		for (let i = 0; i < 1000; i++) node = Object.assign(new Node(), { next: node });
		expect(() => new Encoder(registry).encode(node)).toThrow(/nested 250 levels deep within a codec's data/);
	});
});
