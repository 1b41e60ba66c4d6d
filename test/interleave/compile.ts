// AssemblyScript → shipping bytes, for the samples.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const cache = fileURLToPath(new URL("../../node_modules/.cache/wasmray-interleave/", import.meta.url));
const flags = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "threads", "--importMemory"];
const memory = ["--sharedMemory", "--noExportMemory", "--initialMemory", "1", "--maximumMemory", "65535"];

/** Compiles a file of `samples/` (by name, without extension), or takes what an earlier run compiled. */
export async function compileSample(name: string): Promise<Uint8Array> {
	const path = fileURLToPath(new URL(`./samples/${name}.ts`, import.meta.url));
	return compile(`${name}.ts`, readFileSync(path, "utf8"));
}

/** `names`: with a name section. Default true. */
export async function compile(file: string, source: string, { names = true } = {}): Promise<Uint8Array> {
	const options = [...flags, ...memory, ...(names ? ["--debug"] : [])];
	const hash = createHash("sha256").update(source).update(options.join(" ")).digest("hex");
	const cached = `${cache}source-${hash.slice(0, 32)}.wasm`;
	try {
		return new Uint8Array(readFileSync(cached));
	} catch {
		let wasm: Uint8Array | undefined;
		const { error, stderr } = await asc.main([file, ...options, "--outFile", "out.wasm"], {
			readFile: (name: string) => (name === file ? source : null),
			writeFile: (name: string, content: string | Uint8Array) => {
				if (name === "out.wasm" && typeof content !== "string") wasm = content;
			},
			listFiles: () => [],
		});
		if (error || !wasm) throw new Error(`${file} does not compile: ${stderr.toString()}`);
		mkdirSync(cache, { recursive: true });
		writeFileSync(`${cached}.${process.pid}`, wasm);
		renameSync(`${cached}.${process.pid}`, cached);
		return wasm;
	}
}
