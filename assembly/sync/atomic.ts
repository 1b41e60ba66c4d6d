// The one place that knows whether threads exist. The threaded build uses atomic instructions; the single build, for hosts
// without shared memory, plain ones: a branch on ASC_FEATURE_THREADS that is not taken is not compiled.
//
// All AssemblyScript atomics are sequentially consistent, so no fence is needed anywhere.

@inline export function atomicLoad<T>(address: usize): T {
  return ASC_FEATURE_THREADS ? atomic.load<T>(address) : load<T>(address);
}

@inline export function atomicStore<T>(address: usize, value: T): void {
  if (ASC_FEATURE_THREADS) atomic.store<T>(address, value);
  else store<T>(address, value);
}

/** Each answers the value that was there before. */
@inline export function atomicCas<T>(address: usize, expected: T, value: T): T {
  if (ASC_FEATURE_THREADS) return atomic.cmpxchg<T>(address, expected, value);
  const old = load<T>(address);
  if (old == expected) store<T>(address, value);
  return old;
}

@inline export function atomicExchange<T>(address: usize, value: T): T {
  if (ASC_FEATURE_THREADS) return atomic.xchg<T>(address, value);
  const old = load<T>(address);
  store<T>(address, value);
  return old;
}

@inline export function atomicAdd<T>(address: usize, value: T): T {
  if (ASC_FEATURE_THREADS) return atomic.add<T>(address, value);
  const old = load<T>(address);
  store<T>(address, (old + value) as T);
  return old;
}

@inline export function atomicSub<T>(address: usize, value: T): T {
  if (ASC_FEATURE_THREADS) return atomic.sub<T>(address, value);
  const old = load<T>(address);
  store<T>(address, (old - value) as T);
  return old;
}

@inline export function atomicOr<T>(address: usize, value: T): T {
  if (ASC_FEATURE_THREADS) return atomic.or<T>(address, value);
  const old = load<T>(address);
  store<T>(address, (old | value) as T);
  return old;
}

@inline export function atomicAnd<T>(address: usize, value: T): T {
  if (ASC_FEATURE_THREADS) return atomic.and<T>(address, value);
  const old = load<T>(address);
  store<T>(address, (old & value) as T);
  return old;
}

/**
 * Sleeps while the word has this value, for at most `nanoseconds`. A single thread has nobody to wait for.
 *
 * Never part of another function: V8's baseline compiler (seen in 11.3, Node 20) loses what is in registers across a
 * `memory.atomic.wait32`, so nothing of this function's may be needed after it. The build keeps the call; test/frame checks it.
 */
export function sleepOn(address: usize, value: u32, nanoseconds: i64): void {
  if (ASC_FEATURE_THREADS) atomic.wait<i32>(address, value as i32, nanoseconds);
}

@inline export function notifyAll(address: usize): void {
  if (ASC_FEATURE_THREADS) atomic.notify(address, -1);
}

@inline export function atomicNotifyOne(address: usize): void {
  if (ASC_FEATURE_THREADS) atomic.notify(address, 1);
}
