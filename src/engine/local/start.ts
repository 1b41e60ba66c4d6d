/** Starts the engine of this machine: the memory, the driver's place in it, and the workers. */
import { compileCore } from "../../core/compile.ts";
import { instantiateCore } from "../../core/instantiate.ts";
import { RESOURCE_CPU, RESOURCE_GPU, RESOURCE_MEMORY, STATUS_OK, THREAD_FLAG_MAY_BLOCK } from "../../core/layout.ts";
import { createMemory, MAX_PAGES, PAGE_BYTES } from "../../core/memory.ts";
import { CoreThread } from "../../core/thread.ts";
import { testRunner } from "../../functions/importing.ts";
import { collectGarbage } from "../../platform/collect.ts";
import type { InitSettings } from "../settings.ts";
import type { ThreadsAhead } from "./ahead.ts";
import { Audit } from "./audit.ts";
import { Board, MOST_SPARE_WORKERS } from "./board.ts";
import { LocalEngine } from "./engine.ts";
import { LocalInspection } from "./inspection.ts";
import { Logs } from "./logs.ts";
import { Makers } from "./makers.ts";
import { Kinds, resourceTable } from "./plans.ts";
import { Service } from "./service.ts";
import { Shipping } from "./shipping.ts";
import { Shortage } from "./shortage.ts";
import { throwStatus } from "./status.ts";
import { Relief } from "./store/relief.ts";
import { Submissions } from "./submissions.ts";
import { Substitutes } from "./substitutes.ts";
import { Supervisor } from "./supervisor.ts";
import { workerCode } from "./worker-code.generated.ts";

/** Room for so many live objects, unfinished tasks, and threads. Untouched tables cost nothing. */
const OBJECTS = 2 ** 22;
const TASKS = 2 ** 21;
const THREADS = 250;
/** Beside the payloads, and as much again as an eighth of them: tables of handles, edges, and what is lost between blocks. */
const HEAP_SPARE = 8 * 2 ** 20;
const TABLE_BYTES = OBJECTS * 64 + TASKS * 192 + THREADS * 4096 + 2 ** 20;

let engines = 0;

export function startLocalEngine(settings: InitSettings, ahead: ThreadsAhead): LocalEngine {
	ahead.prepare(workerCode);
	const wanted = TABLE_BYTES + settings.objectStoreMemory * (9 / 8) + HEAP_SPARE;
	const pages = Math.min(MAX_PAGES, Math.ceil(wanted / PAGE_BYTES));
	// The largest store leaves less beside it, but the spare.
	const capacity = Math.min(settings.objectStoreMemory, pages * PAGE_BYTES - TABLE_BYTES - HEAP_SPARE);
	const memory = createMemory(pages);
	const module = compileCore();
	const calls = instantiateCore(module, memory);
	const inited = calls.init(pages * PAGE_BYTES, OBJECTS, TASKS, THREADS, capacity);
	if (inited !== STATUS_OK) throwStatus(inited, "the object store");
	const driver = calls.reserve(0, THREAD_FLAG_MAY_BLOCK);
	const attached = calls.attach(driver, 1);
	if (attached !== STATUS_OK) throwStatus(attached, "the driver's thread");
	const thread = new CoreThread(calls, memory, driver);

	const id = `ray${process.pid.toString(36)}${(++engines).toString(36)}`;
	const resources = resourceTable(settings.resources);
	defineResources(thread, resources.names, settings.resources);
	if (settings.maxPendingTasks !== undefined) calls.setLimit(settings.maxPendingTasks);
	const board = Board.make(THREADS);
	const kinds = new Kinds(board.kinds);
	kinds.kindFor(settings.runtimeEnv);
	const logs = new Logs({
		words: board.words,
		wordOf: (index) => board.logWord(index),
		anyWord: board.outputWord,
		enabled: settings.logToDriver,
	});
	const shared = {
		id,
		namespace: settings.namespace,
		memory,
		zeroCopyMinBytes: settings.zeroCopyMinBytes,
		objectStoreMemory: capacity,
		maxPendingTasks: settings.maxPendingTasks ?? 0xffffffff,
	};
	const { checkImmutability, traceCreation, spareWorkers = MOST_SPARE_WORKERS } = settings;
	const audit =
		checkImmutability || traceCreation ? { checkImmutability, traceCreation, makers: Makers.words() } : undefined;
	const substitutes = new Substitutes(thread, module, memory);
	const supervisor = new Supervisor({
		id,
		namespace: settings.namespace,
		numCpus: Math.max(1, Math.ceil(settings.numCpus)),
		mostWorkers: THREADS - 1,
		spareWorkers,
		kinds,
		board,
		data: { ...shared, spareWorkers, module, driver, resources, board: board.words, testRunner: testRunner(), audit },
		ahead,
		logs,
		service: new Service(thread, memory, board.words),
		substitutes,
		shortage: new Shortage(substitutes),
		onClosed: () => {},
	});
	let submissions: Submissions | undefined;
	const engine = new LocalEngine(
		thread,
		supervisor,
		{
			...shared,
			serializers: settings.serializers,
			collect: collectGarbage,
			relief: new Relief(board, thread),
			audit: audit && new Audit(thread, audit),
		},
		(self) => {
			submissions = new Submissions(self, {
				resources,
				shipping: new Shipping(self),
				kindFor: ({ runtimeEnv }) => {
					const kind = kinds.kindFor(runtimeEnv ?? settings.runtimeEnv);
					supervisor.wantWorkers(kind);
					return kind;
				},
			});
			return submissions;
		},
	);
	engine.inspection = new LocalInspection(engine, supervisor);
	supervisor.begin(engine, submissions as Submissions);
	return engine;
}

function defineResources(thread: CoreThread, names: readonly string[], totals: Record<string, number>): void {
	names.forEach((name, index) => {
		const amount = totals[name] ?? 0;
		if (amount > 0) thread.calls.setResource(resourceNumber(name, index), amount);
	});
}

function resourceNumber(name: string, index: number): number {
	if (name === "CPU") return RESOURCE_CPU;
	if (name === "GPU") return RESOURCE_GPU;
	return name === "memory" ? RESOURCE_MEMORY : index;
}
