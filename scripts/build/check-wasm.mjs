// What must be true of a built core, so that every thread can have an instance of its own over one memory.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.mjs";
import { readWasm } from "./wasm-module.mjs";

export const sizeLimit = 48 * 1024;
const maximumPages = 65535;

/**
 * The names an AssemblyScript entry exports.
 * @param {string} path relative to the project
 */
export function exportsOf(path) {
	const text = readFileSync(join(root, path), "utf8");
	const declared = [...text.matchAll(/^export\s+(?:function|const|let|class)\s+(\w+)/gm)].map(([, name]) => name);
	const listed = [...text.matchAll(/^export\s*\{([^}]*)\}/gm)].flatMap(([, list]) =>
		list
			.replace(/\/\/.*$/gm, "")
			.split(",")
			.map((item) => item.replace(/^.*\sas\s/s, "").trim())
			.filter((name) => name !== ""),
	);
	return [...declared, ...listed].sort();
}

/**
 * @param {string} target as in asconfig.json
 * @param {Uint8Array} bytes
 * @param {string[]} wanted the exports a release build must have, no more and no less
 * @returns {string[]} what is wrong; empty when all is well
 */
export function faultsOf(target, bytes, wanted) {
	const module = readWasm(bytes);
	const debug = target.endsWith(".debug");
	const threaded = !target.includes(".single");
	const faults = [];

	const memory = module.imports.find((one) => one.module === "env" && one.name === "memory")?.memory;
	if (!memory) {
		faults.push("it does not import env.memory");
	} else {
		if (memory.shared !== threaded) faults.push(`its memory is ${memory.shared ? "" : "not "}shared`);
		if (memory.maximum !== maximumPages) {
			faults.push(`its memory's maximum is ${memory.maximum} pages, not ${maximumPages}`);
		}
	}
	for (const one of module.imports) if (one.memory !== memory) faults.push(`it imports ${one.module}.${one.name}`);
	if (module.dataSegments > 0) {
		faults.push(`it has ${module.dataSegments} data segments: a second instance would overwrite live memory`);
	}
	if (module.hasStart) faults.push("it has a start function, which would run again in each instance");

	for (const { name, kind, type } of module.exports) {
		if (!type) {
			faults.push(`it exports the ${kind} ${name}`);
			continue;
		}
		const strange = [...type.parameters, ...type.results].filter((value) => value !== "i32" && value !== "f64");
		for (const value of strange) faults.push(`${name} takes or returns ${value}: only i32 and f64 cross the boundary`);
	}
	if (!debug) {
		const names = module.exports.map(({ name }) => name);
		const extra = names.filter((name) => !wanted.includes(name));
		const missing = wanted.filter((name) => !names.includes(name));
		for (const name of extra) faults.push(`it exports ${name}, which assembly/index.ts does not`);
		for (const name of missing) faults.push(`it lacks the export ${name}`);
		if (module.size > sizeLimit) faults.push(`it is ${module.size} bytes, the limit is ${sizeLimit}`);
	}
	return faults;
}

/** @param {string} target @param {Uint8Array} bytes */
export function checkWasm(target, bytes) {
	const faults = faultsOf(target, bytes, exportsOf("assembly/index.ts"));
	if (faults.length > 0) throw new Error(`${target}.wasm cannot be used: ${faults.join("; ")}`);
}
