/** One sample: one contender, one measure, one case, in a process of its own, so that no heap or thread is shared. */
import { answerParent } from "../lib/child.mjs";
import { measures } from "./measures.mjs";

await answerParent(async ({ measure, contender, workers, parameters }) => {
	const { run } = measures.find(({ name }) => name === measure);
	return await run({
		workers,
		parameters,
		/** Imports the contender only now: for one measure this is part of what is measured. */
		async load() {
			const { create } = await import(`./contenders/${contender.module}.mjs`);
			return create(contender.options);
		},
	});
});
