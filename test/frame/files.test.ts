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
		const places = [root, homedir(), ...["work", "root", "workspace"].map((name) => `/${name}/`)]
			.filter((path) => path.length > 4)
			// "./memory/root" and "/rooted" are no such path.
			.map((path) => {
				const end = path.endsWith("/") ? "" : "(?![\\w-])";
				return new RegExp(`(?<![\\w.-])${path.replace(/[^\w/]/g, "\\$&")}${end}`);
			});
		const named = (text: string) => places.map((place) => place.exec(text)?.[0]).filter((place) => place !== undefined);
		const found = files.flatMap((path) =>
			named(readFileSync(join(root, path), "latin1")).map((place) => `${path} names ${place}`),
		);
		expect(named(`see ${root}, "${homedir()}"`)).toEqual(expect.arrayContaining([root, homedir()]));
		expect(found).toEqual([]);
	});
});
