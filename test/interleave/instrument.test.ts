import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { compile, compileSample } from "./compile.ts";
import { DROP, PERFORM, SPLIT } from "./helpers.ts";
import { type Instrumented, instrument } from "./instrument.ts";
import { CoreInstance, type Reports, World } from "./world.ts";

interface Seen {
	readonly name: string;
	readonly address: number;
}

/** Reports that answer `action`, and note what they hear. */
function reports(core: Instrumented, seen: Seen[], action = PERFORM): Reports {
	const hear = (site: number, address: number, answer: number) => {
		seen.push({ name: core.sites[site].instruction, address });
		return answer;
	};
	const acts = (site: number) => (core.sites[site].kind === "store" && action === SPLIT ? PERFORM : action);
	let halfway = false;
	return {
		access: (site, writes, address) => void hear(site, address, writes),
		load: (site, address) => hear(site, address, PERFORM),
		store: (site, address) => {
			const answer = halfway ? PERFORM : acts(site);
			halfway = answer === SPLIT;
			return hear(site, address, answer);
		},
		cas: (site, address) => hear(site, address, action),
		wait: () => 0,
		notify: () => 0,
	};
}

const calls = ["bytesAndHalves", "words", "longs", "plain"] as const;
let wasm: Uint8Array;
let core: Instrumented;

beforeAll(async () => {
	wasm = await compileSample("widths");
	core = instrument(wasm);
});

function original(pages: number): { calls: CoreInstance["calls"]; bytes: Uint8Array } {
	const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
	const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm as BufferSource), { env: { memory } });
	return { calls: exports as unknown as CoreInstance["calls"], bytes: new Uint8Array(memory.buffer) };
}

function randomBytes(length: number, seed: number): Uint8Array {
	return Uint8Array.from({ length }, (_, i) => Math.imul(i + 1, seed * 2654435761) >>> 24);
}

describe("the instrumented module", () => {
	test("computes what the original does, in every width", () => {
		const world = new World(2, 1, 1);
		const instrumented = new CoreInstance(core, world, reports(core, []));
		const plain = original(2);
		for (let seed = 1; seed <= 40; seed++) {
			const content = randomBytes(256, seed);
			world.bytes.set(content, 1024);
			plain.bytes.set(content, 1024);
			for (const name of calls) {
				const value = Math.imul(seed, 2654435761) >>> (seed % 24);
				expect(instrumented.calls[name](1024, value), name).toBe(plain.calls[name](1024, value));
			}
			expect(world.bytes.slice(1024, 1280)).toEqual(plain.bytes.slice(1024, 1280));
		}
	});

	test("computes the same with read-modify-writes made of two halves, if nothing comes between", () => {
		const world = new World(2, 1, 1);
		const split = new CoreInstance(core, world, reports(core, [], SPLIT));
		const plain = original(2);
		for (let seed = 1; seed <= 40; seed++) {
			const content = randomBytes(256, seed);
			world.bytes.set(content, 1024);
			plain.bytes.set(content, 1024);
			// A comparison that succeeds now and then.
			world.bytes[1027] = plain.bytes[1027] = seed >> 1;
			for (const name of ["words", "longs", "bytesAndHalves"]) {
				expect(split.calls[name](1024, seed), name).toBe(plain.calls[name](1024, seed));
			}
			expect(world.bytes.slice(1024, 1280)).toEqual(plain.bytes.slice(1024, 1280));
		}
	});

	test("writes nothing when every operation is dropped", () => {
		const world = new World(2, 1, 1);
		const dropped = new CoreInstance(core, world, reports(core, [], DROP));
		world.bytes.set(randomBytes(256, 3), 1024);
		const before = world.bytes.slice(0, 4096);
		for (const name of ["words", "longs", "bytesAndHalves"]) dropped.calls[name](1024, 5);
		expect(world.bytes.slice(0, 4096)).toEqual(before);
	});

	test("reports operations in the order in which they are done, nested ones first", () => {
		const seen: Seen[] = [];
		const world = new World(1, 1, 1);
		world.words[1024 >>> 2] = 8;
		new CoreInstance(core, world, reports(core, seen)).calls.nested(1024);
		expect(seen).toEqual([
			{ name: "i32.atomic.load", address: 1024 },
			{ name: "i32.atomic.rmw.add", address: 1024 },
			{ name: "i32.atomic.load", address: 1028 },
			{ name: "i32.atomic.store", address: 1032 },
		]);
	});

	test("sees only the program's pages, and cannot grow", () => {
		const world = new World(3, 2, 1);
		const { calls: exports } = new CoreInstance(core, world, reports(core, []));
		expect(exports.grow(0)).toBe(3);
		expect(exports.grow(1)).toBe(-1);
	});
});

describe("sites", () => {
	test("have names that say where they are", () => {
		const names = core.sites.map(({ name }) => name);
		expect(names).toContain("widths/longs: i64.atomic.rmw.cmpxchg #1");
		expect(names).toContain("widths/plain: memory.fill #1");
		expect(new Set(names).size).toBe(names.length);
	});

	test("take their names from a twin with a name section, if the code is the same", async () => {
		const bare = await compile("counter.ts", readSample("counter"), { names: false });
		const named = await compile("counter.ts", readSample("counter"));
		const { sites } = instrument(bare, { namesFrom: named, cache: false });
		expect(sites.map(({ name }) => name)).toEqual(instrument(named).sites.map(({ name }) => name));
		expect(instrument(bare).sites.map(({ function: name }) => name)).toContain("incrementInTwo");
		expect(() => instrument(bare, { namesFrom: wasm, cache: false })).toThrow(/another module/);
	});

	test("are the same from the cache", () => {
		const fresh = instrument(wasm, { cache: false });
		expect(core.sites).toEqual(fresh.sites);
		expect(core.bytes).toEqual(fresh.bytes);
		expect(core.hash).toBe(fresh.hash);
	});
});

function readSample(name: string): string {
	return readFileSync(new URL(`./samples/${name}.ts`, import.meta.url), "utf8");
}
