const SCALES = [
	[1e9, "G"],
	[1e6, "M"],
	[1e4, "k"],
];

/** Three significant digits, large numbers shortened: 0.0123, 13.2, 9,870, 190k, 2.31M. */
export function formatNumber(value) {
	if (!Number.isFinite(value)) return "–";
	const size = Math.abs(value);
	for (const [scale, suffix] of SCALES) {
		if (size >= scale) return digits(value / (suffix === "k" ? 1e3 : scale)) + suffix;
	}
	if (size >= 1000) return Math.round(value).toLocaleString("en-US");
	return digits(value);
}

function digits(value) {
	const size = Math.abs(value);
	if (size >= 100) return value.toFixed(0);
	if (size >= 10) return value.toFixed(1);
	if (size >= 1 || size === 0) return value.toFixed(2);
	if (size >= 0.01) return value.toFixed(3);
	return value.toPrecision(2);
}

/** How many times: two decimals below 10, and never 0 for what is only small. */
export function formatRatio(value) {
	if (!Number.isFinite(value)) return "–";
	if (value >= 10) return `${formatNumber(value)}×`;
	return `${value >= 0.1 ? value.toFixed(2) : value.toPrecision(2)}×`;
}

/**
 * Rows of text in aligned columns: the first to the left, the others to the right, a line below the header.
 * A column as wide as its widest cell; nothing is cut.
 */
export function formatTable(header, rows) {
	const widths = header.map((cell, column) => Math.max(cell.length, ...rows.map((row) => (row[column] ?? "").length)));
	const line = (cells) =>
		widths
			.map((width, column) =>
				column === 0 ? (cells[column] ?? "").padEnd(width) : (cells[column] ?? "").padStart(width),
			)
			.join("  ")
			.trimEnd();
	return [line(header), widths.map((width) => "─".repeat(width)).join("──"), ...rows.map(line)].join("\n");
}
