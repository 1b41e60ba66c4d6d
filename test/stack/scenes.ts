import { scenes as ends } from "./scenes/ends.ts";
import { scenes as scheduling } from "./scenes/scheduling.ts";
import { scenes as store } from "./scenes/store.ts";
import { scenes as threads } from "./scenes/threads.ts";

/** One scene for each way an export goes that is deep or changes something. */
export const scenes = { ...store, ...scheduling, ...ends, ...threads };
