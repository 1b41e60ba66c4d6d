/** The classes and codecs that this worker was sent, and those that modules register here in their place. */
import { packageNamespace } from "../api/members.ts";
import { passOn, type ShippedCodec } from "../engine/local/codecs.ts";
import { KnownClasses } from "../functions/classes.ts";
import { definitions } from "../functions/definitions.ts";
import { materialize } from "../functions/materialize.ts";
import type { Codec, CodecEntry, SerializerRegistry } from "../values/registry.ts";

export class Codecs {
	readonly classes = new KnownClasses();
	readonly #serializers: SerializerRegistry;
	/** What was learnt, by name: which registration it is. */
	readonly #learnt = new Map<string, string>();

	/** `forget` is called when functions that were made have another class than the one that values now come as. */
	constructor(serializers: SerializerRegistry, forget: () => void) {
		this.#serializers = serializers;
		serializers.onReplaced = () => {
			this.#learnt.clear();
			this.classes.clear();
			forget();
		};
	}

	/** A promise if a module must be loaded for it. What cannot be had is told to whoever reads an instance. */
	learn(sent: ShippedCodec): Promise<void> | undefined {
		const { name, id, identities, description, file, reason = "" } = sent;
		const own = this.#own(name);
		if (own !== undefined) {
			this.classes.setLineage(identities, own);
			return undefined;
		}
		if (this.#learnt.get(name) === id) return undefined;
		this.#learnt.set(name, id);
		if (description === undefined && file === undefined) {
			this.#serializers.missing(name, reason);
			return undefined;
		}
		if (description === undefined) return this.#import(sent, file as string);
		const made = materialize(description, { packageNamespace, classes: this.classes });
		if (!(made instanceof Promise)) return this.#receive(made, sent);
		return made.then(
			(give) => this.#receive(give, sent),
			(error: unknown) => this.#serializers.missing(name, error instanceof Error ? error.message : String(error)),
		);
	}

	/** The class that a module of this thread registered under that name. */
	#own(name: string): CodecEntry["type"] | undefined {
		const entry = this.#serializers.entryNamed(name);
		return entry?.received ? undefined : entry?.type;
	}

	#receive(give: (...args: never[]) => unknown, sent: ShippedCodec): undefined {
		if (this.#own(sent.name) !== undefined) return;
		const { type, codec } = give() as { type: CodecEntry["type"]; codec: Codec };
		passOn(this.#serializers.receive(type, codec), sent);
	}

	async #import({ name, identities, reason = "" }: ShippedCodec, file: string): Promise<void> {
		const why = await definitions().awaitEffect(file, "registerSerializer()", () => this.#own(name) !== undefined);
		const own = this.#own(name);
		if (own !== undefined) this.classes.setLineage(identities, own);
		else this.#serializers.missing(name, `${why} It was not sent by its source: ${reason}`);
	}
}
