import type { UserFilter } from "../../api/queries";

/** What the address of the users page asks for. */
export function filterOf(get: (name: string) => string | undefined): UserFilter {
    return {
        q: get("q"),
        status: get("status") as UserFilter["status"],
        role: get("role") as UserFilter["role"],
        app: get("app"),
        app_role: get("app_role"),
        sort: get("sort"),
        cursor: get("cursor"),
        limit: 50,
    };
}
