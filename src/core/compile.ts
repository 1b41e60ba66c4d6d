import { wasmBase64 } from "./wasm.threaded.generated.ts";

let compiled: WebAssembly.Module | undefined;

/** The core's bytes, decoded and compiled once; workers are handed the module. */
export function compileCore(): WebAssembly.Module {
	compiled ??= new WebAssembly.Module(decodeBase64(wasmBase64));
	return compiled;
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
	const binary = atob(text);
	const bytes = new Uint8Array(binary.length);
	for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
	return bytes;
}
