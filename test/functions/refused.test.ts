import { Socket } from "node:net";
import * as flatbuffers from "flatbuffers";
import { describe, expect, test, vi } from "vitest";
import { Counter, open } from "./captured.ts";
import { remote } from "./kit.ts";
import { useWorker } from "./use-worker.ts";

useWorker();

const unused = new Socket();

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
		expect(problem(() => unused.destroyed)).toMatch(/Vitest loads it, and workers import no module then/);
	});

	test("under a test runner no module is advised, which no worker would import", () => {
		expect(problem(() => unused.destroyed)).toMatch(
			/or run it without Vitest, [^\n]*moving it to one does not help\.$/,
		);
		expect(problem(() => unused.destroyed)).not.toMatch(/or move/);
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

	test("functions and classes whose prototypes are not those that their sources say", () => {
		const styled = Object.setPrototypeOf((x: number) => x, { bold: () => 5 });
		expect(problem(() => styled.bold())).toMatch(/`styled`: its prototype was changed/);
		expect(problem(Object.setPrototypeOf(() => 1, null))).toMatch(/its prototype was changed/);
		class Mixed {}
		Object.setPrototypeOf(Mixed.prototype, { mixin: () => 1 });
		expect(problem(() => new Mixed())).toMatch(/`Mixed`: it inherits by its prototype/);
		function Old() {}
		Object.setPrototypeOf(Old.prototype, Counter.prototype);
		expect(problem(Old)).toMatch(/it inherits by its prototype: write it as a class/);
		function Getting() {}
		Object.defineProperty(Getting.prototype, "x", { get: () => 1 });
		expect(problem(Getting)).toMatch(/its prototype has getters or setters/);
		const lazy = Object.defineProperty(() => 1, "x", { get: () => 1, enumerable: true });
		expect(problem(() => lazy())).toMatch(/`lazy\.x`: it is a getter or setter/);
		class Sub extends Counter {}
		for (const fn of [function* () {}, async function* () {}, async () => {}, Sub, class {}]) {
			expect(problem(() => fn)).toBe("none");
		}
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
