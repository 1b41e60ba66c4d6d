import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";

/** What a reader needs to judge figures by; nothing that names the machine or its folders. */
export function describeEnvironment(packages = []) {
	return {
		date: new Date().toISOString().slice(0, 10),
		node: process.versions.node,
		v8: process.versions.v8,
		system: `${platform()} ${arch()}`,
		cpu: cpus()[0]?.model.trim() ?? "unknown",
		cores: availableParallelism(),
		memoryGiB: Math.round(totalmem() / 2 ** 30),
		packages: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
	};
}

/** Read from the file, since a package's exports may hide its package.json. */
function versionOf(name) {
	try {
		return JSON.parse(readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), "utf8"))
			.version;
	} catch {
		return "not installed";
	}
}

export function environmentLine(environment) {
	return `Node ${environment.node}, ${environment.cores} × ${environment.cpu}, ${environment.memoryGiB} GiB, ${environment.date}`;
}
