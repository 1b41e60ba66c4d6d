import { barPicture } from "../lib/picture.mjs";
import { advantage, bestOf, summarize } from "../lib/statistics.mjs";
import { formatNumber, formatRatio, formatTable } from "../lib/table.mjs";

const ARROWS = { higher: "↑", lower: "↓" };

/**
 * The figures of one case from its samples, { contender name: [{ figures } or { failed }] }:
 * the median of the rounds, the best pool, and each contender's ratio to it.
 */
export function evaluate(measure, { label, figures }, samples, contenders) {
	return figures.map((figure) => {
		const values = {};
		for (const { name } of contenders) {
			const rounds = (samples[name] ?? [])
				.filter((sample) => sample.figures)
				.map((sample) => sample.figures[figure.key]);
			const failed = (samples[name] ?? []).find((sample) => sample.failed)?.failed;
			if (rounds.length > 0) values[name] = summarize(rounds);
			else if (failed !== undefined) values[name] = { failed };
		}
		const peers = contenders
			.filter(({ kind }) => kind === "peer")
			.map(({ name }) => [name, values[name]?.median ?? Number.NaN]);
		const best = figure.compare === false ? undefined : bestOf(Object.fromEntries(peers), figure.better);
		if (best !== undefined) {
			for (const value of Object.values(values)) {
				if (value.median !== undefined && best.value > 0) value.ratio = value.median / best.value;
			}
		}
		const { key, unit, better, headline } = figure;
		return {
			measure: measure.name,
			case: label,
			key,
			label: figure.label,
			unit,
			better,
			headline,
			bestPool: best?.name,
			values,
		};
	});
}

/** A row for each figure, a column for each contender, and wasmray's ratio to the best pool, which is marked. */
export function figuresTable(figures, contenders) {
	const own = contenders.find(({ kind }) => kind === "own");
	const header = ["", "", ...contenders.map(({ name }) => name), ...(own ? ["÷ best pool"] : [])];
	const rows = figures.map((figure) => [
		figure.label,
		`${figure.unit} ${ARROWS[figure.better]}`,
		...contenders.map(({ name }) => cell(figure.values[name], name === figure.bestPool)),
		...(own ? [ratioCell(figure.values[own.name])] : []),
	]);
	return formatTable(header, rows);
}

function cell(value, isBest) {
	if (value === undefined) return "";
	if (value.failed !== undefined) return value.failed.length > 14 ? "failed" : value.failed;
	return `${isBest ? "*" : ""}${formatNumber(value.median)}`;
}

function ratioCell(value) {
	return value?.ratio === undefined ? "" : formatRatio(value.ratio);
}

/** Bars for the figures that have a headline: how many times as good as the best pool, longer is better. */
export function headlinePicture(figures, contenders, subtitle) {
	const groups = figures
		.filter((figure) => figure.headline !== undefined && figure.bestPool !== undefined)
		.map((figure) => {
			const base = figure.values[figure.bestPool].median;
			const bars = contenders
				.filter(({ name }) => figure.values[name] !== undefined)
				.map(({ name, kind }) => {
					const value = figure.values[name];
					const length = value.median === undefined ? Number.NaN : advantage(value.median, base, figure.better);
					const text =
						value.median === undefined
							? value.failed
							: `${formatNumber(value.median)} ${figure.unit}  (${formatRatio(length)})`;
					return { label: name, length, text, own: kind === "own" };
				});
			return { heading: figure.headline, bars };
		});
	if (groups.length === 0) return undefined;
	return barPicture({
		title: "Against the best pool on the same work (longer is better, 1× = best pool)",
		subtitle,
		groups,
	});
}
