/**
 * What workers print, on the driver's side: read from each worker's port, cut into lines, prefixed with where it came from.
 *
 *   worker: post, unread += cost, any = 1 ──── port ────> driver: any = 0, n = unread, unread = 0, take what costs n, write
 *
 * `unread` is a word of memory that the driver and one worker see, and `any` one for all of them: 0 tells the driver, at the
 * cost of one load, that there is nothing to read. The worker that raises `unread` from 0 sets `any` and wakes the driver;
 * above a limit the worker waits on it, as a process does whose pipe is full. The driver reads before it delivers results,
 * also those that were ready before they were asked for, and when its process ends: so a task's output stands before whatever
 * its result leads to, and none is lost.
 */
import { type MessagePort, openChannel, takeMessage } from "../../platform/channel.ts";
import { type OutputStream, onExit, processId, writeOutput } from "../../platform/process.ts";

/** A piece of output. The label names the task or actor that wrote it; it may be empty. */
export type LogMessage = readonly [stream: OutputStream, label: string, text: string];

/** What a piece adds to `unread`. */
export function costOf(text: string): number {
	return text.length + 1;
}

/** Characters that a worker may have unread before it waits. */
export const UNREAD_LIMIT = 16 * 1024 * 1024;
/** A line without an end is printed when it is longer than this, so that it cannot take all of the driver's memory. */
const LINE_LIMIT = UNREAD_LIMIT;
/** Lines that go out in one write are no longer than this, unless one is. */
const WRITE_LIMIT = 1024 * 1024;

/** Counts what a worker has posted and the driver not yet read. */
export interface UnreadWord {
	readonly words: Int32Array;
	readonly index: number;
	/** The word for all workers, which tells whether any of theirs was raised from 0. */
	readonly any: number;
}

interface Line {
	label: string;
	prefix: string;
	text: string;
}

interface Source {
	readonly worker: number;
	readonly port: MessagePort;
	readonly unread: UnreadWord;
	/** The unfinished line of each stream. */
	readonly lines: Readonly<Record<OutputStream, Line>>;
}

/** Control characters would break the line, or act on a terminal. */
function printable(label: string): string {
	return label.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function prefixOf(label: string, worker: number): string {
	return `(${label === "" ? "" : `${printable(label)} `}pid=${processId} worker=${worker}) `;
}

function newLine(worker: number): Line {
	return { label: "", prefix: prefixOf("", worker), text: "" };
}

/** Empties the word in one step, so that whatever is posted afterwards is posted to an empty one; gives what it was. */
function takeUnread({ words, index }: UnreadWord): number {
	for (;;) {
		const unread = Atomics.load(words, index);
		if (unread === 0) return 0;
		if (Atomics.compareExchange(words, index, unread, 0) !== unread) continue;
		if (unread > UNREAD_LIMIT) Atomics.notify(words, index);
		return unread;
	}
}

export interface LogsOptions {
	/** Shared memory with a word for each worker: how much it has posted and the driver not yet read. */
	readonly words: Int32Array;
	wordOf(worker: number): number;
	/** The index of the word for all workers. */
	readonly anyWord: number;
	/** False: workers drop what they print. */
	readonly enabled: boolean;
	readonly write?: (stream: OutputStream, text: string) => void;
}

export class Logs {
	readonly #options: LogsOptions;
	readonly #sources = new Map<number, Source>();
	readonly #write: (stream: OutputStream, text: string) => void;
	/** Lines that go out in one write. */
	#gathered = "";
	#stream: OutputStream = 1;
	#withdraw: (() => void) | undefined;

	constructor(options: LogsOptions) {
		this.#options = options;
		this.#write = options.write ?? writeOutput;
	}

	/** Makes the channel for a worker that is about to start; the worker's end is to be transferred to it. */
	open(worker: number): MessagePort | undefined {
		if (!this.#options.enabled) return undefined;
		this.end(worker);
		const { words, anyWord } = this.#options;
		const unread = { words, index: this.#options.wordOf(worker), any: anyWord };
		Atomics.store(unread.words, unread.index, 0);
		const [port, workersEnd] = openChannel();
		const source: Source = { worker, port, unread, lines: { 1: newLine(worker), 2: newLine(worker) } };
		this.#sources.set(worker, source);
		this.#withdraw ??= onExit(() => this.#last());
		return workersEnd;
	}

	/** Prints what workers had posted before this call. One load if that is nothing: each get of a ready object asks. */
	drain(): void {
		const { words, anyWord } = this.#options;
		if (Atomics.load(words, anyWord) !== 0) this.#drain();
	}

	#drain(): void {
		const { words, anyWord } = this.#options;
		// Before the workers' words are looked at: whoever raises one afterwards sets it again.
		Atomics.store(words, anyWord, 0);
		for (const source of this.#sources.values()) {
			if (Atomics.load(source.unread.words, source.unread.index) !== 0) this.#readUnread(source);
		}
		this.#flush();
	}

	/** The worker's thread has stopped: prints all that it left, unfinished lines too. */
	end(worker: number): void {
		const source = this.#sources.get(worker);
		if (source === undefined) return;
		this.#sources.delete(worker);
		this.#readAll(source);
		this.#endLines(source);
		this.#flush();
		source.port.close();
		Atomics.store(source.unread.words, source.unread.index, 0);
	}

	/** The driver is about to end: prints all that there is, of workers that still run too. */
	close(): void {
		for (const worker of [...this.#sources.keys()]) this.end(worker);
		this.#withdraw?.();
		this.#withdraw = undefined;
	}

	/** The process ends: prints what there is at this moment, unfinished lines too. Workers may go on printing until they are gone. */
	#last(): void {
		this.#drain();
		for (const source of this.#sources.values()) this.#endLines(source);
		this.#flush();
	}

	/** As much as was there at the call: a worker that never stops printing must not keep the driver here. */
	#readUnread(source: Source): void {
		let left = takeUnread(source.unread);
		while (left > 0) {
			const message = takeMessage(source.port) as LogMessage | undefined;
			if (message === undefined) return;
			this.#add(source, message);
			left -= costOf(message[2]);
		}
	}

	#readAll(source: Source): void {
		for (;;) {
			const message = takeMessage(source.port) as LogMessage | undefined;
			if (message === undefined) return;
			this.#add(source, message);
		}
	}

	#add(source: Source, [stream, label, text]: LogMessage): void {
		const line = source.lines[stream];
		if (line.label !== label) {
			this.#endLine(stream, line);
			line.label = label;
			line.prefix = prefixOf(label, source.worker);
		}
		let start = 0;
		for (;;) {
			const end = text.indexOf("\n", start) + 1;
			if (end === 0) break;
			this.#gather(stream, line.prefix, line.text + text.slice(start, end));
			line.text = "";
			start = end;
		}
		line.text += text.slice(start);
		if (line.text.length > LINE_LIMIT) this.#endLine(stream, line);
	}

	#endLines({ lines }: Source): void {
		this.#endLine(1, lines[1]);
		this.#endLine(2, lines[2]);
	}

	/** Prints the unfinished line, if there is one, as if it had ended here. */
	#endLine(stream: OutputStream, line: Line): void {
		if (line.text === "") return;
		this.#gather(stream, line.prefix, `${line.text}\n`);
		line.text = "";
	}

	#gather(stream: OutputStream, prefix: string, line: string): void {
		if (stream !== this.#stream) this.#flush();
		this.#stream = stream;
		this.#gathered += prefix + line;
		if (this.#gathered.length > WRITE_LIMIT) this.#flush();
	}

	#flush(): void {
		if (this.#gathered === "") return;
		const text = this.#gathered;
		this.#gathered = "";
		this.#write(this.#stream, text);
	}
}
