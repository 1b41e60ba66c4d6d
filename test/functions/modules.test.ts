/** Functions that a worker has by importing the module they were registered in. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePrograms, type Programs } from "./programs.ts";

let programs: Programs;
beforeAll(async () => {
	programs = await makePrograms();
});
afterAll(() => programs.remove());

/** A program with a variable that cannot be sent, so that every function that uses it needs the module. */
const head = `
	import { remote, init, shutdown } from "./kit.mjs";
	import { Socket } from "node:net";
	const start = () => init(new URL("./worker.mjs", import.meta.url));
	const socket = new Socket();
	const problem = (ref) => ref.then((value) => "no problem: " + value, (error) => error.message);
`;

let programCount = 0;
async function run(text: string, others: Record<string, string> = {}): Promise<string> {
	const name = `program${programCount++}.mjs`;
	programs.write({ [name]: `${head}\n${text}\nawait shutdown();`, ...others });
	return await programs.run(name);
}

describe("a function is found", () => {
	test("with its module around it, live variables and all", async () => {
		const text = `
			let calls = 0;
			const f = remote(() => [typeof socket.write, ++calls]);
			await start();
			await f.call();
			console.log(JSON.stringify(await f.call()));
		`;
		expect(await run(text)).toBe('["function",2]');
	});

	test("among several that a loop registers at one place", async () => {
		const text = `
			const all = [];
			for (const n of [1, 2, 3]) all.push(remote(() => [typeof socket.write, n].join()));
			await start();
			console.log(await all[2].call(), await all[0].call());
		`;
		expect(await run(text)).toBe("function,3 function,1");
	});

	test("when a wrapper of the user's makes the call", async () => {
		const text = `
			const task = (fn) => remote(fn);
			const one = task(() => typeof socket.write + 1);
			const two = task(() => typeof socket.write + 2);
			await start();
			console.log(await two.call(), await one.call());
		`;
		expect(await run(text)).toBe("function2 function1");
	});

	test("in a module that awaits at its top level, which has come to its end by then", async () => {
		const text = `
			const f = remote(() => typeof socket.write + late);
			const late = await new Promise((resolve) => setTimeout(resolve, 20, " later"));
			await start();
			console.log(await f.call());
		`;
		expect(await run(text)).toBe("function later");
	});

	test("in another module than the program's entry, which is not imported then", async () => {
		const text = `
			console.log("the entry runs");
			const { f } = await import("./tasks.mjs");
			await start();
			console.log(await f.call());
		`;
		const tasks = `
			import { remote } from "./kit.mjs";
			import { Socket } from "node:net";
			const socket = new Socket();
			export const f = remote(() => typeof socket.write);
		`;
		expect(await run(text, { "tasks.mjs": tasks })).toBe("the entry runs\nfunction");
	});

	test("by its name among the exports of the file it stands in, if it is registered elsewhere", async () => {
		const text = `
			import { work } from "./exporting.mjs";
			await start();
			const later = () => remote(work);
			console.log(await later().call());
		`;
		const exporting = `
			import { Socket } from "node:net";
			const socket = new Socket();
			export function work() { return typeof socket.write; }
		`;
		expect(await run(text, { "exporting.mjs": exporting })).toBe("function");
	});

	test("by its name among the exports of the module, if only a function there registers it", async () => {
		const text = `
			import { handle } from "./handling.mjs";
			await start();
			console.log(await handle());
		`;
		const handling = `
			import { remote } from "./kit.mjs";
			import { Socket } from "node:net";
			const socket = new Socket();
			export const work = () => typeof socket.write;
			export const handle = () => remote(work).call();
		`;
		expect(await run(text, { "handling.mjs": handling })).toBe("function");
	});

	test("in a program whose main function is called without waiting", async () => {
		const text = `
			const main = async () => {
				await start();
				console.log(await above.call(), await below.call());
			};
			const above = remote(() => typeof socket.write + 1);
			const running = main();
			const below = remote(() => typeof socket.write + 2);
			await running;
		`;
		expect(await run(text)).toBe("function1 function2");
	});
});

describe("a function that is not found is an error that says why", () => {
	test("below init", async () => {
		const text = `
			await start();
			const f = remote(() => socket.write);
			console.log(await problem(f.call()));
		`;
		expect(await run(text)).toMatch(
			/reached init\(\) without registering it.*above it.*`socket`: an instance of Socket/s,
		);
	});

	test("inside a function", async () => {
		const text = `
			await start();
			function handle() { return remote(() => socket.write); }
			console.log(await problem(handle().call()));
		`;
		const others = `
			import { remote } from "./kit.mjs";
			import { Socket } from "node:net";
			const socket = new Socket();
			export function handle() { return remote(() => socket.write); }
		`;
		const elsewhere = `
			import { handle as other } from "./others.mjs";
			await start();
			console.log(await problem(other().call()));
		`;
		expect(await run(text)).toMatch(/without registering it/);
		expect(await run(elsewhere, { "others.mjs": others })).toMatch(/is inside the function handle/);
	});

	test("in modules that import each other", async () => {
		const text = `
			import { f } from "./one.mjs";
			await start();
			console.log(await problem(f.call()));
		`;
		// From one.mjs on, two.mjs comes first; from two.mjs on, one.mjs does, and uses what is not there yet.
		const circle = {
			"one.mjs": 'import { g } from "./two.mjs"; export const prefix = "p"; export const f = g;',
			"two.mjs": `
				import { remote } from "./kit.mjs";
				import { prefix } from "./one.mjs";
				import { Socket } from "node:net";
				const socket = new Socket();
				export const g = remote(() => [socket.write, prefix]);
			`,
		};
		expect(await run(text, circle)).toMatch(/import each other in a circle/);
	});

	test("in a module that fails in a worker", async () => {
		const text = `
			import { isMainThread } from "node:worker_threads";
			if (!isMainThread) throw new TypeError("no worker here");
			const f = remote(() => socket.write);
			await start();
			console.log(await problem(f.call()));
		`;
		expect(await run(text)).toMatch(/importing .* failed \(TypeError: no worker here\)/);
	});

	test("registered only under a condition that the worker does not fulfil", async () => {
		const text = `
			import { f } from "./conditional.mjs";
			await start();
			console.log(await problem(f.call()));
		`;
		const conditional = `
			import { remote } from "./kit.mjs";
			import { isMainThread } from "node:worker_threads";
			import { Socket } from "node:net";
			const socket = new Socket();
			export const f = isMainThread ? remote(() => socket.write) : undefined;
		`;
		expect(await run(text, { "conditional.mjs": conditional })).toMatch(/registered nothing of the kind there/);
	});

	test("in a test file, which a worker must not run", async () => {
		const text = `
			import { test } from "node:test";
			const f = remote(() => socket.write);
			await start();
			try { f.describe(); } catch (error) { console.log(error.message); }
		`;
		expect(await run(text)).toMatch(/it is a test file, and a worker must not run tests/);
	});

	test("in evaluated code", async () => {
		programs.write({ "package.json": '{ "type": "module" }' });
		const text = `${head}
			const f = remote(() => socket.write);
			try { f.describe(); } catch (error) { console.log(error.message); }`;
		const output = await programs.run("--input-type=module", "--eval", text);
		expect(output).toMatch(/it is not known where it was registered|\[eval1\] is not a file/);
	});

	test("in TypeScript that this Node does not read, without tsx", async () => {
		const features = process.features as { typescript?: unknown };
		const text = `
			import { definitions } from "./kit.mjs";
			definitions().keep();
			const wanted = { kind: "module", file: "/nowhere/typed.ts", line: 1, column: 1, ordinal: 0, caller: "", name: "f", hash: "", reason: "r" };
			console.log(await problem(definitions().awaitDefinition(wanted)));
		`;
		const expected = features.typescript ? /Cannot find module/ : /does not read TypeScript.*Install tsx/;
		expect(await run(text)).toMatch(expected);
	});
});
