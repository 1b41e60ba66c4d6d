import { settleWorkers, startContender, warmUp } from "./common.mjs";

const SIZES = [
	["16 B", 16],
	["1 KiB", 2 ** 10],
	["64 KiB", 2 ** 16],
	["1 MiB", 2 ** 20],
	["16 MiB", 2 ** 24],
	["64 MiB", 2 ** 26],
];

export const payload = {
	name: "payload",
	title: "Payload, there and back",
	method:
		"Echo of a Uint8Array, each call awaited before the next, after as long a time of them; MB/s counts the bytes both ways. First and last byte are written before each call and checked after it.",
	cases: ({ quick }) => [
		{
			label: "payloads of 16 B–64 MiB",
			parameters: { milliseconds: quick ? 80 : 400, warmUp: quick ? 300 : 2000 },
			rounds: quick ? 1 : 3,
			limitSeconds: 60,
			figures: SIZES.flatMap(([label, size]) => [
				{
					key: `ops.${size}`,
					label: `echo of ${label}`,
					unit: "ops/s",
					better: "higher",
					headline: size === 2 ** 20 ? "Echo of a Uint8Array of 1 MiB" : undefined,
				},
				{ key: `bytes.${size}`, label: "  bytes both ways", unit: "MB/s", better: "higher", compare: false },
			]),
		},
	],
	async run(context) {
		const contender = await startContender(context);
		await settleWorkers(contender, context.workers);
		let small = new Uint8Array(SIZES[0][1]);
		await warmUp(async () => {
			const back = await contender.call("echo", small);
			if (contender.moves) small = back;
		}, context.parameters.warmUp);
		const figures = {};
		for (const [, size] of SIZES) {
			let bytes = new Uint8Array(size).fill(7);
			const call = async (mark) => {
				bytes[0] = mark;
				bytes[size - 1] = mark;
				const back = await contender.call("echo", bytes);
				if (back.length !== size || back[0] !== mark || back[size - 1] !== mark)
					throw new Error(
						`${size} bytes came back as ${back.length}, first ${back[0]}, last ${back[size - 1]}, instead of ${mark}`,
					);
				if (contender.moves) bytes = back;
			};
			await warmUp((index) => call(index & 0xff), context.parameters.milliseconds);
			const startedAt = performance.now();
			let calls = 0;
			let elapsed = 0;
			do {
				await call(calls & 0xff);
				calls += 1;
				elapsed = performance.now() - startedAt;
			} while (calls < 3 || elapsed < context.parameters.milliseconds);
			const rate = calls / (elapsed / 1000);
			figures[`ops.${size}`] = rate;
			figures[`bytes.${size}`] = (2 * size * rate) / 1e6;
		}
		return figures;
	},
};
