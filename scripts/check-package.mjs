// Packs the package, installs the tarball into an empty project and uses it there: what is in it, each export by
// `import` and by `require`, and the declarations for both, under both module resolutions.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./paths.mjs";

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const allowed =
	/^(package\.json|README\.md|LICENSE|build\/core(\.single)?\.wasm|dist\/cjs\/package\.json|dist\/.*(\.js|\.d\.ts))$/;
const modules = ["", "/testing"].filter((name) => existsSync(join(root, `src${name}/index.ts`)));
const npm = process.env.npm_execpath;

/** @param {string} file @param {string[]} options @param {string} cwd */
function run(file, options, cwd) {
	try {
		return execFileSync(file, options, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
	} catch (error) {
		const { stdout = "", stderr = "" } = /** @type {any} */ (error);
		throw new Error(`${file} ${options.join(" ")}:\n${stdout}${stderr}`, { cause: error });
	}
}

/** @param {string[]} options @param {string} cwd */
const runNpm = (options, cwd) => (npm ? run(process.execPath, [npm, ...options], cwd) : run("npm", options, cwd));

/** @param {string} folder */
function pack(folder) {
	const [{ filename, files, size }] = JSON.parse(
		runNpm(["pack", "--json", "--ignore-scripts", "--pack-destination", folder], root),
	);
	/** @type {string[]} */
	const paths = files.map((/** @type {{ path: string }} */ { path }) => path);
	const strange = paths.filter((path) => !allowed.test(path));
	if (strange.length > 0) throw new Error(`the package would contain ${strange.join(", ")}`);
	for (const path of ["package.json", "LICENSE", "build/core.wasm", "build/core.single.wasm"]) {
		if (!paths.includes(path)) throw new Error(`the package would lack ${path}`);
	}
	const slow = paths.filter(
		(path) => path.endsWith(".js") && /[^\0-\x7f]/.test(readFileSync(join(root, path), "utf8")),
	);
	if (slow.length > 0) throw new Error(`not ASCII, so slow to load: ${slow.join(", ")}`);
	console.log(`${filename}: ${paths.length} files, ${(size / 1024).toFixed(0)} KiB`);
	return join(folder, filename);
}

/** @param {string} folder @param {string} tarball */
function install(folder, tarball) {
	writeFileSync(join(folder, "package.json"), '{ "name": "user", "private": true, "type": "module" }\n');
	// Offline: the package needs no other one.
	runNpm(["install", "--offline", "--no-audit", "--no-fund", tarball], folder);
}

/** @param {string} folder */
function useAtRunTime(folder) {
	const names = JSON.stringify(modules.map((name) => `${manifest.name}${name}`));
	writeFileSync(
		join(folder, "use.mjs"),
		`import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
for (const name of ["core.wasm", "core.single.wasm"]) {
	const bytes = readFileSync(require.resolve("${manifest.name}/" + name));
	if (!(await WebAssembly.compile(bytes))) throw new Error(name);
}
for (const name of ${names}) {
	const imported = Object.keys(await import(name)).sort().join();
	const required = Object.keys(require(name)).sort().join();
	if (imported === "" || imported !== required) throw new Error(name + ": import gives " + imported + ", require " + required);
}
`,
	);
	run(process.execPath, ["use.mjs"], folder);
}

/** @param {string} folder */
function useTypes(folder) {
	const imports = modules.map((name, index) => `import * as part${index} from "${manifest.name}${name}";`);
	const uses = modules.map((_, index) => `console.log(Object.keys(part${index}));`);
	const text = `${[...imports, ...uses].join("\n")}\n`;
	for (const file of ["by-import.mts", "by-require.cts"]) writeFileSync(join(folder, file), text);
	const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
	const common = ["--strict", "--noEmit", "--target", "es2023", "--lib", "es2023,esnext.disposable,dom", "--types", ""];
	for (const [resolution, module, files] of [
		["nodenext", "nodenext", ["by-import.mts", "by-require.cts"]],
		["bundler", "preserve", ["by-import.mts"]],
	]) {
		const options = ["--moduleResolution", String(resolution), "--module", String(module)];
		run(process.execPath, [compiler, ...common, ...options, ...files], folder);
	}
}

const folder = mkdtempSync(join(tmpdir(), "wasmray-package-"));
try {
	const user = join(folder, "user");
	mkdirSync(user);
	install(user, pack(folder));
	useAtRunTime(user);
	if (modules.length > 0) useTypes(user);
	console.log("The package installs, and every export can be used.");
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exitCode = 1;
} finally {
	rmSync(folder, { recursive: true, force: true });
}
