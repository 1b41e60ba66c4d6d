const user = (id) => ({
	id,
	name: `user ${id}`,
	tags: ["alpha", "beta", "gamma"],
	nested: { x: 1.5 * id, y: -id, ok: id % 2 === 0 },
});

/** What is encoded. `calls`: how many operations are timed together, where the usual number would take too long. */
export const samples = {
	pair: { value: { a: 1, b: 2 } },
	user: { value: user(12345) },
	args: { value: [1, "x", { user: "ann", n: 3 }] },
	args3: { value: [1, 2.5, "three"] },
	"text 12": { value: ["twelve chars"] },
	"text 60": { value: ["a".repeat(59).concat("b")] },
	"text 60 é": { value: ["é".repeat(60)] },
	"text 10k": { value: ["x".repeat(10_000)], calls: 50 },
	"100 ints": { value: Array.from({ length: 100 }, (_, i) => i * 3), calls: 50 },
	"100 floats": { value: Array.from({ length: 100 }, (_, i) => i * 3.1), calls: 50 },
	"100 rows": {
		value: Array.from({ length: 100 }, (_, i) => ({ id: i, name: `user${i}`, score: i * 1.5 })),
		calls: 10,
	},
	"1000 users": { value: Array.from({ length: 1000 }, (_, i) => user(i)), calls: 1 },
	map: { value: new Map(Array.from({ length: 20 }, (_, i) => [`k${i}`, i])), calls: 50 },
	date: { value: [new Date(1.7e12)] },
	error: { value: Object.assign(new RangeError("out of range"), { code: "E_RANGE" }), calls: 50 },
	bigints: { value: [1n, -(2n ** 60n)] },
	"floats 64": { value: { data: new Float64Array(64).fill(1.5) } },
	"floats 10k": { value: { data: new Float64Array(10_000).fill(1.5) }, calls: 20 },
	"bare 1 MiB": { value: new Uint8Array(1 << 20).fill(7), calls: 2 },
};
