import { EventEmitter, once } from "node:events";
import { readFileSync as readText } from "node:fs";
import { Socket } from "node:net";
import os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as flatbuffers from "flatbuffers";
import { pack, unpack } from "msgpackr";
import { Bench } from "tinybench";
import { describe, expect, test } from "vitest";
import type { Description } from "../../src/functions/description.ts";
import { materialize } from "../../src/functions/materialize.ts";
import * as captured from "./captured.ts";
import { Counter, double, plus, Shape } from "./captured.ts";
import { remote, twice } from "./kit.ts";
import { useWorker } from "./use-worker.ts";

useWorker();

const factor = 3;
const table = new Map([["one", 1]]);
const unused = new Socket();

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
			return [basename("/a/b"), import.meta.url.slice(-15), typeof import.meta.dirname];
		};
		expect(await remote(f).call()).toEqual(["b", "outside.test.ts", "string"]);
	});

	test("`closure` supplies variables", async () => {
		const socket = unused;
		const f = remote(() => [socket, factor], { closure: { socket: "instead" } });
		expect(await f.call()).toEqual(["instead", 3]);
	});
});
