import { describe, expect, it } from "vitest";
import { run } from "./programs.ts";

describe("a process", () => {
	it("ends by itself when nothing is unfinished, without shutdown", async () => {
		expect(await run("idle")).toEqual({ code: 0, signal: null, out: "2\n", err: "" });
	});

	it("lives until its last task is done, though nobody awaits it", async () => {
		const { code, out } = await run("unfinished");
		expect(code).toBe(0);
		expect(out).toMatch(/^\(late pid=\d+ worker=\d+\) the task is done\nexit true\n$/);
	});

	it("starts a service thread only when it has been blocked for a while, and ends with it", async () => {
		expect(await run("blocked")).toEqual({ code: 0, signal: null, out: "1 1 2 2\n", err: "" });
		expect(await run("blocked", "shutdown")).toEqual({ code: 0, signal: null, out: "1 1 2 2\n0\n", err: "" });
	});

	it("tells of an error that nobody asked for once, at shutdown, and ends well", async () => {
		const { code, err } = await run("unread");
		expect(code).toBe(0);
		expect(err.match(/nobody asked for the result/g)).toHaveLength(1);
		expect(err).toMatch(/Task lonely \(.*\) failed: RangeError: nobody asked/);
	});

	it("lives for tasks that a listener of its own submits when the event loop has run dry", async () => {
		expect(await run("before-exit")).toEqual({ code: 0, signal: null, out: "9\n16\n", err: "" });
	});

	it("lives until a shutdown that is awaited is over, though it cancels what had kept the process", async () => {
		expect(await run("ends-pending")).toEqual({ code: 0, signal: null, out: "down\ndown\ndown\n", err: "" });
	});

	it.each([
		["driver", "the program's"],
		["nested", "a task's"],
	])("ends though a generator is paused that nobody can read any more (%s)", async (where, name) => {
		const { code, out } = await run("abandoned", where);
		expect(code).toBe(0);
		expect(out).toMatch(new RegExp(`^0\\n\\(numbers pid=\\d+ worker=\\d+\\) ${name} is left\\n$`));
	});

	it.runIf(process.platform === "linux")(
		"gets the memory of runtimes back that it shut down, idle ones too",
		async () => {
			expect(await run("idle-cycles")).toEqual({ code: 0, signal: null, out: "given back\n", err: "" });
		},
	);

	it("tells of such errors also when it ends by itself", async () => {
		const { code, err } = await run("unread-at-end");
		expect(code).toBe(0);
		const told = err.match(/failed: RangeError: \w+/g)?.map((text) => text.split(" ").at(-1));
		expect(told?.sort()).toEqual(["dropped", "held", "no"]);
	});

	it("fails with what main's function threw, shut down", async () => {
		const { code, err } = await run("fails");
		expect(code).toBe(1);
		expect(err).toMatch(/^TaskError: Task bad \(.*\) failed: RangeError: the program's own/m);
	});

	it("ends at process.exit, at shutdownNow and by a signal, though tasks hold their threads", async () => {
		expect(await run("killed", "exit")).toMatchObject({ code: 7 });
		expect(await run("killed", "now")).toMatchObject({ code: 0, out: "false\n" });
		expect(await run("killed", "signal")).toMatchObject({ signal: "SIGTERM" });
	});
});

describe("a module", () => {
	it("is imported by the worker for functions that cannot be sent, once, and only down to init()", async () => {
		expect(await run("module")).toMatchObject({ code: 0, out: "driver only\n[[false,1],[false,2],0]\n", err: "" });
	});
});

describe("what workers print", () => {
	it("comes with a prefix, in order, complete, and before the results", async () => {
		const { code, out, err } = await run("talks");
		expect(code).toBe(0);
		const lines = out.split("\n");
		for (let i = 0; i < 200; i++) expect(lines[i]).toMatch(new RegExp(`^\\(talk pid=\\d+ worker=\\d+\\) line ${i}$`));
		expect(err).toMatch(/^\(talk pid=\d+ worker=\d+\) on stderr\n/);
		const rest = lines.slice(200).join("\n");
		expect(rest).toMatch(/after talk/);
		expect(rest).toMatch(/no newline at the end\n/);
		expect(rest).toMatch(/last words\n[\s\S]*WorkerCrashedError\n/);
		// The rejection is told with its task, and the worker lives on.
		expect(rest).toContain("same worker true\n");
		expect(err.match(/a promise of task careless/g)).toHaveLength(2);
		expect(err).toMatch(/left alone/);
		expect(rest).toMatch(/down\n$/);
	});

	it.each(["get", "all", "sync", "wait", "completed", "items"])(
		"comes before the result that was ready before it was asked for (%s)",
		async (how) => {
			const { code, out } = await run("printed-before", how, "exit");
			expect(code).toBe(0);
			const lines = out.split("\n");
			for (let i = 0; i < 100; i++) expect(lines[i]).toMatch(new RegExp(`^\\(talk pid=\\d+ worker=\\d+\\) line ${i}$`));
			expect(lines.slice(100).join("\n")).toMatch(/^got\n\(talk pid=\d+ worker=\d+\) no end\n$/);
		},
	);

	it.each(["exit", "throw"])(
		"comes out though nobody asks for results and the program ends at once (%s)",
		async (end) => {
			const { out } = await run("printed-before", "nothing", end);
			// Whoever asks for nothing may see it at any time.
			const lines = out.replace(/^got\n/m, "");
			expect(lines.length).toBe(out.length - 4);
			expect(lines).toMatch(/^(\(talk pid=\d+ worker=\d+\) line \d+\n){100}\(talk pid=\d+ worker=\d+\) no end\n$/);
		},
	);

	it("is dropped if it is not wanted", async () => {
		const { out, err } = await run("talks", "quiet");
		expect(out).toBe("after talk\nWorkerCrashedError\nsame worker true\ndown\n");
		expect(err).toBe("");
	});
});
