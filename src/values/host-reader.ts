/** What the values' owners know to make: instances by their class's codec, and the host layer's own things. */
import { SerializationError } from "../errors.ts";
import { EXT_HOST_FIRST, EXT_HOST_LAST } from "./format.ts";
import type { DecodeHooks } from "./hooks.ts";
import type { SerializerRegistry } from "./registry.ts";
import type { ValueSource } from "./special-reader.ts";

export function readInstance(source: ValueSource, registry: SerializerRegistry | undefined): unknown {
	const number = source.reserve();
	const name = source.name();
	const codec = registry?.codecNamed(name);
	if (codec === undefined) {
		throw new SerializationError(
			`The bytes have an instance of a class whose codec is "${name}", and there is none of that name here; ` +
				(registry?.whyMissing(name) ?? "call registerSerializer() with it before reading"),
		);
	}
	const data = source.whole();
	let made: unknown;
	try {
		made = codec.deserialize(data);
	} catch (cause) {
		throw new SerializationError(`The codec "${name}" could not deserialize: ${String(cause)}`, { cause });
	}
	return source.fulfil(number, made);
}

export function readHostExtension(source: ValueSource, type: number, hooks: DecodeHooks | undefined): unknown {
	if (type < EXT_HOST_FIRST || type > EXT_HOST_LAST) throw source.damaged(`there is no extension ${type}`);
	if (hooks?.extension === undefined) {
		throw new SerializationError(`A value with a host extension (${type}) cannot be read without its host`);
	}
	const number = source.reserve();
	return source.fulfil(number, hooks.extension(type, source.whole()));
}
