// Writes docs/abi.md from what assembly/index.ts says of each export: `node scripts/abi-doc.mjs`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./paths.mjs";

const intro = `# The core's ABI

Every export of the WebAssembly core, written from the comments of \`assembly/index.ts\`. The records it reads and writes, the
statuses and the flags are in \`schema/core.fbs\`; a FlatBuffers compiler gives their offsets for your language.

## Embedding

1. Make a memory at its full size (nothing grows): shared, for \`core.wasm\`; of your own, for \`core.single.wasm\`, the same
   core for hosts without threads. At most 65535 pages.
2. Instantiate the module once in each thread with that memory as \`env.memory\`, its only import. There is no start function
   and no data segment, so this changes nothing in the memory.
3. One instance calls \`init\`. Then, for each thread: \`reserve\` a slot, read its epoch from the slot's gate (above the lowest
   three bits), and in the thread \`attach\` with both.
4. To end a thread: \`end\` until it is not \`busy\`, stop it, and when it has really stopped, \`recover\` from another one.

All numbers are 32 bits. A negative result is a \`Status\`. Second results ("generation", "task", …) stand in the calling
thread's record (\`Thread\`, 4096 bytes each, from \`Root.threadTable\`); the root stands at address 64. A payload is a block
from \`alloc\`; the references nested in it stand behind it, at the next multiple of 8, as pairs of slot and generation.

A thread waits on its wake word: read the word, look for work or mail (\`park\`, \`drain\`, the inbox's lower half), and sleep
only while the word has the value read. A thread that only wants an object: \`watch\`, wait, \`drain\`, read, \`release\`.

Never: call with an instance that another thread uses at the same time; \`recover\` a thread that may still run; write into a
block after it went into an object or a task; read a payload without a pin.
`;

/** The document's text. */
export function abiDocument() {
	const source = readFileSync(join(root, "assembly", "index.ts"), "utf8");
	const parts = [intro];
	const pattern = /^\/\/ ── (.*) ──$|\/\*\*\s*((?:(?!\*\/)[\s\S])*?)\s*\*\/\nexport function (\w+)\(([^)]*)\)/gm;
	for (const [, section, comment, name, parameters] of source.matchAll(pattern)) {
		if (section !== undefined) parts.push(`## ${section}\n`);
		else parts.push(`### \`${name}(${parameters})\`\n\n${comment.replace(/^\s*\* ?/gm, "").trim()}\n`);
	}
	return parts.join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(join(root, "docs", "abi.md"), abiDocument());
