// The model's objects: who holds them, what they are worth, and who hears of it.
import * as layout from "../../../src/core/layout.ts";
import { named, type Ref } from "../support/thread.ts";
import type { Note, Obj, Task, Thread, Word } from "./records.ts";

export const INLINE = layout.STATE_INLINE;
export const ERROR = layout.STATE_ERROR;
const SYSTEM_ERROR = INLINE | ERROR | layout.STATE_SYSTEM | (12 << layout.STATE_LENGTH_SHIFT);
const ALIAS = INLINE | ERROR | layout.STATE_ALIAS | (8 << layout.STATE_LENGTH_SHIFT);
/** What a host says of a pending object, and that it is a stream, outlasts its sealing. */
const KEPT = layout.STATE_STREAM | layout.STATE_READ | layout.STATE_BLOCKS;
const UNREAD_MOST = 1000;

export class Mismatch extends Error {}

export const pinning = ({ slot, generation }: Ref): Ref => ({ slot: (slot | layout.NESTED_PIN) >>> 0, generation });
const pins = ({ slot }: Ref) => (slot & layout.NESTED_PIN) !== 0;

/** A value on its way into an object. */
export interface Value {
	readonly flags: number;
	/** The first inline word, or the block. */
	readonly a: number;
	readonly size: number;
	/** What stands behind the block. */
	readonly references: readonly Ref[];
}

/** What the model reads of the memory, where the order of things within one call is the core's to choose. */
export interface Reader {
	/** The object whose value it has. */
	aliasOf(object: Ref): Ref | undefined;
	sequenceOf(task: number): number;
}

export abstract class ObjectModel {
	step = 0;
	threads: Thread[] = [];
	readonly objects = new Map<number, Obj>();
	unread: Obj[] = [];
	unreadDropped = 0;
	readonly tasks = new Set<Task>();
	/** Ended, and still held by a message on its way; or held till the end of the call. */
	readonly ended = new Set<Task>();
	/** Tasks that miss nothing any more, or something that failed. */
	protected readonly due: Task[] = [];
	protected readonly reader: Reader;

	constructor(reader: Reader) {
		this.reader = reader;
	}

	abstract cancelOne(task: Task, reason: number, options: number): void;

	// ── Looking up ──

	/** The object, if somebody holds it. */
	find({ slot, generation }: Ref): Obj | undefined {
		const object = this.objects.get(slot >>> 0);
		return object?.generation === generation >>> 0 && object.unreadSince === 0 ? object : undefined;
	}

	held(thread: Thread, ref: Ref): Obj | undefined {
		const object = this.find(ref);
		return object !== undefined && thread.words.has(object) ? object : undefined;
	}

	expect(what: string, actual: unknown, wanted: unknown): void {
		if (!Object.is(actual, wanted)) {
			const show = (value: unknown) => (typeof value === "number" ? named(value) : JSON.stringify(value));
			throw new Mismatch(`${what}: the core says ${show(actual)}, it should be ${show(wanted)}`);
		}
	}

	/**
	 * Whether an object leads to one of these, now or when its task has failed: a value that refers to it would make a circle,
	 * which counting references cannot free.
	 */
	leadsTo(from: Obj, targets: readonly Obj[], seen = new Set<Obj>()): boolean {
		if (targets.includes(from)) return true;
		if (seen.has(from)) return false;
		seen.add(from);
		const next = [...from.references, ...(from.stream?.items ?? [])];
		if (from.alias !== undefined) next.push(from.alias);
		for (const task of this.tasks) {
			if (!task.results.includes(from)) continue;
			next.push(...task.references);
			if (task.verdict !== undefined) next.push(task.verdict);
		}
		return next.some((one) => this.leadsTo(one, targets, seen));
	}

	// ── Who holds what ──

	holders(): Map<Obj, number> {
		const counts = new Map<Obj, number>();
		const add = (object: Obj | undefined) => {
			if (object !== undefined) counts.set(object, (counts.get(object) ?? 0) + 1);
		};
		for (const thread of this.threads) for (const object of thread.words.keys()) add(object);
		for (const tasks of [this.tasks, this.ended]) {
			for (const task of tasks) {
				for (const object of [task.code, task.verdict, ...task.references, ...task.results]) add(object);
			}
		}
		for (const object of this.objects.values()) {
			for (const other of [object.alias, ...object.references, ...(object.stream?.items ?? [])]) add(other);
		}
		return counts;
	}

	/** What nobody holds goes; so does a freed payload that nobody pins, and a generator whose stream nobody but it holds. Until nothing more goes. */
	sweep(): void {
		for (let again = true; again; ) {
			again = false;
			const counts = this.holders();
			for (const object of [...this.objects.values()]) {
				if (object.unreadSince !== 0) continue;
				const count = counts.get(object) ?? 0;
				if (count === 0) this.#goes(object);
				const task = object.stream?.task;
				const lonely = object.phase === "pending" && count === 1 && task?.cancel === 0;
				if (lonely) this.cancelOne(task, layout.REASON_CANCELLED, 0);
				const unpinned = this.unpinned(object);
				again = again || count === 0 || lonely || unpinned;
			}
		}
	}

	#goes(object: Obj): void {
		const owed = ERROR | layout.STATE_REPORT;
		if ((object.flags & (owed | layout.STATE_READ)) === owed) {
			if (this.unread.length < UNREAD_MOST) {
				object.unreadSince = this.step;
				this.unread.push(object);
				return;
			}
			this.unreadDropped++;
		}
		this.objects.delete(object.slot);
	}

	// ── Objects ──

	add(slot: number, generation: number, holder: Thread | undefined): Obj {
		const before = this.objects.get(slot);
		if (before !== undefined) throw new Mismatch(`slot ${slot} was given away again, though it is in use`);
		const object: Obj = {
			slot,
			generation,
			phase: "pending",
			flags: 0,
			value: 0,
			alias: undefined,
			references: [],
			pins: [],
			payload: false,
			watchers: new Map(),
			stream: undefined,
			unreadSince: 0,
		};
		this.objects.set(slot, object);
		if (holder !== undefined) holder.words.set(object, { count: 1, pins: 0, watch: false });
		return object;
	}

	/** What a value refers to, or why the thread may not give it. */
	check(thread: Thread, { flags, a, size, references }: Value): Obj[] | number {
		if ((flags & ~layout.STATE_HOST_MASK) !== 0) return layout.STATUS_INVALID;
		if ((flags & INLINE) !== 0) return flags >>> layout.STATE_LENGTH_SHIFT <= 16 ? [] : layout.STATUS_INVALID;
		const plain = references.map((ref) =>
			pins(ref) ? { slot: ref.slot & ~layout.NESTED_PIN, generation: ref.generation } : ref,
		);
		const found = this.checkReferences(thread, a, size, plain);
		if (found === layout.STATUS_INVALID) return found;
		// The first that will not do says why.
		for (const [i, ref] of references.entries()) {
			const object = this.find(plain[i]);
			const status = object === undefined ? layout.STATUS_STALE : pins(ref) ? this.#pinnable(object) : layout.STATUS_OK;
			if (status !== layout.STATUS_OK) return status;
		}
		return found;
	}

	#pinnable(object: Obj): number {
		if (object.phase === "pending") return layout.STATUS_PENDING;
		if (object.phase === "freed") return this.pinsOf(object) > 0 ? layout.STATUS_OK : layout.STATUS_FREED;
		return object.payload ? layout.STATUS_OK : layout.STATUS_WRONG_STATE;
	}

	/** The objects that references behind a block in hand name, if all of them can be held. */
	checkReferences(thread: Thread, address: number, size: number, references: readonly Ref[]): Obj[] | number {
		const block = thread.blocks.find((one) => one.address === address >>> 0);
		if (block === undefined) return layout.STATUS_INVALID;
		const behind = references.length > 0 ? Math.ceil(size / 8) * 8 : size;
		if (behind + references.length * 8 > block.room) return layout.STATUS_INVALID;
		const found = references.map((ref) => this.find(ref)).filter((one) => one !== undefined);
		return found.length === references.length ? found : layout.STATUS_STALE;
	}

	takeBlock(thread: Thread, address: number): void {
		thread.blocks = thread.blocks.filter((block) => block.address !== address >>> 0);
	}

	/** Gives an object its value. The block has left the hand. */
	write(object: Obj, { flags, a, references: refs }: Value, references: readonly Obj[]): void {
		object.phase = "sealed";
		object.flags = (object.flags & KEPT) | flags;
		object.payload = (flags & INLINE) === 0;
		object.value = a >>> 0;
		object.references = [...references];
		object.pins = references.filter((_, i) => pins(refs[i]));
	}

	seal(object: Obj, value: Value, references: readonly Obj[]): boolean {
		if (object.phase !== "pending") return false;
		this.write(object, value, references);
		this.tell(object);
		return true;
	}

	sealReason(object: Obj, reason: number): void {
		this.seal(object, { flags: SYSTEM_ERROR, a: reason, size: 0, references: [] }, []);
	}

	sealAlias(object: Obj, failures: readonly Obj[]): void {
		if (object.phase !== "pending") return;
		const targets = failures.map((failure) => failure.alias ?? failure);
		const actual = this.reader.aliasOf(object);
		const target = targets.find(({ slot, generation }) => slot === actual?.slot && generation === actual.generation);
		object.phase = "sealed";
		object.flags = (object.flags & KEPT) | ALIAS;
		object.alias = target ?? targets[0];
		this.tell(object);
	}

	/** The object is sealed or freed: watchers get their message, tasks miss one argument less. */
	tell(object: Obj): void {
		for (const [thread, token] of object.watchers)
			this.push(thread, { kind: "sealed", step: this.step, object, token });
		object.watchers.clear();
		const failed = (object.flags & ERROR) !== 0 || object.phase === "freed";
		for (const task of this.tasks) {
			if (!task.missing.includes(object)) continue;
			task.missing = task.missing.filter((one) => one !== object);
			if (failed) task.failures.push(object);
			if (failed || task.missing.length === 0) this.due.push(task);
		}
	}

	free(object: Obj): void {
		if (object.phase === "freed") return;
		if (object.phase === "pending") {
			object.phase = "freed";
			object.flags = (object.flags & KEPT) | SYSTEM_ERROR;
			object.value = layout.REASON_FREED;
			this.tell(object);
			return;
		}
		object.phase = "freed";
		object.flags |= layout.STATE_READ;
		if (this.pinsOf(object) === 0) this.dropPayload(object);
	}

	pinsOf(object: Obj): number {
		let count = this.threads.filter((thread) => (thread.words.get(object)?.pins ?? 0) > 0).length;
		for (const other of this.objects.values()) count += other.pins.filter((one) => one === object).length;
		return count;
	}

	dropPayload(object: Obj): void {
		object.payload = false;
		object.references = [];
		object.pins = [];
	}

	/** A thread's word changed: with nothing in it the thread holds the object no more. */
	changed(thread: Thread, object: Obj, word: Word): void {
		if (word.count === 0 && word.pins === 0 && !word.watch) thread.words.delete(object);
	}

	/** The last pin of a freed payload lets it go. */
	unpinned(object: Obj): boolean {
		const goes = object.phase === "freed" && object.payload && this.pinsOf(object) === 0;
		if (goes) this.dropPayload(object);
		return goes;
	}

	release(thread: Thread, object: Obj): boolean {
		const word = thread.words.get(object);
		if (word === undefined || word.count === 0) return false;
		word.count--;
		this.changed(thread, object, word);
		return true;
	}

	// ── Messages ──

	push(thread: Thread, note: Note): boolean {
		if (thread.state === "gone") return false;
		thread.inbox.push(note);
		return true;
	}
}
