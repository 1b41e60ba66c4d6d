// Prints "passed failed skipped" of a test run's JSON report; a report that is missing is one failure.
import { readFileSync } from "node:fs";

try {
	const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
	const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, success, numTotalTests } = report;
	// A file that does not load fails the run without a failed test.
	const failed = success && numTotalTests > 0 ? numFailedTests : Math.max(1, numFailedTests);
	console.log(numPassedTests, failed, numPendingTests + numTodoTests);
} catch {
	console.log(0, 1, 0);
}
