// Does what docs/abi.md says, with no other knowledge of the core: names, numbers and offsets are read from the page's tables.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/paths.mjs";

type Call = (...numbers: number[]) => number;

const document = readFileSync(join(root, "docs", "abi.md"), "utf8");

/** The first two columns of each table below a heading of the page: names and numbers. */
const tables = new Map(
	[...document.matchAll(/^### (\w+)(?:, (\d+) bytes)?\n([\s\S]*?)(?=^#)/gm)].map(([, name, size, body]) => {
		const rows = [...(body as string).matchAll(/^\| (\w+) \| (-?\w+) \|/gm)];
		const numbers = Object.fromEntries(rows.map(([, field, value]) => [field, Number(value)]));
		return [name as string, size === undefined ? numbers : { ...numbers, bytes: Number(size) }];
	}),
);

function number(name: string): number {
	const [table, row] = name.split(".") as [string, string];
	const value = tables.get(table)?.[row];
	if (value === undefined) throw new Error(`docs/abi.md does not say what ${name} is`);
	return value;
}

const PAGES = 64;

class Host {
	readonly memory: WebAssembly.Memory;
	readonly u32: Uint32Array;
	readonly bytes: Uint8Array;
	readonly #module: WebAssembly.Module;

	constructor(shared: boolean) {
		const bytes = readFileSync(join(root, "build", shared ? "core.wasm" : "core.single.wasm"));
		this.#module = new WebAssembly.Module(bytes);
		this.memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, ...(shared && { shared }) });
		this.u32 = new Uint32Array(this.memory.buffer);
		this.bytes = new Uint8Array(this.memory.buffer);
		expect(this.instantiate().init?.(PAGES * 65536, 1024, 256, 4, 2 ** 20)).toBe(0);
	}

	instantiate(): Record<string, Call> {
		return new WebAssembly.Instance(this.#module, { env: { memory: this.memory } }).exports as Record<string, Call>;
	}

	at(address: number): number {
		return this.u32[address >>> 2] as number;
	}

	set(address: number, value: number): void {
		this.u32[address >>> 2] = value;
	}

	root(field: string): number {
		return this.at(number("Place.root") + number(`Root.${field}`));
	}

	/** A new thread: the calls, and its record. */
	join(flags = 0): Thread {
		const core = this.instantiate();
		const index = core.reserve?.(0, flags) as number;
		const record = this.root("threadTable") + index * number("Thread.bytes");
		const epoch = this.at(record + number("Thread.gate")) >>> number("Gate.epochShift");
		expect(core.attach?.(index, epoch)).toBe(0);
		return new Thread(this, core, index, epoch, record);
	}

	state(slot: number): number {
		return this.at(this.object(slot) + number("ObjectEntry.state"));
	}

	object(slot: number): number {
		return this.root("objectTable") + slot * number("ObjectEntry.bytes");
	}

	task(index: number): number {
		return this.root("taskTable") + index * number("TaskEntry.bytes");
	}
}

class Thread {
	constructor(host: Host, core: Record<string, Call>, index: number, epoch: number, record: number) {
		this.host = host;
		this.core = core;
		this.index = index;
		this.epoch = epoch;
		this.record = record;
	}

	readonly host: Host;
	readonly core: Record<string, Call>;
	readonly index: number;
	readonly epoch: number;
	readonly record: number;

	call(name: string, ...numbers: number[]): number {
		return (this.core[name] as Call)(...numbers);
	}

	second(field: string): number {
		return this.host.at(this.record + number(`Thread.${field}`));
	}

	get hasMail(): boolean {
		return this.second("inbox") !== 0;
	}

	message(index: number): Record<string, number> {
		const at = this.record + number("Thread.messages") + index * number("Message.bytes");
		const field = (name: string) => this.host.at(at + number(`Message.${name}`));
		return { kind: field("kind"), slot: field("slot"), generation: field("generation"), token: field("token") };
	}

	putText(text: string): [slot: number, generation: number] {
		const encoded = new TextEncoder().encode(text);
		const block = this.call("alloc", encoded.length);
		this.host.bytes.set(encoded, block >>> 0);
		return [this.call("put", 0, block, encoded.length, 0, 0), this.second("generation")];
	}

	getText(slot: number, generation: number): string {
		expect(this.host.state(slot) & number("State.phaseMask")).toBe(number("Phase.sealed"));
		const address = this.call("pin", slot, generation) >>> 0;
		const size = this.host.at(this.host.object(slot) + number("ObjectEntry.value") + 4);
		const text = new TextDecoder().decode(this.host.bytes.slice(address, address + size));
		expect(this.call("unpin", slot, generation)).toBe(0);
		return text;
	}

	inline(value: number): number[] {
		return [number("State.inline") | (4 << number("State.lengthShift")), value, 0, 0, 0];
	}

	submit(code: [slot: number, generation: number], argument: number): number {
		const spec = (field: string, value: number) =>
			this.host.set(this.record + number("Thread.spec") + number(`TaskSpec.${field}`), value);
		spec("code", code[0]);
		spec("codeGeneration", code[1]);
		spec("resourceClass", 0);
		spec("priority", 8);
		spec("results", 1);
		spec("argsSize", 4);
		spec("inlined", argument);
		return this.call("submit");
	}
}

describe.each([
	["core", true],
	["core.single", false],
])("a host that knows docs/abi.md alone, with %s", (_, shared) => {
	test("puts a payload, reads it from another thread, and lets it go", () => {
		const host = new Host(shared);
		const [writer, reader] = [host.join(), host.join()];
		const [slot, generation] = writer.putText("hello");
		expect(reader.call("pin", slot, generation)).toBe(number("Status.stale"));
		expect(reader.call("retain", slot, generation)).toBe(0);
		expect(writer.call("release", slot, generation)).toBe(0);
		expect(reader.getText(slot, generation)).toBe("hello");
		expect(reader.call("release", slot, generation)).toBe(0);
		expect(reader.call("retain", slot, generation)).toBe(number("Status.stale"));
	});

	test("finds a reference behind a payload, which holds its object", () => {
		const host = new Host(shared);
		const thread = host.join();
		const [inner, innerGeneration] = thread.putText("inside");
		const block = thread.call("alloc", 16);
		host.set(block + 8, inner);
		host.set(block + 12, innerGeneration);
		const outer = thread.call("put", 0, block, 5, 1, 0);
		const generation = thread.second("generation");
		expect(thread.call("release", inner, innerGeneration)).toBe(0);
		const value = host.object(outer) + number("ObjectEntry.value");
		expect([host.at(value + 4), host.at(value + 8)]).toEqual([5, 1]);
		expect(thread.call("retain", inner, innerGeneration)).toBe(0);
		expect(thread.getText(inner, innerGeneration)).toBe("inside");
		expect(thread.call("release", inner, innerGeneration)).toBe(0);
		expect(thread.call("release", outer, generation)).toBe(0);
		expect(thread.call("retain", inner, innerGeneration)).toBe(number("Status.stale"));
	});

	test("submits a task, runs it on another thread, and hears of its result", () => {
		const host = new Host(shared);
		const [driver, worker] = [host.join(), host.join(number("ThreadFlag.worker"))];
		expect(driver.call("defineClass", 0, 0)).toBe(0);
		expect(worker.call("park", 0)).toBe(0);
		const seen = worker.second("wakeValue");
		expect(worker.second("wake")).toBe(seen);

		const code = driver.putText("double");
		const result = driver.submit(code, 21);
		const generation = driver.second("generation");
		expect(host.state(result) & number("State.phaseMask")).toBe(number("Phase.pending"));
		expect(driver.call("watch", result, generation, 77)).toBe(0);
		expect(driver.hasMail).toBe(false);

		expect(worker.second("wake")).not.toBe(seen);
		const task = worker.call("take");
		const taskGeneration = worker.second("taskGeneration");
		const entry = host.task(task);
		host.set(entry + number("TaskEntry.started"), 1);
		expect(host.at(entry + number("TaskEntry.code"))).toBe(code[0]);
		expect(host.at(entry + number("TaskEntry.flags")) & number("TaskFlag.inlineArgs")).not.toBe(0);
		const argument = host.at(entry + number("TaskEntry.inlined"));
		expect(worker.call("finish", task, taskGeneration, ...worker.inline(2 * argument))).toBe(0);

		expect(driver.hasMail).toBe(true);
		expect(driver.call("drain")).toBe(1);
		const sealed = { kind: number("MessageKind.sealed"), slot: result, generation, token: 77 };
		expect(driver.message(0)).toEqual(sealed);
		expect(host.state(result) & number("State.inline")).not.toBe(0);
		expect(host.at(host.object(result) + number("ObjectEntry.value"))).toBe(42);
		expect(driver.call("release", result, generation)).toBe(0);
	});

	test("ends a thread, recovers it, and decides about the task that it ran", () => {
		const host = new Host(shared);
		const [driver, worker] = [host.join(), host.join(number("ThreadFlag.worker"))];
		expect(driver.call("defineClass", 0, 0)).toBe(0);
		const result = driver.submit(driver.putText("long"), 1);
		const generation = driver.second("generation");
		const task = worker.call("take");
		host.set(host.task(task) + number("TaskEntry.started"), 1);

		expect(driver.call("end", worker.index, worker.epoch)).toBe(0);
		expect(worker.call("take")).toBe(number("Status.notAttached"));
		expect(driver.call("recover", worker.index, worker.epoch)).toBe(0);
		expect(driver.call("drain")).toBe(1);
		const lost = driver.message(0);
		expect(lost.kind).toBe(number("MessageKind.lost"));
		expect(driver.call("retry", lost.slot as number, lost.generation as number)).toBe(0);

		const heir = host.join(number("ThreadFlag.worker"));
		expect([heir.index, heir.epoch]).toEqual([worker.index, worker.epoch + 1]);
		const again = heir.call("take");
		expect(heir.call("finish", again, heir.second("taskGeneration"), ...heir.inline(5))).toBe(0);
		expect(host.state(result) & number("State.phaseMask")).toBe(number("Phase.sealed"));
		expect(driver.call("release", result, generation)).toBe(0);
	});
});
