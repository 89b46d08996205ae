/** Who is signed in. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { answer, api } from "./api/client";
import { sessionQuery, type User } from "./api/queries";

/** Who is signed in. Only for what [`SignedIn`] is around. */
export function useMe(): User {
    const { data } = useQuery(sessionQuery);
    if (!data) throw new Error("nobody is signed in");
    return data.user;
}

export function useIsAdmin(): boolean {
    return useMe().role === "admin";
}

export function useSignOut() {
    const queries = useQueryClient();
    const navigate = useNavigate();
    return useMutation({
        mutationFn: () => answer(api.DELETE("/v1/session")),
        onSettled: async () => {
            await navigate("/sign-in");
            queries.clear();
            queries.setQueryData(sessionQuery.queryKey, null);
        },
    });
}
