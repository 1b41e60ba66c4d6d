/** Errors: which classes they have, what of them is sent, and how they are made again. */
import { errorClasses } from "../errors.ts";
import { natureOf, OWN_CLASS_PREFIX } from "./brands.ts";

export interface ErrorParts {
	/** From its own class to the built-in one. Classes of this package have a prefix, users' may have the same names. */
	readonly classes: readonly string[];
	/** Properties that are not enumerable; name and message come first. */
	readonly hidden: { readonly names: readonly string[]; readonly values: readonly unknown[] };
	/** Names of the own enumerable fields, in order. */
	readonly fields: readonly string[];
}

/** What arrived with an error; its object has only the nearest class that is known here. */
const arrivedClasses = new WeakMap<object, readonly string[]>();

const builtIn = new Set([
	"Error",
	"EvalError",
	"RangeError",
	"ReferenceError",
	"SyntaxError",
	"TypeError",
	"URIError",
	"AggregateError",
]);

function classesOf(error: object): readonly string[] {
	return arrivedClasses.get(error) ?? natureOf(Object.getPrototypeOf(error)).names;
}

/** The names of an error's classes, its own first, wherever it was made: ["ValidationError", "TypeError", "Error"]. */
export function errorClassNames(error: object): readonly string[] {
	return classesOf(error).map((name) =>
		name.startsWith(OWN_CLASS_PREFIX) ? name.slice(OWN_CLASS_PREFIX.length) : name,
	);
}

/** May run getters of the error, and throw what they throw. */
export function takeApart(error: object): ErrorParts {
	const source = error as Record<string, unknown>;
	const classes = classesOf(error);
	const hidden = { names: [] as string[], values: [] as unknown[] };
	const isHidden = (key: string) => !Object.prototype.propertyIsEnumerable.call(error, key);
	const hide = (key: string, value: unknown) => {
		hidden.names.push(key);
		hidden.values.push(value);
	};
	const own = (key: string) => Object.hasOwn(error, key);

	const { name, message, stack, code } = source;
	// A name that only the class has is the error's own where the class is not known.
	if (isHidden("name") && typeof name === "string" && (own("name") || name !== knownName(classes))) hide("name", name);
	if (isHidden("message") && (own("message") || (typeof message === "string" && message !== "")))
		hide("message", message);
	// `Error.prepareStackTrace` makes stacks that are no text, of things that cannot be sent.
	if (isHidden("stack") && typeof stack === "string") hide("stack", stack);
	if (isHidden("code") && (typeof code === "string" || typeof code === "number") && classes[0] !== "DOMException") {
		hide("code", code);
	}
	for (const key of ["cause", "errors", "remoteStack"]) if (own(key) && isHidden(key)) hide(key, source[key]);
	return { classes, hidden, fields: Object.keys(error) };
}

/** The name that an error of these classes has by itself where it arrives. */
function knownName(classes: readonly string[]): string {
	for (const name of classes) {
		if (name.startsWith(OWN_CLASS_PREFIX)) return name.slice(OWN_CLASS_PREFIX.length);
		if (builtIn.has(name)) return name;
		// Its name is no property of its class, but of each instance.
		if (name === "DOMException") return "";
	}
	return "Error";
}

/** An error of the nearest class that is known here, with no more than that class gives it. */
export function makeError(classes: readonly string[], name: unknown, message: unknown): Error {
	const { stackTraceLimit } = Error;
	// Its own stack is among its properties, if it has one; that of where it arrived is of no use, and takes time to make.
	// (Where the classes of the platform are frozen, it takes its time.)
	Reflect.set(Error, "stackTraceLimit", 0);
	try {
		const error = construct(classes, typeof name === "string" ? name : undefined, message);
		arrivedClasses.set(error, classes);
		defineOnError(error, "stack", String(error), false);
		return error;
	} finally {
		Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
	}
}

function construct(classes: readonly string[], name: string | undefined, message: unknown): Error {
	const platform = globalThis as unknown as Record<string, new (...args: unknown[]) => Error>;
	const text = typeof message === "string" ? [message] : [];
	for (const known of classes) {
		if (known.startsWith(OWN_CLASS_PREFIX)) {
			const type = errorClasses.get(known.slice(OWN_CLASS_PREFIX.length));
			// A true error of that class whose constructor has not run: its fields arrive with it.
			if (type !== undefined) return Reflect.construct(Error, text, type) as Error;
		} else if (known === "DOMException" && platform.DOMException !== undefined) {
			return new platform.DOMException(text[0] ?? "", name ?? "Error");
		} else if (known === "AggregateError") {
			// Its own constructor would give it errors before all else.
			return Reflect.construct(Error, text, AggregateError) as Error;
		} else if (builtIn.has(known)) {
			return new platform[known](...text);
		}
	}
	return new Error(...text);
}

/** Gives a made error a property it arrived with. */
export function defineOnError(error: Error, key: string, value: unknown, enumerable: boolean): void {
	const isDom = Object.prototype.toString.call(error) === "[object DOMException]";
	if (isDom && !enumerable && (key === "name" || key === "message")) return;
	Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}

/**
 * A copy of an error that can surely be sent: each of its fields for which `refusal` gives a reason is replaced by a text
 * that says so. Undefined if it is no error.
 * Errors of HTTP clients and the like carry sockets and functions; that must not hide the error itself.
 */
export function sendableCopy(
	error: unknown,
	refusal: (value: unknown) => string | undefined,
	depth = 0,
): Error | undefined {
	if (typeof error !== "object" || error === null || natureOf(Object.getPrototypeOf(error)).brand !== "error")
		return undefined;
	const { classes, hidden, fields } = takeApart(error);
	const copy = makeError(classes, (error as Error).name, (error as Error).message);
	const partOf = (value: unknown) => {
		try {
			return sendableCopy(value, refusal, depth + 1);
		} catch {
			// Looking at it throws: the reason says so.
			return undefined;
		}
	};
	const put = (key: string, value: unknown, enumerable: boolean) => {
		const reason = refusal(value);
		const part = reason === undefined || depth === 8 ? undefined : partOf(value);
		defineOnError(copy, key, reason === undefined ? value : (part ?? `[not sent: ${reason}]`), enumerable);
	};
	for (let i = 0; i < hidden.names.length; i++) put(hidden.names[i], hidden.values[i], false);
	for (const key of fields) {
		let value: unknown;
		try {
			value = (error as Record<string, unknown>)[key];
		} catch (thrown) {
			value = `[not sent: reading it threw ${String(thrown)}]`;
		}
		put(key, value, true);
	}
	return copy;
}
