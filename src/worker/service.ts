/** Where the service thread begins: it hears of the ends of the workers' threads while the driver is blocked. */
import { Board, wake } from "../engine/local/board.ts";
import type { ServiceData, Watched } from "../engine/local/service.ts";
import { onClose } from "../platform/channel.ts";
import { workerSelf } from "../platform/threads.ts";

const self = workerSelf();
if (self !== undefined) {
	const { memory, wakeWord, board: words, watched } = self.workerData as ServiceData;
	const board = new Board(words);
	const i32 = new Int32Array(memory.buffer);
	const watch = ({ index, epoch, port }: Watched) => {
		onClose(port, () => {
			board.setStopped(index, epoch);
			board.addNews();
			wake(i32, wakeWord);
		});
	};
	watched.forEach(watch);
	self.onMessage((message) => watch(message as Watched));
}
