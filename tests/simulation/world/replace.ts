/** Puts something in the place of a global. */
export function replace<T extends object, K extends keyof T>(owner: T, name: K, value: T[K]): void {
  Object.defineProperty(owner, name, { value, writable: true, configurable: true });
}
