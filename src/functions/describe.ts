import { FunctionNotShippableError } from "../errors.ts";
import { type CallSite, filePath, fileUrl } from "./callsite.ts";
import { Capture } from "./capture.ts";
import { ownSpelling } from "./compile.ts";
import {
	type Description,
	type ModuleDescription,
	type SourceDescription,
	sourceHash,
	sourceOf,
} from "./description.ts";
import { type Trouble, variableOf } from "./graph.ts";
import { importObstacle, wayByModule } from "./importing.ts";
import type { CaptureHooks } from "./plain.ts";

type Callable = (...args: never[]) => unknown;

export interface DescribeOptions {
	/** What the user says the function uses. */
	readonly closure?: Readonly<Record<string, unknown>>;
	/** What names in it mean, for hosts that show no variables. */
	readonly names?: Readonly<Record<string, unknown>>;
	/** Whose text may tell what names mean there, if it is not known where the function was registered. */
	readonly file?: string | undefined;
	/** Where it was registered, as `callSite` gives it. */
	readonly site?: CallSite | undefined;
	/** What `Definitions.register` returned for it. */
	readonly ordinal?: number;
	/** The runner that the driver found by `testRunner()`: a worker cannot see it. */
	readonly testRunner?: string | undefined;
	readonly hooks: CaptureHooks;
}

const noClosure = Object.freeze({});
/**
 * Functions that were found to bind nothing but globals. The same source, registered by the same calls, binds the same:
 * loops that make their function anew need not ask again.
 */
const selfContained = new Map<string, SourceDescription>();
const keptSelfContained = 1024;

/**
 * What a worker needs to have this function or class, with the values that its variables have now. Throws
 * FunctionNotShippableError if it can be had in no way.
 */
export function describeFunction(fn: Callable, given: DescribeOptions): Description {
	// In a worker the call may be a sent function's.
	const site = given.site && { ...given.site, file: ownSpelling(given.site.file) };
	const options = { ...given, site };
	const { closure } = options;
	const key = site && closure === undefined ? `${site.trace}\n${fn.name}\n${sourceOf(fn)}` : undefined;
	const before = key === undefined ? undefined : selfContained.get(key);
	if (before !== undefined && Object.keys(fn).length === 0) return before;

	const capture = new Capture(options.hooks, site, options.names, options.file);
	try {
		capture.root(fn, closure ?? noClosure);
	} finally {
		capture.close();
	}
	if (capture.troubles.length === 0) {
		const description: SourceDescription = { kind: "source", nodes: capture.nodes };
		const [root, ...others] = capture.nodes;
		const isClass = root?.type === "function" && root.identity !== undefined;
		if (key !== undefined && others.length === 0 && !isClass) remember(key, description);
		return description;
	}
	const obstacle = closure === undefined ? moduleObstacle(options) : "`closure` is given, which a module does not know";
	if (obstacle === undefined) return moduleOf(fn, options, capture);
	throw notShippable(fn, options, capture.troubles, obstacle);
}

function remember(key: string, description: SourceDescription): void {
	if (selfContained.size >= keptSelfContained) selfContained.delete(selfContained.keys().next().value as string);
	selfContained.set(key, description);
}

function moduleObstacle({ site, testRunner }: DescribeOptions): string | undefined {
	if (site === undefined) return "it is not known where it was registered";
	return testRunner === undefined ? importObstacle(site.file) : importObstacle(site.file, testRunner);
}

function moduleOf(fn: Callable, { site, ordinal = 0 }: DescribeOptions, capture: Capture): ModuleDescription {
	const { file, line, column, caller } = site as CallSite;
	const [root] = capture.nodes;
	const own = root?.type === "function" ? root.file : undefined;
	const isElsewhere = own !== undefined && fileUrl(own) !== fileUrl(file) && importObstacle(own) === undefined;
	return {
		kind: "module",
		file,
		line,
		column,
		ordinal,
		caller,
		name: fn.name,
		hash: sourceHash(sourceOf(fn)),
		...(isElsewhere && { definedIn: own }),
		reason: listed(capture.troubles).join("; "),
	};
}

const mostLines = 6;

/** One line for each variable. */
function listed(troubles: readonly Trouble[]): string[] {
	const lines = new Set(
		troubles.map(({ variable, reason }) => {
			const text = reason.replace(/\.$/, "");
			return variable === "" ? text : `\`${variable}\`: ${text}`;
		}),
	);
	const more = lines.size - mostLines;
	return more > 0 ? [...[...lines].slice(0, mostLines), `and ${more} more`] : [...lines];
}

function notShippable(
	fn: Callable,
	{ site, testRunner }: DescribeOptions,
	troubles: readonly Trouble[],
	obstacle: string,
): FunctionNotShippableError {
	const kind = /^class\b/.test(sourceOf(fn)) ? "class" : "function";
	const name = fn.name === "" ? `An unnamed ${kind}` : `The ${kind} ${fn.name}`;
	const place = site === undefined ? "" : ` (${filePath(site.file)}:${site.line}:${site.column})`;
	const own = troubles.filter(({ variable }) => variable === "");
	if (own.length > 0)
		return new FunctionNotShippableError(`${name}${place} cannot be sent to a worker: ${listed(own)[0]}.`);
	const names = [...new Set(troubles.map(variableOf))].filter((variable) => variable !== undefined);
	const byModule = wayByModule(`the ${kind}`, testRunner);
	const advice =
		names.length === 0
			? `${byModule[0]?.toUpperCase()}${byModule.slice(1)}.`
			: `Give ${names.join(", ")} as arguments, make them inside the ${kind}, supply them by options({ closure: ` +
				`{ ${names.join(", ")} } }), or ${byModule}.`;
	return new FunctionNotShippableError(
		`${name}${place} cannot be sent to a worker, because of what it uses from outside itself:\n` +
			`${listed(troubles)
				.map((line) => `  - ${line}\n`)
				.join("")}` +
			`Nor can the worker import its module: ${obstacle}.\n` +
			advice,
	);
}
