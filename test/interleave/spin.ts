// Does a thread spin? It does if it reads the same value at the same site again, having written nothing and seen nothing
// else change in between. Where to switch in a loop that only waits makes no difference beyond its first round (but for
// how many rounds are left of a bounded one), and a loop without bound must let others go on.
import type { Machine } from "./machine.ts";

export class Spin {
	/** Rounds so far without progress. */
	rounds = 0;
	readonly #machine: Machine;
	#stretch = 1;
	/** Of each site: in which stretch without progress it read what. */
	readonly #since: Int32Array;
	readonly #address: Int32Array;
	readonly #low: Int32Array;
	readonly #high: Int32Array;
	#site = 0;

	constructor(machine: Machine) {
		const sites = machine.sites.length;
		this.#machine = machine;
		this.#since = new Int32Array(sites);
		this.#address = new Int32Array(sites);
		this.#low = new Int32Array(sites);
		this.#high = new Int32Array(sites);
	}

	/** The thread changed something, or saw a change, or came to another step of its program. */
	advance(): void {
		this.#stretch++;
		this.rounds = 0;
	}

	/** The thread is about to read here: how many rounds it has gone without progress, this one included. */
	enter(site: number, address: number): number {
		if (this.#since[site] !== this.#stretch || this.#address[site] !== address) return 0;
		this.#site = site;
		if (!this.unchanged()) return 0;
		return ++this.rounds;
	}

	/** The thread read the value in `machine.low` and `.high`. */
	read(site: number, address: number): void {
		const { low, high } = this.#machine;
		if (this.#since[site] === this.#stretch && (this.#low[site] !== low || this.#high[site] !== high)) this.advance();
		this.#since[site] = this.#stretch;
		this.#address[site] = address;
		this.#low[site] = low;
		this.#high[site] = high;
	}

	/** Is what it spins on still as it was? */
	unchanged(): boolean {
		const site = this.#site;
		this.#machine.look(this.#address[site], this.#machine.sites[site].width);
		return this.#machine.low === this.#low[site] && this.#machine.high === this.#high[site];
	}
}
