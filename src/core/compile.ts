import { wasmBase64 } from "./wasm.threaded.generated.ts";

let compiled: WebAssembly.Module | undefined;

/** The core's bytes, decoded and compiled once; workers are handed the module. */
export function compileCore(): WebAssembly.Module {
	compiled ??= new WebAssembly.Module(Buffer.from(wasmBase64, "base64"));
	return compiled;
}
