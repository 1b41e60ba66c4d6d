import vm from "node:vm";
import { describe, expect, it, vi } from "vitest";
import * as errors from "../src/errors.ts";

type AnyErrorClass = (new (
	message?: string,
	options?: object,
) => errors.RayError) & { readonly prototype: errors.RayError };
const classes = Object.entries(errors).filter((entry): entry is [string, never] =>
	entry[0].endsWith("Error"),
) as unknown as [string, AnyErrorClass][];
const fields = {
	taskId: "t",
	taskName: "n",
	attempts: 2,
	remoteStack: "s",
	actorId: "a",
	workerId: 3,
	objectId: "o",
	path: "p",
};

describe("every error class", () => {
	it.each(classes)("%s has its name, message, cause and stack, and is an Error", (name, type) => {
		const cause = new Error("cause");
		const error = new type("what happened", { cause, ...fields });
		expect(error).toBeInstanceOf(Error);
		expect(error).toBeInstanceOf(errors.RayError);
		expect(error).toMatchObject({ name, message: "what happened", cause });
		expect(String(error)).toBe(`${name}: what happened`);
		expect(error.stack).toContain(`${name}: what happened`);
		expect(Object.hasOwn(new type("no cause"), "cause")).toBe(false);
	});

	it("has a code of its own, which does not change", () => {
		expect(Object.fromEntries(classes.map(([name, type]) => [name, new type().code]))).toEqual({
			RayError: "ERR_RAY",
			RuntimeNotInitializedError: "ERR_RAY_NOT_INITIALIZED",
			RuntimeAlreadyInitializedError: "ERR_RAY_ALREADY_INITIALIZED",
			RuntimeShutdownError: "ERR_RAY_SHUTDOWN",
			ClusterError: "ERR_RAY_CLUSTER",
			TaskError: "ERR_RAY_TASK",
			TaskCancelledError: "ERR_RAY_TASK_CANCELLED",
			TaskTimeoutError: "ERR_RAY_TASK_TIMEOUT",
			TaskUnschedulableError: "ERR_RAY_UNSCHEDULABLE",
			WorkerCrashedError: "ERR_RAY_WORKER_CRASHED",
			OutOfMemoryError: "ERR_RAY_OUT_OF_MEMORY",
			PendingCallsLimitExceededError: "ERR_RAY_PENDING_CALLS_LIMIT",
			ActorError: "ERR_RAY_ACTOR",
			ActorDiedError: "ERR_RAY_ACTOR_DIED",
			ActorUnavailableError: "ERR_RAY_ACTOR_UNAVAILABLE",
			ActorNotFoundError: "ERR_RAY_ACTOR_NOT_FOUND",
			ActorNameTakenError: "ERR_RAY_ACTOR_NAME_TAKEN",
			QueueFullError: "ERR_RAY_QUEUE_FULL",
			QueueEmptyError: "ERR_RAY_QUEUE_EMPTY",
			GetTimeoutError: "ERR_RAY_GET_TIMEOUT",
			ObjectStoreFullError: "ERR_RAY_STORE_FULL",
			OutOfDiskError: "ERR_RAY_OUT_OF_DISK",
			ObjectLostError: "ERR_RAY_OBJECT_LOST",
			ObjectFreedError: "ERR_RAY_OBJECT_FREED",
			RefDisposedError: "ERR_RAY_REF_DISPOSED",
			SerializationError: "ERR_RAY_SERIALIZATION",
			FunctionNotShippableError: "ERR_RAY_FUNCTION_NOT_SHIPPABLE",
		});
	});

	it("is its ancestors' instance and not its siblings'", () => {
		const parents: Record<string, string> = {
			ActorDiedError: "ActorError",
			ActorUnavailableError: "ActorError",
			ObjectFreedError: "ObjectLostError",
		};
		for (const [name, type] of classes) {
			const error = new type("m");
			const expected = [name, parents[name], "RayError"];
			for (const [other, otherType] of classes) expect(error instanceof otherType).toBe(expected.includes(other));
		}
	});

	it("gives the fields it was made with", () => {
		expect(new errors.TaskError("m", fields)).toMatchObject({
			taskId: "t",
			taskName: "n",
			attempts: 2,
			remoteStack: "s",
			actorId: "a",
		});
		expect("actorId" in new errors.TaskError("m", { taskId: "t" })).toBe(false);
		expect(new errors.TaskCancelledError("m", fields).taskId).toBe("t");
		expect(new errors.TaskTimeoutError("m", fields).taskId).toBe("t");
		expect(new errors.WorkerCrashedError("m", fields).workerId).toBe(3);
		expect(new errors.ActorDiedError("m", fields).actorId).toBe("a");
		expect(new errors.ObjectFreedError("m", fields).objectId).toBe("o");
		expect(new errors.SerializationError("m", fields).path).toBe("p");
	});
});

describe("instanceof", () => {
	it("says no to what is no error", () => {
		for (const value of [undefined, null, 1, "RayError", {}, [], new Error("e"), () => {}, Object.create(null)]) {
			expect(value instanceof errors.RayError).toBe(false);
		}
	});

	it("holds for a user's subclass, which is not mistaken for its parent's instances", () => {
		class MyTaskError extends errors.TaskError {}
		const mine = new MyTaskError("m");
		expect(mine).toBeInstanceOf(MyTaskError);
		expect(mine).toBeInstanceOf(errors.TaskError);
		expect(mine).toBeInstanceOf(errors.RayError);
		expect(mine.code).toBe("ERR_RAY_TASK");
		expect(new errors.TaskError("m")).not.toBeInstanceOf(MyTaskError);
		expect(mine).not.toBeInstanceOf(errors.ActorError);
	});

	it("holds across two copies of the package", async () => {
		vi.resetModules();
		const copy = await import("../src/errors.ts");
		expect(copy.TaskError).not.toBe(errors.TaskError);
		expect(new copy.TaskError("m")).toBeInstanceOf(errors.TaskError);
		expect(new copy.ObjectFreedError("m")).toBeInstanceOf(errors.ObjectLostError);
		expect(new errors.ObjectFreedError("m")).toBeInstanceOf(copy.RayError);
		expect(new copy.ActorError("m")).not.toBeInstanceOf(errors.ActorDiedError);
	});

	it("holds across realms", () => {
		const make = vm.runInNewContext(
			`(brand) => { class TaskError extends Error {} Object.defineProperty(TaskError.prototype, brand, { value: "TaskError" }); return new TaskError("m"); }`,
		);
		const error = make(Symbol.for("wasmray.error"));
		expect(error instanceof Error).toBe(false);
		expect(error).toBeInstanceOf(errors.TaskError);
	});
});
