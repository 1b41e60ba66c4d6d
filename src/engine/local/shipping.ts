/** How functions become objects of the store, and remote functions parts of values. */

import { FunctionNotShippableError } from "../../errors.ts";
import { describeFunction } from "../../functions/describe.ts";
import { type Description, functionKey } from "../../functions/description.ts";
import { testRunner, wayByModule } from "../../functions/importing.ts";
import type { CaptureHooks } from "../../functions/plain.ts";
import { Encoder } from "../../values/encoder.ts";
import { packageMember } from "../members.ts";
import type { ObjectRef } from "../ref.ts";
import { makeRemoteFunction, settingsOf } from "../remote-function.ts";
import type { Definition, TaskSettings } from "../settings.ts";
import { CodecShipping, type ShippedCodec } from "./codecs.ts";
import type { LocalEngine } from "./engine.ts";
import type { FunctionShipping } from "./submissions.ts";

/** What the object that describes a function holds. */
export interface ShippedCode {
	readonly kind: "code";
	readonly name: string;
	readonly description: Description;
	/** Those of all classes that `registerSerializer` knew. */
	readonly codecs: readonly ShippedCodec[];
}

/** What an engine keeps for a definition. */
interface Shipped {
	readonly code: ObjectRef;
	/** Of the codecs that were sent with it: when there are others, it is sent anew. Undefined: it came from elsewhere. */
	readonly version: number | undefined;
	/** The same by other names. */
	readonly renamed: Map<string, ObjectRef>;
}

/** Of one function; programs may make up a name for each call. */
const KEPT_NAMES = 16;

/** The same function by another name, as `options({ name })` gives it. */
export interface RenamedCode {
	readonly kind: "renamed";
	readonly name: string;
	readonly of: ObjectRef;
}

/** What of a remote function's settings is sent. */
type PlainSettings = Omit<
	TaskSettings,
	"definition" | "resources" | "signal" | "closure" | "plan" | "retryExceptions" | "retryDelay"
> & {
	readonly resources: readonly (readonly [string, number])[];
	readonly retryExceptions: boolean;
	readonly retryDelay: number;
};

/** What a remote function inside a value is sent as. */
type SentSettings = PlainSettings & { readonly code: ObjectRef };

/** An object of the store that somebody else holds. */
export interface CodePlace {
	readonly slot: number;
	readonly generation: number;
}

export class Shipping implements FunctionShipping {
	readonly #engine: LocalEngine;
	/** Given in workers, which cannot see it. */
	readonly #testRunner: string | undefined;
	/** The same function, made anew in a loop, is one object. */
	readonly #byKey = new Map<string, WeakRef<ObjectRef>>();
	readonly #codecs: CodecShipping;
	#probe: Encoder | undefined;
	/** The functions that are being described, each because the one before uses it. */
	readonly #underWay: TaskSettings[] = [];

	constructor(engine: LocalEngine, runner: string | undefined = testRunner()) {
		this.#engine = engine;
		this.#testRunner = runner;
		this.#codecs = new CodecShipping(this.#hooks, runner);
	}

	codeFor(settings: TaskSettings): CodePlace {
		const own = ownCode.get(settings.definition);
		return own !== undefined && settings.closure === undefined ? own : this.#codeRef(settings);
	}

	keeps(settings: TaskSettings): boolean {
		return !inlined.has(settings.definition);
	}

	#codeRef(settings: TaskSettings): ObjectRef {
		const { definition, closure } = settings;
		const own = ownCode.get(definition);
		if (own !== undefined && closure === undefined) return this.#engine.store.adoptRef(own.slot, own.generation);
		if (closure !== undefined) return this.#store(settings.name, this.#describe(settings));
		if (inlined.has(definition)) return this.#inlinedCode(settings);
		let shipped = definition.shipped.get(this.#engine) as Shipped | undefined;
		const { version } = this.#engine.serializers;
		if (shipped === undefined || (shipped.version !== undefined && shipped.version !== version)) {
			const { name } = definition;
			shipped = { code: this.#store(name, this.#describe(settings)), version, renamed: new Map() };
			definition.shipped.set(this.#engine, shipped);
		}
		return settings.name === definition.name ? shipped.code : this.#renamed(shipped, settings.name);
	}

	/** What is made of it holds the code that it came with, which may hold it: so it is made anew when nobody needs it for a while. */
	#inlinedCode(settings: TaskSettings): ObjectRef {
		const { definition, name } = settings;
		const known = (inlined.get(definition) as WeakRef<ObjectRef> | undefined)?.deref();
		if (known !== undefined && !known.disposed) return known;
		const code = this.#store(name, this.#describe(settings));
		inlined.set(definition, new WeakRef(code));
		return code;
	}

	#renamed({ code, renamed }: Shipped, name: string): ObjectRef {
		let ref = renamed.get(name);
		if (ref === undefined) {
			if (renamed.size >= KEPT_NAMES) renamed.delete(renamed.keys().next().value as string);
			ref = this.#put({ kind: "renamed", name, of: code });
			renamed.set(name, ref);
		}
		return ref;
	}

	#describe(settings: TaskSettings): Description {
		const { definition, closure } = settings;
		if (this.#underWay.some((other) => isSameCode(other, settings))) {
			throw new FunctionNotShippableError(
				`${definition.name} is part of a value that it uses itself, and so cannot be sent before that. ` +
					`Use it by a variable of its own, give it as an argument, or ${wayByModule("it", this.#testRunner)}.`,
			);
		}
		this.#underWay.push(settings);
		try {
			return describeFunction(definition.fn, {
				...(closure !== undefined && { closure }),
				site: definition.site,
				ordinal: definition.ordinal,
				testRunner: this.#testRunner,
				hooks: this.#hooks,
			});
		} finally {
			this.#underWay.pop();
		}
	}

	#store(name: string, description: Description): ObjectRef {
		const codecs = [...this.#engine.serializers.entries()].map((entry) => this.#codecs.describe(entry));
		const plain = functionKey(description);
		const key = plain && `${name}\n${codecs.map(({ id }) => id).join()}\n${plain}`;
		const known = key === undefined ? undefined : this.#byKey.get(key)?.deref();
		if (known !== undefined && !known.disposed) return known;
		const ref = this.#put({ kind: "code", name, description, codecs });
		if (key !== undefined) this.#byKey.set(key, new WeakRef(ref));
		return ref;
	}

	#put(code: ShippedCode | RenamedCode): ObjectRef {
		const ref = this.#engine.store.put(code);
		this.#engine.audit?.functions.set(ref.slot, ref.generation);
		return ref;
	}

	readonly #hooks: CaptureHooks = {
		sendable: (value) => {
			this.#probe ??= new Encoder(this.#engine.serializers, this.#engine.encodeHooks);
			try {
				this.#probe.encode(value, "it");
				return true;
			} catch (error) {
				return error instanceof Error ? error.message : String(error);
			} finally {
				this.#probe.reset();
			}
		},
		serializes: (value) =>
			this.#engine.serializers.codecFor(Object.getPrototypeOf(value) as object | null) !== undefined,
		// A function that calls itself remotely: what it is sent in cannot name itself.
		replace: (value) => {
			const settings = settingsOf(value);
			const described = this.#underWay.at(-1);
			if (settings === undefined || described === undefined || !isSameCode(settings, described)) return undefined;
			return this.#plain(settings);
		},
		isOne: (type) => this.#engine.serializers.isPartOf(type),
		inline: (value) => {
			const settings = settingsOf(value);
			const isUnderWay = settings !== undefined && this.#underWay.some((other) => isSameCode(other, settings));
			if (!isUnderWay || settings.closure !== undefined || ownCode.has(settings.definition)) return undefined;
			return { settings: this.#plain(settings), fn: settings.definition.fn };
		},
		packageMember,
	};

	describe(remoteFunction: object): unknown {
		const settings = settingsOf(remoteFunction) as TaskSettings;
		const sent: SentSettings = { ...this.#plain(settings), code: this.#codeRef(settings) };
		return sent;
	}

	#plain(settings: TaskSettings): PlainSettings {
		const {
			definition: _,
			resources,
			signal: _s,
			closure: _c,
			plan: _p,
			retryExceptions,
			retryDelay,
			...plain
		} = settings;
		return {
			...plain,
			resources: [...resources],
			retryExceptions: retryExceptions === true,
			retryDelay: typeof retryDelay === "number" ? retryDelay : 0,
		};
	}

	receive(description: unknown): unknown {
		const { code, ...plain } = description as SentSettings;
		const shipped: Shipped = { code, version: undefined, renamed: new Map() };
		return remoteFunction(plain, new WeakMap<object, unknown>([[this.#engine, shipped]]));
	}
}

/** Where the code is of functions that use themselves: whoever runs them holds it, so they need not, and could never let go. */
const ownCode = new WeakMap<Definition, CodePlace>();

/** Functions that came with the code of one that they use: what is made of them to be sent, as long as somebody needs it. */
const inlined = new WeakMap<Definition, WeakRef<ObjectRef> | undefined>();

/** The remote function that the function whose code stands there uses: itself. */
export function receiveItself(sent: unknown, code: CodePlace): unknown {
	const made = remoteFunction(sent as PlainSettings, new WeakMap());
	ownCode.set((settingsOf(made) as TaskSettings).definition, code);
	return made;
}

/** A remote function that came with the code that it uses in turn: its own code is here, and sent from here. */
export function receiveInlined(sent: unknown, fn: (...args: never[]) => unknown): unknown {
	const made = remoteFunction(sent as PlainSettings, new WeakMap(), fn);
	inlined.set((settingsOf(made) as TaskSettings).definition, undefined);
	return made;
}

function remoteFunction(
	{ resources, ...plain }: PlainSettings,
	shipped: WeakMap<object, unknown>,
	fn: (...args: never[]) => unknown = notHere,
): object {
	return makeRemoteFunction({
		...plain,
		definition: { fn, name: plain.name, site: undefined, ordinal: 0, shipped },
		resources: new Map(resources),
		signal: undefined,
		closure: undefined,
		plan: undefined,
	});
}

function isSameCode(a: TaskSettings, b: TaskSettings): boolean {
	return a.definition === b.definition && a.closure === b.closure;
}

function notHere(): never {
	throw new TypeError("This remote function came with a value: it can be called by remote(), its code is not here.");
}
