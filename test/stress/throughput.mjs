// How fast empty tasks go through the thin host: node test/stress/throughput.mjs
import { bundle } from "./bundle.mjs";

const [main, entry] = await Promise.all([bundle("throughput"), bundle("plain/worker")]);
const { throughput } = await import(/** @type {string} */ (main));
for (const line of await throughput(entry)) console.log(line);
