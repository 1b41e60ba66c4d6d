import { describe, expect, test } from "vitest";
import { remote } from "./kit.ts";
import { useWorker } from "./use-worker.ts";

useWorker();

const factor = 3;
const table = new Map([["one", 1]]);

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
