const WIDTH = 28;

/**
 * A bar on a terminal, redrawn in place; elsewhere (a log file, CI) one line for each stage.
 * `total` is the number of steps that `advance` will be called for.
 */
export function createProgress(total, stream = process.stderr) {
	const live = stream.isTTY === true;
	const startedAt = performance.now();
	let finished = 0;
	let stage = "";

	function draw(detail) {
		const share = total === 0 ? 1 : Math.min(finished / total, 1);
		const filled = Math.round(share * WIDTH);
		const text = `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} ${finished}/${total}  ${clock(startedAt)}  ${stage}  ${detail}`;
		stream.write(`\r\x1b[2K${text.slice(0, Math.max((stream.columns || 100) - 1, 20))}`);
	}

	return {
		/** A new part of the work begins. */
		begin(name) {
			stage = name;
			if (live) draw("");
			else stream.write(`[${finished}/${total} ${clock(startedAt)}] ${name}\n`);
		},
		/** What is running now; not counted yet. */
		show(detail) {
			if (live) draw(detail);
		},
		advance(steps = 1) {
			finished += steps;
			if (live) draw("");
		},
		/** Takes the bar away, for output of other kinds; the next call draws it again. */
		clear() {
			if (live) stream.write("\r\x1b[2K");
		},
		end() {
			stream.write(live ? "\r\x1b[2K" : `[${finished}/${total} ${clock(startedAt)}] done\n`);
		},
	};
}

function clock(startedAt) {
	const seconds = Math.floor((performance.now() - startedAt) / 1000);
	return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
