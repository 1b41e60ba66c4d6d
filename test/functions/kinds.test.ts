import { EventEmitter, once } from "node:events";
import { readFileSync as readText } from "node:fs";
import { Socket } from "node:net";
import os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as flatbuffers from "flatbuffers";
import { pack, unpack } from "msgpackr";
import { Bench } from "tinybench";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Description } from "../../src/functions/description.ts";
import { materialize } from "../../src/functions/materialize.ts";
import * as captured from "./captured.ts";
import { Counter, double, open, plus, Shape } from "./captured.ts";
import { init, remote, shutdown, twice } from "./kit.ts";
import { makePrograms, type Programs } from "./programs.ts";

let programs: Programs;
beforeAll(async () => {
	programs = await makePrograms();
	await init(programs.worker);
});
afterAll(async () => {
	await shutdown();
	programs.remove();
});

const factor = 3;
const table = new Map([["one", 1]]);
const unused = new Socket();

describe("a function of every kind runs in a worker", () => {
	test("an arrow function", async () => {
		expect(await remote((x: number) => x + 1).call(1)).toBe(2);
	});

	test("a function with a name, which it calls itself by", async () => {
		function fib(n: number): number {
			return n < 2 ? n : fib(n - 1) + fib(n - 2);
		}
		expect(await remote(fib).call(10)).toBe(55);
	});

	test("an arrow function that calls itself by its variable", async () => {
		const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2));
		expect(await remote(fib).call(10)).toBe(55);
	});

	test("an async function", async () => {
		expect(await remote(async (x: number) => x * 2).call(4)).toBe(8);
	});

	test("a generator and an async generator", async () => {
		function* count(n: number) {
			for (let i = 0; i < n; i++) yield i;
		}
		async function* slowly(n: number) {
			yield* count(n);
		}
		const collect = async (n: number) => {
			const found: number[] = [];
			for await (const i of slowly(n)) found.push(i);
			return [...count(n), ...found];
		};
		expect(await remote(collect).call(2)).toEqual([0, 1, 0, 1]);
	});

	test("methods, with and without modifiers", async () => {
		const holder = {
			plain(x: number) {
				return x + 1;
			},
			async later(x: number) {
				return x + 2;
			},
			"with a space"(x: number) {
				return x + 3;
			},
			[`comp${"uted"}`](x: number) {
				return x + 4;
			},
			get(x: number) {
				return x + 5;
			},
		} as unknown as Record<string, (x: number) => number>;
		const names = ["plain", "later", "with a space", "computed", "get"];
		const results = await Promise.all(names.map((name) => remote(holder[name] as (x: number) => number).call(0)));
		expect(results).toEqual([1, 2, 3, 4, 5]);
	});

	test("a static method of a class", async () => {
		class Numbers {
			readonly unused = 1;
			static sum(...numbers: number[]) {
				return numbers.reduce((a, b) => a + b, 0);
			}
		}
		expect(await remote(Numbers.sum).call(1, 2, 3)).toBe(6);
	});

	test("a class with a superclass, private fields and statics", async () => {
		class Base {
			static made = 0;
			greet() {
				return "base";
			}
		}
		class Derived extends Base {
			#calls = factor;
			static readonly table = table;
			override greet() {
				this.#calls++;
				return `${super.greet()} ${this.#calls} ${Derived.table.get("one")} ${Base.made}`;
			}
		}
		expect(await remote(Derived as never).callMethod("greet")).toBe("base 4 1 0");
	});

	test("name, length and `this`", async () => {
		const probe = function probed(this: unknown, _a: number, _b: number) {
			return [probed.name, probed.length, this === undefined];
		};
		expect(await remote(probe).call()).toEqual(["probed", 2, true]);
	});

	test("defaults of parameters that refer to outer variables, which the body hides", async () => {
		const f = (a: number, b = factor) => {
			const factor = 100;
			return a + b + factor;
		};
		expect(await remote(f).call(1)).toBe(104);
	});
});

describe("what a function uses from outside goes with it", () => {
	test("plain values, of the module and of functions around it", async () => {
		const local = { list: [1, { deep: true }], when: new Date(5), [Symbol.toStringTag]: "x" };
		const big = 12n;
		const nothing = undefined;
		const make = (own: number) => () => [factor, table.get("one"), local.list, local.when.getTime(), big, nothing, own];
		expect(await remote(make(7)).call()).toEqual([3, 1, [1, { deep: true }], 5, 12n, undefined, 7]);
	});

	test("only what it really uses: a parameter of the same name hides the variable", async () => {
		const f = (unused: number) => unused + 1;
		expect(remote(f).describe()).toMatchObject({ nodes: [{ type: "function" }] });
		expect(await remote(f).call(1)).toBe(2);
	});

	test("the values as they were at the first call", async () => {
		let state = 1;
		const f = remote(() => state);
		state = 2;
		expect(await f.call()).toBe(2);
		state = 3;
		expect(await f.call()).toBe(2);
	});

	test("functions and classes of its own and of other modules, and what those use", async () => {
		const f = (x: number) => [double(x), plus(x), captured.plus(x), new Counter(x).up(), new Shape("box").describe()];
		expect(await remote(f).call(5)).toEqual([10, 105, 105, 6, "a box"]);
	});

	test("functions that use each other", async () => {
		const isEven = (n: number): boolean => n === 0 || isOdd(n - 1);
		const isOdd = (n: number): boolean => n !== 0 && isEven(n - 1);
		expect(await remote(isOdd).call(7)).toBe(true);
		expect(await remote(isEven).call(7)).toBe(false);
	});

	test("classes that use each other", async () => {
		class Node1 {
			static readonly kinds: unknown[] = [];
			child() {
				return new Leaf();
			}
		}
		class Leaf extends Node1 {
			override child() {
				return new Node1() as Leaf;
			}
		}
		Node1.kinds.push(Leaf);
		const f = () => [
			new Leaf().child().child() instanceof Leaf,
			new Node1().child() instanceof Node1,
			Node1.kinds.length,
		];
		expect(await remote(f).call()).toEqual([true, true, 0]);
	});

	test("objects, arrays, Maps and Sets with functions in them, cycles included", async () => {
		const operations: Record<string, unknown> = { add: (a: number, b: number) => a + b, list: [double], nested: {} };
		operations.self = operations;
		const handlers = new Map([["d", double]]);
		const all = new Set([double]);
		const f = (x: number) => {
			const own = operations as { add(a: number, b: number): number; list: (typeof double)[]; self: unknown };
			return [own.add(x, 1), own.list[0]?.(x), own.self === own, handlers.get("d")?.(x), all.has(double)];
		};
		expect(await remote(f).call(2)).toEqual([3, 4, true, 4, true]);
	});

	test("one object that several of its functions use stays one", async () => {
		const cache = new Map<string, number>();
		const write = () => cache.set("k", 1);
		const read = () => cache.get("k");
		const f = () => {
			write();
			return read();
		};
		expect(await remote(f).call()).toBe(1);
	});

	test("an object with accessors, whose methods use the rest of it", async () => {
		const unsendable = new Socket();
		const box = {
			n: 1,
			get double() {
				return this.n * 2;
			},
			add(x: number) {
				return this.n + this.double + x;
			},
		};
		const lazy = {
			get one() {
				return 1;
			},
			get socket() {
				return unsendable;
			},
			two: () => 2,
		};
		expect(await remote(() => [box.add(1), box.double]).call()).toEqual([4, 2]);
		expect(await remote(() => [lazy.one, lazy.two()]).call()).toEqual([1, 2]);
	});

	test("an instance keeps its class", async () => {
		const shape = new Shape("ball");
		Object.defineProperty(shape, "hidden", { value: 1 });
		const f = () => [
			shape.describe(),
			shape instanceof Shape,
			Object.keys(shape),
			(shape as never as { hidden: 1 }).hidden,
		];
		expect(await remote(f).call()).toEqual(["a ball", true, ["name"], 1]);
	});

	test("a variable that several functions share and change", async () => {
		let state = 1;
		const seed = (value: number) => {
			state = value;
		};
		const next = () => ++state;
		const f = () => {
			seed(10);
			return [next(), next(), state];
		};
		expect(await remote(f).call()).toEqual([11, 12, 12]);
		expect(state).toBe(1);
	});

	test("counters of one maker stay apart", async () => {
		const makeCounter = (count: number) => {
			const up = () => ++count;
			return { up, peek: () => [up, count][1] };
		};
		const [a, b] = [makeCounter(1), makeCounter(10)];
		expect(await remote(() => [a.up(), a.up(), b.up(), a.peek(), b.peek()]).call()).toEqual([2, 3, 11, 3, 11]);
	});

	test("properties that were hung on a function, and methods on its prototype", async () => {
		function Point(this: { x: number }, x: number) {
			this.x = x;
		}
		Point.prototype.norm = function (this: { x: number }) {
			return Math.abs(this.x);
		};
		const helper = Object.assign((x: number) => x * helper.scale, { scale: 4 });
		const f = () => [new (Point as never as new (x: number) => { norm(): number })(-3).norm(), helper(2)];
		expect(await remote(f).call()).toEqual([3, 8]);
	});

	test("Node's modules and their members, whatever their names here", async () => {
		const f = async () => {
			await sleep(1);
			const emitter = new EventEmitter();
			const heard = once(emitter, "x");
			emitter.emit("x", 1);
			return [path.join("a", "b"), os.EOL, readText(os.devNull, "utf8"), (await heard)[0]];
		};
		expect(await remote(f).call()).toEqual(["a/b", os.EOL, "", 1]);
	});

	test("globals under other names, and symbols", async () => {
		const { floor } = Math;
		const has = Object.prototype.hasOwnProperty;
		const { log } = console;
		const iterator = Symbol.iterator;
		const own = Symbol.for("wasmray.test");
		const f = () => [floor(1.5), has.call({ a: 1 }, "a"), log === console.log, iterator in [], Symbol.keyFor(own)];
		expect(await remote(f).call()).toEqual([1, true, true, true, "wasmray.test"]);
	});

	test("members of this package", async () => {
		expect(await remote((x: number) => twice(x)).call(4)).toBe(8);
		expect(remote(() => twice(1)).describe()).toMatchObject({ nodes: [{}, {}, { type: "package", member: "twice" }] });
	});

	test("what installed packages export, by import", async () => {
		const f = () => [unpack(pack({ a: 1 })), new Bench().tasks.length, new flatbuffers.Builder(1).offset()];
		const description = remote(f).describe();
		const types = description.kind === "source" ? description.nodes.map(({ type }) => type) : [];
		expect(types.filter((type) => type === "import")).toHaveLength(4);
		expect(await remote(f).call()).toEqual([{ a: 1 }, 0, 0]);
	});

	test("a function that is made in a worker, there", async () => {
		let shared = 1;
		const change = () => ++shared;
		const outer = (x: number) => {
			const own = x + change() + shared;
			return remote((y: number) => [own, y, factor, shared, change()]).describe();
		};
		const description: Description = await remote(outer).call(10);
		const inner = materialize(description) as (y: number) => unknown;
		expect(inner(5)).toEqual([14, 5, 3, 2, 3]);
	});

	test("what the test runner makes of import() and import.meta", async () => {
		const f = async () => {
			const { basename } = await import("node:path");
			return [basename("/a/b"), import.meta.url.slice(-13), typeof import.meta.dirname];
		};
		expect(await remote(f).call()).toEqual(["b", "kinds.test.ts", "string"]);
	});

	test("`closure` supplies variables", async () => {
		const socket = unused;
		const f = remote(() => [socket, factor], { closure: { socket: "instead" } });
		expect(await f.call()).toEqual(["instead", 3]);
	});
});

describe("what cannot be sent is named, with the reason", () => {
	const problem = (fn: (...args: never[]) => unknown, options = {}) => {
		try {
			remote(fn, options).describe();
		} catch (error) {
			expect((error as Error).name).toBe("FunctionNotShippableError");
			return (error as Error).message;
		}
		return "none";
	};

	test("a socket, also at a distance", () => {
		const holder = { deep: [unused] };
		const helper = () => unused.destroyed;
		expect(problem(() => unused.destroyed)).toMatch(/- `unused`: an instance of Socket works only in the thread/);
		expect(problem(() => holder.deep)).toMatch(/- `holder\.deep\[0\]`: an instance of Socket/);
		expect(problem(() => helper())).toMatch(/- `unused in helper`: an instance of Socket/);
		expect(problem(() => unused, { closure: { unused } })).toMatch(/an instance of Socket/);
	});

	test("the error says what to do, and why the module does not help", () => {
		expect(problem(() => unused.destroyed)).toMatch(/closure: \{ unused \}/);
		expect(problem(() => unused.destroyed)).toMatch(/Vitest loads it/);
	});

	test("what the codec refuses", () => {
		const promise = Promise.resolve();
		expect(problem(() => promise)).toMatch(/- `promise`: .*could not be cloned/);
	});

	test("private symbols", () => {
		const mine = Symbol("mine");
		expect(problem(() => mine)).toMatch(/`mine`: it is a symbol of its own/);
	});

	test("private fields of an instance", () => {
		class Secret {
			#value = 1;
			get() {
				return this.#value;
			}
		}
		const secret = new Secret();
		expect(problem(() => secret.get())).toMatch(/`secret`: its class Secret has #private fields/);
	});

	test("instances of a package's classes, and functions that a package made", () => {
		const builder = new flatbuffers.Builder(1);
		const mock = vi.fn();
		expect(problem(() => builder.offset())).toMatch(/`builder`: its class Builder belongs to the package flatbuffers/);
		expect(problem(() => mock())).toMatch(/`mock`: it was made by the package @vitest\/spy/);
	});

	test("more functions than anybody writes", () => {
		const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, () => i]));
		expect(problem(() => many)).toMatch(/one of more than 250 functions/);
	});

	test("only some of them, if there are many", () => {
		const sockets = Array.from({ length: 100 }, () => unused);
		const symbols = sockets.map((_, i) => Symbol(i));
		expect(problem(() => symbols)).toMatch(/symbols\[5\].*and \d+ more/s);
		expect(problem(() => symbols).length).toBeLessThan(1500);
	});

	test("instances of classes that extend the language's own, but for errors", async () => {
		class Registry extends Map<string, number> {
			total() {
				return this.size;
			}
		}
		const registry = new Registry();
		const failure = new RangeError("far");
		expect(problem(() => registry.total())).toMatch(/`registry`: its class Registry extends one of the language's own/);
		expect(await remote(() => failure.message).call()).toBe("far");
	});

	test("imports by their names, whatever a tool calls them", () => {
		expect(problem(() => open)).toMatch(/- `open`: an instance of Socket.*closure: \{ open \}/s);
	});

	test("bound, native and proxied functions, and getters", () => {
		expect(problem(Math.max)).toMatch(/it is a native function/);
		expect(problem((() => 1).bind(null))).toMatch(/it is a bound function/);
		expect(problem(new Proxy(() => 1, {}))).toMatch(/native function/);
		const holder = {
			get value() {
				return 1;
			},
		};
		expect(problem(Object.getOwnPropertyDescriptor(holder, "value")?.get as () => void)).toMatch(/getter/);
	});

	test("`this` and `super` of the code around", () => {
		class Owner extends Counter {
			value = 1;
			arrow() {
				return remote(() => this.value);
			}
			override up() {
				return super.up();
			}
		}
		const owner = new Owner(1);
		expect(() => owner.arrow().describe()).toThrow(/`this`: it belongs to the code around/);
		expect(problem(owner.up)).toMatch(/`super`: it belongs to the code around/);
	});

	test("variables of which it cannot be told whether they are one", () => {
		const makeCounter = () => {
			let count = 0;
			return () => ++count;
		};
		const [a, b] = [makeCounter(), makeCounter()];
		expect(problem(() => [a(), b()])).toMatch(/`count in .*`: it is changed by one function and used by another/);
	});

	test("a global that only the driver has is missed when the function is made", async () => {
		Object.assign(globalThis, { onlyHere: 1 });
		const f = remote(() => (globalThis as { onlyHere?: number }).onlyHere);
		expect(await f.call()).toBe(undefined);
		// @ts-expect-error it was just added
		const g = remote(() => onlyHere);
		await expect(g.call()).rejects.toThrow(/uses the global `onlyHere`/);
		// @ts-expect-error it was just added
		const guarded = remote(() => typeof onlyHere);
		expect(await guarded.call()).toBe("undefined");
	});
});
