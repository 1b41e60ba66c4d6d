// Codecs that hold something of this thread: the worker has them by importing this module.
import { createServer } from "node:http";
import * as ray from "wasmray";

const server = createServer();
class Held {
	listening = server.listening;
}
class Below extends Held {}
const make = (Class) => () => Object.assign(new Class(), { listening: server.listening });
ray.registerSerializer(Held, { name: "Held", serialize: () => server.listening, deserialize: make(Held) });
const sent = ray.remote((value) => [value.constructor.name === "Held", value.listening === false]);
const found = ray.remote((value) => [value instanceof Held, server.listening === value.listening, server.listening]);
const use = ray.remote((value) => value.listening);

await ray.init({ numCpus: 1, objectStoreMemory: "8MiB" });
await sent.remote(new Held()).get();
console.log(JSON.stringify(await found.remote(new Held()).get()));
ray.registerSerializer(Below, { name: "Below", serialize: () => server.listening, deserialize: make(Below) });
console.log(
	(
		await use
			.remote(new Below())
			.get()
			.catch((error) => error)
	).message,
);
await ray.shutdown();
