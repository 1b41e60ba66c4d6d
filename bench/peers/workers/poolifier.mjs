import { ThreadWorker } from "poolifier";
import { echo, factorial, spin, tick } from "../tasks.mjs";

// biome-ignore lint/style/noDefaultExport: the pool asks for one
export default new ThreadWorker({ echo, factorial, spin, tick });
