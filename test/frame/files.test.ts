import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/paths.mjs";

const files = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" })
	.split("\0")
	.filter((path) => path !== "" && existsSync(join(root, path)));

describe("the project's files", () => {
	test("name no path of the machine they were written on", () => {
		// Put together here, so that this file does not name them either.
		const places = [root, homedir(), ...["work", "root", "workspace"].map((name) => `/${name}/`)].filter(
			(path) => path.length > 4,
		);
		const found = files.flatMap((path) => {
			const text = readFileSync(join(root, path), "latin1");
			return places.filter((place) => text.includes(place)).map((place) => `${path} names ${place}`);
		});
		expect(found).toEqual([]);
	});
});
