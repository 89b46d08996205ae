import { useSearchParams } from "react-router";

/** What the address says behind `?`, and how to change a part of it; `undefined` and "" take a part away. */
export function useUrl() {
    const [search, setSearch] = useSearchParams();
    const change = (parts: Record<string, string | undefined>, options?: { push?: boolean; state?: unknown }) =>
        setSearch(
            (search) => {
                for (const [name, value] of Object.entries(parts)) {
                    if (value) search.set(name, value);
                    else search.delete(name);
                }
                return search;
            },
            { replace: !options?.push, state: options?.state },
        );
    return { get: (name: string) => search.get(name) ?? undefined, change };
}
