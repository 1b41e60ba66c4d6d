import { rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { functionPlace } from "../../src/functions/place.ts";
import { openInspector } from "../../src/platform/inspect.ts";
import { temporaryFile } from "../platform/bundle.ts";

const source = "function echo(value) { return value; }";

/** Where `echo` is found, registered in a file that imports it from another; `asked`: whether the inspector was. */
function placeOf(declaring: string, isClosed = true) {
	const tasks = temporaryFile("tasks.mjs", declaring);
	const from = `./${basename(dirname(tasks))}/tasks.mjs`;
	const main = join(dirname(dirname(tasks)), `${basename(dirname(tasks))}.mjs`);
	writeFileSync(main, `import { other, echo } from ${JSON.stringify(from)};`);
	onTestFinished(() => rmSync(main));
	const site = { file: pathToFileURL(main).href, line: 1, column: 1, caller: "", hasThis: false, trace: "" };
	let asked = false;
	const insight = () => {
		asked = true;
		return { scopes: [], location: { scriptId: "none", line: 2, column: 20 } };
	};
	const wanted = { name: "echo", source, isInline: false, isClosed };
	const place = functionPlace(wanted, site, insight, () => undefined);
	return { place, asked, tasks: pathToFileURL(tasks).href };
}

describe("the place of a function that is imported from another file", () => {
	test("is found by its text, if it is there once and needs nothing from outside", () => {
		const { place, asked, tasks } = placeOf(`\n\nexport ${source}\n`);
		expect(place).toEqual({ file: tasks, line: 3, column: 8 });
		expect(asked).toBe(false);
	});

	test("is the one that the engine names, of several", () => {
		const { place, asked, tasks } = placeOf(`{ ${source} }\n\nexport ${source}\n`);
		expect(place).toEqual({ file: tasks, line: 3, column: 8 });
		expect(asked).toBe(true);
	});

	test("is asked of the engine if that has to be asked for what it uses anyway", () => {
		const { place, asked, tasks } = placeOf(`\n\nexport ${source}\n`, false);
		expect(place).toEqual({ file: tasks, line: 3, column: 8 });
		expect(asked).toBe(true);
	});
});

test("the inspector names the file of a script", () => {
	const inspector = openInspector();
	try {
		const { location } = inspector?.inspect(placeOf) ?? {};
		expect(inspector?.scriptUrl(location?.scriptId ?? "")).toMatch(/place\.test\.ts/);
	} finally {
		inspector?.close();
	}
});
