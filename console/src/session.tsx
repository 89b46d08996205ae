/** Who is signed in. */
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "./api/client";
import { isProblem } from "./api/problem";
import { sessionQuery, type User } from "./api/queries";
import { forgetDrafts, useAction } from "./form";

/** Who is signed in. Only for what [`SignedIn`] is around. */
export function useMe(): User {
    const { data } = useQuery(sessionQuery);
    if (!data) throw new Error("nobody is signed in");
    return data.user;
}

export function useIsAdmin(): boolean {
    return useMe().role === "admin";
}

/** Where somebody signs in to come back to where they are. */
export function signInPath(): string {
    const here = location.pathname + location.search;
    return here === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(here)}`;
}

export function useSignOut() {
    return useAction(async () => {
        try {
            await answer(api.DELETE("/v1/session"));
        } catch (error) {
            if (!isProblem(error, "unauthenticated")) throw error;
        }
        forgetDrafts();
        // Loads anew, so that nothing that was read stays in memory.
        location.assign("/sign-in");
    });
}
