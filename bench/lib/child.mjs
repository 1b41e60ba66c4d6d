import { fork } from "node:child_process";

/** How much of a child's error output is kept: enough for a stack, or for V8's last words. */
const STDERR_KEPT = 8192;

/**
 * Run `file` in a Node process of its own with `job` as its argument, and wait for its one message and its end.
 * Resolves with `{ figures, wallMs }`, or with `{ failed, overTime }` when it threw, died or took longer than the limit;
 * one contender's failure must not end the run of the others.
 */
export function runChild(file, job, { limitSeconds, execArgv = [] }) {
	return new Promise((resolve) => {
		const startedAt = performance.now();
		const child = fork(file, [JSON.stringify(job)], {
			execArgv,
			stdio: ["ignore", "ignore", "pipe", "ipc"],
			env: { ...process.env, NODE_ENV: "production" },
		});
		let answer;
		let overTime = false;
		let errorText = "";
		const timer = setTimeout(() => {
			overTime = true;
			child.kill("SIGKILL");
		}, limitSeconds * 1000);
		child.stderr.setEncoding("utf8");
		child.stderr.on("data", (text) => {
			errorText = (errorText + text).slice(-STDERR_KEPT);
		});
		child.on("message", (message) => {
			answer = message;
		});
		child.on("error", (error) => {
			answer = { failed: error.message };
		});
		// "close" comes after the last of stderr, unlike "exit".
		child.on("close", (code, signal) => {
			clearTimeout(timer);
			const wallMs = performance.now() - startedAt;
			if (overTime) resolve({ failed: `> ${limitSeconds} s`, overTime });
			else if (answer?.figures) resolve({ figures: answer.figures, wallMs });
			else resolve({ failed: answer?.failed ?? causeOfDeath(code, signal, errorText), overTime: false });
		});
	});
}

function causeOfDeath(code, signal, errorText) {
	if (errorText.includes("heap out of memory")) return "out of memory";
	const lastWords =
		errorText
			.trim()
			.split("\n")
			.find((line) => /error/i.test(line)) ?? errorText.trim().split("\n").at(-1);
	return `ended by ${signal ?? `status ${code}`}${lastWords ? `: ${lastWords.trim()}` : ""}`;
}

/** The child's side: run `work` on the job, send what it returns, and end, whatever threads or timers are left. */
export async function answerParent(work) {
	let message;
	// A process with nothing left to wait for would end in silence; held, what never settles runs into the time limit.
	const hold = setInterval(() => {}, 2 ** 30);
	try {
		message = { figures: await work(JSON.parse(process.argv[2])) };
	} catch (error) {
		message = { failed: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
	}
	clearInterval(hold);
	process.send(message, () => process.exit(0));
}
