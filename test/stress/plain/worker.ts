import { startWorker } from "../host/entry.ts";

// Its functions come as source.
startWorker({});
