// The imports of a thread's instance: each is a point, where the thread may be suspended before the operation is done.
import { PERFORM } from "./helpers.ts";
import type { Machine } from "./machine.ts";
import type { Operations } from "./operations.ts";
import { NOT_EQUAL, WOKEN } from "./steps.ts";
import type { Thread } from "./thread.ts";
import type { Reports } from "./world.ts";

export function pointsOf(machine: Machine, thread: Thread, operations: Operations): Reports {
	const { dependence } = machine;
	const widths = Uint8Array.from(machine.sites, (site) => site.width);
	/** Misaligned: the operation itself traps. Outside: it must not reach the stacks behind the program's pages. */
	const legal = (site: number, address: number) => {
		if (address + widths[site] > machine.world.size) throw new RangeError(machine.outside(site, address));
		return (address & (widths[site] - 1)) === 0;
	};
	return {
		access: (site, writes, address, width) => {
			machine.plain(thread.index, site, writes !== 0, address >>> 0, width >>> 0);
			if (writes === 0 && machine.merging && width <= 16)
				operations.digest.addBytes(machine.world.bytes, address >>> 0, width);
		},
		load: (site, at) => {
			const address = at >>> 0;
			if (machine.direct) return machine.directly(site, false, address);
			const width = widths[site];
			if (!thread.rewound()) {
				if (!legal(site, address)) return PERFORM;
				const rounds = operations.spin.enter(site, address);
				if (rounds > 1 && rounds < machine.limits.spin) return machine.spins(thread, site, address, width);
				const visible = dependence.visible(thread.index, false, address, width);
				if (!machine.arrive(thread, visible, rounds)) return thread.suspend();
			}
			operations.read(site, address, width);
			return PERFORM;
		},
		store: (site, at, low, high) => {
			const address = at >>> 0;
			if (machine.direct) return machine.directly(site, true, address);
			const width = widths[site];
			if (!thread.rewound()) {
				if (!legal(site, address)) return PERFORM;
				const visible = dependence.visible(thread.index, true, address, width);
				const rounds = operations.changes(site, address, low, high) ? 0 : operations.spin.enter(site, address);
				if (!machine.arrive(thread, visible, rounds)) return thread.suspend();
			}
			if (site === machine.mutantSite && !operations.halfway) {
				const action = operations.mutated(site, address, width);
				if (action !== PERFORM) return action;
			}
			operations.halfway = false;
			operations.write(site, address, width, low, high);
			return PERFORM;
		},
		cas: (site, at, low, high, newLow, newHigh) => {
			const address = at >>> 0;
			if (machine.direct) return machine.directly(site, true, address);
			const width = widths[site];
			if (!thread.rewound()) {
				if (!legal(site, address)) return PERFORM;
				const visible = dependence.visible(thread.index, true, address, width);
				const rounds = operations.matches(address, width, low, high) ? 0 : operations.spin.enter(site, address);
				if (!machine.arrive(thread, visible, rounds)) return thread.suspend();
			}
			const matches = operations.matches(address, width, low, high);
			if (site === machine.mutantSite) {
				const action = operations.mutated(site, address, width);
				// A plain one that finds another value ends there.
				operations.halfway &&= matches;
				return action;
			}
			if (matches) operations.write(site, address, width, newLow, newHigh);
			else operations.read(site, address, width);
			return PERFORM;
		},
		wait: (site, at, expected, _timeoutLow, timeoutHigh) => {
			const address = at >>> 0;
			if (machine.direct) throw new Error("a call in setup or check would wait for ever");
			if (!legal(site, address)) throw new RangeError("misaligned wait");
			if (thread.rewound()) {
				const answer = thread.takeAnswer();
				if (answer >= 0) return answer;
			} else {
				const visible = dependence.visible(thread.index, true, address, 4);
				if (!machine.arrive(thread, visible, 0)) return thread.suspend();
			}
			if (site === machine.mutantSite) return WOKEN;
			// A negative timeout is none.
			return operations.wait(site, address, expected, timeoutHigh >= 0) ? thread.suspend() : NOT_EQUAL;
		},
		notify: (site, at, count) => {
			const address = at >>> 0;
			if (machine.direct) return 0;
			if (!thread.rewound()) {
				if (!legal(site, address)) throw new RangeError("misaligned notify");
				const visible = dependence.visible(thread.index, true, address, 4);
				if (!machine.arrive(thread, visible, 0)) return thread.suspend();
			}
			if (site === machine.mutantSite) return 0;
			return operations.notify(site, address, count >>> 0);
		},
	};
}

/** Another module that looks at the memory: what it writes is only put back. */
export function observingPointsOf(machine: Machine): Reports {
	const never = () => {
		throw new Error("an observer would wait for ever");
	};
	const access = (_site: number, _writes: number, address: number, width: number) => {
		machine.world.touch(address >>> 0, width >>> 0);
	};
	return { access, load: never, store: never, cas: never, wait: never, notify: never };
}

/** Setup and check: every operation is done at once. */
export function directPointsOf(machine: Machine): Reports {
	return {
		access: (site, writes, address, width) => machine.plain(0, site, writes !== 0, address >>> 0, width >>> 0),
		load: (site, address) => machine.directly(site, false, address >>> 0),
		store: (site, address) => machine.directly(site, true, address >>> 0),
		cas: (site, address) => machine.directly(site, true, address >>> 0),
		wait: () => {
			throw new Error("a call in setup or check would wait for ever");
		},
		notify: () => 0,
	};
}
