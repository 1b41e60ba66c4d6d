import { parentPort } from "node:worker_threads";
import { echo, factorial, spin, tick } from "../tasks.mjs";

const tasks = { echo, factorial, spin, tick };

parentPort.on("message", ([call, name, value]) => {
	parentPort.postMessage([call, tasks[name](value)]);
});
