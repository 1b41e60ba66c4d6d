// A picture of the Mandelbrot set, row by row, each row a task: first on one thread, then on all cores.
//
//   npm start
import { availableParallelism, loadavg } from "node:os";
import * as ray from "wasmray";

const terminal = process.stdout.isTTY === true;
const columns = Math.max(40, Math.min(100, process.stdout.columns ?? (Number(process.env.COLUMNS) || 80)));
const rows = Math.floor(columns * 0.4);

/** One row: a brightness from 0 to 255 for each column, each the mean of many points. */
const renderRow = ray.remote(
	(row, rows, columns, samples = 20, most = 2500) => {
		const shades = new Uint8Array(columns);
		for (let column = 0; column < columns; column++) {
			let sum = 0;
			for (let i = 0; i < samples * samples; i++) {
				const cx = -2.15 + (2.85 * (column + (i % samples) / samples)) / columns;
				const cy = -1.15 + (2.3 * (row + Math.floor(i / samples) / samples)) / rows;
				let [x, y, n] = [0, 0, 0];
				while (n < most && x * x + y * y < 4) {
					[x, y] = [x * x - y * y + cx, 2 * x * y + cy];
					n++;
				}
				sum += n === most ? 0 : Math.min(255, 40 * Math.log2(n + 1));
			}
			shades[column] = sum / (samples * samples);
		}
		return shades;
	},
	{ name: "renderRow" },
);

/** A row as text: in colour on a terminal, else in letters. */
function paint(shades) {
	if (!terminal) return Array.from(shades, (shade) => " .:-=+*#%@"[Math.round(shade / 28.4)]).join("");
	const cells = Array.from(shades, (shade) => {
		const t = shade / 255;
		const colour = [9 * (1 - t) * t ** 3, 15 * (1 - t) ** 2 * t ** 2, 8.5 * (1 - t) ** 3 * t];
		return `\x1b[48;2;${colour.map((part) => Math.round(255 * Math.min(1, part))).join(";")}m `;
	});
	return `${cells.join("")}\x1b[0m`;
}

/** The whole picture on so many threads; `show` is told of each row when it is there. */
async function render(threads, show) {
	const runtime = await ray.createRuntime({ numCpus: threads });
	try {
		return await runtime.run(async () => {
			// Every thread starts and compiles first: that is not what is compared.
			await ray.get(Array.from({ length: 4 * threads }, () => renderRow.remote(rows >> 1, rows, columns, 2)));
			const start = performance.now();
			const tasks = new Map(Array.from({ length: rows }, (_, row) => [renderRow.remote(row, rows, columns), row]));
			let done = 0;
			for await (const ref of ray.asCompleted([...tasks.keys()])) {
				show(++done, tasks.get(ref), await ref.get(), (performance.now() - start) / 1000);
			}
			return (performance.now() - start) / 1000;
		});
	} finally {
		await runtime.shutdown();
	}
}

function bar(label, done, seconds) {
	const filled = Math.round((done / rows) * 30);
	const line = `${label.padEnd(10)} ${"█".repeat(filled)}${"░".repeat(30 - filled)} ${done}/${rows} rows  ${seconds.toFixed(1)} s`;
	if (terminal) process.stdout.write(`\r${line}${done === rows ? "\n" : ""}`);
	else if (done === rows) console.log(line);
}

const cores = availableParallelism();
const one = await render(1, (done, _row, _shades, seconds) => bar("1 thread", done, seconds));

// The second time each row appears in its place as soon as it is there.
const picture = new Array(rows).fill("");
if (terminal) process.stdout.write("\n".repeat(rows + 1));
const all = await render(cores, (done, row, shades, seconds) => {
	picture[row] = paint(shades);
	if (terminal) process.stdout.write(`\x1b[${rows + 1 - row}A\r${picture[row]}\x1b[${rows + 1 - row}B`);
	bar(`${cores} thread${cores > 1 ? "s" : ""}`, done, seconds);
});
if (!terminal) console.log(`\n${picture.join("\n")}`);

console.log(`\n${rows} tasks. One thread: ${one.toFixed(2)} s. ${cores} threads: ${all.toFixed(2)} s.`);
if (cores > 1) console.log(`That is ${(one / all).toFixed(2)} times as fast.`);
const [load] = loadavg();
if (load > cores + 1)
	console.log(`(Other programs keep this machine busy: a load of ${load.toFixed(1)} on ${cores} cores.)`);
console.log("More to try: node examples/01-parallel-map.mjs, … and docs/guide.md");
