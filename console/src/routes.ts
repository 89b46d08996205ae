/** All pages by their addresses. None of them is loaded before somebody goes there. */
import type { ComponentType } from "react";
import type { Role } from "./api/queries";

type Load = () => Promise<{ default: ComponentType }>;

export interface Route {
    path: RegExp;
    load: Load;
    /** Whom a page behind the sign-in is for, with its frame around; everybody else gets past without. */
    seenBy?: readonly Role[];
}

const EVERYBODY = ["member", "builder", "admin"] as const;
const BUILDERS = ["builder", "admin"] as const;
const ADMINS = ["admin"] as const;

/** A part of `path` that begins with a colon is a parameter. */
const page = (path: string, seenBy: readonly Role[], load: Load): Route => ({ path: pattern(path), load, seenBy });
const bare = (path: string, load: Load): Route => ({ path: pattern(path), load });

function pattern(path: string): RegExp {
    return new RegExp(`^${path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}/?$`);
}

const ROUTES = [
    bare("/setup", () => import("./pages/SetUp")),
    bare("/sign-in", () => import("./pages/SignIn")),
    bare("/forgotten-password", () => import("./pages/ForgottenPassword")),
    bare("/reset-password", () => import("./pages/ResetPassword")),
    bare("/accept-invite", () => import("./pages/AcceptInvite")),
    bare("/change-password", () => import("./pages/ChangePassword")),
    page("/", EVERYBODY, () => import("./pages/Home")),
    page("/start", ADMINS, () => import("./pages/Start")),
    page("/users", BUILDERS, () => import("./pages/users/Users")),
    page("/users/import", ADMINS, () => import("./pages/users/ImportUsers")),
    page("/users/:id", BUILDERS, () => import("./pages/users/UserPage")),
    page("/invites", ADMINS, () => import("./pages/Invites")),
    page("/apps", BUILDERS, () => import("./pages/apps/Apps")),
    page("/apps/:slug", BUILDERS, () => import("./pages/apps/AppPage")),
    page("/activity", ADMINS, () => import("./pages/Activity")),
    page("/settings/email", ADMINS, () => import("./pages/settings/Email")),
    page("/settings/templates", ADMINS, () => import("./pages/settings/Templates")),
    page("/settings/security", ADMINS, () => import("./pages/settings/Security")),
    page("/settings/api-keys", ADMINS, () => import("./pages/settings/ApiKeys")),
    page("/settings/webhooks", ADMINS, () => import("./pages/settings/Webhooks")),
    page("/settings/webhooks/:id", ADMINS, () => import("./pages/settings/WebhookPage")),
    page("/account", EVERYBODY, () => import("./pages/Account")),
    page("/mailbox", EVERYBODY, () => import("./pages/Mailbox")),
];
const MISSING = page(".*", EVERYBODY, () => import("./pages/Missing"));

/** The page at an address, and what its path says. */
export function routeOf(pathname: string): { route: Route; parameters: Record<string, string> } {
    for (const route of ROUTES) {
        const match = route.path.exec(pathname);
        if (match) return { route, parameters: match.groups ?? {} };
    }
    return { route: MISSING, parameters: {} };
}
