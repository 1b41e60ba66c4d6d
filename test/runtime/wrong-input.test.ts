import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { withRuntime } from "./with-runtime.ts";

const identity = ray.remote((value: unknown) => value);

describe("wrong input", () => {
	it("is refused where it is given, and changes nothing", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const before = ray.storeStats();
			const wrong: [() => unknown, RegExp][] = [
				[() => ray.remote((x: unknown) => x, { numCpu: 1 } as never), /numCpu\b.*numCpus/],
				[() => ray.remote((x: unknown) => x, { maxRetries: -2 }), /maxRetries.*-2/],
				[() => ray.remote((x: unknown) => x, { priority: 99 }), /priority.*99/],
				[() => identity.options({ timeout: "soon" } as never), /timeout.*soon/],
				[() => ray.remote("text" as never), /function/],
				[() => ray.put(ray.put(1) as never), /ObjectRef|ref/],
				[() => ray.getSync("text" as never), /ObjectRef/],
				[() => ray.cancel({} as never), /ObjectRef/],
				[() => ray.free([1] as never), /ObjectRef/],
				[() => (identity as unknown as () => void)(), /call .*\.remote\(/],
			];
			for (const [call, message] of wrong) expect(call).toThrow(message);
			await expect(ray.get([ray.put(1), 2] as never)).rejects.toThrow(/ObjectRef/);
			await expect(ray.capacity(0)).rejects.toThrow(/capacity/);
			await expect(ray.createRuntime({ numCpus: -1 })).rejects.toThrow(/numCpus.*-1/);
			await expect(ray.createRuntime({ objectStore: 1 } as never)).rejects.toThrow(/objectStoreMemory/);
			expect(ray.storeStats().objects).toBeLessThanOrEqual(before.objects + 2);
			expect(await identity.remote("still works").get()).toBe("still works");
		}));
});
