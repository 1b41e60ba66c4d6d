// Runs one schedule again and tells what happens in it.
import type { Failure, TraceEvent } from "./model.ts";
import { type Mutant, Prepared, type Program } from "./program.ts";
import { Replay } from "./schedule.ts";

export interface Replayed {
	readonly failure: Failure | undefined;
	/** One line an operation. */
	readonly trace: readonly string[];
}

export interface ReplayOptions {
	readonly mutant?: Mutant;
	/** Also the plain accesses. Default false. */
	readonly plain?: boolean;
}

export function replay(what: Program | Prepared, schedule: string, options: ReplayOptions = {}): Replayed {
	const prepared = what instanceof Prepared ? what : new Prepared(what);
	const { machine } = prepared;
	const lines: TraceEvent[] = [];
	prepared.reset(options.mutant);
	machine.trace = (event) => {
		if (event.atomic || options.plain === true) lines.push(event);
	};
	try {
		prepared.run(new Replay(schedule));
	} finally {
		machine.trace = undefined;
	}
	const nameWidth = Math.max(...machine.threads.map(({ name }) => name.length));
	let operation = 0;
	const trace = lines.map(({ thread, site, address, text, atomic }) => {
		const number = site >= 0 && atomic ? String(++operation).padStart(4) : "    ";
		const place = address >= 0 ? `  0x${address.toString(16)}` : "";
		const where = site >= 0 ? `  [${machine.sites[site].name}]` : "";
		return `${number}  ${machine.threads[thread].name.padEnd(nameWidth)}${place}  ${text}${where}`;
	});
	if (machine.failure !== undefined) trace.push(`      ${machine.failure.kind}: ${machine.failure.message}`);
	return { failure: machine.failure, trace };
}
