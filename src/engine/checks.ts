/**
 * How a wrong argument is refused: before anything changes, by an error that names the call, the option, what was given and
 * what is allowed. A wrong type is a TypeError, a value out of its range a RangeError.
 */

/** Gives the value to use, or throws; `where` names it, as in `init(): numCpus`. */
export type Check<T> = (value: unknown, where: string) => T;
type Checks = Readonly<Record<string, Check<unknown>>>;
/** What was given of the options, checked. What was not given, or is undefined, is missing. */
export type Checked<C extends Checks> = { -readonly [K in keyof C]?: C[K] extends Check<infer T> ? T : never };

/** Checks each option of a call, and that there are no others. */
export function checkOptions<C extends Checks>(call: string, given: unknown, checks: C): Checked<C> {
	if (given === undefined) return {} as Checked<C>;
	return checkFields(`${call}(): the options`, given, checks, `${call}(): `, `${call}(): `);
}

/** Checks an option that is an object of options itself. `offered`: which of them are named to who gives an unknown one. */
export function checkNested<C extends Checks>(
	where: string,
	given: unknown,
	checks: C,
	offered = Object.keys(checks),
): Checked<C> {
	return checkFields(where, given, checks, `${where}.`, `${where}: `, offered);
}

function checkFields<C extends Checks>(
	self: string,
	given: unknown,
	checks: C,
	each: string,
	other: string,
	offered = Object.keys(checks),
): Checked<C> {
	// A Map or an instance of a class, whose options may be inherited, would be taken for none.
	if (!isPlainObject(given)) {
		const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
		throw wrongType(self, isObject ? "a plain object" : "an object", given);
	}
	const checked: Record<string, unknown> = {};
	for (const [name, value] of Object.entries(given)) {
		const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
		if (check === undefined) throw new TypeError(`${other}unknown option ${unknownName(name, offered)}`);
		if (value !== undefined) checked[name] = check(value, `${each}${name}`);
	}
	return checked as Checked<C>;
}

/** `"numCpu"; did you mean "numCpus"?` */
export function unknownName(name: string, known: readonly string[]): string {
	const nearest = nearestName(name, known);
	const hint = nearest === undefined ? `known are ${known.join(", ")}` : `did you mean "${nearest}"?`;
	return `${show(name)}; ${hint}`;
}

export function wrongType(where: string, allowed: string, value: unknown): TypeError {
	return new TypeError(`${where} must be ${allowed}, not ${show(value)}`);
}

export function outOfRange(where: string, allowed: string, value: unknown): RangeError {
	return new RangeError(`${where} must be ${allowed}, not ${show(value)}`);
}

// ── checks ───────────────────────────────────────────────────────────────────

export const flag: Check<boolean> = (value, where) => {
	if (typeof value !== "boolean") throw wrongType(where, "true or false", value);
	return value;
};

export const text: Check<string> = (value, where) => {
	if (typeof value !== "string") throw wrongType(where, "a string", value);
	if (value === "") throw outOfRange(where, "a string that is not empty", value);
	return value;
};

export function whole(least: number, most: number, unit = "a whole number"): Check<number> {
	const allowed = `${unit} from ${least} to ${most}`;
	return (value, where) => {
		if (typeof value !== "number") throw wrongType(where, allowed, value);
		if (!Number.isInteger(value) || value < least || value > most) throw outOfRange(where, allowed, value);
		return value;
	};
}

/** More would overflow the hosts' timers, which then fire at once. */
const MOST_MILLISECONDS = 2 ** 31 - 1;

export const milliseconds: Check<number> = (value, where) => {
	const allowed = `a number of milliseconds from 0 to ${MOST_MILLISECONDS}`;
	if (typeof value !== "number") throw wrongType(where, allowed, value);
	if (!(value >= 0 && value <= MOST_MILLISECONDS)) throw outOfRange(where, allowed, value);
	return value;
};

/** The same, or for ever. */
export const timeLimit: Check<number> = (value, where) => {
	const allowed = `a number of milliseconds from 0 to ${MOST_MILLISECONDS}, or Infinity`;
	if (typeof value !== "number") throw wrongType(where, allowed, value);
	if (!(value >= 0 && (value <= MOST_MILLISECONDS || value === Number.POSITIVE_INFINITY))) {
		throw outOfRange(where, allowed, value);
	}
	return value;
};

/** Told by its tag: another realm has a class of its own. */
export const abortSignal: Check<AbortSignal> = (value, where) => {
	if (Object.prototype.toString.call(value) !== "[object AbortSignal]") throw wrongType(where, "an AbortSignal", value);
	return value as AbortSignal;
};

/** An object literal, of whatever realm. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
	if (typeof value !== "object" || value === null) return false;
	const prototype: unknown = Object.getPrototypeOf(value);
	return prototype === null || Object.getPrototypeOf(prototype) === null;
}

// ── what was given, in a few words ───────────────────────────────────────────

const MOST_SHOWN = 40;

export function show(value: unknown): string {
	switch (typeof value) {
		case "string":
			return JSON.stringify(value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value);
		case "bigint":
			return `${value}n`;
		case "number":
			return Object.is(value, -0) ? "-0" : String(value);
		case "function":
			return `the ${isClass(value) ? "class" : "function"} ${value.name || "(anonymous)"}`;
		case "object":
			return value === null ? "null" : showObject(value);
		default:
			return String(value);
	}
}

function showObject(value: object): string {
	if (Array.isArray(value)) return `an array of ${value.length}`;
	if (isPlainObject(value)) {
		const keys = Object.keys(value);
		return keys.length > 3
			? `{ ${keys.slice(0, 3).join(", ")}, … }`
			: keys.length > 0
				? `{ ${keys.join(", ")} }`
				: "{}";
	}
	const tag = Object.prototype.toString.call(value).slice(8, -1);
	const type: unknown = Object.getPrototypeOf(value)?.constructor;
	const name = tag === "Object" && typeof type === "function" && type.name ? type.name : tag;
	return `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;
}

/** Written as one; functions that are used as constructors are not known for it. */
export function isClass(value: unknown): boolean {
	return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

// ── the name that was meant ──────────────────────────────────────────────────

/** Letters in common that may be a word. */
const LEAST_PART = 4;

/** The known name that is nearest; none if no name is near. Case and underscores do not count: `num_cpus` is numCpus. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
	const wanted = fold(name);
	return mistyped(wanted, known) ?? namedInPart(wanted, known);
}

function mistyped(wanted: string, known: readonly string[]): string | undefined {
	let nearest: string | undefined;
	let least = Math.max(2, Math.floor(wanted.length / 3)) + 1;
	for (const candidate of known) {
		const distance = editDistance(wanted, fold(candidate));
		if (distance < least && distance < candidate.length) {
			least = distance;
			nearest = candidate;
		}
	}
	return nearest;
}

/** `retries` is maxRetries, and so is `maxRetry`. Of names that have as much in common none is meant. */
function namedInPart(wanted: string, known: readonly string[]): string | undefined {
	let nearest: string | undefined;
	let most = LEAST_PART - 1;
	for (const candidate of known) {
		const folded = fold(candidate);
		const length = commonPart(wanted, folded);
		if (length < 0.75 * Math.min(wanted.length, folded.length) || length < most) continue;
		nearest = length > most ? candidate : undefined;
		most = length;
	}
	return nearest;
}

/** The length of the longest text that stands in both. */
function commonPart(a: string, b: string): number {
	let most = 0;
	for (let from = 0; from + most < a.length; from++) {
		while (from + most < a.length && b.includes(a.slice(from, from + most + 1))) most++;
	}
	return most;
}

function fold(name: string): string {
	return name
		.slice(0, 2 * MOST_SHOWN)
		.replaceAll(/[_-]/g, "")
		.toLowerCase();
}

/** How many letters to insert, delete, replace or exchange with their neighbour make one of the other. */
function editDistance(a: string, b: string): number {
	let before: number[] = [];
	let last = Array.from({ length: b.length + 1 }, (_, j) => j);
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		for (let j = 1; j <= b.length; j++) {
			const same = a[i - 1] === b[j - 1];
			let distance = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1));
			if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
				distance = Math.min(distance, before[j - 2] + 1);
			row[j] = distance;
		}
		before = last;
		last = row;
	}
	return last[b.length];
}
