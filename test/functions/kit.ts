/**
 * A runtime of a few lines over src/functions, for these tests and for the programs that they start: `remote` describes
 * at the first call and sends to one worker thread, whose codec is the structured clone.
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { callSite } from "../../src/functions/callsite.ts";
import { definitions } from "../../src/functions/definitions.ts";
import { describeFunction } from "../../src/functions/describe.ts";
import type { Description } from "../../src/functions/description.ts";
import { testRunner } from "../../src/functions/importing.ts";
import { materialize } from "../../src/functions/materialize.ts";
import type { CaptureHooks } from "../../src/functions/plain.ts";

type Callable = (...args: never[]) => unknown;
interface Call {
	readonly id: number;
	readonly description: Description;
	readonly args: readonly unknown[];
	readonly method?: string;
}
interface Answer {
	readonly id: number;
	readonly value?: unknown;
	readonly error?: { readonly name: string; readonly message: string; readonly stack: string };
}

export function twice(value: number): number {
	return value * 2;
}

const packageNamespace = { twice, remote };

export const hooks: CaptureHooks = {
	sendable(value) {
		try {
			structuredClone(value);
			return true;
		} catch (error) {
			return String((error as Error).message);
		}
	},
	packageMember(value) {
		if (value === packageNamespace) return "";
		return Object.entries(packageNamespace).find(([, member]) => member === value)?.[0];
	},
};

export { definitions };

export interface Options {
	readonly closure?: Record<string, unknown>;
}

export interface Remote {
	describe(): Description;
	/** Calls it in the worker; a class is made an instance of, and `method` called on that. */
	call(...args: unknown[]): Promise<never>;
	callMethod(method: string, ...args: unknown[]): Promise<never>;
}

export function remote(fn: Callable, options: Options = {}): Remote {
	const site = callSite(remote);
	const ordinal = definitions().register(site, fn);
	let description: Description | undefined;
	const describe = () => {
		description ??= describeFunction(fn, { ...options, site, ordinal, hooks, testRunner: testRunner() });
		return description;
	};
	return {
		describe,
		call: (...args) => send({ description: describe(), args }),
		callMethod: (method, ...args) => send({ description: describe(), args, method }),
	};
}

let entry: string | URL | undefined;
let worker: Worker | undefined;
const waiting = new Map<number, (answer: Answer) => void>();

/** In a worker it goes no further, as the package's own. */
export function init(workerEntry: string | URL): Promise<void> {
	if (!isMainThread && workerData === "kit") {
		definitions().reachedInit();
		return new Promise(() => {});
	}
	entry = workerEntry;
	return Promise.resolve();
}

export async function shutdown(): Promise<void> {
	await worker?.terminate();
	worker = undefined;
}

async function send(call: Omit<Call, "id">): Promise<never> {
	if (worker === undefined) {
		worker = new Worker(entry as string, { workerData: "kit" });
		worker.on("message", (answer: Answer) => waiting.get(answer.id)?.(answer));
	}
	const id = waiting.size;
	const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
	worker.postMessage({ ...call, id });
	const answer = await answered;
	if (answer.error !== undefined) {
		throw Object.assign(new Error(answer.error.message), { name: answer.error.name, remoteStack: answer.error.stack });
	}
	return answer.value as never;
}

/** What the worker's entry calls. */
export function serve(): void {
	definitions().keep();
	parentPort?.on("message", async ({ id, description, args, method }: Call) => {
		let answer: Answer;
		try {
			const made = (await materialize(description, { packageNamespace })) as unknown as new (
				...args: unknown[]
			) => Record<string, Callable>;
			const value =
				method === undefined
					? await (made as unknown as Callable)(...(args as never[]))
					: await (new made() as Record<string, Callable>)[method]?.(...(args as never[]));
			answer = { id, value };
			structuredClone(value);
		} catch (error) {
			const { name, message, stack = "" } = error as Error;
			answer = { id, error: { name, message, stack } };
		}
		parentPort?.postMessage(answer);
	});
}
