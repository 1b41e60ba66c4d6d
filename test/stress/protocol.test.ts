// The protocols on the real core, and what runs them. That they hold in every order is for test/interleave to show.
import { describe, expect, test } from "vitest";
import {
	STATUS_INVALID,
	STATUS_NOT_ATTACHED,
	STATUS_OK,
	STATUS_WRONG_STATE,
	TASK_ENTRY_ATTEMPT,
	TASK_PHASE_VACANT,
} from "../../src/core/layout.ts";
import { CoreThread } from "../../src/core/thread.ts";
import { type AttendHost, attend } from "../../src/engine/local/protocol/await.ts";
import { endThread } from "../../src/engine/local/protocol/end.ts";
import { type WorkHost, work } from "../../src/engine/local/protocol/execute.ts";
import { getSync, OUT_OF_TIME } from "../../src/engine/local/protocol/getSync.ts";
import { Runner } from "../../src/engine/local/protocol/run.ts";
import { sleep } from "../../src/engine/local/protocol/sleep.ts";
import type { Protocol, Step } from "../../src/engine/local/protocol/steps.ts";
import { Core } from "../core/support/core.ts";
import { inlineFlags, type Ref, type TaskRef, type Thread } from "../core/support/thread.ts";

function runnerOf(core: Core, thread: Thread): { own: CoreThread; runner: Runner; turns: () => number } {
	const own = new CoreThread(thread.calls, core.memory, thread.index);
	let turns = 0;
	const giveTurn = (then: () => void) => {
		turns++;
		setImmediate(then);
	};
	const runner = new Runner(thread.calls, own.views.i32, giveTurn, (then) => setTimeout(then, 1));
	return { own, runner, turns: () => turns };
}

/** The same protocol, which notes what it does. */
function* noted<Result>(protocol: Protocol<Result>, notes: string[]): Protocol<Result> {
	let answer = 0;
	while (true) {
		const { done, value } = protocol.next(answer);
		if (done) return value;
		notes.push(value.op === "call" ? value.name : value.op);
		answer = yield value;
	}
}

const onlyRunner = {
	wantThread: () => undefined,
	busy: false,
	hasChore: () => false,
	chore: () => undefined,
	spins: () => 0,
	spun: () => undefined,
	parked: false,
	ticket: -1,
	dispatch: () => undefined,
};

function wake(own: CoreThread): void {
	Atomics.add(own.views.i32, own.wakeWord, 1);
	Atomics.notify(own.views.i32, own.wakeWord);
}

describe("sleeping", () => {
	test("ends when the wake word changes, and needs no wait if it has changed before", async () => {
		const core = new Core();
		const { own, runner } = runnerOf(core, core.start());
		const sleeper = { ticket: -1 };
		const asleep = runner.run(sleep(runner.steps, own, sleeper, 0));
		expect(sleeper.ticket).toBeGreaterThan(0);
		wake(own);
		await asleep;
		expect(sleeper.ticket).toBe(-1);
		await runner.run(sleep(runner.steps, own, sleeper, 0));
		expect(sleeper.ticket).toBe(-1);
	});

	test("ends when the thread is nudged, and then uses the pending wait again instead of beginning a second", async () => {
		const core = new Core();
		const { own, runner } = runnerOf(core, core.start());
		const sleeper = { ticket: -1 };
		const notes: string[] = [];
		runner.nudge();
		await runner.run(noted(sleep(runner.steps, own, sleeper, 0), notes));
		const nudged = runner.run(noted(sleep(runner.steps, own, sleeper, 0), notes));
		runner.nudge();
		await nudged;
		const woken = runner.run(noted(sleep(runner.steps, own, sleeper, 0), notes));
		wake(own);
		await woken;
		expect(notes).toEqual(["waitAsync", "settled", "settled", "settled"]);
		expect(sleeper.ticket).toBe(-1);
	});

	test("is refused to a protocol that must block", () => {
		const core = new Core();
		const { own, runner } = runnerOf(core, core.start());
		expect(() => runner.runSync(sleep(runner.steps, own, { ticket: -1 }, 0))).toThrow("let go of its thread");
	});

	test("pauses let promises run, and the event loop every few milliseconds", async () => {
		const core = new Core();
		const { runner, turns } = runnerOf(core, core.start());
		function* pauses(count: number): Protocol<void> {
			for (let i = 0; i < count; i++) yield runner.steps.pause();
		}
		await runner.run(pauses(1));
		const before = turns();
		const until = performance.now() + 6;
		while (performance.now() < until);
		let asked = 1;
		while (!runner.isTurnDue()) asked++;
		expect(asked).toBeLessThanOrEqual(17);
		let promises = 0;
		void Promise.resolve().then(() => promises++);
		await runner.run(pauses(1));
		expect(turns()).toBe(before + 1);
		expect(promises).toBe(1);
	});
});

describe("attending", () => {
	test("acts on each message once, and ends when the host is closed", async () => {
		const core = new Core();
		const [mine, other] = [core.start(), core.start()];
		const objects = [mine.create(), mine.create(), mine.create()];
		const { own, runner } = runnerOf(core, mine);
		const heard: number[] = [];
		const host: AttendHost & { closed: boolean } = {
			ticket: -1,
			closed: false,
			polls: 0,
			isWaiting: () => true,
			beforeSleep: () => false,
			look: () => undefined,
			polled: () => undefined,
			dispatch: (count) => {
				for (let i = 0; i < count; i++) heard.push(own.views.u32[own.message(i) + 3]);
				return undefined;
			},
		};
		for (const [i, object] of objects.entries()) {
			other.retain(object);
			mine.watch(object, i + 1);
		}
		other.seal(objects[0]);
		const attending = runner.run(attend(runner.steps, own, host));
		other.seal(objects[1]);
		await new Promise((resolve) => setTimeout(resolve, 0));
		other.seal(objects[2]);
		while (heard.length < 3) await new Promise((resolve) => setImmediate(resolve));
		host.closed = true;
		wake(own);
		expect(await attending).toBe(0);
		expect(heard).toEqual([1, 2, 3]);
		mine.release(...objects);
		other.release(...objects);
		core.check();
	});

	test("naps when it may: it hears of all soon, and nobody has to wake it", async () => {
		const core = new Core();
		const [mine, other] = [core.start(), core.start()];
		const objects = [mine.create(), mine.create()];
		const { own, runner } = runnerOf(core, mine);
		let heard = 0;
		const host: AttendHost & { closed: boolean } = {
			ticket: -1,
			closed: false,
			polls: 1,
			isWaiting: () => true,
			beforeSleep: () => true,
			look: () => undefined,
			polled: () => undefined,
			dispatch: (count) => {
				heard += count;
				return undefined;
			},
		};
		for (const object of objects) {
			other.retain(object);
			mine.watch(object, 1);
		}
		const attending = runner.run(attend(runner.steps, own, host));
		await new Promise((resolve) => setTimeout(resolve, 5));
		expect(Atomics.notify(own.views.i32, own.wakeWord)).toBe(0);
		for (const object of objects) other.seal(object);
		while (heard < 2) await new Promise((resolve) => setImmediate(resolve));
		host.closed = true;
		expect(await attending).toBe(0);
		mine.release(...objects);
		other.release(...objects);
		core.check();
	});

	test("ends with the core's answer when its thread is ended", async () => {
		const core = new Core();
		const [mine, other] = [core.start(), core.start()];
		const { own, runner } = runnerOf(core, mine);
		const host: AttendHost = {
			ticket: -1,
			closed: false,
			polls: 3,
			isWaiting: () => true,
			beforeSleep: () => false,
			look: () => undefined,
			polled: () => undefined,
			dispatch: () => undefined,
		};
		expect(await runner.run(endThread(runner.steps, other.index, other.epoch))).toBe(STATUS_OK);
		expect(other.calls.drain()).toBe(STATUS_NOT_ATTACHED);
		core.instance().end(mine.index, mine.epoch);
		expect(await runner.run(attend(runner.steps, own, host))).toBe(STATUS_NOT_ATTACHED);
	});
});

describe("working", () => {
	function stage(): { core: Core; driver: Thread; worker: Thread; submit: () => TaskRef & { ref: Ref } } {
		const core = new Core();
		const driver = core.start({ worker: false });
		const worker = core.start();
		const code = driver.put(1);
		const resourceClass = driver.defineClass();
		const submit = () => {
			const { task, generation, results } = driver.submit({ code, resourceClass });
			return { task, generation, ref: results[0] };
		};
		return { core, driver, worker, submit };
	}

	const finishing = (runner: Runner, task: number, generation: number, value: number): Step =>
		runner.steps.finish(task, generation, inlineFlags, value, 0, 0, 0);

	/** Its first task is the thread's last. */
	const oneTask = (driver: Thread, worker: Thread, runner: Runner): WorkHost => ({
		...onlyRunner,
		run: (task, generation) => {
			driver.calls.end(worker.index, worker.epoch);
			return finishing(runner, task, generation, 1);
		},
		ending: () => undefined,
		refused: () => expect.unreachable(),
		isDue: () => false,
	});

	test("puts the task in hand back before it ends an asynchronous one, and then takes it again", async () => {
		const { core, driver, worker, submit } = stage();
		const [first, second, third] = [submit(), submit(), submit()];
		const { own, runner } = runnerOf(core, worker);
		const notes: string[] = [];
		const ran: number[] = [];
		let over = false;
		const host: WorkHost = {
			...onlyRunner,
			run: (task, generation) => {
				ran.push(task);
				if (task === first.task) return undefined;
				over ||= task === second.task;
				if (task === third.task) driver.calls.end(worker.index, worker.epoch);
				return finishing(runner, task, generation, 7);
			},
			ending: () => {
				if (!over) return undefined;
				over = false;
				return finishing(runner, first.task, first.generation, 8);
			},
			refused: () => expect.unreachable(),
			isDue: () => over,
		};
		expect(await runner.run(noted(work(runner.steps, own, host), notes))).toBe(STATUS_NOT_ATTACHED);
		expect(ran).toEqual([first.task, second.task, third.task]);
		const calls = notes.filter((note) => note !== "write" && note !== "pause");
		expect(calls).toEqual(["park", "park", "finish", "drain", "untake", "finish", "finish"]);
		expect([core.valueOf(first.ref.slot)[0], core.valueOf(second.ref.slot)[0]]).toEqual([8, 7]);
		expect(core.taskField(third.task, TASK_ENTRY_ATTEMPT)).toBe(1);
	});

	test("ends a task otherwise when the core refuses its ending", async () => {
		const { core, driver, worker, submit } = stage();
		const { task, ref } = submit();
		const { own, runner } = runnerOf(core, worker);
		const refusals: number[] = [];
		let generation = 0;
		const host: WorkHost = {
			...onlyRunner,
			run: (_, of) => {
				generation = of;
				return runner.steps.finish(task, of, 0xffffffff, 0, 0, 0, 0);
			},
			ending: () => {
				driver.calls.end(worker.index, worker.epoch);
				return undefined;
			},
			refused: (status) => {
				refusals.push(status);
				return finishing(runner, task, generation, 9);
			},
			isDue: () => false,
		};
		expect(await runner.run(work(runner.steps, own, host))).toBe(STATUS_NOT_ATTACHED);
		expect(refusals).toEqual([STATUS_INVALID]);
		expect(core.valueOf(ref.slot)[0]).toBe(9);
		expect(core.taskPhaseOf(task)).toBe(TASK_PHASE_VACANT);
	});

	test("parks without work, and wakes for a task that comes then", async () => {
		const { core, driver, worker, submit } = stage();
		const { own, runner } = runnerOf(core, worker);
		const host = oneTask(driver, worker, runner);
		const working = runner.run(work(runner.steps, own, host));
		expect(host.parked).toBe(true);
		submit();
		expect(await working).toBe(STATUS_NOT_ATTACHED);
		expect(host.parked).toBe(false);
	});

	test("does its chores while another worker would get the tasks", async () => {
		const { core, driver, worker, submit } = stage();
		const other = core.start();
		const { own, runner } = runnerOf(core, worker);
		const notes: string[] = [];
		let chores = 1;
		let woken = false;
		const host: WorkHost = {
			...oneTask(driver, worker, runner),
			hasChore: () => chores > 0,
			chore: () => {
				chores--;
				notes.push("chore");
				// The other is parked: the task is for it.
				expect(other.calls.park(0)).toBe(0);
				const before = other.wakes;
				submit();
				woken = other.wakes !== before;
			},
		};
		expect(await runner.run(noted(work(runner.steps, own, host), notes))).toBe(STATUS_NOT_ATTACHED);
		expect(woken).toBe(true);
		// It looks for tasks itself when it is done with it.
		expect(notes).toEqual(["park", "drain", "unpark", "chore", "park", "write", "finish"]);
	});
});

describe("blocking for an object", () => {
	test("ends at its time limit, takes its watch back and its task's CPU again", () => {
		const core = new Core();
		const driver = core.start({ worker: false });
		const worker = core.start();
		driver.setResource(0, 10_000);
		driver.writeNeeds([[0, 10_000]]);
		const resourceClass = driver.defineClass([[0, 10_000]]);
		driver.submit({ code: driver.put(1), resourceClass });
		const taken = worker.take() as TaskRef;
		const object = worker.create();
		const { own, runner } = runnerOf(core, worker);
		const free: number[] = [];
		const host = {
			...onlyRunner,
			objectAt: (slot: number) => own.objectAt(slot),
			isAwaited: () => false,
			nudge: () => {},
			beforeBlocking: () => free.push(driver.calls.available(0)),
			afterBlocking: () => free.push(driver.calls.available(0)),
			duties: () => 1,
		};
		let left = 3;
		const wait = { objects: [object], task: taken.task, taskGeneration: taken.generation, timeLeft: () => left-- };
		expect(runner.runSync(getSync(runner.steps, own, host, wait))).toBe(OUT_OF_TIME);
		expect(free).toEqual([10_000, 0]);
		expect(worker.calls.watch(object.slot, object.generation, 1)).toBe(STATUS_OK);
		expect(worker.calls.watch(object.slot, object.generation, 1)).toBe(STATUS_WRONG_STATE);
	});
});
