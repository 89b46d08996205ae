import { useSyncExternalStore } from "react";

/** A value outside of components that they can follow. */
export function createStore<T>(initial: T) {
    let value = initial;
    const listeners = new Set<() => void>();
    const subscribe = (listener: () => void) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
    };
    const get = () => value;
    const set = (next: T) => {
        value = next;
        for (const listener of listeners) listener();
    };
    return { get, set, use: () => useSyncExternalStore(subscribe, get) };
}
