// Bytes that follow from a number, so that whoever gets them knows whether they are right.
export function fill(seed: number, size: number): Uint8Array {
	const bytes = new Uint8Array(size);
	let value = seed | 1;
	for (let i = 0; i < size; i++) {
		value = (Math.imul(value, 1103515245) + 12345) | 0;
		bytes[i] = value >>> 16;
	}
	return bytes;
}

export function checksum(bytes: Uint8Array): number {
	let sum = 0;
	for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0;
	return sum;
}
