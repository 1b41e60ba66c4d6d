// Waking a thread: its wake word is changed, then all who stand on it are notified (a `waitAsync` and a `wait` may both).
// A thread that goes to sleep reads the word first, looks for work after that, and sleeps only on the value it read.

import { Thread } from "../layout";
import { notifyAll } from "./atomic";

/** A thread to wake at the end of the call: notifying takes too long to do it under a lock. */
let later: usize = 0;

export function wake(thread: Thread): void {
  thread.addWake(1);
  notifyAll(thread.wakeAddress);
}

export function wakeLater(thread: Thread): void {
  const address = changetype<usize>(thread);
  if (later && later != address) wake(changetype<Thread>(later));
  later = address;
}

export function wakeNow(): void {
  if (!later) return;
  const address = later;
  later = 0;
  wake(changetype<Thread>(address));
}
