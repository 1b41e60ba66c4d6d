/**
 * What the rows run remotely. At module level, as a program would have it: a worker that needs a function by its module
 * imports this file and finds it here.
 */
import * as ray from "wasmray";

/** Ray's small task returns b"ok". */
export const smallValue = ray.remote(() => new Uint8Array([111, 107]));

/** Handles are given up at once: in Python the reference count does it. */
export const putSmall = ray.remote(() => {
	for (let index = 0; index < 100; index++) ray.put(0)[Symbol.dispose]();
});

export const putLarge = ray.remote(() => {
	for (let index = 0; index < 10; index++) ray.put(new BigInt64Array(10 * 1024 * 1024))[Symbol.dispose]();
});

export const createObjectContainingRefs = ray.remote(() => Array.from({ length: 10_000 }, () => ray.put(1)));

export const smallValueBatch = ray.remote(async (count) => {
	const refs = [];
	for (let index = 0; index < count; index++) refs.push(smallValue.remote());
	await ray.get(refs);
});
