/** Things to do at given times: a heap of our own, because the event loop's timers stand still while a thread blocks. */

export interface Deadline {
	readonly at: number;
	readonly run: () => void;
	cancelled: boolean;
}

export class Deadlines {
	readonly #heap: Deadline[] = [];
	#timer: ReturnType<typeof setTimeout> | undefined;
	#timerAt = Number.POSITIVE_INFINITY;

	/** Runs something after so many milliseconds, unless it is cancelled before. */
	after(milliseconds: number, run: () => void): Deadline {
		const deadline: Deadline = { at: performance.now() + milliseconds, run, cancelled: false };
		const heap = this.#heap;
		let i = heap.push(deadline) - 1;
		while (i > 0) {
			const above = (i - 1) >> 1;
			if ((heap[above] as Deadline).at <= deadline.at) break;
			heap[i] = heap[above] as Deadline;
			i = above;
		}
		heap[i] = deadline;
		this.#arm();
		return deadline;
	}

	cancel(deadline: Deadline): void {
		deadline.cancelled = true;
	}

	/** Does what is due; when the next one is. */
	runDue(): number {
		const heap = this.#heap;
		while (heap.length > 0 && ((heap[0] as Deadline).cancelled || (heap[0] as Deadline).at <= performance.now())) {
			const due = this.#pop();
			if (!due.cancelled) due.run();
		}
		return heap.length > 0 ? (heap[0] as Deadline).at : Number.POSITIVE_INFINITY;
	}

	close(): void {
		clearTimeout(this.#timer);
		this.#heap.length = 0;
	}

	#arm(): void {
		const next = this.#heap.length > 0 ? (this.#heap[0] as Deadline).at : Number.POSITIVE_INFINITY;
		if (next >= this.#timerAt) return;
		clearTimeout(this.#timer);
		this.#timerAt = next;
		this.#timer = setTimeout(
			() => {
				this.#timerAt = Number.POSITIVE_INFINITY;
				this.runDue();
				this.#arm();
			},
			Math.max(0, next - performance.now()),
		);
		this.#timer.unref?.();
	}

	#pop(): Deadline {
		const heap = this.#heap;
		const first = heap[0] as Deadline;
		const last = heap.pop() as Deadline;
		if (heap.length === 0) return first;
		let i = 0;
		for (;;) {
			let below = 2 * i + 1;
			if (below >= heap.length) break;
			if (below + 1 < heap.length && (heap[below + 1] as Deadline).at < (heap[below] as Deadline).at) below++;
			if ((heap[below] as Deadline).at >= last.at) break;
			heap[i] = heap[below] as Deadline;
			i = below;
		}
		heap[i] = last;
		return first;
	}
}
