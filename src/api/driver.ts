/** What a program loads and a worker does not: the means to start an engine. */
import { startLocalEngine } from "../engine/local/start.ts";
import { provideEngine } from "./lifecycle.ts";
import "./members.ts";

provideEngine(startLocalEngine);
