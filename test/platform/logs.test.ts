import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { costOf, type LogMessage, Logs, UNREAD_LIMIT } from "../../src/engine/local/logs.ts";
import type { MessagePort } from "../../src/platform/channel.ts";
import { processId } from "../../src/platform/process.ts";

/** Above the words of workers. */
const ANY = 15;
let words: Int32Array;
let written: [stream: number, text: string][];
let logs: Logs;
let onWrite = () => {};

beforeEach(() => {
	words = new Int32Array(new SharedArrayBuffer(64));
	written = [];
	onWrite = () => {};
	logs = new Logs({
		words,
		wordOf: (worker) => worker,
		anyWord: ANY,
		enabled: true,
		write: (stream, text) => {
			written.push([stream, text.replaceAll(`pid=${processId}`, "pid")]);
			onWrite();
		},
	});
});
afterEach(() => logs.close());

/** Stands for a worker: posts as it does. */
function worker(index: number) {
	const port = logs.open(index) as MessagePort;
	return (stream: 1 | 2, label: string, text: string) => {
		const message: LogMessage = [stream, label, text];
		port.postMessage(message);
		if (Atomics.add(words, index, costOf(text)) === 0) Atomics.store(words, ANY, 1);
	};
}

describe("the driver's side of the workers' output", () => {
	test("prefixes each line with the task, the process and the worker", () => {
		const post = worker(3);
		post(1, "square", "one\ntwo\n");
		post(1, "", "three\n");
		logs.drain();
		expect(written).toEqual([[1, "(square pid worker=3) one\n(square pid worker=3) two\n(pid worker=3) three\n"]]);
	});

	test("keeps the order of the two streams", () => {
		const post = worker(1);
		for (const [stream, text] of [
			[1, "a\n"],
			[1, "b\n"],
			[2, "c\n"],
			[1, "d\n"],
		] as const)
			post(stream, "f", text);
		logs.drain();
		expect(written.map(([stream, text]) => [stream, text.replaceAll("(f pid worker=1) ", "")])).toEqual([
			[1, "a\nb\n"],
			[2, "c\n"],
			[1, "d\n"],
		]);
	});

	test("holds an unfinished line back until its end, on each stream by itself", () => {
		const post = worker(1);
		post(1, "f", "half");
		post(2, "f", "other\nbegun");
		logs.drain();
		expect(written).toEqual([[2, "(f pid worker=1) other\n"]]);
		post(1, "f", " whole\r\nrest");
		logs.drain();
		expect(written.slice(1)).toEqual([[1, "(f pid worker=1) half whole\r\n"]]);
		logs.end(1);
		expect(written.slice(2)).toEqual([
			[1, "(f pid worker=1) rest\n"],
			[2, "(f pid worker=1) begun\n"],
		]);
	});

	test("ends an unfinished line where another task writes on", () => {
		const post = worker(1);
		post(1, "f", "from f");
		post(1, "g", "from g\n");
		logs.drain();
		expect(written).toEqual([[1, "(f pid worker=1) from f\n(g pid worker=1) from g\n"]]);
	});

	test("prints a long line as one, but does not gather one without end for ever", () => {
		const post = worker(1);
		const piece = "x".repeat(UNREAD_LIMIT / 4);
		for (let i = 0; i < 4; i++) post(1, "f", piece);
		logs.drain();
		expect(written).toEqual([]);
		post(1, "f", "\n");
		for (let i = 0; i < 5; i++) post(1, "f", piece);
		logs.drain();
		const lengths = written.map(([stream, text]) => [stream, text.length, text.indexOf("\n")]);
		const prefix = "(f pid worker=1) ".length;
		expect(lengths).toEqual(
			[4, 5].map((pieces) => [1, prefix + pieces * piece.length + 1, prefix + pieces * piece.length]),
		);
	});

	test("shows the control characters of a task's name", () => {
		worker(1)(1, "f\n\u001b[31m\u2028ä😀", "one\n");
		logs.drain();
		expect(written).toEqual([[1, "(f\\u000a\\u001b[31m\\u2028ä😀 pid worker=1) one\n"]]);
	});

	test("keeps workers apart", () => {
		const [first, second] = [worker(1), worker(2)];
		first(1, "f", "from ");
		second(1, "f", "two\n");
		first(1, "f", "one\n");
		logs.drain();
		expect(written.map(([, text]) => text).join("")).toBe("(f pid worker=1) from one\n(f pid worker=2) two\n");
		expect([words[1], words[2]]).toEqual([0, 0]);
	});

	test("reads what was there when it was asked, and not what comes meanwhile", () => {
		const post = worker(1);
		onWrite = () => post(1, "f", "again\n");
		post(1, "f", "once\n");
		logs.drain();
		expect(written).toHaveLength(1);
		logs.drain();
		expect(written).toHaveLength(2);
		onWrite = () => {};
	});

	test("prints all that an ended worker left, counted or not, and starts its successor afresh", () => {
		const port = logs.open(1) as MessagePort;
		port.postMessage([1, "f", "last words"] satisfies LogMessage);
		logs.end(1);
		expect(written).toEqual([[1, "(f pid worker=1) last words\n"]]);
		words[1] = 99;
		const post = worker(1);
		expect(words[1]).toBe(0);
		post(1, "g", "new\n");
		logs.drain();
		expect(written[1]).toEqual([1, "(g pid worker=1) new\n"]);
	});

	test("prints everything of everybody when it is closed", () => {
		worker(1)(1, "f", "one");
		worker(2)(1, "f", "two\n");
		logs.close();
		expect(written.map(([, text]) => text).join("")).toBe("(f pid worker=1) one\n(f pid worker=2) two\n");
	});

	test("prints what there is when the process ends, of those that go on too, and not what comes meanwhile", () => {
		const [first, second] = [worker(1), worker(2)];
		first(1, "f", "one");
		onWrite = () => second(1, "f", "more\n");
		second(2, "f", "two\n");
		const atExit = process.listeners("exit").at(-1);
		atExit?.(0);
		onWrite = () => {};
		expect(written).toEqual([
			[2, "(f pid worker=2) two\n"],
			[1, "(f pid worker=1) one\n"],
		]);
		logs.close();
		expect(written).toHaveLength(3);
		expect(process.listeners("exit")).not.toContain(atExit);
	});

	test("makes no channel when output is not wanted", () => {
		const silent = new Logs({ words, wordOf: () => 0, anyWord: ANY, enabled: false });
		expect(silent.open(1)).toBeUndefined();
		silent.drain();
		silent.end(1);
	});
});
