import { navigate, useLocation } from "./navigation";

interface How {
    /** Whether the step back does not come here again: for each letter of a search, and for what closes. */
    replace?: boolean;
    state?: unknown;
}

/** What the address says behind `?`, and how to change a part of it; `undefined` and "" take a part away. */
export function useUrl() {
    const { pathname, search } = useLocation();
    const parameters = new URLSearchParams(search);
    const change = (parts: Record<string, string | undefined>, { replace, state }: How = {}) => {
        // Somebody is on the way to another page.
        if (location.pathname !== pathname) return;
        const changed = new URLSearchParams(location.search);
        for (const [name, value] of Object.entries(parts)) {
            if (value) changed.set(name, value);
            else changed.delete(name);
        }
        const kept = "cursor" in parts ? state : history.state;
        void navigate(`${pathname}${changed.size > 0 ? `?${changed}` : ""}`, { replace, state: kept });
    };
    return { get: (name: string) => parameters.get(name) ?? undefined, change };
}
