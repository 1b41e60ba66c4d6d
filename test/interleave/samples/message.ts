// @ts-nocheck: AssemblyScript
// A message { ready, value }: written plain, published by an atomic word.

export function send(at: usize, value: u32): void {
	store<u32>(at, value, 4);
	atomic.store<u32>(at, 1);
	atomic.notify(at, -1);
}

/** Wrong: published before it is written. */
export function sendEarly(at: usize, value: u32): void {
	atomic.store<u32>(at, 1);
	store<u32>(at, value, 4);
	atomic.notify(at, -1);
}

/** Wrong: nobody is told. */
export function sendSilently(at: usize, value: u32): void {
	store<u32>(at, value, 4);
	atomic.store<u32>(at, 1);
}

export function receive(at: usize): u32 {
	while (atomic.load<u32>(at) === 0) atomic.wait<i32>(at, 0, -1);
	return load<u32>(at, 4);
}

/** Gives up after a time: 0. */
export function receiveInTime(at: usize): u32 {
	if (atomic.load<u32>(at) === 0) atomic.wait<i32>(at, 0, 1000000);
	return atomic.load<u32>(at) === 0 ? 0 : load<u32>(at, 4);
}

export function spinForMessage(at: usize): u32 {
	while (atomic.load<u32>(at) === 0) {}
	return load<u32>(at, 4);
}
