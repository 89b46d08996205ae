import { createBrowserRouter, type LoaderFunctionArgs, type RouteObject } from "react-router";
import { appsQuery, summaryQuery, usersQuery } from "./api/queries";
import { filterOf } from "./pages/users/filter";
import { queries } from "./queries";
import { Splash } from "./components/states";
import { Broken, Missing } from "./components/Broken";

/** A page that is loaded when it is first needed. What it shows can be `read` meanwhile. */
function page(
    path: string,
    load: () => Promise<{ default: React.ComponentType }>,
    read?: (search: URLSearchParams) => void,
): RouteObject {
    const loader = read && (({ request }: LoaderFunctionArgs) => (read(new URL(request.url).searchParams), null));
    return { path, loader, lazy: async () => ({ Component: (await load()).default }) };
}

function readUsers(search: URLSearchParams): void {
    void queries.prefetchQuery(usersQuery(filterOf((name) => search.get(name) ?? undefined)));
    void queries.prefetchQuery(summaryQuery);
    void queries.prefetchQuery(appsQuery);
}

export const router = createBrowserRouter([
    {
        ErrorBoundary: Broken,
        HydrateFallback: Splash,
        children: [
            {
                children: [
                    page("/setup", () => import("./pages/SetUp")),
                    page("/sign-in", () => import("./pages/SignIn")),
                    page("/forgotten-password", () => import("./pages/ForgottenPassword")),
                    page("/reset-password", () => import("./pages/ResetPassword")),
                    page("/accept-invite", () => import("./pages/AcceptInvite")),
                ],
            },
            page("/change-password", () => import("./pages/ChangePassword")),
            {
                // Guests do without it.
                lazy: async () => ({ Component: (await import("./components/Shell")).Shell }),
                children: [
                    {
                        ErrorBoundary: Broken,
                        children: [
                            page("/", () => import("./pages/Home")),
                            page("/start", () => import("./pages/Start")),
                            page("/users", () => import("./pages/users/Users"), readUsers),
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
                            { path: "*", Component: Missing },
                        ],
                    },
                ],
            },
        ],
    },
]);
