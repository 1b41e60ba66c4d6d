// Small programs that prove the explorer itself: for each kind of mistake one that has it and one that has not.
import { compileSample } from "../compile.ts";
import { type Program, program } from "../program.ts";

const [counter, lock, ring, stack, message, gate] = await Promise.all(
	["counter", "lock", "ring", "stack", "message", "gate"].map(compileSample),
);

const AT = 0x400;

const lostUpdate = program({
	name: "lost update",
	wasm: counter,
	threads: [
		function* (t) {
			yield t.call("incrementInTwo", AT);
		},
		function* (t) {
			yield t.call("incrementInTwo", AT);
		},
	],
	check: ({ words }) => (words[AT >>> 2] === 2 ? undefined : `the counter is ${words[AT >>> 2]}, not 2`),
});

const atomicCounter = program({
	name: "atomic counter",
	wasm: counter,
	threads: [
		function* (t) {
			t.log(yield t.call("increment", AT));
			t.log(yield t.call("increment", AT));
		},
		function* (t) {
			t.log(yield t.call("increment", AT));
			t.log(yield t.call("increment", AT));
		},
	],
	check: ({ words, log }) => {
		if (new Set(log.map(({ entry }) => entry[0])).size !== 4) return "two increments saw the same value";
		return words[AT >>> 2] === 4 ? undefined : `the counter is ${words[AT >>> 2]}, not 4`;
	},
});

const plainCounter = program({
	name: "plain counter",
	wasm: counter,
	threads: [
		function* (t) {
			yield t.call("incrementPlain", AT);
		},
		function* (t) {
			yield t.call("incrementPlain", AT);
		},
	],
});

const references = program({
	name: "retain against last release",
	wasm: counter,
	setup: ({ words }) => {
		words[AT >>> 2] = 1;
		words[(AT >>> 2) + 1] = 7;
	},
	threads: [
		function* (t) {
			t.log(yield t.call("retain", AT, 7));
		},
		function* (t) {
			t.log(yield t.call("release", AT));
		},
	],
	check: ({ words, logOf }) => {
		const [count, generation] = [words[AT >>> 2], words[(AT >>> 2) + 1]];
		const expected = logOf(0)[0] === 1 ? { count: 1, generation: 7 } : { count: 0, generation: 8 };
		if (count === expected.count && generation === expected.generation) return undefined;
		return `retain said ${logOf(0)[0]}, and the word is ${generation}:${count}`;
	},
});

const lockedCounter = program({
	name: "locked counter",
	wasm: lock,
	threads: [0, 1, 2].map(
		() =>
			function* (t) {
				t.log(yield t.call("increment", AT));
			},
	),
	check: ({ words, log }) => {
		if (words[AT >>> 2] !== 0) return "the lock is held at the end";
		if (new Set(log.map(({ entry }) => entry[0])).size !== 3) return "two threads were inside at once";
		return words[(AT >>> 2) + 1] === 3 ? undefined : `the counter is ${words[(AT >>> 2) + 1]}, not 3`;
	},
});

const twoLocks = program({
	name: "two locks in two orders",
	wasm: lock,
	threads: [
		function* (t) {
			yield t.call("lock", AT);
			yield t.call("lock", AT + 64);
			yield t.call("unlock", AT + 64);
			yield t.call("unlock", AT);
		},
		function* (t) {
			yield t.call("lock", AT + 64);
			yield t.call("lock", AT);
			yield t.call("unlock", AT);
			yield t.call("unlock", AT + 64);
		},
	],
});

const ringOrder = program({
	name: "ring, one producer and one consumer",
	wasm: ring,
	setup: ({ core }) => {
		core.init(AT, 2);
	},
	threads: [
		function* (t) {
			yield t.call("push", AT, 7);
			yield t.call("push", AT, 8);
		},
		function* (t) {
			for (let i = 0; i < 3; i++) {
				const value = yield t.call("pop", AT);
				if (value !== 0) t.log(value);
			}
		},
	],
	check: ({ logOf }) => {
		const order = logOf(1).join();
		return ["", "7", "7,8"].includes(order) ? undefined : `popped ${order}`;
	},
});

const ringMany = program({
	name: "ring, two producers and two consumers",
	wasm: ring,
	setup: ({ core }) => {
		core.init(AT, 2);
	},
	threads: [
		function* (t) {
			yield t.call("push", AT, 7);
		},
		function* (t) {
			yield t.call("push", AT, 8);
		},
		function* (t) {
			t.log(yield t.call("pop", AT));
		},
		function* (t) {
			t.log(yield t.call("pop", AT));
		},
	],
	check: ({ core, log }) => {
		const popped = log.map(({ entry }) => entry[0] as number).filter((value) => value !== 0);
		for (let value = core.pop(AT); value !== 0; value = core.pop(AT)) popped.push(value);
		return popped.sort().join() === "7,8" ? undefined : `what was pushed came out as ${popped}`;
	},
});

const NODES = [0x500, 0x540, 0x580];

function freeList(name: string, push: string, pop: string): Program {
	return program({
		name,
		wasm: stack,
		setup: ({ core }) => {
			for (const node of NODES) core[push](AT, node);
		},
		threads: [
			function* (t) {
				t.log(yield t.call(pop, AT));
			},
			function* (t) {
				const first = yield t.call(pop, AT);
				const second = yield t.call(pop, AT);
				yield t.call(push, AT, first);
				t.log(second);
			},
		],
		check: ({ core, log }) => {
			const held = log.map(({ entry }) => entry[0] as number);
			for (let node = core[pop](AT); node !== 0 && held.length < 9; node = core[pop](AT)) held.push(node);
			held.sort((a, b) => a - b);
			return held.join() === NODES.join() ? undefined : `the nodes are ${held}, not ${NODES}`;
		},
	});
}

function sendAndReceive(name: string, send: string, receive: string, timeouts = 0): Program {
	return program({
		name,
		wasm: message,
		limits: { timeouts },
		threads: [
			function* (t) {
				yield t.call(send, AT, 42);
			},
			function* (t) {
				t.log(yield t.call(receive, AT));
			},
		],
		check: ({ logOf }) => {
			const [value] = logOf(1);
			const allowed = receive === "receiveInTime" && value === 0;
			return value === 42 || allowed ? undefined : `received ${value}, not 42`;
		},
	});
}

const [GATE, OWNER, FREE] = [AT, AT + 4, AT + 8];

const recovered = program({
	name: "recovery at every boundary",
	wasm: gate,
	setup: ({ words, threads }) => {
		words[FREE >>> 2] = 1;
		threads[0].attach(5);
	},
	threads: [
		{
			name: "owner",
			*run(t) {
				yield t.call("take", GATE);
				yield t.call("give", GATE);
			},
			*recover(t) {
				yield t.call("recover", GATE, 5);
			},
		},
	],
	check: ({ words }) => {
		if (words[OWNER >>> 2] !== 0) return "it is still owned";
		return words[FREE >>> 2] === 1 ? undefined : `${words[FREE >>> 2]} are free, not 1`;
	},
});

/** A supervisor closes the gate at any moment, stops the thread wherever it then stands, and recovers. */
function supervised(name: string, give: string): Program {
	return program({
		name,
		wasm: gate,
		setup: ({ words, threads }) => {
			words[FREE >>> 2] = 1;
			threads[0].attach(5);
		},
		threads: [
			{
				name: "owner",
				*run(t) {
					yield t.call("take", GATE);
					yield t.call(give, GATE);
				},
			},
			{
				name: "supervisor",
				optional: true,
				*run(t) {
					if ((yield t.call("close", GATE)) === 0) return;
					yield t.stop(0);
					yield t.call("recover", GATE, 5);
				},
			},
		],
		check: ({ words, dead }) => {
			const free = words[FREE >>> 2];
			if (free !== 1) return `${free} are free, not 1`;
			return words[OWNER >>> 2] === 0 || !dead(0) ? undefined : "it is still owned";
		},
	});
}

/** The host's own loop: parks on a word that it read before its last look at the counter. */
function parkLoop(name: string, readFirst: boolean): Program {
	const [WAKE, WORK] = [AT, AT + 64];
	return program({
		name,
		wasm: counter,
		threads: [
			function* (t) {
				yield t.add(WORK, 1);
				yield t.add(WAKE, 1);
				yield t.notify(WAKE);
			},
			function* (t) {
				for (;;) {
					let wake = readFirst ? yield t.read(WAKE) : 0;
					if ((yield t.read(WORK)) !== 0) break;
					if (!readFirst) wake = yield t.read(WAKE);
					yield t.park(WAKE, wake);
				}
			},
		],
	});
}

const asyncAndBlocking = program({
	name: "a blocking wait above an asynchronous one",
	wasm: counter,
	threads: [
		function* (t) {
			const ticket = yield t.waitAsync(AT, 0);
			if (ticket < 0) return;
			yield t.park(AT, 0);
			t.log(yield t.settled([ticket]));
		},
		function* (t) {
			yield t.write(AT, 1);
			yield t.notify(AT);
		},
	],
});

export const programs: Program[] = [
	lostUpdate,
	atomicCounter,
	plainCounter,
	references,
	lockedCounter,
	twoLocks,
	ringOrder,
	ringMany,
	freeList("free list with ABA", "push", "pop"),
	freeList("free list with a count", "pushCounted", "popCounted"),
	sendAndReceive("message", "send", "receive"),
	sendAndReceive("message sent early", "sendEarly", "receive"),
	sendAndReceive("message without a wake", "sendSilently", "receive"),
	sendAndReceive("message in time", "send", "receiveInTime", 1),
	sendAndReceive("message by spinning", "send", "spinForMessage"),
	recovered,
	supervised("supervised owner", "give"),
	supervised("supervised owner without a gate", "giveUngated"),
	parkLoop("park", true),
	parkLoop("park, with a lost wake", false),
	asyncAndBlocking,
];
