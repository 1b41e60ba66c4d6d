import * as layout from "../../../src/core/layout.ts";
import { Core } from "./core.ts";
import type { Ref, Submitted, Thread } from "./thread.ts";

const CPU = layout.RESOURCE_CPU;
const unit = layout.RESOURCE_UNIT;

/** A memory in which there is something of everything. */
export class Scene {
	readonly core = new Core({ size: 1536 * 1024, objects: 1000, tasks: 300, threads: 8 });
	readonly main: Thread;
	readonly worker: Thread;
	readonly dead: Thread;
	readonly parked: Thread;
	readonly vacant: number;
	readonly code: Ref;
	readonly plain: Ref;
	readonly payload: Ref;
	readonly large: Ref;
	readonly pinned: Ref;
	readonly pending: Ref;
	readonly watched: Ref;
	readonly unread: Ref[] = [];
	readonly gone: Ref;
	readonly stream: Ref;
	readonly item: number;
	readonly alias: Ref;
	readonly smallHand: number;
	readonly largeHand: number;
	readonly freeBlock: number;
	readonly waiting: Submitted;
	readonly ready: Submitted[] = [];
	readonly running: Submitted;
	readonly suspended: Submitted;
	readonly resuming: Submitted;
	readonly deciding: Submitted;
	readonly gpu: Submitted;
	readonly several: Submitted;
	readonly generator: Submitted;

	constructor() {
		const { core } = this;
		this.main = core.start({ worker: false });
		this.worker = core.start();
		this.dead = core.start();
		this.parked = core.start({ kind: 1 });
		const leaving = core.start();
		this.vacant = leaving.index;
		const { main, worker } = this;
		main.setResource(CPU, 2 * unit);
		main.setResource(layout.RESOURCE_GPU, 2 * unit);
		const none = main.defineClass();
		const cpu = main.defineClass([[CPU, unit]]);
		const gpu = main.defineClass([[layout.RESOURCE_GPU, unit]]);
		main.defineClass([], 1);
		// Batches of free entries in the root.
		main.release(...Array.from({ length: 200 }, () => main.put()));
		this.code = main.put(1);
		const { code } = this;
		for (let i = 0; i < 70; i++) main.submit({ code, results: 0 });
		for (let next = worker.take(); next !== undefined; ) next = worker.finish(next);
		this.plain = main.put(2);
		this.payload = main.putBlock(100, [this.plain]);
		this.large = main.putBlock(5000, [this.plain, this.payload]);
		this.pinned = main.putBlock(2000);
		main.pin(this.pinned);
		this.pending = main.create();
		this.watched = main.create();
		main.watch(this.watched, 1);
		for (const thread of [worker, this.dead]) {
			thread.retain(this.watched);
			thread.watch(this.watched, 2);
		}
		const told = [main.create(), main.create()];
		for (const object of told) {
			main.watch(object);
			worker.retain(object);
			worker.watch(object);
			main.seal(object);
		}
		for (let i = 0; i < 2; i++) {
			const error = main.put(i, layout.STATE_ERROR | layout.STATE_REPORT);
			main.release(error);
			this.unread.push(error);
		}
		this.gone = main.put();
		this.smallHand = worker.alloc(100);
		this.largeHand = worker.alloc(3000);
		const failing = main.create();
		const failed = main.submit({ code, dependencies: [failing] });
		main.seal(failing, 5, layout.STATE_ERROR);
		this.alias = failed.results[0];
		this.generator = main.submit({ code, stream: true, limit: 1 });
		this.stream = this.generator.results[0];
		worker.take();
		worker.give(this.generator, 1);
		worker.give(this.generator, 2);
		this.item = core.read(core.objectField(this.stream.slot, layout.OBJECT_ENTRY_STREAM) + layout.STREAM_HEAD);
		this.gpu = main.submit({ code, resourceClass: gpu });
		worker.take();
		this.deciding = main.submit({ code });
		worker.take();
		worker.ask(this.deciding, 4);
		this.suspended = main.submit({ code, resourceClass: cpu });
		this.running = main.submit({ code, resourceClass: cpu, dependencies: [this.plain] });
		worker.take();
		worker.calls.suspend(this.suspended.task, this.suspended.generation);
		worker.take();
		this.resuming = main.submit({ code, resourceClass: cpu });
		const other = main.submit({ code, resourceClass: cpu });
		worker.take();
		worker.calls.suspend(this.resuming.task, this.resuming.generation);
		this.dead.take();
		worker.calls.resume(this.resuming.task, this.resuming.generation);
		this.dead.begin(other);
		main.calls.cancel(this.running.task, this.running.generation, 1, 0);
		this.several = main.submit({ code, results: 3, resourceClass: cpu });
		for (let i = 0; i < 3; i++) this.ready.push(main.submit({ code, resourceClass: cpu, priority: 3 }));
		this.waiting = main.submit({ code, resourceClass: none, dependencies: [this.pending, this.pending] });
		this.parked.park();
		main.calls.setLimit(5);
		main.calls.awaitRoom(5);
		leaving.putBlock(10);
		main.recover(leaving);
		main.release(this.gone);
		this.dead.putBlock(3000);
		main.calls.end(this.dead.index, this.dead.epoch);
		const gap = main.alloc(4000);
		main.alloc(2000);
		main.calls.dealloc(gap);
		this.freeBlock = gap - layout.BLOCK_SIZE;
		core.check();
	}
}
