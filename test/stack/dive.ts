/**
 * Brings a call to a chosen distance from the stack's end: `dive` goes down in steps of a frame, `pads` adds a few words
 * more, so that every distance is met, whatever the frames' size.
 */

type Call = () => number;

/** No tail call, which some engines would make without a frame. */
function small(left: number, call: Call): number {
	return left === 0 ? call() : small(left - 1, call) | 0;
}

function wide(left: number, call: Call, a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8): number {
	return left === 0 ? call() : wide(left - 1, call, b, c, d, e, f, g, h, a) + a - a;
}

/** So many steps before the call catch and throw again. If all did, most of the time would go there: each throw searches the whole stack. */
const GUARDED = 64;

/** Catches and throws again on the way up, as user code with `finally` does. */
function guarded(left: number, call: Call): number {
	return left > GUARDED ? small(left - GUARDED, () => catching(GUARDED, call)) : catching(left, call);
}

function catching(left: number, call: Call): number {
	try {
		return left === 0 ? call() : catching(left - 1, call);
	} finally {
		stepsUp++;
	}
}

/** Something for `finally` to do. */
export let stepsUp = 0;

export const dives: readonly ((left: number, call: Call) => number)[] = [small, wide, guarded];

/** Functions that push 0 … 15 words more before they call on. */
export const pads: readonly ((call: Call) => number)[] = Array.from({ length: 16 }, (_, words) => {
	const names = Array.from({ length: words }, (_, i) => `word${i}`);
	const pushed = new Function("call", ...names, "return call();") as (call: Call, ...words: number[]) => number;
	return new Function("pushed", `return (call) => pushed(${["call", ...names.map((_, i) => i)].join(", ")});`)(
		pushed,
	) as (call: Call) => number;
});

export function isOverflow(error: unknown): boolean {
	return error instanceof RangeError && /call stack/i.test(error.message);
}

/** How far a dive gets before the stack ends. */
export function deepest(dive: (left: number, call: Call) => number): number {
	let low = 1;
	let high = 1;
	const fits = (left: number) => {
		try {
			dive(left, () => 0);
			return true;
		} catch (error) {
			if (!isOverflow(error)) throw error;
			return false;
		}
	};
	while (fits(high)) {
		low = high;
		high *= 2;
	}
	while (high - low > 1) {
		const middle = (low + high) >> 1;
		if (fits(middle)) low = middle;
		else high = middle;
	}
	return low;
}
