/**
 * The functions that were registered while this thread imported modules, by the place of their registration.
 *
 *   driver    `const f = ray.remote(fn)` at main.mjs:7:15, the first there     →  { main.mjs, 7, 15, ordinal 0 }
 *   worker    imports main.mjs, whose line 7 calls `ray.remote(fn)` again      →  that fn, with its module around it
 *
 * `ray.init()` at a module's top level goes no further in a worker, so what stands above it is definitions, and the
 * import itself never ends: having reached `init` is as good as an end.
 */
import { FunctionNotShippableError } from "../errors.ts";
import { type CallSite, filePath, fileUrl } from "./callsite.ts";
import { isSentFile } from "./compile.ts";
import { type ModuleDescription, sourceHash, sourceOf } from "./description.ts";
import { importModule } from "./importing.ts";
import { findExport } from "./library.ts";

type Callable = (...args: never[]) => unknown;

interface Import {
	readonly file: string;
	/** Settled, or stopped at `init`; never rejects. */
	readonly over: Promise<void>;
	/** Undefined while under way. */
	outcome: "settled" | "failed" | "init" | "late" | undefined;
	module: Record<string, unknown>;
	error: unknown;
	end(outcome: NonNullable<Import["outcome"]>): void;
}

/** A definition may be used before its module has ended: what it needs is mostly there a second later. */
const patienceForModule = 1_000;
/** Then an import that neither ends nor reaches `init` is given up. */
const patienceForImport = 30_000;
/** Per place; a function that registers more is called by others than the module's top level. */
const keptPerSite = 64;

export class Definitions {
	/** Workers keep the functions; the driver only counts them. */
	#keeps = false;
	readonly #sites = new Map<string, { count: number; readonly functions: WeakRef<Callable>[] }>();
	/** Held while their modules are being imported; later whoever uses them holds them. */
	readonly #fresh = new Set<Callable>();
	readonly #imports = new Map<string, Import>();
	#current: Import | undefined;
	#latest: Promise<void> = Promise.resolve();

	/** A module is being imported for its definitions: what runs at its top level is not a task. */
	get isImporting(): boolean {
		return this.#current !== undefined;
	}

	/** From now on this thread can be asked for what is registered. */
	keep(): void {
		this.#keeps = true;
	}

	/** Every call of `remote` says so; returns how many came before it from the same place. */
	register(site: CallSite | undefined, fn: Callable): number {
		if (site === undefined) return 0;
		const key = siteKey(site);
		let known = this.#sites.get(key);
		if (known === undefined) {
			known = { count: 0, functions: [] };
			this.#sites.set(key, known);
		}
		if (this.#keeps && known.functions.length < keptPerSite && !isSentFile(site.file)) {
			known.functions.push(new WeakRef(fn));
			if (this.isImporting) this.#fresh.add(fn);
		}
		return known.count++;
	}

	/** In a worker, `init` and `main` say that they stop here. The rest of the running code may still come to its end. */
	reachedInit(): void {
		const stopped = this.#current;
		if (stopped !== undefined) setImmediate(() => stopped.end("init"));
	}

	/**
	 * Imports a module for what else it does when it is imported; resolves when `isDone` says so, or with why it did not happen.
	 */
	async awaitEffect(file: string, call: string, isDone: () => boolean): Promise<string | undefined> {
		const imported = this.#imports.get(fileUrl(file)) ?? this.#import(file);
		await Promise.race([imported.over, patience(isDone)]);
		return isDone() ? undefined : whyMissing(call, "", imported, filePath(file));
	}

	/** Resolves with the function; rejects with a FunctionNotShippableError that says why there is none. */
	async awaitDefinition(wanted: ModuleDescription): Promise<Callable> {
		let imported = this.#imports.get(fileUrl(wanted.file));
		const early = this.#find(wanted);
		if (early !== undefined && imported === undefined) return early;
		imported ??= this.#import(wanted.file);
		await Promise.race([imported.over, patience(() => this.#find(wanted) !== undefined)]);
		const found = this.#find(wanted) ?? (await this.#findExported(wanted));
		if (found !== undefined) return found;
		throw missing(wanted, imported);
	}

	#find(wanted: ModuleDescription): Callable | undefined {
		const exact = this.#sites.get(siteKey(wanted))?.functions[wanted.ordinal]?.deref();
		if (exact !== undefined) return sourceHash(sourceOf(exact)) === wanted.hash ? exact : undefined;
		// A loader may lay the same file out anew: a function that is the only one with its source is the one.
		const alike: Callable[] = [];
		const prefix = `${wanted.file}:`;
		for (const [key, { functions }] of this.#sites) {
			if (!key.startsWith(prefix)) continue;
			for (const weak of functions) {
				const fn = weak.deref();
				if (fn !== undefined && sourceHash(sourceOf(fn)) === wanted.hash) alike.push(fn);
			}
		}
		return alike.length === 1 ? alike[0] : undefined;
	}

	/** A function that its file exports needs no registration. */
	async #findExported(wanted: ModuleDescription): Promise<Callable | undefined> {
		const { file, definedIn = file } = wanted;
		const imported = this.#imports.get(fileUrl(definedIn)) ?? this.#import(definedIn);
		await imported.over;
		return findExport(imported.module, wanted.name, wanted.hash);
	}

	/** One after the other, so that reaching `init` is known to belong to the import under way. */
	#import(file: string): Import {
		let finish: () => void = () => {};
		const over = new Promise<void>((resolve) => {
			finish = resolve;
		});
		const started: Import = {
			file,
			over,
			outcome: undefined,
			module: {},
			error: undefined,
			end(outcome) {
				this.outcome ??= outcome;
				finish();
			},
		};
		this.#imports.set(fileUrl(file), started);
		const before = this.#latest;
		// What awaits the import comes first, and takes hold of what it finds.
		this.#latest = over.then(() => new Promise((resolve) => setImmediate(resolve)));
		void before.then(() => {
			this.#fresh.clear();
			return this.#run(started);
		});
		return started;
	}

	async #run(started: Import): Promise<void> {
		this.#current = started;
		const timer = setTimeout(() => started.end("late"), patienceForImport);
		void started.over.then(() => {
			clearTimeout(timer);
			this.#current = undefined;
		});
		try {
			started.module = await importModule(started.file);
			started.end("settled");
		} catch (error) {
			started.error = error;
			started.end("failed");
		}
	}
}

/** Resolves when a while has passed and the thing wanted is there, though its module has not come to its end. */
function patience(isThere: () => boolean): Promise<void> {
	return new Promise((resolve) => {
		const look = () => {
			if (isThere()) resolve();
		};
		setTimeout(look, patienceForModule).unref?.();
	});
}

const REGISTRY: unique symbol = Symbol.for("wasmray.definitions.1") as never;

/** This thread's, whichever copy of the package asks. */
export function definitions(): Definitions {
	const holder = globalThis as { [REGISTRY]?: Definitions };
	holder[REGISTRY] ??= new Definitions();
	return holder[REGISTRY];
}

function siteKey({ file, line, column }: Pick<CallSite, "file" | "line" | "column">): string {
	return `${file}:${line}:${column}`;
}

function missing(wanted: ModuleDescription, imported: Import): FunctionNotShippableError {
	const file = filePath(wanted.file);
	const name = wanted.name === "" ? "A function" : `The function ${wanted.name}`;
	const place = `${file}:${wanted.line}:${wanted.column}`;
	return new FunctionNotShippableError(
		`${name}, registered at ${place}, cannot be had in a worker: ${whyMissing("remote()", wanted.caller, imported, file)} ` +
			`It was not sent by its source, since ${wanted.reason}.`,
		imported.error === undefined ? {} : { cause: imported.error },
	);
}

/** `caller`: the function around the call; empty at the module's top level. */
function whyMissing(call: string, caller: string, imported: Import, file: string): string {
	const { error } = imported;
	switch (imported.outcome) {
		case "failed": {
			const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
			if (error instanceof ReferenceError && error.message.includes("before initialization")) {
				return (
					`importing ${file} by itself failed (${text}), as it does when modules import each other in a circle. ` +
					"Move it to a module that does not import back."
				);
			}
			if (error instanceof FunctionNotShippableError) return error.message;
			return `importing ${file} there failed (${text}).`;
		}
		case "init":
			return (
				"its module reached init() without registering it. What stands below init() runs in the driver alone: " +
				`move the ${call} call above it.`
			);
		case "settled":
			if (caller !== "") {
				return (
					`its ${call} call is inside the function ${caller}, which importing the module does not run. ` +
					"Move the call to the module's top level."
				);
			}
			return (
				"importing its module registered nothing of the kind there. The call must run whenever the module is " +
				"imported, and the file must not have changed since the program started."
			);
		default:
			return (
				`importing ${file} has neither ended nor reached init() for ${patienceForImport / 1000} s. ` +
				"Do not wait at its top level for what only the driver has."
			);
	}
}
