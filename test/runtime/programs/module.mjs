// Functions that cannot be sent by value are found in their module; what stands below init() runs here alone.
import { createServer } from "node:http";
import * as ray from "wasmray";

const server = createServer();
let calls = 0;
const uses = ray.remote(() => [server.listening, ++calls]);
await ray.init({ numCpus: 1, objectStoreMemory: "8MiB" });
console.log("driver only");
console.log(JSON.stringify([await uses.remote().get(), await uses.remote().get(), calls]));
await ray.shutdown();
