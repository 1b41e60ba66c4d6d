/** What a task's code throws becomes the error of its results. */
import { show } from "../engine/checks.ts";
import { RayError, TaskError } from "../errors.ts";
import type { RunningTask } from "./running.ts";

/**
 * What was thrown, with where; an error that came from another task passes as it is. `judged`: with the class names that
 * `retryExceptions` may ask for.
 */
export function taskError(task: RunningTask, thrown: unknown, judged: boolean): unknown {
	if (thrown instanceof RayError && !judged && "taskId" in thrown && thrown.taskId !== "") return thrown;
	const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : show(thrown);
	const { name, id, attempt, worker } = task;
	const remoteStack = thrown instanceof Error ? withoutOwnFrames(thrown) : "";
	const error = new TaskError(`Task ${name} (${id}, attempt ${attempt}, worker ${worker}) failed: ${what}`, {
		cause: thrown,
		taskId: id,
		taskName: name,
		attempts: attempt,
		remoteStack,
	});
	error.stack = [`TaskError: ${error.message}`, ...remoteStack.split("\n").filter((line) => FRAME.test(line))].join(
		"\n",
	);
	if (judged) Object.assign(error, { causeClasses: classesOf(thrown) });
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
