import { expect, test } from "vitest";
import { Cells } from "./cells.ts";
import type { Site } from "./instrument.ts";
import { Meetings } from "./meetings.ts";
import { RaceDetector } from "./races.ts";

const SITES = 8;
const X = 0x40;
const FLAG = 0x80;

function watched(placeAt?: ConstructorParameters<typeof Meetings>[1]): { races: RaceDetector; meetings: Meetings } {
	const meetings = new Meetings(Array.from({ length: SITES }) as Site[], placeAt);
	const races = new RaceDetector(new Cells(1024), 2, 1024);
	races.meetings = meetings;
	races.begin();
	return { races, meetings };
}

const metOf = ({ met }: Meetings) => [...met.keys()].filter((site) => met[site] !== 0);

test("operations meet if nothing but themselves orders them, and one of them writes", () => {
	const { races, meetings } = watched();
	races.atomic(0, 0, false, true, X, 4);
	races.atomic(0, 1, false, true, FLAG, 4);
	races.atomic(1, 2, true, false, FLAG, 4);
	// By the flag it knows of the write.
	races.atomic(1, 3, true, false, X, 4);
	expect(metOf(meetings)).toEqual([1, 2]);
	races.atomic(0, 4, true, false, X, 4);
	expect(metOf(meetings)).toEqual([1, 2]);
	// This one knows of neither read.
	races.atomic(0, 5, false, true, X, 4);
	expect(metOf(meetings)).toEqual([1, 2, 3, 5]);
});

test("all that a thread did unknown to the other meets that", () => {
	const { races, meetings } = watched();
	races.atomic(0, 0, true, false, X, 4);
	races.atomic(0, 1, true, false, X, 4);
	races.atomic(1, 2, false, true, X, 4);
	expect(metOf(meetings)).toEqual([0, 1, 2]);
});

test("nothing of an earlier run meets anything", () => {
	const { races, meetings } = watched();
	races.atomic(0, 0, false, true, X, 4);
	races.begin();
	races.atomic(1, 1, false, true, X, 4);
	expect(metOf(meetings)).toEqual([]);
});

test("an operation is under a lock while its own thread holds one", () => {
	const { meetings } = watched((address) => ({ name: `at ${address}`, lock: address === FLAG ? 8 : 0 }));
	const pass = (thread: number, site: number, address: number, before: number, after: number) =>
		meetings.pass(thread, site, address, before, after);
	pass(0, 0, FLAG, 1, 9);
	pass(0, 1, X, 0, 1);
	pass(1, 2, X, 1, 2);
	pass(0, 3, FLAG, 9, 1);
	pass(0, 4, X, 2, 3);
	const unlocked = [...meetings.unlocked.keys()].filter((site) => meetings.unlocked[site] !== 0);
	expect(unlocked).toEqual([0, 2, 4]);
	expect([...(meetings.touched.get(1) ?? [])]).toEqual([`at ${X}`]);
});
