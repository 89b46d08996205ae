import { useLayoutEffect } from "react";
import { createStore } from "../store";

const kept = createStore(0);

/** While this is kept, a slip does not close its window: neither Escape nor a click beside it. */
export function useKeepOpen(isKept = true): void {
    useLayoutEffect(() => {
        if (!isKept) return;
        kept.set(kept.get() + 1);
        return () => kept.set(kept.get() - 1);
    }, [isKept]);
}

export const useIsKept = () => kept.use() > 0;

/** How a window closes that may show what must not be lost. */
export function useClosing() {
    const isFree = !useIsKept();
    return { closeOnClickOutside: isFree, closeOnEscape: isFree };
}
