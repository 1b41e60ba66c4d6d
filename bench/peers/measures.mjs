import { burst } from "./measures/burst.mjs";
import { factorial } from "./measures/factorial.mjs";
import { idle } from "./measures/idle.mjs";
import { latency } from "./measures/latency.mjs";
import { memory } from "./measures/memory.mjs";
import { payload } from "./measures/payload.mjs";
import { spin } from "./measures/spin.mjs";
import { start } from "./measures/start.mjs";

/**
 * What is measured. Each has
 *   name, title, method         the method in a sentence or two, printed and written beside the figures
 *   cases(settings)             [{ label, parameters, rounds, limitSeconds, figures, execArgv?, wallFigure? }]
 *   run({ workers, parameters, load })   in the child: the figures of one sample, { key: number }
 * A case's figures: { key, label, unit, better: "higher" | "lower", compare?: false, headline?: text for the picture }.
 * `wallFigure` names the figure that is the whole process's time, in seconds, which only the parent can see.
 */
export const measures = [start, latency, burst, spin, idle, payload, memory, factorial];
