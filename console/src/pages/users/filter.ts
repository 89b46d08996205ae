import type { Role, Status, UserFilter } from "../../api/queries";

export const STATUSES: Status[] = ["active", "invited", "invite_expired", "suspended"];
export const ROLES: Role[] = ["admin", "builder", "member"];
const SORTS = ["name", "-created_at"];

/** What the address of the users page asks for; what nobody knows is not asked. */
export function filterOf(get: (name: string) => string | undefined): UserFilter {
    return {
        q: get("q"),
        status: STATUSES.find((status) => status === get("status")),
        role: ROLES.find((role) => role === get("role")),
        app: get("app"),
        app_role: get("app") && get("app_role"),
        sort: SORTS.find((sort) => sort === get("sort")),
        cursor: get("cursor"),
        limit: 50,
    };
}
