/** All pages by their addresses. None of them is loaded before somebody goes there. */
import type { ComponentType } from "react";

type Load = () => Promise<{ default: ComponentType }>;

export interface Route {
    path: RegExp;
    load: Load;
    /** Whether it is a page behind the sign-in, in the frame that these have. */
    isFramed: boolean;
}

/** A part of `path` that begins with a colon is a parameter. */
const page = (path: string, load: Load): Route => ({ path: pattern(path), load, isFramed: true });
const bare = (path: string, load: Load): Route => ({ path: pattern(path), load, isFramed: false });

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
    page("/", () => import("./pages/Home")),
    page("/start", () => import("./pages/Start")),
    page("/users", () => import("./pages/users/Users")),
    page("/users/import", () => import("./pages/users/ImportUsers")),
    page("/users/:id", () => import("./pages/users/UserPage")),
    page("/invites", () => import("./pages/Invites")),
    page("/apps", () => import("./pages/apps/Apps")),
    page("/apps/:slug", () => import("./pages/apps/AppPage")),
    page("/activity", () => import("./pages/Activity")),
    page("/settings/email", () => import("./pages/settings/Email")),
    page("/settings/templates", () => import("./pages/settings/Templates")),
    page("/settings/security", () => import("./pages/settings/Security")),
    page("/settings/api-keys", () => import("./pages/settings/ApiKeys")),
    page("/settings/webhooks", () => import("./pages/settings/Webhooks")),
    page("/settings/webhooks/:id", () => import("./pages/settings/WebhookPage")),
    page("/account", () => import("./pages/Account")),
    page("/mailbox", () => import("./pages/Mailbox")),
];
const MISSING = page(".*", () => import("./pages/Missing"));

/** The page at an address, and what its path says. */
export function routeOf(pathname: string): { route: Route; parameters: Record<string, string> } {
    for (const route of ROUTES) {
        const match = route.path.exec(pathname);
        if (match) return { route, parameters: match.groups ?? {} };
    }
    return { route: MISSING, parameters: {} };
}
