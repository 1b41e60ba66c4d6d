/** Programs in a folder of their own, run by the tools that users have. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");

export interface Programs {
	readonly folder: string;
	/** The worker's entry. */
	readonly worker: string;
	write(files: Record<string, string>): void;
	/** Runs `node ...args` there and gives what it printed; a failure, or a warning, is an error with all its output. */
	run(...args: string[]): Promise<string>;
	remove(): void;
}

/** With `kit.mjs`, `kit.cjs` and `worker.mjs` in it, and the project's packages. */
export async function makePrograms(): Promise<Programs> {
	const folder = realpathSync(mkdtempSync(join(tmpdir(), "wasmray-functions-")));
	symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
	const write: Programs["write"] = (files) => {
		for (const [name, text] of Object.entries(files)) {
			mkdirSync(dirname(join(folder, name)), { recursive: true });
			writeFileSync(join(folder, name), text);
		}
	};
	for (const format of ["esm", "cjs"] as const) {
		await build({
			entryPoints: [join(here, "kit.ts")],
			outfile: join(folder, format === "esm" ? "kit.mjs" : "kit.cjs"),
			bundle: true,
			format,
			platform: "node",
			logLevel: "error",
		});
	}
	write({
		"package.json": '{ "type": "module" }',
		"worker.mjs": 'import { serve } from "./kit.mjs";\nserve();\n',
	});
	const run: Programs["run"] = (...args) =>
		new Promise((resolve, reject) => {
			const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env;
			execFile(process.execPath, args, { cwd: folder, env, timeout: 20_000 }, (error, stdout, stderr) => {
				if (error === null && stderr === "") resolve(stdout.trim());
				else reject(new Error(`${error?.message}\n${stdout}\n${stderr}`));
			});
		});
	return {
		folder,
		worker: join(folder, "worker.mjs"),
		write,
		run,
		remove: () => rmSync(folder, { recursive: true, force: true }),
	};
}
