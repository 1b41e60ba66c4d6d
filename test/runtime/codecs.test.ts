import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { run, runWith } from "./programs.ts";
import { failure, withRuntime } from "./with-runtime.ts";

describe("a class with a codec, above functions that are sent and functions that are found in the module", () => {
	const lines: Record<string, string> = {
		sent: 'sent [true,true,"Point 5"]',
		base: "base true",
		found: 'found [false,true,true,"Point 5"]',
		line: "line [true,true]",
		nested: 'nested [[true,true,"Point 5"],[false,true,true,"Point 5"]]',
	};
	it.each([
		"found,found",
		"sent,base,line,sent",
		"found,sent,base,line,found",
		"sent,line,base,found,line,base,sent,found",
		"nested,sent,found,line",
		"line,nested,base",
	])("is one class there: %s", async (calls) => {
		const out = `${calls
			.split(",")
			.map((name) => lines[name])
			.join("\n")}\n`;
		expect(await run("codecs", calls)).toEqual({ code: 0, signal: null, out, err: "" });
		expect(await run("codecs", calls, "2")).toMatchObject({ out, err: "" });
	});
});

describe("a codec", () => {
	// Without code generation there is no way to the inspector, as in hosts that have none.
	const blind = ["--disallow-code-generation-from-strings"];

	it("may name its class where the engine shows no variables, also in a function", async () => {
		expect(await runWith(blind, "codecs", "sent,line,found,base")).toMatchObject({ code: 0, err: "" });
		expect(await runWith(blind, "local-codec")).toEqual({ code: 0, signal: null, out: "true 4\n", err: "" });
	});

	it("that cannot be sent comes with its module, and else its error says what to do", async () => {
		const { code, out } = await run("held-codec");
		expect(code).toBe(0);
		const [held, below] = out.trim().split("\n");
		expect(held).toBe("[true,true,false]");
		expect(below).toMatch(/codec is "Below".*reached init\(\).*move the registerSerializer\(\) call above it/);
	});

	it("that was registered after a function's first call is sent too", () =>
		withRuntime({ numCpus: 1 }, async () => {
			class Late {
				readonly n: number;
				constructor(n: number) {
					this.n = n;
				}
				twice() {
					return this.n * 2;
				}
			}
			const use = ray.remote((value: Late) => (typeof value.twice === "function" ? value.twice() : "no method"));
			expect(await use.remote(new Late(2)).get()).toBe("no method");
			ray.registerSerializer(Late, { name: "Late", serialize: ({ n }) => n, deserialize: (n) => new Late(n) });
			expect(await use.remote(new Late(2)).get()).toBe(4);
		}));

	it("that cannot be sent fails those tasks alone that are given an instance, and says why", () =>
		withRuntime({ numCpus: 1 }, async () => {
			class Held {}
			const socket = new (class Socket {
				#own = 1;
				get own() {
					return this.#own;
				}
			})();
			ray.registerSerializer(Held, {
				name: "Held",
				serialize: () => socket.own,
				deserialize: () => (socket.own ? new Held() : new Held()),
			});
			const use = ray.remote((value: unknown) => value);
			expect(await use.remote(1).get()).toBe(1);
			const error = await failure(use.remote(new Held()).get());
			expect(error.message).toMatch(/codec is "Held".*`socket in .*#private fields/s);
			// The driver has it itself.
			expect(await ray.put(new Held()).get()).toBeInstanceOf(Held);
		}));
});
