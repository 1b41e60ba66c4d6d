import { describe, expect, it } from "vitest";
import { SerializationError } from "../../src/errors.ts";
import { decode } from "../../src/values/decoder.ts";
import { SerializerRegistry } from "../../src/values/registry.ts";
import { difference, encodeToStore, roundTrip } from "./support.ts";

class Money {
	readonly amount: bigint;
	readonly currency: string;
	constructor(amount: bigint, currency: string) {
		this.amount = amount;
		this.currency = currency;
	}
}
class Tip extends Money {
	note = "thanks";
}
class Temperature {
	readonly celsius: number;
	constructor(celsius: number) {
		this.celsius = celsius;
	}
}

const moneyCodec = {
	name: "money",
	serialize: (money: Money): [bigint, string] => [money.amount, money.currency],
	deserialize: ([amount, currency]: [bigint, string]) => new Money(amount, currency),
};

function registryWithMoney(): SerializerRegistry {
	const registry = new SerializerRegistry();
	registry.register(Money, moneyCodec);
	return registry;
}

describe("an instance of a registered class", () => {
	it("stays one, alone, nested and as a key", () => {
		const registry = registryWithMoney();
		const money = new Money(5n, "EUR");
		for (const value of [money, [money], { money }, new Set([money])])
			expect(roundTrip(value, { registry })).toStrictEqual(value);
		const [key] = roundTrip(new Map([[money, 1]]), { registry }).keys();
		expect(key).toStrictEqual(money);
	});

	it("stays one object if it occurs twice", () => {
		const money = new Money(5n, "EUR");
		const [first, second] = roundTrip([money, money], { registry: registryWithMoney() });
		expect(first).toBe(second);
	});

	it("goes through the codec of its nearest registered class", () => {
		const registry = registryWithMoney();
		expect(roundTrip(new Tip(1n, "EUR"), { registry }).constructor).toBe(Money);
		registry.register(Tip, {
			name: "tip",
			serialize: (tip) => tip.note,
			deserialize: (note) => Object.assign(new Tip(0n, ""), { note }),
		});
		expect(roundTrip(new Tip(1n, "EUR"), { registry }).constructor).toBe(Tip);
		expect(roundTrip(new Money(1n, "EUR"), { registry }).constructor).toBe(Money);
	});

	it("may serialize to instances of other registered classes, and to undefined", () => {
		const registry = registryWithMoney();
		class Invoice {
			lines: unknown[] = [];
		}
		class Nothing {}
		registry.register(Invoice, {
			name: "invoice",
			serialize: (i) => ({ lines: i.lines }),
			deserialize: (data) => Object.assign(new Invoice(), data),
		});
		registry.register(Nothing, { name: "nothing", serialize: () => undefined, deserialize: () => new Nothing() });
		const invoice = Object.assign(new Invoice(), {
			lines: [new Money(3n, "CHF"), new Nothing(), new Uint8Array(5000)],
		});
		expect(roundTrip(invoice, { registry })).toStrictEqual(invoice);
	});

	it("may be of a platform class, an error class or a typed array's subclass", () => {
		const registry = new SerializerRegistry();
		class Samples extends Float32Array {}
		class Failure extends Error {
			override name = "Failure";
		}
		registry.register(URL, { name: "url", serialize: (url) => url.href, deserialize: (href) => new URL(href) });
		registry.register(Samples, {
			name: "samples",
			serialize: (s) => Float32Array.from(s),
			deserialize: (data) => Samples.from(data) as Samples,
		});
		registry.register(Failure, {
			name: "failure",
			serialize: (f) => f.message,
			deserialize: (message) => new Failure(message),
		});
		const [url, samples, failure] = roundTrip(
			[new URL("http://example.org/a"), Samples.from([1, 2]), new Failure("f")],
			{ registry },
		);
		expect(url.href).toBe("http://example.org/a");
		expect(samples).toBeInstanceOf(Samples);
		expect(failure).toBeInstanceOf(Failure);
		expect(roundTrip(Samples.from([3]), { registry })).toBeInstanceOf(Samples);
	});
});

describe("a codec", () => {
	it("that throws while serializing is named by the path, with the cause", () => {
		const registry = new SerializerRegistry();
		const thrown = new Error("frozen");
		registry.register(Temperature, {
			name: "temperature",
			serialize() {
				throw thrown;
			},
			deserialize: () => new Temperature(0),
		});
		try {
			roundTrip({ now: new Temperature(3) }, { registry });
			expect.unreachable();
		} catch (error) {
			expect(error).toBeInstanceOf(SerializationError);
			expect(error).toMatchObject({ path: "value.now", cause: thrown });
		}
	});

	it("that serializes to what cannot be sent is refused by the path", () => {
		const registry = new SerializerRegistry();
		registry.register(Temperature, {
			name: "temperature",
			serialize: () => ({ read: () => 1 }),
			deserialize: () => new Temperature(0),
		});
		expect(() => roundTrip([new Temperature(3)], { registry })).toThrow(
			"value[0]<temperature>.read is the function read",
		);
	});

	it("that throws while deserializing is named, with the cause", () => {
		const registry = new SerializerRegistry();
		registry.register(Temperature, {
			name: "temperature",
			serialize: (t) => t.celsius,
			deserialize: (celsius) => {
				throw new RangeError(`below zero: ${celsius}`);
			},
		});
		expect(() => roundTrip(new Temperature(-300), { registry })).toThrow(
			'The codec "temperature" could not deserialize: RangeError: below zero: -300',
		);
	});

	it("whose name is not known where it is read is an error that names it", () => {
		const { store, offset, length, kind } = encodeToStore(new Money(1n, "EUR"), { registry: registryWithMoney() });
		for (const registry of [undefined, new SerializerRegistry()]) {
			expect(() => decode(store, offset, length, kind, undefined, registry)).toThrow(
				/codec is "money".*registerSerializer/,
			);
		}
	});

	it("may serialize to data as deep as the encoder allows, of any kind", () => {
		const registry = new SerializerRegistry();
		class Deep {
			data: unknown;
		}
		registry.register(Deep, {
			name: "deep",
			serialize: (d) => d.data,
			deserialize: (data) => Object.assign(new Deep(), { data }),
		});
		const wraps: ((inner: unknown) => unknown)[] = [
			(inner) => Object.assign(Object.create(null), { inner }),
			(inner) => new Map([[inner, 1]]),
			(inner) => new Error("e", { cause: inner }),
			(inner) => Object.assign("a".match(/a/) as unknown[], { inner }),
			(inner) => Object.assign(new Deep(), { data: inner }),
		];
		for (const wrap of wraps) {
			let data: unknown = "end";
			for (let i = 0; i < 150; i++) data = wrap(data);
			let value: unknown = Object.assign(new Deep(), { data });
			for (let i = 0; i < 90; i++) value = wraps[0](value);
			expect(difference(value, roundTrip(value, { registry }))).toBeUndefined();
		}
	});

	it("may itself decode", () => {
		const registry = new SerializerRegistry();
		registry.register(Temperature, {
			name: "temperature",
			serialize: (t) => t.celsius,
			deserialize: (celsius) => new Temperature(roundTrip([[celsius]])[0][0]),
		});
		const value = [new Temperature(1), { a: new Temperature(2) }, "end"];
		expect(roundTrip(value, { registry })).toStrictEqual(value);
	});
});

describe("the registry", () => {
	it("lists what was registered, in order", () => {
		const registry = registryWithMoney();
		const other = {
			name: "temperature",
			serialize: (t: Temperature) => t.celsius,
			deserialize: (c: number) => new Temperature(c),
		};
		registry.register(Temperature, other);
		expect([...registry.entries()]).toEqual([
			{ type: Money, codec: moneyCodec },
			{ type: Temperature, codec: other },
		]);
		expect(registry.size).toBe(2);
	});

	it("gives a class that is registered again the new codec", () => {
		const registry = registryWithMoney();
		expect(roundTrip(new Money(1n, "EUR"), { registry })).toBeInstanceOf(Money);
		registry.register(Money, {
			name: "cents",
			serialize: (m) => m.amount,
			deserialize: (amount) => new Money(amount, "USD"),
		});
		expect(roundTrip(new Money(1n, "EUR"), { registry }).currency).toBe("USD");
		expect(registry.codecNamed("money")).toBeUndefined();
		expect(registry.size).toBe(1);
	});

	it("refuses a built-in and a name taken, and stays as it was", () => {
		const registry = registryWithMoney();
		const register = registry.register.bind(registry) as (type: unknown, codec: unknown) => void;
		const codec = { name: "x", serialize: () => 1, deserialize: () => 1 };
		for (const type of [Object, Array, Map, Date, Uint8Array, Buffer, Error]) {
			expect(() => register(type, codec)).toThrow(`registerSerializer(): ${type.name} is built in`);
		}
		expect(() => register(Temperature, { ...codec, name: "money" })).toThrow(
			'registerSerializer(): the name "money" belongs to the codec of Money',
		);
		expect([...registry.entries()]).toEqual([{ type: Money, codec: moneyCodec }]);
	});
});
