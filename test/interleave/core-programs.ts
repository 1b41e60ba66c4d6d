// All programs over the core.
import type { Program } from "./program.ts";
import { programs as beginning } from "./programs/beginning.ts";
import { programs as beside } from "./programs/beside.ts";
import { programs as calls } from "./programs/calls.ts";
import { programs as cancelling } from "./programs/cancelling.ts";
import { programs as capacity } from "./programs/capacity.ts";
import { programs as classes } from "./programs/classes.ts";
import { programs as deciding } from "./programs/deciding.ts";
import { programs as dying } from "./programs/dying.ts";
import { programs as gates } from "./programs/gates.ts";
import { programs as keeping } from "./programs/keeping.ts";
import { programs as numbers } from "./programs/numbers.ts";
import { programs as objects } from "./programs/objects.ts";
import { programs as parts } from "./programs/parts.ts";
import { programs as scheduling } from "./programs/scheduling.ts";
import { programs as tables } from "./programs/tables.ts";
import { programs as waiting } from "./programs/waiting.ts";

export const corePrograms: readonly Program[] = [
	...beginning,
	...objects,
	...parts,
	...waiting,
	...scheduling,
	...classes,
	...deciding,
	...cancelling,
	...keeping,
	...beside,
	...numbers,
	...tables,
	...calls,
	...capacity,
	...gates,
	...dying,
];
