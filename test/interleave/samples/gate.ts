// @ts-nocheck: AssemblyScript
// Ownership that survives the end of a thread: { gate, taken by, free count, lock }.
// A thread passes its gate by OUT → IN; a supervisor that ends it goes OUT → DEAD first. So a thread never ends inside.

const OUT: u32 = 0;
const IN: u32 = 1;
const DEAD: u32 = 2;
const OWNER: usize = 4;
const FREE: usize = 8;

let me: u32 = 0;

/** This instance's thread. */
export function attach(id: u32): void {
	me = id;
}

export function take(at: usize): bool {
	if (atomic.cmpxchg<u32>(at, OUT, IN) !== OUT) return false;
	if (atomic.sub<u32>(at + FREE, 1) !== 0) atomic.store<u32>(at + OWNER, me);
	atomic.store<u32>(at, OUT);
	return true;
}

export function give(at: usize): bool {
	if (atomic.cmpxchg<u32>(at, OUT, IN) !== OUT) return false;
	if (atomic.load<u32>(at + OWNER) === me) {
		atomic.store<u32>(at + OWNER, 0);
		atomic.add<u32>(at + FREE, 1);
	}
	atomic.store<u32>(at, OUT);
	return true;
}

/** Wrong: gives back without passing the gate. */
export function giveUngated(at: usize): void {
	if (atomic.load<u32>(at + OWNER) === me) {
		atomic.store<u32>(at + OWNER, 0);
		atomic.add<u32>(at + FREE, 1);
	}
}

/** True when the gate is closed for good. */
export function close(at: usize): bool {
	return atomic.cmpxchg<u32>(at, OUT, DEAD) === OUT;
}

/** After the thread has stopped. */
export function recover(at: usize, owner: u32): void {
	if (atomic.load<u32>(at + OWNER) === owner) {
		atomic.store<u32>(at + OWNER, 0);
		atomic.add<u32>(at + FREE, 1);
	}
}
