import { type Check, outOfRange, wrongType } from "../../engine/checks.ts";

const units: Record<string, number> = {
	"": 1,
	b: 1,
	kb: 1e3,
	mb: 1e6,
	gb: 1e9,
	tb: 1e12,
	kib: 2 ** 10,
	mib: 2 ** 20,
	gib: 2 ** 30,
	tib: 2 ** 40,
};

/** Bytes, as a number or as "512MB" or "2GiB". */
export function size(least: number, most: number): Check<number> {
	const form = 'a number of bytes, or a text such as "512MB" or "2GiB"';
	const allowed = `${form}, from ${inMebibytes(least)} to ${inMebibytes(most)}`;
	return (value, where) => {
		if (typeof value !== "number" && typeof value !== "string") throw wrongType(where, form, value);
		const bytes = typeof value === "number" ? value : parseSize(value);
		if (bytes === undefined) throw outOfRange(where, form, value);
		if (!(bytes >= least && bytes <= most)) throw outOfRange(where, allowed, value);
		return Math.floor(bytes);
	};
}

export function inMebibytes(bytes: number): string {
	return `${Math.floor(bytes / 2 ** 20)}MiB`;
}

function parseSize(text: string): number | undefined {
	const [, number, unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
	const factor = units[unit.toLowerCase()];
	return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
