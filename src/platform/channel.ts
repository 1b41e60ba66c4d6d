import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";

export type { MessagePort };

/** Two ends of a queue of messages; what was posted stays readable after the thread of the other end has ended. */
export function openChannel(): [MessagePort, MessagePort] {
	const { port1, port2 } = new MessageChannel();
	return [port1, port2];
}

/**
 * The next message that was posted to this end, without waiting; undefined if there is none. Who takes messages does not
 * listen to the port as well: on Deno they would get out of order.
 */
export function takeMessage(port: MessagePort): unknown {
	return receiveMessageOnPort(port)?.message;
}

/**
 * Calls back when the other end has gone, which for a thread that ended, whatever by, means that it runs no JavaScript
 * and no wasm any more: hosts close a thread's ports after its code has been stopped. Also if that was before this call,
 * and if the port has been handed from thread to thread meanwhile. What was posted to the port is lost.
 */
export function onClose(port: MessagePort, handle: () => void): void {
	port.once("close", handle);
	// Deno tells only who listens. It must not keep the process alive.
	port.on("message", () => {});
	port.unref();
}
