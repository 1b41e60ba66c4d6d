// The core at work, on all cores: a picture of the Mandelbrot set, row by row, each row a task.
//
//   npm start
//
// A thin host stands in for the runtime: the functions travel as source, arguments and pictures lie in the memory that all
// threads share, and whoever is free takes the next row.
import { availableParallelism } from "node:os";
import { bundle } from "../test/stress/bundle.mjs";

const [driverFile, workerFile] = await Promise.all([bundle("host/driver"), bundle("plain/worker")]);
const { Driver } = await import(driverFile);

const cores = availableParallelism();
const live = process.stdout.isTTY === true;
const columns = Math.max(40, Math.min(100, process.stdout.columns ?? 80));
const rows = Math.floor(columns * 0.4);

/** One row of the picture: a number from 0 to 255 for each column. Heavy on purpose: each is the mean of many points. */
const renderRow = String((_, row, rows, columns) => {
	const samples = 14;
	const most = 1500;
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
});

/** @param {number} workers @param {string} label */
async function render(workers, label) {
	const driver = Driver.create({ entry: workerFile, workers });
	driver.fill();
	// The first task of each thread starts it; they are not what is measured.
	const hello = driver.define("async (context) => { await context.turn(); return context.thread; }");
	const greeted = new Set();
	while (greeted.size < workers) {
		const { refs } = driver.submit(hello, [], {});
		greeted.add(await driver.get(refs[0]));
		driver.release(...refs);
	}

	const code = driver.define(renderRow);
	const picture = new Array(rows);
	const start = performance.now();
	let done = 0;
	/** @param {boolean} last */
	const show = (last) => {
		const seconds = ((performance.now() - start) / 1000).toFixed(1);
		const filled = Math.round((done / rows) * 30);
		const bar = "█".repeat(filled) + "░".repeat(30 - filled);
		const line = `${label.padEnd(12)} ${bar} ${String(done).padStart(3)} of ${rows} rows  ${seconds} s`;
		if (live) process.stdout.write(`\r${line}${last ? "\n" : ""}`);
		else if (last) console.log(line);
	};
	const ticking = setInterval(() => show(false), 50);
	await Promise.all(
		Array.from({ length: rows }, async (_, row) => {
			const { refs } = driver.submit(code, [row, rows, columns], {});
			picture[row] = await driver.get(refs[0]);
			driver.release(...refs);
			done++;
		}),
	);
	clearInterval(ticking);
	const seconds = (performance.now() - start) / 1000;
	show(true);
	driver.release(hello, code);
	const left = (await driver.close()).stats();
	return { picture, seconds, left };
}

const one = await render(1, "1 thread");
const all = cores > 1 ? await render(cores, `${cores} threads`) : one;

const palette = " .:-=+*#%@";
console.log();
for (const shades of all.picture) {
	let line = "";
	for (const shade of shades) {
		const step = Math.round((shade / 255) * 23);
		line += live ? `\x1b[48;5;${232 + step}m ` : palette[Math.round((shade / 255) * (palette.length - 1))];
	}
	console.log(live ? `${line}\x1b[0m` : line);
}
console.log();
if (cores > 1) {
	const times = (one.seconds / all.seconds).toFixed(2);
	console.log(
		`${cores} threads were ${times} times as fast as one: ${one.seconds.toFixed(2)} s → ${all.seconds.toFixed(2)} s.`,
	);
}
console.log(
	`Left in the shared memory: ${all.left.objects} objects, ${all.left.pending} tasks, ${all.left.taken} bytes.`,
);
