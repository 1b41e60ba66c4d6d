/**
 * How long a thread looks out for news before it sleeps. Being woken takes as long as many answers do; but whoever looks out in vain
 * takes the processor from those who would answer.
 */

/** Every so often it looks out for as long as ever, since quick answers may have begun. */
const AGAIN = 16;

export class Patience {
	readonly #most: number;
	#now: number;
	#asked = 0;

	constructor(most: number) {
		this.#most = most;
		this.#now = most;
	}

	/** For how long this time. */
	next(): number {
		return ++this.#asked % AGAIN === 0 ? this.#most : Math.floor(this.#now);
	}

	/** Whether there was news before it was over. */
	learn(came: boolean): void {
		this.#now = came ? this.#most : this.#now / 2;
	}
}
