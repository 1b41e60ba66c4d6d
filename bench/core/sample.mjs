// One figure, measured in this process.
import { answerParent } from "../lib/child.mjs";
import { figures } from "./figures.mjs";
import { bundleBoundary } from "./load.mjs";

answerParent(async ({ name }) => figures[name].measure(await bundleBoundary()));
