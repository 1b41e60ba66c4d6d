/** What of this package a function uses is not sent: the worker has a copy of its own. So each member says which one it is. */
export const MEMBER: unique symbol = Symbol.for("wasmray.member") as never;

/** The name of a public member of the package, of whatever copy of it; "" for what `import * as ray` gives. */
export function packageMember(value: unknown): string | undefined {
	if (typeof value === "function") return memberName(value);
	if (typeof value !== "object" || value === null) return undefined;
	// Namespaces of modules, and what bundlers and compilers make in their place.
	return memberName(ownValue(value, "remote")) === "remote" && memberName(ownValue(value, "init")) === "init"
		? ""
		: undefined;
}

/** Its own: a class that extends a member is the user's. */
function memberName(value: unknown): string | undefined {
	if (typeof value !== "function") return undefined;
	const name: unknown = Object.getOwnPropertyDescriptor(value, MEMBER)?.value;
	return typeof name === "string" ? name : undefined;
}

function ownValue(holder: object, key: string): unknown {
	const property = Object.getOwnPropertyDescriptor(holder, key);
	return property?.get === undefined ? property?.value : property.get.call(holder);
}
