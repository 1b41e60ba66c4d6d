/** What a thread does while it blocks in `getSync`: its mail, what is due, and its role's duties. */
import type { LocalEngine } from "./engine.ts";
import type { BlockingHost } from "./protocol/getSync.ts";
import type { Role } from "./role.ts";

/** Milliseconds. A blocked thread looks up this often, for what comes without a wake. */
const SLICE = 50;

export class Blocking implements BlockingHost {
	readonly #engine: LocalEngine;
	readonly #role: Role;

	constructor(engine: LocalEngine, role: Role) {
		this.#engine = engine;
		this.#role = role;
	}

	get parked(): boolean {
		return this.#role.parked;
	}

	set parked(parked: boolean) {
		this.#role.parked = parked;
	}

	objectAt(slot: number): number {
		return this.#engine.thread.objectAt(slot);
	}

	isAwaited(slot: number): boolean {
		return this.#engine.waits.has(slot);
	}

	dispatch(count: number): undefined {
		this.#engine.mailbox.dispatch(count);
	}

	nudge(): void {
		this.#engine.runner.nudge();
	}

	beforeBlocking(suspended: boolean): void {
		this.#role.beforeBlocking(suspended);
	}

	afterBlocking(): void {
		this.#role.afterBlocking();
	}

	duties(): number {
		const due = Math.min(this.#engine.deadlines.runDue(), this.#role.drive());
		return Math.max(0, Math.min(SLICE, due - performance.now()));
	}
}
