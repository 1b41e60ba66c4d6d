/** What a task's code throws becomes the error of its results. */
import { show } from "../engine/checks.ts";
import { RayError, TaskError } from "../errors.ts";
import { textOf } from "../values/refusals.ts";
import type { RunningTask } from "./running.ts";

/**
 * What was thrown, with where; an error that came from another task passes as it is. Looking at it may throw itself. `judged`:
 * with the class names that `retryExceptions` may ask for, if it is no error, whose names are sent with it anyway.
 */
export function taskError(task: RunningTask, thrown: unknown, judged: boolean): unknown {
	try {
		if (thrown instanceof RayError && "taskId" in thrown && thrown.taskId !== "") return thrown;
		if (thrown instanceof Error) {
			return failed(task, thrown, `${thrown.name}: ${thrown.message}`, withoutOwnFrames(thrown));
		}
		const error = failed(task, thrown, show(thrown), "");
		return judged ? Object.assign(error, { causeClasses: classesOf(thrown) }) : error;
	} catch (hostile) {
		return failed(task, thrown, `it threw what cannot be looked at: that threw ${textOf(hostile)}`, "");
	}
}

function failed({ name, id, attempt, worker }: RunningTask, cause: unknown, what: string, remoteStack: string): Error {
	const error = new TaskError(`Task ${name} (${id}, attempt ${attempt}, worker ${worker}) failed: ${what}`, {
		cause,
		taskId: id,
		taskName: name,
		attempts: attempt,
		remoteStack,
	});
	error.stack = [`TaskError: ${error.message}`, ...remoteStack.split("\n").filter((line) => FRAME.test(line))].join(
		"\n",
	);
	return error;
}

const FRAME = /^\s+at /;
const OWN_FRAME = /^\s+at .*(?:wasmray\/(?:worker|thread)\.js|node:|\(<anonymous>\))/;

/** Below the task's function stands only what called it, which tells nobody anything. */
function withoutOwnFrames(error: Error): string {
	const { stack } = error;
	if (typeof stack !== "string" || !stack.includes("wasmray/worker.js")) return String(stack ?? "");
	const lines = stack.split("\n");
	while (lines.length > 0 && OWN_FRAME.test(lines.at(-1) as string)) lines.pop();
	const shorter = lines.join("\n");
	// Frozen errors keep theirs.
	Reflect.set(error, "stack", shorter);
	return shorter;
}

function classesOf(thrown: unknown): string[] {
	const names: string[] = [];
	for (let type = thrown; typeof type === "object" && type !== null; type = Object.getPrototypeOf(type)) {
		const name: unknown = (type as { constructor?: { name?: unknown } }).constructor?.name;
		if (typeof name === "string" && !names.includes(name)) names.push(name);
	}
	return names;
}
