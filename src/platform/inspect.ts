/**
 * What only the engine knows of a function: where it stands, and the variables it can see, with their values.
 * Asked through Node's in-process inspector. Hosts without one (Deno and Bun offer the module, but it does not answer
 * at once) get `undefined`, and their callers go by the source's text.
 */
import { requireOf } from "./require.ts";

export interface VariableScope {
	/** `Module`, `Closure`, `Block`, `Script`, … as V8 names them. */
	readonly kind: string;
	/** The function it belongs to; empty for anonymous ones and modules. */
	readonly owner: string;
	readonly variables: Readonly<Record<string, unknown>>;
}

export interface FunctionInsight {
	/** From the innermost; without the global one. */
	readonly scopes: readonly VariableScope[];
	/** Zero-based, in the running text. */
	readonly location: { readonly scriptId: string; readonly line: number; readonly column: number } | undefined;
}

interface RemoteObject {
	readonly objectId?: string;
	readonly value?: unknown;
}
interface ScriptName {
	readonly scriptId: string;
	readonly url: string;
}
interface Session {
	connect(): void;
	disconnect(): void;
	on(event: string, listener: (message: { params: ScriptName }) => void): void;
	post(method: string, params: object, done: (error: Error | null, result: Record<string, unknown>) => void): void;
}
type SessionClass = new () => Session;

/** Values are handed over by a property of the global object that evaluated code sees, for a moment. */
const HANDOVER: unique symbol = Symbol.for("wasmray.inspect") as never;
const handover = 'globalThis[Symbol.for("wasmray.inspect")]';

interface Handover {
	[HANDOVER]?: unknown;
}

let sessionClass: SessionClass | undefined | "unknown" = "unknown";
/** Learnt as needed; script ids are never used twice. */
const scriptUrls = new Map<string, string>();

/** A session for a few questions. Undefined where there is no inspector that answers at once. */
export function openInspector(): Inspector | undefined {
	if (sessionClass === "unknown") sessionClass = findSessionClass();
	return sessionClass && new Inspector(sessionClass);
}

function findSessionClass(): SessionClass | undefined {
	try {
		const { Session } = requireOf(process.execPath)("node:inspector") as { Session: SessionClass };
		const inspector = new Inspector(Session);
		try {
			// Of this very call: a worker's program is a script, whose own variables are global.
			const probe = () => inspector;
			return inspector.inspect(probe).scopes.length > 0 ? Session : undefined;
		} finally {
			inspector.close();
		}
	} catch {
		// Built without inspector, or forbidden by a permission.
		return undefined;
	}
}

/** Closed after use: while a session is open, V8 keeps what the console prints. */
export class Inspector {
	readonly #session: Session;
	/** A function may belong to another realm than evaluated code; this is the latter's global object. */
	readonly #global: Handover;

	constructor(type: SessionClass) {
		const evaluator = (type as unknown as { constructor: FunctionConstructor }).constructor;
		this.#global = evaluator("return globalThis")() as Handover;
		this.#session = new type();
		this.#session.connect();
	}

	inspect(fn: unknown): FunctionInsight {
		try {
			this.#global[HANDOVER] = fn;
			const self = this.#post("Runtime.evaluate", { expression: handover, silent: true });
			const { objectId } = self.result as RemoteObject;
			const answer = this.#post("Runtime.getProperties", { objectId, ownProperties: true });
			const properties = (answer.internalProperties ?? []) as { name: string; value: RemoteObject }[];
			const internal = new Map(properties.map(({ name, value }) => [name, value]));
			return {
				scopes: this.#scopes(internal.get("[[Scopes]]")?.objectId),
				location: location(internal.get("[[FunctionLocation]]")?.value),
			};
		} finally {
			delete this.#global[HANDOVER];
		}
	}

	/** The file that a script was loaded from. Asks for all scripts' names at once, which takes milliseconds, so rarely. */
	scriptUrl(scriptId: string): string | undefined {
		if (!scriptUrls.has(scriptId)) this.#learnFromCoverage();
		if (!scriptUrls.has(scriptId)) this.#learnFromDebugger();
		return scriptUrls.get(scriptId);
	}

	/** What V8 can tell of coverage unasked, which changes nothing for those who did ask for coverage, names most scripts. */
	#learnFromCoverage(): void {
		const { result = [] } = this.#post("Profiler.getBestEffortCoverage", {}) as { result?: ScriptName[] };
		for (const { scriptId, url } of result) if (url !== "") scriptUrls.set(scriptId, url);
	}

	/** Names all scripts, and hashes the text of each first, Node's own too: ten times as long. */
	#learnFromDebugger(): void {
		this.#session.on("Debugger.scriptParsed", ({ params }) => scriptUrls.set(params.scriptId, params.url));
		this.#post("Debugger.enable", {});
		this.#post("Debugger.disable", {});
	}

	close(): void {
		this.#session.disconnect();
	}

	/** All scopes in one step: V8 gives them as an array-like of { description, object }. */
	#scopes(objectId: string | undefined): VariableScope[] {
		if (objectId === undefined) return [];
		let found: ArrayLike<{ description: string; object: Record<string, unknown> }> = [];
		this.#global[HANDOVER] = (scopes: typeof found) => {
			found = scopes;
		};
		const functionDeclaration = `function () { ${handover}(this); }`;
		this.#post("Runtime.callFunctionOn", { objectId, functionDeclaration, silent: true });
		return Array.from(found)
			.filter(({ description }) => !description.startsWith("Global"))
			.map(({ description, object }) => {
				const [, kind, owner] = /^(\w+)[^(]*(?:\((.*)\))?$/s.exec(description) ?? [];
				return { kind: kind ?? description, owner: owner ?? "", variables: object };
			});
	}

	#post(method: string, params: object): Record<string, unknown> {
		let answer: Record<string, unknown> | undefined;
		let failure: Error | null = null;
		this.#session.post(method, params, (error, result) => {
			failure = error;
			answer = result;
		});
		if (failure !== null) throw failure;
		if (answer === undefined) throw new Error(`the inspector did not answer ${method} at once`);
		return answer;
	}
}

/** Tells an inspector's script id which file it is, where that is known anyway. */
export function learnScriptUrl(scriptId: string, url: string): void {
	scriptUrls.set(scriptId, url);
}

function location(value: unknown): FunctionInsight["location"] {
	if (typeof value !== "object" || value === null) return undefined;
	const { scriptId, lineNumber, columnNumber } = value as Record<string, unknown>;
	return { scriptId: String(scriptId), line: Number(lineNumber), column: Number(columnNumber) };
}
