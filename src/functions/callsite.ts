/** Where a function of this package was called from, as the running file has it: source maps do not matter. */

export interface CallSite {
	/** A path, or a URL for ES modules in most hosts: as the engine names the running file. */
	readonly file: string;
	readonly line: number;
	readonly column: number;
	/** The function around the call; empty at a module's top level, and in functions without a name. */
	readonly caller: string;
	/** That function was called on an object: an arrow function made there may use it as `this`. */
	readonly hasThis: boolean;
	/** The next few callers too: tells apart calls that a user's own wrapper makes. */
	readonly trace: string;
}

const framesKept = 4;
const ownFile = /^(?:node|native|ext|internal):|^\[|^<|^$/;

/** The innermost call outside of `below`, the package's function that the user called. */
export function callSite(below: (...args: never[]) => unknown): CallSite | undefined {
	let frames = structuredFrames(below);
	// An engine with tail calls may have dropped `below` from the stack: then it is whoever called here.
	if (frames.length === 0) frames = structuredFrames().slice(2);
	const places: CallSite[] = [];
	for (const frame of frames) {
		const file = frame.getFileName?.();
		const line = frame.getLineNumber?.();
		// Frames of the host itself (`array.map(remote)`) stand between, and evaluated code has no file.
		if (typeof file !== "string" || typeof line !== "number" || ownFile.test(file)) continue;
		const caller = callerName(frame.getFunctionName?.());
		// CommonJS calls a module's top level on an object as well.
		const hasThis = caller !== "" && frame.isToplevel?.() === false;
		places.push({ file, line, column: frame.getColumnNumber?.() ?? 0, caller, hasThis, trace: "" });
	}
	const [first] = places;
	return first && { ...first, trace: places.map(({ file, line, column }) => `${file}:${line}:${column}`).join("\n") };
}

/** How one site is named, whether the engine says path or URL. */
export function fileUrl(file: string): string {
	if (/^[a-z][a-z\d+.-]+:/i.test(file)) return file;
	const path = file.replaceAll("\\", "/");
	const encoded = encodeURI(path).replaceAll("?", "%3F").replaceAll("#", "%23");
	return encoded.startsWith("/") ? `file://${encoded}` : `file:///${encoded}`;
}

/** Whether a script's name can be a file's: bundlers that evaluate modules one by one name them by schemes of their own. */
export function isFileName(name: string): boolean {
	return name.startsWith("file:") || !/^[a-z][a-z\d+.-]+:/i.test(name);
}

/** The path of a `file:` URL, or the path that it was already. Queries fall away. */
export function filePath(file: string): string {
	if (!file.startsWith("file:")) return file;
	const path = decodeURIComponent(new URL(file).pathname);
	return /^\/[a-z]:\//i.test(path) ? path.slice(1) : path;
}

function callerName(name: string | null | undefined): string {
	// CommonJS calls a module's top level `Object.<anonymous>`.
	return name === null || name === undefined || name.endsWith("<anonymous>") || name === "eval" ? "" : name;
}

interface Frame {
	getFileName?(): string | null | undefined;
	getLineNumber?(): number | null | undefined;
	getColumnNumber?(): number | null | undefined;
	getFunctionName?(): string | null | undefined;
	isToplevel?(): boolean;
}

/** Structured frames bypass what source map support makes of stacks, in the process or by a tool. */
function structuredFrames(below?: (...args: never[]) => unknown): readonly Frame[] {
	const { prepareStackTrace, stackTraceLimit } = Error;
	const wasSet = Object.hasOwn(Error, "prepareStackTrace");
	let frames: readonly Frame[] = [];
	try {
		Error.prepareStackTrace = (_, found) => {
			frames = found as readonly Frame[];
			return "";
		};
		Error.stackTraceLimit = below === undefined ? framesKept + 2 : framesKept;
		const holder: { stack?: unknown } = {};
		Error.captureStackTrace(holder, below);
		void holder.stack;
	} catch {
		// Frozen intrinsics: there is no call site then.
	}
	try {
		// By assignment: Bun does not notice a property that is defined anew.
		if (wasSet) Error.prepareStackTrace = prepareStackTrace;
		else Reflect.deleteProperty(Error, "prepareStackTrace");
		Error.stackTraceLimit = stackTraceLimit;
	} catch {
		// Nothing was changed either.
	}
	return frames;
}
