import { codes } from "./codes.ts";
import { startWorker } from "./host/entry.ts";

startWorker(codes);
