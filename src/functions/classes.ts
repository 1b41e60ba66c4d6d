/**
 * A class with a codec is one class in each thread, whatever it came with: `instanceof` and #private names ask which one made
 * an instance. So it has an identity when it is sent, and is made where that is not known yet.
 */

type Class = (...args: never[]) => unknown;

let prefix: string | undefined;
let count = 0;
const identities = new WeakMap<object, string>();

/** The same in whatever thread it is asked of the class, or of what was made of it. */
export function identityOf(type: object): string {
	let identity = identities.get(type);
	if (identity === undefined) {
		prefix ??= crypto.randomUUID().slice(0, 13);
		identity = `${prefix}-${++count}`;
		identities.set(type, identity);
	}
	return identity;
}

/** A class and those that it extends, but for the root of all functions. */
export function lineage(type: object): object[] {
	const classes: object[] = [];
	for (
		let level: object | null = type;
		level !== null && level !== Function.prototype;
		level = Object.getPrototypeOf(level)
	) {
		classes.push(level);
	}
	return classes;
}

/** The classes that a thread has been sent, or has of its own in their place. Whoever uses one holds it. */
export class KnownClasses {
	readonly #byIdentity = new Map<string, WeakRef<Class>>();

	get(identity: string): Class | undefined {
		return this.#byIdentity.get(identity)?.deref();
	}

	set(identity: string, type: Class): void {
		this.#byIdentity.set(identity, new WeakRef(type));
		identities.set(type, identity);
	}

	/** A class with these identities, its own and those of what it extends, is this one. */
	setLineage(identities: readonly string[], type: object): void {
		lineage(type).forEach((level, i) => {
			const identity = identities[i];
			if (identity !== undefined) this.set(identity, level as Class);
		});
	}

	/** They are made anew when they come again. */
	clear(): void {
		this.#byIdentity.clear();
	}
}
