/** How classes and their codecs, as `registerSerializer` knows them, come from one thread to another. */
import { FunctionNotShippableError } from "../../errors.ts";
import { identityOf, lineage } from "../../functions/classes.ts";
import { describeFunction } from "../../functions/describe.ts";
import type { Description } from "../../functions/description.ts";
import { importObstacle } from "../../functions/importing.ts";
import type { CaptureHooks } from "../../functions/plain.ts";
import type { CodecEntry } from "../../values/registry.ts";

export interface ShippedCodec {
	readonly name: string;
	/** Of this registration. */
	readonly id: string;
	/** Of the class, and of those it extends. */
	readonly identities: readonly string[];
	/** A function that gives class and codec. Otherwise: */
	readonly description?: Description;
	/** The module that registers it when it is imported. */
	readonly file?: string;
	/** Why it cannot be sent. */
	readonly reason?: string;
}

/** What was made of each entry: what came from elsewhere is passed on as it came. */
const described = new WeakMap<CodecEntry, ShippedCodec>();

export function passOn(entry: CodecEntry, codec: ShippedCodec): void {
	described.set(entry, codec);
}

export class CodecShipping {
	readonly #hooks: CaptureHooks;
	readonly #testRunner: string | undefined;

	constructor({ replace: _, inline: _i, ...hooks }: CaptureHooks, testRunner: string | undefined) {
		this.#hooks = hooks;
		this.#testRunner = testRunner;
	}

	/** One that cannot be sent concerns those alone who use it: whoever reads an instance is told why. */
	describe(entry: CodecEntry): ShippedCodec {
		let codec = described.get(entry);
		if (codec === undefined) {
			const identities = lineage(entry.type).map(identityOf);
			codec = { name: entry.codec.name, id: identityOf(entry), identities, ...this.#way(entry) };
			described.set(entry, codec);
		}
		return codec;
	}

	#way({ type, codec, site }: CodecEntry): Pick<ShippedCodec, "description" | "file" | "reason"> {
		try {
			// A codec names its class, which a host that shows no variables would not know.
			const names = type.name === "" ? {} : { [type.name]: type };
			const options = { closure: { type, codec }, names, file: site?.file, hooks: this.#hooks };
			return { description: describeFunction(giveCodec, options) };
		} catch (error) {
			if (!(error instanceof FunctionNotShippableError)) throw error;
			const reason = error.message;
			const obstacle = site === undefined ? "it is not known where it was registered" : this.#obstacle(site);
			return obstacle === undefined ? { file: site?.file as string, reason } : { reason };
		}
	}

	#obstacle({ file, caller }: NonNullable<CodecEntry["site"]>): string | undefined {
		if (caller !== "") return `registerSerializer() is called inside the function ${caller}`;
		return this.#testRunner === undefined ? importObstacle(file) : importObstacle(file, this.#testRunner);
	}
}

declare const type: unknown;
declare const codec: unknown;

/** Runs in the worker, which supplies what it names. */
function giveCodec() {
	return { type, codec };
}
