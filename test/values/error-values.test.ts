import { describe, expect, it } from "vitest";
import * as errors from "../../src/errors.ts";
import { decode } from "../../src/values/decoder.ts";
import { Encoder } from "../../src/values/encoder.ts";
import { errorClassNames } from "../../src/values/error-values.ts";
import { difference, roundTrip } from "./support.ts";

describe("an error of a built-in class comes back as it was", () => {
	it.each([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])("%o", (type) => {
		const error = new type("message", { cause: { a: 1 } });
		expect(difference(error, roundTrip(error))).toBeUndefined();
		expect(difference([error], roundTrip([error]))).toBeUndefined();
	});

	it("with or without message and cause, whatever they are", () => {
		for (const error of [
			new Error(),
			new Error(""),
			new Error("m", { cause: undefined }),
			new Error("m", { cause: "text" }),
		]) {
			expect(difference(error, roundTrip(error))).toBeUndefined();
		}
	});

	it("AggregateError with its errors", () => {
		const error = new AggregateError([new TypeError("t"), 5, { a: 1 }], "all", { cause: new Error("c") });
		expect(difference(error, roundTrip(error))).toBeUndefined();
	});

	it("with its own fields, in order, and its code", () => {
		const error = Object.assign(new RangeError("m"), { code: "E_X", details: { at: [1, 2] }, status: 404 });
		expect(difference(error, roundTrip(error))).toBeUndefined();
	});

	it("with its name, however it was given", () => {
		const own = Object.assign(new Error("m"), { name: "Custom" });
		const hidden = Object.defineProperty(new Error("m"), "name", {
			value: "Hidden",
			configurable: true,
			writable: true,
		});
		for (const error of [own, hidden]) expect(difference(error, roundTrip(error))).toBeUndefined();
	});

	it("with a name or message that is no text", () => {
		for (const odd of [{ a: 1 }, 5, undefined, "\ud800"]) {
			const error = new Error("m");
			Object.defineProperty(error, "message", { value: odd, configurable: true, writable: true });
			expect(difference(error, roundTrip(error))).toBeUndefined();
		}
		const cyclic = new Error("m");
		Object.defineProperty(cyclic, "message", { value: { cyclic }, configurable: true, writable: true });
		const arrived = roundTrip([cyclic])[0];
		expect(arrived.message.cyclic).toBe(arrived);
	});

	it("one of the system's", async () => {
		const { readFile } = await import("node:fs/promises");
		const error = await readFile("/does/not/exist").catch((thrown) => thrown);
		const arrived = roundTrip(error);
		expect(difference(error, arrived)).toBeUndefined();
		expect(arrived).toMatchObject({ code: "ENOENT", syscall: "open", path: "/does/not/exist" });
	});

	it("DOMException", () => {
		const arrived = roundTrip(new DOMException("stop", "AbortError"));
		expect(arrived).toBeInstanceOf(DOMException);
		expect(arrived).toMatchObject({ name: "AbortError", message: "stop", code: 20 });
		expect(roundTrip(AbortSignal.abort().reason)).toMatchObject({ name: "AbortError" });
	});
});

describe("an error of a user's class", () => {
	class AppError extends TypeError {
		readonly status = 500;
		get code() {
			return "E_APP";
		}
	}
	class ValidationError extends AppError {
		override get name() {
			return "ValidationError";
		}
	}

	it("arrives as one of the nearest built-in class, with its name, code and fields", () => {
		const error = new ValidationError("bad", { cause: 1 });
		const arrived = roundTrip(error);
		expect(Object.getPrototypeOf(arrived)).toBe(TypeError.prototype);
		expect(arrived).toMatchObject({ name: "ValidationError", message: "bad", status: 500, code: "E_APP", cause: 1 });
		expect(arrived.stack).toBe(error.stack);
		expect(Object.keys(arrived)).toEqual(["status"]);
	});

	it("keeps the names of its classes, also when it is sent on", () => {
		const names = ["ValidationError", "AppError", "TypeError", "Error"];
		const once = roundTrip(new ValidationError("bad"));
		const twice = roundTrip({ cause: once }).cause;
		expect(errorClassNames(new ValidationError("bad"))).toEqual(names);
		expect(errorClassNames(once)).toEqual(names);
		expect(errorClassNames(twice)).toEqual(names);
		expect(twice).toMatchObject({ name: "ValidationError", code: "E_APP" });
	});

	it("made the old way, without being an error to the engine, arrives as one", () => {
		function OldError(this: Error, message: string) {
			this.message = message;
		}
		OldError.prototype = Object.create(Error.prototype, {
			constructor: { value: OldError },
			name: { value: "OldError" },
		});
		const arrived = roundTrip(new (OldError as unknown as new (message: string) => Error)("old"));
		expect(Object.prototype.toString.call(arrived)).toBe("[object Error]");
		expect(arrived).toMatchObject({ name: "OldError", message: "old" });
	});

	it("with a stack that is no text arrives with none", () => {
		const error = Object.defineProperty(new Error("m"), "stack", { value: [() => {}], configurable: true });
		expect(roundTrip(error).stack).toBe("Error: m");
	});
});

describe("an error of this package", () => {
	const fields = {
		taskId: "t1",
		taskName: "square",
		attempts: 3,
		remoteStack: "at square",
		actorId: "a1",
		workerId: 4,
		objectId: "o1",
		path: "x.y",
	};

	it.each(Object.entries(errors).filter(([name]) => name.endsWith("Error")))(
		"%s comes back as one, with its fields",
		(_, type) => {
			const make = type as unknown as new (message: string, options: object) => errors.RayError;
			const error = new make("message", { cause: new TypeError("cause"), ...fields });
			const arrived = roundTrip(error);
			expect(difference(error, arrived)).toBeUndefined();
			expect(arrived).toBeInstanceOf(make);
			expect(difference(error, roundTrip(arrived))).toBeUndefined();
		},
	);

	it("is not mistaken for a user's class of the same name", () => {
		class TaskError extends Error {}
		const arrived = roundTrip(new TaskError("mine"));
		expect(arrived).not.toBeInstanceOf(errors.TaskError);
		expect(Object.getPrototypeOf(arrived)).toBe(Error.prototype);
	});

	it("extended by a user arrives as the class of the package", () => {
		class MyTaskError extends errors.TaskError {
			extra = 1;
		}
		const arrived = roundTrip(new MyTaskError("m", fields));
		expect(Object.getPrototypeOf(arrived)).toBe(errors.TaskError.prototype);
		expect(arrived).toMatchObject({ extra: 1, taskId: "t1" });
	});
});

describe("encodeThrown", () => {
	// biome-ignore lint/suspicious/noExplicitAny: what was thrown is of any type
	const thrown = (value: unknown): any => {
		const encoder = new Encoder();
		const length = encoder.encodeThrown(value);
		const bytes = new Uint8Array(length);
		encoder.writeTo(bytes, 0);
		return decode(bytes, 0, length, encoder.kind);
	};

	it("sends what can be sent as it is", () => {
		const error = Object.assign(new TypeError("m"), { a: 1 });
		expect(difference(error, thrown(error))).toBeUndefined();
		expect(thrown("text")).toBe("text");
	});

	it("puts a text in place of fields that cannot be sent, and keeps all others", () => {
		class HttpError extends Error {
			override name = "HttpError";
		}
		const inner = Object.assign(new RangeError("inner"), { socket: { end() {} } });
		const error = Object.assign(new HttpError("failed", { cause: inner }), {
			status: 500,
			config: { adapter: () => {} },
		});
		const arrived = thrown(error);
		expect(arrived).toMatchObject({ name: "HttpError", message: "failed", status: 500, stack: error.stack });
		expect(arrived.config).toMatch(/^\[not sent: .*adapter is the function adapter/);
		expect(arrived.cause).toBeInstanceOf(RangeError);
		expect(arrived.cause.socket).toMatch(/^\[not sent: /);
		expect(errorClassNames(arrived)).toEqual(["HttpError", "Error"]);
	});

	it("sends the reason in place of what cannot be sent at all", () => {
		expect(thrown(() => {})).toBeInstanceOf(errors.SerializationError);
		expect(thrown({ key: Symbol("s") }).message).toContain("error.key is a symbol");
		const hostile = Object.defineProperty(new Error("m"), "message", {
			get() {
				throw new Error("never");
			},
		});
		expect(thrown(hostile)).toBeInstanceOf(errors.SerializationError);
	});

	it("ends, though an error is its own cause and cannot be sent", () => {
		const error = Object.assign(new Error("m"), { fn: () => {} });
		error.cause = error;
		expect(thrown(error).message).toBe("m");
	});
});
