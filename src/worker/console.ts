/**
 * Everything that code in this worker prints goes to the driver, at once and in order: when `console.log` has returned,
 * the text is in the driver's port and survives this thread, whatever ends it. `console`, `process.stdout` and
 * `process.stderr` go this way; native code and `fs.writeSync(1, …)` write past it.
 */
import { Console } from "node:console";
import { Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { costOf, type LogMessage, UNREAD_LIMIT, type UnreadWord } from "../engine/local/logs.ts";
import type { MessagePort } from "../platform/channel.ts";
import { hostName } from "../platform/host.ts";
import type { OutputStream } from "../platform/process.ts";

/** Characters in one message at most. */
const PIECE = 256 * 1024;
/** A driver that has read nothing for so long is not waited for any more; its port then takes all that comes. */
const PATIENCE = 10_000;

export interface ForwardOptions {
	/** The worker's end of the channel; undefined: what is printed is dropped. */
	readonly port: MessagePort | undefined;
	readonly unread: UnreadWord;
	/** What is running now: a task's or an actor's name. */
	label(): string;
	/** There is something to read, and there was not before, or this thread waits for the driver, which may be blocked. */
	wakeDriver(): void;
}

/** From here on this thread's console and standard streams go to the driver. Call it first, and once. */
export function forwardConsole(options: ForwardOptions): void {
	const sender = options.port === undefined ? undefined : new Sender(options.port, options);
	redirect(process.stdout, 1, sender);
	redirect(process.stderr, 2, sender);
	// Deno's console writes to the file descriptors by itself. Node's goes through the streams, and to a debugger as well.
	if (hostName === "deno") {
		const { stdout, stderr } = process;
		Object.assign(console, new Console({ stdout, stderr }));
	}
}

/** Changes a stream in place, since it may have been imported by name. */
function redirect(stream: NodeJS.WriteStream, number: OutputStream, sender: Sender | undefined): void {
	const decoder = new StringDecoder("utf8");
	const write = (chunk: string | Uint8Array, encoding: BufferEncoding, callback: () => void): void => {
		if (sender !== undefined) {
			const isText = typeof chunk === "string" && /^utf-?8$/i.test(encoding);
			// Copied: the bytes may be shared memory. A character may be split over two chunks.
			const text = isText
				? decoder.end() + chunk
				: decoder.write(typeof chunk === "string" ? Buffer.from(chunk, encoding) : Buffer.from(chunk));
			if (text !== "") sender.send(number, text);
		}
		callback();
	};
	// The stream's own queue may be waiting for the driver's event loop, after output from before this call: it is passed by.
	const sink = new Writable({ decodeStrings: false, write });
	const replace = (name: string, value: unknown) =>
		Object.defineProperty(stream, name, { value, writable: true, configurable: true, enumerable: false });
	replace("write", (...chunk: Parameters<Writable["write"]>): boolean => {
		sink.write(...chunk);
		return true;
	});
	replace("_write", write);
	replace("_writev", undefined);
	// Colours and cursor movements are not for the driver's prefixed lines.
	replace("isTTY", false);
}

class Sender {
	readonly #port: MessagePort;
	readonly #options: ForwardOptions;
	#patient = true;

	constructor(port: MessagePort, options: ForwardOptions) {
		this.#port = port;
		this.#options = options;
	}

	send(stream: OutputStream, text: string): void {
		for (let start = 0; start < text.length; ) {
			let end = Math.min(start + PIECE, text.length);
			// Not between the halves of a character.
			if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end--;
			this.#post(stream, start === 0 && end === text.length ? text : text.slice(start, end));
			start = end;
		}
	}

	#post(stream: OutputStream, text: string): void {
		const { unread, label, wakeDriver } = this.#options;
		const message: LogMessage = [stream, label(), text];
		// Posted before it is counted: what is counted can be read.
		this.#port.postMessage(message);
		const before = Atomics.add(unread.words, unread.index, costOf(text));
		if (before === 0) {
			Atomics.store(unread.words, unread.any, 1);
			wakeDriver();
		}
		if (before > UNREAD_LIMIT) this.#waitForRoom();
		else this.#patient = true;
	}

	#waitForRoom(): void {
		const { words, index } = this.#options.unread;
		if (this.#patient) this.#options.wakeDriver();
		while (this.#patient) {
			const unread = Atomics.load(words, index);
			if (unread <= UNREAD_LIMIT) return;
			this.#patient = Atomics.wait(words, index, unread, PATIENCE) !== "timed-out";
		}
	}
}

function isHighSurrogate(code: number): boolean {
	return (code & 0xfc00) === 0xd800;
}
