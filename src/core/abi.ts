/**
 * The whole boundary to the wasm: every export of `assembly/index.ts`, where each is described. Numbers only; a result that
 * is negative is a `Status`. Addresses come as signed numbers (`>>> 0` makes them indices); anything that is no multiple of
 * 64 is a status instead.
 */
export interface CoreExports {
	init(size: number, objects: number, tasks: number, threads: number, capacity: number): number;
	poison(): number;
	setCapacity(bytes: number, most: number): number;
	stats(): number;

	reserve(kind: number, flags: number): number;
	attach(index: number, epoch: number): number;
	end(index: number, epoch: number): number;
	recover(index: number, epoch: number): number;
	drain(): number;
	flush(): number;

	alloc(size: number): number;
	dealloc(address: number): number;

	put(flags: number, a: number, b: number, c: number, d: number): number;
	create(): number;
	seal(slot: number, generation: number, flags: number, a: number, b: number, c: number, d: number): number;
	retain(slot: number, generation: number): number;
	release(slot: number, generation: number): number;
	pin(slot: number, generation: number): number;
	unpin(slot: number, generation: number): number;
	free(slot: number, generation: number): number;
	watch(slot: number, generation: number, token: number): number;
	unwatch(slot: number, generation: number): number;
	markRead(slot: number, generation: number): number;
	markBlocking(slot: number, generation: number): number;
	takeUnread(): number;

	setResource(resource: number, amount: number): number;
	available(resource: number): number;
	defineClass(kind: number, needs: number): number;
	setLimit(most: number): number;
	awaitRoom(count: number): number;

	submit(): number;
	take(): number;
	park(busy: number): number;
	unpark(): number;
	spin(value: number, times: number): number;
	untake(task: number, generation: number): number;
	finish(task: number, generation: number, flags: number, a: number, b: number, c: number, d: number): number;
	finishMany(task: number, generation: number, values: number, count: number): number;
	ask(task: number, generation: number, flags: number, a: number, b: number, c: number, d: number): number;
	retry(task: number, generation: number): number;
	fail(task: number, generation: number, flags: number, a: number, b: number, c: number, d: number): number;
	cancel(task: number, generation: number, reason: number, options: number): number;
	suspend(task: number, generation: number): number;
	resume(task: number, generation: number): number;
	give(task: number, generation: number, flags: number, a: number, b: number, c: number, d: number): number;
	next(slot: number, generation: number): number;
}
