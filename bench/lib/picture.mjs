const WIDTH = 760;
const LABEL = 150;
const VALUE = 170;
const BAR = 13;
const STEP = 18;
const HEADING = 26;
const GAP = 12;
const TOP = 66;
const MARGIN = 20;
const ROOM = WIDTH - 2 * MARGIN - LABEL - VALUE;

/** Text and background change together, so the picture is readable on any page, light or dark. */
const STYLE = `
.back { fill: #ffffff } text { fill: #24292f; font: 12px system-ui, sans-serif }
.title { font-size: 16px; font-weight: 600 } .heading { font-size: 13px; font-weight: 600 } .quiet { fill: #6e7781 }
.bar { fill: #9aa7b4 } .own { fill: #d9622b } .line { stroke: #57606a; stroke-dasharray: 3 3 }
.value { paint-order: stroke; stroke: #ffffff; stroke-width: 4px } .own-text { font-weight: 600 }
@media (prefers-color-scheme: dark) {
.back { fill: #161b22 } text { fill: #e6edf3 } .quiet { fill: #8d96a0 } .bar { fill: #5c6875 } .own { fill: #f0883e } .line { stroke: #8d96a0 }
.value { stroke: #161b22 }
}`;

/** Linear while it can be read, logarithmic once the longest bar would leave the others as slivers. */
const LINEAR_UP_TO = 12;

/**
 * Groups of horizontal bars, each `length` a ratio to the group's base, which is the dashed line at 1.
 * groups: [{ heading, bars: [{ label, length, text, own }] }]; a bar without a finite length shows its text alone.
 */
export function barPicture({ title, subtitle, groups }) {
	const lengths = groups.flatMap(({ bars }) => bars.filter(isDrawn).map((bar) => bar.length));
	const longest = Math.max(1, ...lengths);
	const isLinear = longest <= LINEAR_UP_TO;
	const scale = isLinear ? linearScale(longest) : logarithmicScale(Math.min(1, ...lengths) / 2, longest);
	const parts = [];
	let y = TOP;
	for (const group of groups) {
		parts.push(...drawGroup(group, y, scale));
		y += HEADING + group.bars.length * STEP + GAP;
	}
	const height = y + 4;
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeMarkup(title)}">`,
		`<style>${STYLE}</style>`,
		`<rect class="back" width="${WIDTH}" height="${height}" rx="8"/>`,
		text(MARGIN, 30, "title", title),
		text(MARGIN, 49, "quiet", isLinear ? subtitle : `${subtitle}; logarithmic`),
		...parts,
		"</svg>",
		"",
	].join("\n");
}

/** Bars, then the line at 1 across them, then the texts above both. */
function drawGroup({ heading, bars }, top, scale) {
	const left = MARGIN + LABEL;
	const first = top + HEADING;
	const rects = [];
	const texts = [text(MARGIN, top + 13, "heading", heading)];
	bars.forEach((bar, index) => {
		const y = first + index * STEP;
		const width = isDrawn(bar) ? Math.max(scale(bar.length), 1) : 0;
		const size = `x="${left}" y="${y}" width="${round(width)}" height="${BAR}"`;
		if (isDrawn(bar)) rects.push(`<rect class="${bar.own ? "own" : "bar"}" ${size} rx="2"/>`);
		texts.push(text(MARGIN + 10, y + 11, bar.own ? "own-text" : "", bar.label));
		texts.push(text(left + width + 6, y + 11, bar.own ? "value own-text" : "value", bar.text));
	});
	const x = round(left + scale(1));
	const line = `<line class="line" x1="${x}" x2="${x}" y1="${first - 2}" y2="${first + bars.length * STEP - 3}"/>`;
	return [...rects, line, ...texts];
}

function isDrawn({ length }) {
	return length > 0 && Number.isFinite(length);
}

function linearScale(longest) {
	return (length) => (length / longest) * ROOM;
}

function logarithmicScale(shortest, longest) {
	return (length) => (Math.log(length / shortest) / Math.log(longest / shortest)) * ROOM;
}

function text(x, y, kind, content) {
	return `<text${kind === "" ? "" : ` class="${kind}"`} x="${round(x)}" y="${y}">${escapeMarkup(content)}</text>`;
}

function round(value) {
	return Math.round(value * 10) / 10;
}

function escapeMarkup(content) {
	return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
