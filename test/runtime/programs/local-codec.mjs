// A codec made inside a function names its class, and nothing else.
import * as ray from "wasmray";

await ray.main(
	async () => {
		class Local {
			#n;
			constructor(n) {
				this.#n = n;
			}
			get twice() {
				return this.#n * 2;
			}
			toJSON() {
				return this.#n;
			}
		}
		ray.registerSerializer(Local, {
			name: "Local",
			serialize: (local) => local.toJSON(),
			deserialize: (n) => new Local(n),
		});
		const same = ray.remote((local) => local);
		const back = await same.remote(new Local(2)).get();
		console.log(back instanceof Local, back.twice);
	},
	{ numCpus: 1, objectStoreMemory: "8MiB" },
);
