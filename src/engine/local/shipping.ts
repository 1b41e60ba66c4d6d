/** How functions become objects of the store, and remote functions parts of values. */
import { describeFunction } from "../../functions/describe.ts";
import { type Description, functionKey } from "../../functions/description.ts";
import { testRunner } from "../../functions/importing.ts";
import type { CaptureHooks } from "../../functions/plain.ts";
import { Encoder } from "../../values/encoder.ts";
import { packageMember } from "../members.ts";
import type { ObjectRef } from "../ref.ts";
import { makeRemoteFunction, settingsOf } from "../remote-function.ts";
import type { TaskSettings } from "../settings.ts";
import type { LocalEngine } from "./engine.ts";
import type { FunctionShipping } from "./submissions.ts";

/** What the object that describes a function holds. */
export interface ShippedCode {
	readonly name: string;
	readonly description: Description;
	/** The classes that `registerSerializer` knew: a function each that gives class and codec. */
	readonly codecs: readonly { readonly name: string; readonly description: Description }[];
}

/** What a remote function inside a value is sent as. */
type SentSettings = Omit<
	TaskSettings,
	"definition" | "resources" | "signal" | "closure" | "plan" | "retryExceptions" | "retryDelay"
> & {
	readonly code: ObjectRef;
	readonly resources: readonly (readonly [string, number])[];
	readonly retryExceptions: boolean;
	readonly retryDelay: number;
};

export class Shipping implements FunctionShipping {
	readonly #engine: LocalEngine;
	/** Given in workers, which cannot see it. */
	readonly #testRunner: string | undefined;
	/** The same function, made anew in a loop, is one object. */
	readonly #byKey = new Map<string, WeakRef<ObjectRef>>();
	#probe: Encoder | undefined;

	constructor(engine: LocalEngine, runner: string | undefined = testRunner()) {
		this.#engine = engine;
		this.#testRunner = runner;
	}

	codeFor(settings: TaskSettings): ObjectRef {
		const { definition, closure } = settings;
		if (closure !== undefined) return this.#store(settings.name, this.#describe(settings));
		let code = definition.shipped.get(this.#engine) as ObjectRef | undefined;
		if (code === undefined) {
			code = this.#store(settings.name, this.#describe(settings));
			definition.shipped.set(this.#engine, code);
		}
		return code;
	}

	#describe({ definition, closure }: TaskSettings): Description {
		return describeFunction(definition.fn, {
			...(closure !== undefined && { closure }),
			site: definition.site,
			ordinal: definition.ordinal,
			testRunner: this.#testRunner,
			hooks: this.#hooks,
		});
	}

	#store(name: string, description: Description): ObjectRef {
		const codecs = this.#codecs();
		const plain = functionKey(description);
		const key = plain === undefined || codecs.length > 0 ? undefined : `${name}\n${plain}`;
		const known = key === undefined ? undefined : this.#byKey.get(key)?.deref();
		if (known !== undefined && !known.disposed) return known;
		const code: ShippedCode = { name, description, codecs };
		const ref = this.#engine.store.put(code);
		if (key !== undefined) this.#byKey.set(key, new WeakRef(ref));
		return ref;
	}

	#codecs(): ShippedCode["codecs"] {
		return [...this.#engine.serializers.entries()].map(({ type, codec }) => ({
			name: codec.name,
			description: describeFunction(giveCodec as never, {
				closure: { type, serialize: codec.serialize, deserialize: codec.deserialize },
				hooks: this.#hooks,
			}),
		}));
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
		packageMember,
	};

	describe(remoteFunction: object): unknown {
		const settings = settingsOf(remoteFunction) as TaskSettings;
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
		const sent: SentSettings = {
			...plain,
			code: this.codeFor(settings),
			resources: [...resources],
			retryExceptions: retryExceptions === true,
			retryDelay: typeof retryDelay === "number" ? retryDelay : 0,
		};
		return sent;
	}

	receive(description: unknown): unknown {
		const { code, resources, ...plain } = description as SentSettings;
		const shipped = new WeakMap<object, unknown>([[this.#engine, code]]);
		return makeRemoteFunction({
			...plain,
			definition: { fn: notHere, name: plain.name, site: undefined, ordinal: 0, shipped },
			resources: new Map(resources),
			signal: undefined,
			closure: undefined,
			plan: undefined,
		});
	}
}

declare const type: unknown;
declare const serialize: unknown;
declare const deserialize: unknown;

/** Runs in the worker, which supplies what it names. */
function giveCodec() {
	return { type, serialize, deserialize };
}

function notHere(): never {
	throw new TypeError("This remote function came with a value: it can be called by remote(), its code is not here.");
}
