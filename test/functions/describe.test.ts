import { EventEmitter } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { callSite, filePath, fileUrl } from "../../src/functions/callsite.ts";
import { definitions } from "../../src/functions/definitions.ts";
import { describeFunction } from "../../src/functions/describe.ts";
import { type Description, functionKey, sourceHash } from "../../src/functions/description.ts";
import { materialize } from "../../src/functions/materialize.ts";
import { hooks, remote } from "./kit.ts";

type Callable = (...args: never[]) => unknown;

const describeHere = (fn: Callable, closure?: Record<string, unknown>) => {
	const site = callSite(describeHere);
	return describeFunction(fn, { site, hooks, ...(closure !== undefined && { closure }) });
};
const only = (description: Description) => (description.kind === "source" ? description.nodes : []);

describe("a description", () => {
	test("is made of values that every codec can carry", () => {
		const table = { a: [1, new Date(0)] };
		const helper = (x: number) => x + table.a.length;
		const description = describeHere((x: number) => helper(x) + table.a.length);
		expect(structuredClone(description)).toEqual(description);
		expect(JSON.parse(JSON.stringify(only(description)[0]))).toMatchObject({
			type: "function",
			form: "expression",
			strict: true,
			uses: [
				["helper", 1],
				["table", 2],
			],
		});
	});

	test("holds the user's own objects, not copies, for the codec to send", () => {
		const table = { a: 1 };
		const values = only(describeHere(() => table)).filter(({ type }) => type === "value");
		expect(values).toEqual([{ type: "value", value: table }]);
		expect((values[0] as { value: unknown }).value).toBe(table);
	});

	test("says in which file, line and column the function stands", () => {
		const description = describeHere(() => 1);
		const [node] = only(description);
		expect(node).toMatchObject({ file: expect.stringMatching(/describe\.test\.ts$/) });
	});

	test("leaves what is branded as sendable to the codec, functions too", () => {
		const branded = Object.assign(() => 1, { [Symbol.for("wasmray.sendable")]: true });
		const inside = { branded };
		const nodes = only(describeFunction(() => [branded, inside], { hooks: { sendable: () => true } }));
		expect(nodes.slice(1)).toEqual([
			{ type: "value", value: branded },
			{ type: "value", value: inside },
		]);
	});

	test("leaves instances that have a serializer to the codec", () => {
		class Money {
			#cents = 1;
			get cents() {
				return this.#cents;
			}
		}
		const price = new Money();
		const serializes = (value: object) => value instanceof Money;
		const nodes = only(describeFunction(() => price, { hooks: { sendable: () => true, serializes } }));
		expect(nodes[1]).toEqual({ type: "value", value: price });
	});

	test("sends something in place of what cannot be sent yet, such as the remote function that is being described", () => {
		const recursive = Object.assign(() => {}, { [Symbol.for("wasmray.sendable")]: true });
		const inside = { recursive };
		const replace = (value: object) => (value === recursive ? { self: true } : undefined);
		const description = describeFunction(() => [recursive, inside.recursive], { hooks: { ...hooks, replace } });
		const sent = structuredClone(description);
		const made = materialize(sent, { restore: (value) => ["restored", value] }) as () => unknown[];
		const [one, two] = made();
		expect(one).toEqual(["restored", { self: true }]);
		expect(two).toBe(one);
	});

	test("passes on why the codec cannot send a value", () => {
		const odd = { odd: new WeakRef({}) };
		const sendable = () => "there is no way to send odd.odd";
		const run = () => describeFunction(() => odd, { hooks: { sendable } });
		expect(run).toThrow(/- `odd`: there is no way to send odd\.odd/);
	});
});

describe("one function made again and again", () => {
	test("has one key, and is looked into once", () => {
		const all: Description[] = [];
		for (let i = 0; i < 3; i++) all.push(describeHere((x: number) => Math.sqrt(x)));
		expect(all[1]).toBe(all[0]);
		expect(new Set(all.map(functionKey)).size).toBe(1);
		expect(functionKey(all[0] as Description)).toEqual(expect.any(String));
	});

	test("has a key of its own for each primitive that it captures", () => {
		const keys: unknown[] = [];
		for (const i of [1, 2, 1]) keys.push(functionKey(describeHere((x: number) => x + i)));
		expect(keys[0]).not.toBe(keys[1]);
		expect(keys[0]).toBe(keys[2]);
	});

	test("has no key if it captures objects, or changes what it captures", () => {
		const list = [1];
		let count = 0;
		expect(functionKey(describeHere(() => list))).toBeUndefined();
		expect(functionKey(describeHere(() => ++count))).toBeUndefined();
		for (const odd of [Number.NaN, -0, 1n]) expect(functionKey(describeHere(() => odd))).toBeUndefined();
		expect(functionKey(describeHere(class {} as never))).toBeUndefined();
	});

	test("is told from the same text elsewhere", () => {
		const one = functionKey(describeHere(() => 1));
		const two = functionKey(describeHere(() => 1));
		expect(one).not.toBe(two);
	});

	test("with a closure is described with its values each time", () => {
		const make = (k: number) => describeHere(() => (globalThis as { k?: number }).k ?? k, { k });
		expect([make(1), make(2)].map((made) => only(made)[1])).toEqual([
			{ type: "value", value: 1 },
			{ type: "value", value: 2 },
		]);
	});
});

describe("making it again, in this thread", () => {
	const remade = (fn: Callable) => materialize(describeHere(fn)) as (...args: unknown[]) => unknown;

	test("gives a function of the same name, length and kind, with stacks that point to this file", () => {
		const original = async (_a: number, _b: number) => {
			throw new Error("thrown");
		};
		const made = remade(original);
		expect([made.name, made.length, made.constructor.name]).toEqual(["original", 2, "AsyncFunction"]);
		return expect(made()).rejects.toMatchObject({ stack: expect.stringMatching(/describe\.test\.ts/) });
	});

	test("gives classes their statics, names and prototype chain", () => {
		class Base {
			readonly made = true;
			static kind = "base";
		}
		class Named extends Base {
			static override readonly kind = `${super.kind}d`;
			static later = () => Named.kind;
		}
		const made = remade(Named as never) as unknown as typeof Named;
		expect([made.name, made.kind, made.later(), Object.getPrototypeOf(made).kind]).toEqual([
			"Named",
			"based",
			"based",
			"base",
		]);
		expect(made).not.toBe(Named);
	});

	test("finds a superclass that is an expression, and Node's own classes", () => {
		const mixed = (base: typeof EventEmitter) => class extends base {};
		class Emitter extends mixed(EventEmitter) {
			on1() {
				return this.listenerCount("x");
			}
		}
		const made = remade(Emitter as never) as unknown as typeof Emitter;
		expect([new made().on1(), new made() instanceof EventEmitter]).toEqual([0, true]);
	});

	test("keeps a class that extends null", () => {
		class Bare extends null {
			static kind = "bare";
		}
		const made = remade(Bare as never) as unknown as typeof Bare;
		expect([made.kind, Object.getPrototypeOf(made.prototype)]).toEqual(["bare", null]);
	});

	test("does without the variable that a method's key was computed from", () => {
		const key = "computed";
		const holder = {
			[key](x: number) {
				return x + 1;
			},
		};
		const made = remade(holder.computed as never);
		expect([made.name, made(1)]).toEqual(["computed", 2]);
	});

	test("refuses a class whose keys were computed from what is gone", () => {
		const key = "computed";
		class Keyed {
			[key]() {
				return 1;
			}
		}
		expect(() => describeHere(Keyed as never)).toThrow(/- `key`: it was used only while the class was made/);
	});

	test("takes sloppy functions for what they are", () => {
		const sloppy = new Function("a", "a = 2; return [arguments[0], this === globalThis]") as Callable;
		const arrow = new Function("return (a) => { with (a) return b }")() as Callable;
		expect(remade(sloppy)(1)).toEqual([2, true]);
		expect(remade(arrow)({ b: 3 })).toBe(3);
	});

	test("gives each making variables of its own", () => {
		let count = 0;
		const description = describeHere(() => ++count);
		const [one, two] = [materialize(description), materialize(description)] as (() => number)[];
		expect([one?.(), one?.(), two?.(), count]).toEqual([1, 2, 1, 0]);
	});

	test("lets a class refer to data that refers to the class", () => {
		const registry: Record<string, unknown> = { list: [], names: new Map() };
		class Base {
			registered() {
				return Object.keys(registry).length;
			}
		}
		class Plugin extends Base {
			static ready = true;
		}
		registry.plugin = Plugin;
		(registry.list as unknown[]).push(Plugin, new Plugin());
		(registry.names as Map<unknown, unknown>).set(Plugin, "plugin");
		const check = () => {
			const { plugin, list, names } = registry as {
				plugin: typeof Plugin;
				list: unknown[];
				names: Map<unknown, string>;
			};
			return [
				plugin === Plugin,
				list[0] === Plugin,
				list[1] instanceof Plugin,
				names.get(Plugin),
				new Plugin().registered(),
			];
		};
		expect(remade(check)()).toEqual([true, true, true, "plugin", 3]);
	});

	test("keeps a variable that is called like the maker's own", () => {
		const $values = 1;
		const $cells = 2;
		expect(remade(() => [$values, $cells])()).toEqual([1, 2]);
	});
});

describe("call sites", () => {
	const prepare = Error.prepareStackTrace;
	const limit = Error.stackTraceLimit;
	afterEach(() => {
		Error.prepareStackTrace = prepare as never;
		Error.stackTraceLimit = limit;
	});
	const where = () => callSite(where);

	test("are the caller's, and nothing is changed by asking", () => {
		const before = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
		const [one, two] = [where(), where()];
		expect(one).toMatchObject({ file: expect.stringMatching(/describe\.test\.ts$/), line: two?.line });
		expect(one?.column).toBeLessThan(two?.column as number);
		expect(Object.getOwnPropertyDescriptor(Error, "prepareStackTrace")).toEqual(before);
	});

	test("do not depend on what tools make of stacks", () => {
		const plain = where();
		Error.prepareStackTrace = () => "nothing to see";
		Error.stackTraceLimit = 0;
		expect(where()?.file).toBe(plain?.file);
		expect(Error.stackTraceLimit).toBe(0);
		expect(new Error("x").stack).toBe("nothing to see");
	});

	test("skip the host's own frames", () => {
		expect([0].map(where)[0]?.file).toMatch(/describe\.test\.ts$/);
	});

	test("tell the callers' callers apart", () => {
		const wrapper = () => callSite(wrapper);
		const outer = () => wrapper();
		expect(outer()?.trace).not.toBe(outer()?.trace.replace(/\n.*/s, ""));
	});

	test("paths and URLs name the same files", () => {
		expect(fileUrl("/a b/c#d?.mjs")).toBe("file:///a%20b/c%23d%3F.mjs");
		expect(filePath("file:///a%20b/c%23d%3F.mjs")).toBe("/a b/c#d?.mjs");
		expect(fileUrl("C:\\x\\y.mjs")).toBe("file:///C:/x/y.mjs");
		expect(filePath("file:///C:/x/y.mjs")).toBe("C:/x/y.mjs");
		expect(fileUrl("file:///x")).toBe("file:///x");
	});
});

test("registrations at one place are counted", () => {
	const register = (fn: Callable) => definitions().register(callSite(register), fn);
	const ordinals: number[] = [];
	for (let i = 0; i < 3; i++) ordinals.push(register(() => i));
	expect(ordinals).toEqual([0, 1, 2]);
	expect(register(() => 0)).toBe(0);
});

test("sources have hashes that differ", () => {
	const hashes = new Set(Array.from({ length: 10_000 }, (_, index) => sourceHash(`() => ${index}`)));
	expect(hashes.size).toBe(10_000);
});

test("a source has the same hash as a host that prints it anew indents it", () => {
	expect(sourceHash("() => {\n    a();\n  }")).toBe(sourceHash("() => {\n  a();\n}"));
});

test("what is not called needs no description: a mistake shows at the first call", () => {
	const socketLike = Symbol("private");
	const never = remote(() => socketLike);
	expect(() => never.describe()).toThrow(/socketLike/);
});
