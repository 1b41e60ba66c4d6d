// Classes with codecs, for functions that are sent by value and for those that are found in their module, in any order.
import { createServer } from "node:http";
import * as ray from "wasmray";

const server = createServer();

class Shape {}
class Point extends Shape {
	#x;
	constructor(x) {
		super();
		this.#x = x;
	}
	get x() {
		return this.#x;
	}
	static add(a, b) {
		return new Point(a.#x + b.#x);
	}
}
class Line {
	constructor(from) {
		this.from = from;
	}
}
ray.registerSerializer(Point, {
	name: "Point",
	pack: (point) => [point.x],
	serialize(point) {
		return this.pack(point);
	},
	deserialize: ([x]) => new Point(x),
});
ray.registerSerializer(Line, {
	name: "Line",
	serialize: ({ from }) => from.x,
	deserialize: (x) => new Line(new Point(x)),
});

const test = (point) => [point instanceof Point, point instanceof Shape, Point.add(point, new Point(1))];
const sent = ray.remote((point) => test(point));
const base = ray.remote((point) => point instanceof Shape);
const found = ray.remote((point) => [server.listening, ...test(point)]);
const line = ray.remote((value) => [value instanceof Line, value.from instanceof Point]);
const nested = ray.remote(async (point) => [await sent.remote(point).get(), await found.remote(point).get()]);
const calls = { sent, base, found, line, nested };

await ray.init({ numCpus: Number(process.argv[3] ?? 1), objectStoreMemory: "8MiB" });
for (const name of process.argv[2].split(",")) {
	const value = name === "line" ? new Line(new Point(4)) : new Point(4);
	const show = (item) => (item instanceof Point ? `Point ${item.x}` : Array.isArray(item) ? item.map(show) : item);
	console.log(name, JSON.stringify(show(await calls[name].remote(value).get())));
}
await ray.shutdown();
