// Reads a test run's JSON report: `counts` prints "passed failed skipped", `failures` what failed, and why. A report that is
// missing is one failure.
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { root } from "./paths.mjs";

const [what, path] = process.argv.slice(2);
const LINES = 30;

/** @returns {any} */
function read() {
	try {
		return JSON.parse(readFileSync(path, "utf8"));
	} catch (error) {
		return { unread: `${path} cannot be read: ${error}` };
	}
}

const report = read();
if (what === "counts") {
	const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0, success } = report;
	// A file that does not load fails the run without a failed test.
	console.log(numPassedTests, success ? numFailedTests : Math.max(1, numFailedTests), numPendingTests + numTodoTests);
} else {
	if (report.unread) console.log(report.unread);
	for (const file of report.testResults ?? []) {
		const name = relative(root, file.name);
		const failed = file.assertionResults.filter((/** @type {any} */ test) => test.status === "failed");
		if (file.status === "failed" && failed.length === 0) console.log(`${name}: ${file.message}`);
		for (const { fullName, failureMessages } of failed) {
			console.log(`${name}: ${fullName}\n${failureMessages.join("\n").split("\n").slice(0, LINES).join("\n")}`);
		}
	}
}
