/** Importing users' modules in a worker: which must not be, and how those are loaded that Node alone cannot read. */
import { FunctionNotShippableError } from "../errors.ts";
import { importUrl } from "../platform/threads.ts";
import { filePath, fileUrl } from "./callsite.ts";
import { importAs } from "./compile.ts";
import { fileText } from "./place.ts";

const runsTests =
	/(?:from|require\(|import\(|import)\s*["'](?:node:test|bun:test|vitest|@jest\/globals|ava|mocha|tap|uvu)["']|\bDeno\.test\(/;
const namedAsTest = /[._-](?:test|spec)\.[cm]?[jt]sx?$/;

/** The test runner that loads this process's files, if it is one that transforms them or runs them in a realm of its own. */
export function testRunner(): string | undefined {
	if ("__vitest_worker__" in globalThis || /[\\/]vitest[\\/]/.test(process.argv[1] ?? "")) return "Vitest";
	if (/[\\/]jest(?:-[a-z]+)?[\\/]/.test(process.argv[1] ?? "") && "JEST_WORKER_ID" in process.env) return "Jest";
	return undefined;
}

/** Why a worker must not or cannot import that file; undefined if it may. */
export function importObstacle(file: string, runner = testRunner()): string | undefined {
	if (runner !== undefined) return `${runner} loads it, and workers import no module then`;
	const text = fileText(file);
	if (text === undefined) return `${file} is not a file`;
	if (namedAsTest.test(filePath(file)) || runsTests.test(text)) {
		return "it is a test file, and a worker must not run tests";
	}
	return undefined;
}

/** The last of the ways out for `what` when only its module could bring it to a worker. */
export function wayByModule(what: string, runner = testRunner()): string {
	if (runner === undefined) return `move ${what} to a module that a worker can import`;
	return `run it without ${runner}, under which workers import no module, so that moving it to one does not help`;
}

export async function importModule(file: string): Promise<Record<string, unknown>> {
	if (needsTypeScript(file)) await loadTypeScript(file);
	return (await importUrl(fileUrl(file))) as Record<string, unknown>;
}

/** `import(specifier)` as the file `from` would do it, where the tool that runs that file has its own way. */
export async function importFrom(specifier: string, from: string): Promise<unknown> {
	// Vite names a project's own files from its root.
	if (specifier.startsWith("/@fs/")) return importModule(specifier.slice(4));
	if (specifier.startsWith("/") && fileText(specifier) === undefined) return importModule(process.cwd() + specifier);
	if (/^\.{0,2}\//.test(specifier)) return importModule(new URL(specifier, fileUrl(from)).href);
	return importAs(specifier, from);
}

function needsTypeScript(file: string): boolean {
	if (!/\.[cm]?tsx?$/.test(filePath(file))) return false;
	const { features, versions } = process as { features: { typescript?: unknown }; versions: NodeJS.ProcessVersions };
	return !features.typescript && versions.bun === undefined && versions.deno === undefined;
}

let typeScript: Promise<void> | undefined;

/** tsx of the user's project, for this thread. */
function loadTypeScript(file: string): Promise<void> {
	typeScript ??= (async () => {
		try {
			for (const api of ["tsx/cjs/api", "tsx/esm/api"]) {
				((await importAs(api, file)) as { register(): unknown }).register();
			}
		} catch (cause) {
			throw new FunctionNotShippableError(
				`A worker cannot import ${filePath(file)}: this version of Node does not read TypeScript. ` +
					"Install tsx beside it, use Node 22.18 or newer, or compile it first.",
				{ cause },
			);
		}
	})();
	return typeScript;
}
