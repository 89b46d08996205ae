import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { Problem } from "./api/problem";

/** What was read of the API, and when it is read again. */
export const queries: QueryClient = new QueryClient({
    defaultOptions: {
        queries: {
            // Where there is no network, that is said; waiting for it would look like work.
            networkMode: "always",
            staleTime: 5_000,
            // A refusal stays one however often it is asked for.
            retry: (failures, error) => failures < 2 && error instanceof Problem && (error.status === 0 || error.status >= 500),
        },
        mutations: { networkMode: "always" },
    },
    queryCache: new QueryCache({ onError: doubt }),
    mutationCache: new MutationCache({ onSuccess: refresh, onError: doubt }),
});

/** Who is refused a right may be somebody else by now, signed in in another tab, or have got another role. */
function doubt(error: Error): void {
    if (error instanceof Problem && error.status === 403) void queries.invalidateQueries({ queryKey: ["session"] });
}

/** Any change may show anywhere. What follows by events, as counts and deliveries do, shows a moment later. */
function refresh(): Promise<void> {
    setTimeout(() => void queries.invalidateQueries({ queryKey: ["users"] }), 2_500);
    return queries.invalidateQueries();
}
