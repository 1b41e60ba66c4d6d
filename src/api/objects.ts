/** Objects: putting values into the store, and getting them out. */
import { type Check, nearestName, text, unknownName, wrongType } from "../engine/checks.ts";
import type { Engine } from "../engine/engine.ts";
import { checkGetOptions, checkGetSyncOptions } from "../engine/get-options.ts";
import { getOne, isRef, type ObjectRef as Ref } from "../engine/ref.ts";
import { callSite } from "../functions/callsite.ts";
import type { GetFn, GetOptions, GetSyncFn, ObjectRef, SerializerCodec } from "../types.ts";
import { currentEngine, registry, scopedEngine } from "./current.ts";
import { commonEngine, groupByEngine, oneOrMore } from "./refs.ts";

/**
 * Puts a value into the object store. It is copied once, now: changing it later does not change the object. A ref inside a
 * value is kept as a ref; a ref itself is refused, it is in the store already.
 *
 * @example
 * const table = ray.put(new Float64Array(1e6));
 * const sums = parts.map((part) => sum.remote(table, part));
 */
export function put<T>(value: T): ObjectRef<T> {
	return putInto(currentEngine("put"), value);
}

export function putInto<T>(engine: Engine, value: T): ObjectRef<T> {
	if (isRef(value)) refuseRef("put(): the value", value);
	return engine.put(value) as Ref as ObjectRef<T>;
}

function refuseRef(where: string, ref: Ref): never {
	throw new TypeError(
		`${where} is an ObjectRef (${ref.id}): its value is in the store already. Pass the ref on, or put an object that holds it.`,
	);
}

/**
 * Puts each of the values into the store, all or, if one cannot be sent, none.
 *
 * @example
 * const [a, b] = ray.putBatch([matrixA, matrixB]);
 */
export function putBatch<T>(values: readonly T[]): ObjectRef<T>[] {
	if (!Array.isArray(values)) throw wrongType("putBatch(): the argument", "an array of values", values);
	const engine = currentEngine("putBatch");
	values.forEach((value, i) => {
		if (isRef(value)) refuseRef(`putBatch(): values[${i}]`, value);
	});
	const refs: Ref[] = [];
	// Its text is made only for an error: for each value it would take a quarter of the time.
	const place = { index: 0, toString: () => `values[${place.index}]` };
	try {
		for (let i = 0; i < values.length; i++) {
			place.index = i;
			refs.push(engine.put(values[i], place));
		}
	} catch (error) {
		for (const ref of refs) ref[Symbol.dispose]();
		throw error;
	}
	return refs as ObjectRef<unknown>[] as ObjectRef<T>[];
}

/**
 * The value of a ref, or the values of a list of refs, in its order. Rejects with what made an object fail, at the first
 * that does; with GetTimeoutError at `timeout`; with the signal's reason when that aborts. The tasks go on in any case.
 *
 * @example
 * const value = await ray.get(ref);
 * const [user, orders] = await ray.get([userRef, ordersRef], { timeout: 5000 });
 */
export const get: GetFn = ((target: unknown, options?: GetOptions): Promise<unknown> =>
	isRef(target) ? getOne(target, options) : getMany(target, options)) as GetFn;

async function getMany(target: unknown, options: GetOptions | undefined): Promise<unknown[]> {
	const refs = oneOrMore("get", target);
	if (options !== undefined) {
		checkGetOptions("get", options);
		options.signal?.throwIfAborted();
	}
	if (refs.length === 0) return [];
	const engine = commonEngine(refs);
	if (engine !== undefined) return engine.getAll(refs, options);
	const values: unknown[] = new Array(refs.length);
	await Promise.all(
		groupByEngine(refs).map(async (group) => {
			const found = await group.engine.getAll(group.refs, options);
			group.places.forEach((place, i) => {
				values[place] = found[i];
			});
		}),
	);
	return values;
}

/**
 * The same as `get`, but blocks this thread until the values are there; a task's CPU goes to others meanwhile. Prefer
 * `await ray.get(…)` wherever something can be awaited.
 *
 * @example
 * const total = ray.remote((refs: { parts: ray.ObjectRef<number>[] }) => ray.getSync(refs.parts).reduce((a, b) => a + b));
 */
export const getSync: GetSyncFn = ((target: unknown, options?: Omit<GetOptions, "signal">): unknown => {
	const refs = oneOrMore("getSync", target);
	const checked = checkGetSyncOptions("getSync", options);
	if (refs.length === 0) return [];
	const engine = commonEngine(refs);
	const values = engine === undefined ? getSyncOfSeveral(refs, checked) : engine.getSync(refs, checked);
	return Array.isArray(target) ? values : values[0];
}) as GetSyncFn;

function getSyncOfSeveral(refs: readonly Ref[], options: Omit<GetOptions, "signal">): unknown[] {
	const end = performance.now() + (options.timeout ?? 0);
	const values: unknown[] = new Array(refs.length);
	for (const group of groupByEngine(refs)) {
		const left = options.timeout === undefined ? {} : { timeout: Math.max(0, end - performance.now()) };
		const found = group.engine.getSync(group.refs, { ...options, ...left });
		group.places.forEach((place, i) => {
			values[place] = found[i];
		});
	}
	return values;
}

/**
 * Deletes objects now, whoever still holds a handle: those get ObjectFreedError. Views already taken stay valid.
 *
 * @example
 * ray.free(await ray.get(chunks.remote()));
 */
export function free(refs: ObjectRef | readonly ObjectRef[]): void {
	for (const group of groupByEngine(oneOrMore("free", refs))) group.engine.free(group.refs);
}

/**
 * Teaches the serializer a class: its instances, and those of classes that extend it, arrive as such. Instances of other
 * classes arrive as plain objects with their own fields. Call it where the class is defined; workers that import that module
 * know it too. Inside `runtime.run` it is for that runtime alone, else for all. The codec's functions are called as its methods.
 *
 * @example
 * ray.registerSerializer(Point, {
 *   name: "Point",
 *   serialize: ({ x, y }) => [x, y],
 *   deserialize: ([x, y]) => new Point(x, y),
 * });
 */
export function registerSerializer<T, S>(
	type: abstract new (...args: never[]) => T,
	codec: SerializerCodec<T, S>,
): void {
	checkCodec(type, codec);
	const site = callSite(registerSerializer);
	const scoped = scopedEngine();
	if (scoped !== undefined) {
		scoped.serializers.register(type, codec, site);
		return;
	}
	registry.serializers.register(type, codec, site);
	for (const engine of registry.engines) engine.serializers.register(type, codec, site);
}

const method: Check<unknown> = (value, where) => {
	if (typeof value !== "function") throw wrongType(where, "a function", value);
	return value;
};
const codecChecks = { name: text, serialize: method, deserialize: method };

function checkCodec(type: unknown, codec: unknown): void {
	if (typeof type !== "function" || Object(type.prototype) !== type.prototype) {
		throw wrongType("registerSerializer(): the type", "a class", type);
	}
	const where = "registerSerializer(): codec";
	if (typeof codec !== "object" || codec === null) throw wrongType(where, "an object", codec);
	const known = Object.keys(codecChecks);
	for (const [name, check] of Object.entries(codecChecks)) {
		const value = (codec as Record<string, unknown>)[name];
		// Its functions are its methods, so that it may have more fields for them; but not in the place of one of these.
		const meant = value === undefined && Object.keys(codec).find((other) => nearestName(other, known) === name);
		if (meant) throw new TypeError(`${where}: unknown option ${unknownName(meant, known)}`);
		check(value, `${where}.${name}`);
	}
}
