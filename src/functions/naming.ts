/** `const square = remote((n) => …)`: the function has no name, but whoever reads its errors knows it as square. */
import type { CallSite } from "./callsite.ts";
import { lineAround } from "./place.ts";

const NAME = "(?<![\\p{ID_Continue}$])([\\p{ID_Start}$_][\\p{ID_Continue}$]*)";
/** Between the name's sign and the call: `ray.`. */
const BEFORE_CALL = "\\s*(?:[\\w$]+\\.)?$";
const assignment = new RegExp(`=${BEFORE_CALL}`);
const property = new RegExp(`(?:^|[{,])\\s*(?!default\\b)${NAME}\\s*:${BEFORE_CALL}`, "u");
const lastWord = new RegExp(`${NAME}\\s*$`, "u");
const declared = new RegExp(`(?:^|[^.\\w$])(?:const|let|var)\\s+${NAME}\\s*$`, "u");
/** With a type behind it: what is called so without one of these words may be a label or a case. */
const typed = new RegExp(
	`(?:^|[^.\\w$])(?:const|let|var|static|readonly|private|protected|public|declare|override|accessor)\\s+#?${NAME}\\s*[!?]?\\s*$`,
	"u",
);
/** Lines of bundles are long, and the name stands near. */
const LOOKED_AT = 500;

/** The variable or property that the call's result goes to, if that stands on the call's line. */
export function nameAt(site: CallSite | undefined): string | undefined {
	const around = site && lineAround(site);
	// A tool may have transformed the file after it was read: then something else stands there.
	if (around === undefined || !/^remote\s*[(<]/.test(around[1])) return undefined;
	const before = around[0].slice(-LOOKED_AT);
	const assigned = assignment.exec(before);
	return assigned === null ? property.exec(before)?.[1] : assignedName(before.slice(0, assigned.index));
}

/** What is assigned to, of the text up to the equals sign. */
function assignedName(before: string): string | undefined {
	const name = declared.exec(before);
	if (name !== null) return name[1];
	const colon = typeColon(before);
	return (colon < 0 ? lastWord.exec(before) : typed.exec(before.slice(0, colon)))?.[1];
}

/** Where the colon before a type stands that the text ends with, -1 if it ends with none: looked for to the begin of the statement. */
function typeColon(text: string): number {
	let depth = 0;
	for (let at = text.length - 1; at >= 0; at--) {
		const char = text[at] as string;
		if (char === ">" && text[at - 1] === "=") at--;
		else if (")]}>".includes(char)) depth++;
		else if ("([{<".includes(char) && --depth < 0) return -1;
		else if (depth > 0) continue;
		else if (char === ":") return at;
		else if (";,=".includes(char)) return -1;
	}
	return -1;
}
