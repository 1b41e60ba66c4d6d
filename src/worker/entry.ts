/** Where a worker thread begins. */
import type { MessagePort } from "node:worker_threads";
import { becomeWorker } from "../api/current.ts";
import { packageNamespace } from "../api/members.ts";
import { instantiateCore } from "../core/instantiate.ts";
import { STATUS_OK } from "../core/layout.ts";
import { CoreThread } from "../core/thread.ts";
import type { AuditSettings } from "../engine/inspection.ts";
import { Audit } from "../engine/local/audit.ts";
import { Board, type ErrorText, type WorkerMessage, wakeThread } from "../engine/local/board.ts";
import { LocalEngine } from "../engine/local/engine.ts";
import { Kinds, type ResourceTable } from "../engine/local/plans.ts";
import {
	type CodePlace,
	type RenamedCode,
	receiveInlined,
	receiveItself,
	type ShippedCode,
	Shipping,
} from "../engine/local/shipping.ts";
import { Relief } from "../engine/local/store/relief.ts";
import { Submissions } from "../engine/local/submissions.ts";
import type { TaskSettings } from "../engine/settings.ts";
import { definitions } from "../functions/definitions.ts";
import { materialize } from "../functions/materialize.ts";
import { collectGarbage } from "../platform/collect.ts";
import { onExit } from "../platform/process.ts";
import { workerSelf } from "../platform/threads.ts";
import { nextTurn } from "../platform/yield.ts";
import type { RuntimeEnv } from "../types.ts";
import { textOf } from "../values/refusals.ts";
import { SerializerRegistry } from "../values/registry.ts";
import { Codecs } from "./codecs.ts";
import { forwardConsole } from "./console.ts";
import { Executor } from "./execute.ts";
import { type ShippedFunction, ShippedFunctions } from "./functions.ts";
import { Loop } from "./loop.ts";
import { WorkerRole } from "./role.ts";
import { currentTask } from "./scope.ts";

/** What the driver gives a worker. */
export interface WorkerData {
	readonly id: string;
	readonly namespace: string;
	readonly memory: WebAssembly.Memory;
	readonly module: WebAssembly.Module;
	readonly zeroCopyMinBytes: number;
	readonly maxPendingTasks: number;
	readonly objectStoreMemory: number;
	readonly spareWorkers: number;
	readonly driver: number;
	readonly resources: ResourceTable;
	readonly board: Int32Array;
	readonly testRunner: string | undefined;
	readonly audit: AuditSettings | undefined;
	readonly index: number;
	readonly epoch: number;
	readonly kind: number;
	/** That of its kind. */
	readonly environment: RuntimeEnv | undefined;
	readonly logPort: MessagePort | undefined;
	/** For `WorkerMessage`s. */
	readonly driverPort: MessagePort;
	/** Closes with this thread. */
	readonly lifeline: MessagePort;
}

const self = workerSelf();
if (self !== undefined) begin(self.workerData as WorkerData);

function begin(data: WorkerData): void {
	const calls = instantiateCore(data.module, data.memory);
	// The slot was given up meanwhile: the runtime is being shut down.
	if (calls.attach(data.index, data.epoch) !== STATUS_OK) return;
	const thread = new CoreThread(calls, data.memory, data.index);
	const board = new Board(data.board);
	forwardConsole({
		port: data.logPort,
		unread: { words: board.words, index: board.logWord(data.index), any: board.outputWord },
		label: () => currentTask()?.name ?? "",
		wakeDriver: () => wakeThread(thread, data.driver),
	});
	const tell = (message: WorkerMessage) => {
		data.driverPort.postMessage(message);
		board.addNews();
		wakeThread(thread, data.driver);
	};
	reportEnd(tell);
	const role = new WorkerRole(board, data, tell);
	const kinds = new Kinds(board.kinds, (kind, environment) => tell(["kind", kind, environment]));
	kinds.learn(data.kind, data.environment);
	const serializers = new SerializerRegistry();
	const audit = data.audit && new Audit(thread, data.audit, () => role.origin());
	const relief = new Relief(board, thread);
	const engine = new LocalEngine(
		thread,
		role,
		{ ...data, serializers, collect: collectGarbage, relief, audit },
		(made) => {
			const shipping = new Shipping(made, data.testRunner);
			return new Submissions(made, {
				resources: data.resources,
				shipping,
				kindFor: (settings) => kindFor(kinds, data.kind, settings),
			});
		},
	);
	becomeWorker(engine);
	reportRejections();
	definitions().keep();
	const codecs = new Codecs(serializers, () => functions.forget());
	const functions = new ShippedFunctions(engine, (code, place) => {
		const sent = code as ShippedCode | RenamedCode;
		return sent.kind === "renamed" ? renamed(sent, functions) : make(sent, place, codecs);
	});
	const loop = new Loop(engine, board, (over) => new Executor(engine, functions, over));
	role.engine = engine;
	role.loop = loop;
	// A pending wait alone does not keep a thread alive; a port that is listened to does.
	self?.onMessage(() => {});
	tell(["up"]);
	// A worker without its loop is none: it ends, and is replaced.
	loop.work().catch((error: unknown) =>
		nextTurn(() => {
			throw error;
		}),
	);
}

/** What a task submits runs in the task's own environment, if it names no other. */
function kindFor(kinds: Kinds, own: number, { runtimeEnv }: TaskSettings): number {
	return runtimeEnv === undefined ? own : kinds.kindFor(runtimeEnv);
}

/** The driver's event loop hears of this thread's end by itself; this is for a driver that is blocked. */
function reportEnd(tell: (message: WorkerMessage) => void): void {
	let uncaught: ErrorText | undefined;
	process.on("uncaughtExceptionMonitor", (thrown: unknown) => {
		// Who catches such errors lets the thread live on.
		if (process.listenerCount("uncaughtException") > 0) return;
		uncaught = errorText(thrown);
	});
	onExit((code) => tell(["end", code, uncaught]));
}

function errorText(thrown: unknown): ErrorText {
	try {
		const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
		return { name: `${name}`, message: `${message}`, stack: stack === undefined ? undefined : `${stack}` };
	} catch (hostile) {
		return { name: "Error", message: `it cannot be looked at: that threw ${textOf(hostile)}`, stack: undefined };
	}
}

/** A promise that nobody looks after is no reason to end a worker, where other tasks run too. */
function reportRejections(): void {
	process.on("unhandledRejection", (reason) => {
		const task = currentTask();
		const where = task === undefined ? "a task" : `task ${task.name} (${task.id})`;
		const what = `wasmray: a promise of ${where} was rejected, and nobody handles that.`;
		try {
			console.error(what, reason);
		} catch {
			// It is shown by its own code, which threw.
			console.error(what, textOf(reason));
		}
	});
}

/** The function of a description, once the classes that it may be given are known. */
function make(code: ShippedCode, place: CodePlace, codecs: Codecs): ShippedFunction | Promise<ShippedFunction> {
	const learnt = code.codecs.map((codec) => codecs.learn(codec)).filter((each) => each !== undefined);
	const restore = (sent: unknown) => receiveItself(sent, place);
	const build = () =>
		materialize(code.description, { packageNamespace, restore, remote: receiveInlined, classes: codecs.classes });
	// Modules that register classes come first: the function shall have those.
	const made = learnt.length === 0 ? build() : Promise.all(learnt).then(build);
	return made instanceof Promise ? made.then((fn) => shipped(code, fn)) : shipped(code, made);
}

function renamed({ name, of }: RenamedCode, functions: ShippedFunctions): ShippedFunction | Promise<ShippedFunction> {
	const known = functions.get(of.slot, of.generation);
	return known instanceof Promise ? known.then((fn) => ({ ...fn, name })) : { ...known, name };
}

function shipped({ name }: ShippedCode, fn: (...args: never[]) => unknown): ShippedFunction {
	return { name, fn: fn as (...args: unknown[]) => unknown };
}
