/** What a task's code throws becomes the error of its results. */
import { RayError, TaskError } from "../errors.ts";
import type { RunningTask } from "./running.ts";

/**
 * What was thrown, with where; an error that came from another task passes as it is. `judged`: with the class names that
 * `retryExceptions` may ask for.
 */
export function taskError(task: RunningTask, thrown: unknown, judged: boolean): unknown {
	if (thrown instanceof RayError && !judged && "taskId" in thrown && thrown.taskId !== "") return thrown;
	const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
	const error = new TaskError(`Task ${task.name} failed: ${what}`, {
		cause: thrown,
		taskId: task.id,
		taskName: task.name,
		attempts: task.attempt,
		remoteStack: thrown instanceof Error ? (thrown.stack ?? "") : "",
	});
	if (judged) Object.assign(error, { causeClasses: classesOf(thrown) });
	return error;
}

function classesOf(thrown: unknown): string[] {
	const names: string[] = [];
	for (let type = thrown; typeof type === "object" && type !== null; type = Object.getPrototypeOf(type)) {
		const name: unknown = (type as { constructor?: { name?: unknown } }).constructor?.name;
		if (typeof name === "string" && !names.includes(name)) names.push(name);
	}
	return names;
}
