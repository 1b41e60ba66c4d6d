import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("ray_rows.py", import.meta.url));

/**
 * The rows on Python Ray: { version, rows: { name: { mean, deviation } } }, or { missing: reason }.
 * `onRow(name)` is called as rows come in.
 */
export function runPythonRay({ python, names, cpus, timing, onRow }) {
	const args = [
		SCRIPT,
		...["--rows", names.join(";")],
		...["--cpus", String(cpus)],
		...["--warm-up", String(timing.warmUpSeconds)],
		...["--rounds", String(timing.rounds)],
		...["--seconds", String(timing.roundSeconds)],
		...["--pause", String(timing.pauseSeconds)],
	];
	return new Promise((resolve) => {
		const child = spawn(python, args, { stdio: ["ignore", "pipe", "pipe"] });
		const result = { rows: {} };
		let errorText = "";
		createInterface({ input: child.stdout }).on("line", (line) => {
			// Ray itself may print to stdout; its lines are not ours.
			if (!line.startsWith("{")) return;
			const message = JSON.parse(line);
			if (message.missing !== undefined) result.missing = message.missing;
			else if (message.version !== undefined) result.version = message.version;
			else {
				result.rows[message.row] = { mean: message.mean, deviation: message.deviation };
				onRow(message.row);
			}
		});
		child.stderr.setEncoding("utf8").on("data", (text) => {
			errorText = (errorText + text).slice(-2000);
		});
		child.on("error", (error) => resolve({ missing: `${python} cannot be started: ${error.message}` }));
		child.on("close", (code) => {
			if (code !== 0 && result.missing === undefined)
				result.failed = errorText.trim().split("\n").at(-1) ?? `ended by status ${code}`;
			resolve(result);
		});
	});
}
