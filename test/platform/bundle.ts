import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { onTestFinished } from "vitest";
import { root } from "../../scripts/paths.mjs";

/** A program given as TypeScript, which imports from `src/…`, as one JavaScript text. */
export async function bundle(contents: string, format: "cjs" | "esm" = "cjs"): Promise<string> {
	const result = await build({
		stdin: { contents, resolveDir: root, loader: "ts" },
		bundle: true,
		format,
		platform: "node",
		external: ["node:*"],
		target: "node20",
		write: false,
		logLevel: "silent",
	});
	return result.outputFiles[0]?.text ?? "";
}

/** A file that lives as long as the test. */
export function temporaryFile(name: string, text: string): string {
	const folder = mkdtempSync(join(tmpdir(), "wasmray-platform-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	const path = join(folder, name);
	writeFileSync(path, text);
	return path;
}

export interface Ended {
	readonly code: number | null;
	readonly out: string;
	readonly error: string;
}

/** Runs Node; `begin` is given the process as soon as it runs. */
export function runNode(
	args: readonly string[],
	options: { env?: Record<string, string>; begin?: (child: ReturnType<typeof spawn>) => void } = {},
): Promise<Ended> {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, args, { env: { ...process.env, NODE_OPTIONS: "", ...options.env } });
		let out = "";
		let error = "";
		child.stdout.on("data", (chunk) => {
			out += chunk;
		});
		child.stderr.on("data", (chunk) => {
			error += chunk;
		});
		child.on("error", reject);
		child.on("close", (code) => resolve({ code, out, error }));
		options.begin?.(child);
	});
}
