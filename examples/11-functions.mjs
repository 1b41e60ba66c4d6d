// How a function reaches a worker: with what it uses from outside, as it is at the first call; or with what it is given.
import { createHash } from "node:crypto";
import * as ray from "wasmray";

const prefix = "id";
const shorten = (text) => text.slice(0, 8);

// Captured: a constant, a function of this file, a member of a Node module.
const idOf = ray.remote((text) => `${prefix}-${shorten(createHash("sha256").update(text).digest("hex"))}`, {
	name: "idOf",
});

// Given: whatever stands in `closure` takes the place of the variable of that name.
const scale = ray.remote((x) => x * factor, { name: "scale", closure: { factor: 10 } });

// A remote function is a value too: it can be an argument, and call itself.
const twice = ray.remote(async (f, x) => await f.remote(f.remote(x)).get(), { name: "twice" });

await ray.main(async () => {
	console.log(await idOf.remote("wasmray").get());
	console.log(await scale.remote(4).get());
	console.log(await twice.remote(scale, 4).get());
	console.log(`the plain function: ${idOf.local("wasmray") === (await idOf.remote("wasmray").get())}`);
});
