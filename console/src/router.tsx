import { createBrowserRouter, type RouteObject } from "react-router";
import { Loading } from "./components/states";
import { Broken, Missing } from "./components/Broken";

/** A page that is loaded when it is first needed. */
function page(path: string, load: () => Promise<{ default: React.ComponentType }>): RouteObject {
    return { path, lazy: async () => ({ Component: (await load()).default }) };
}

export const router = createBrowserRouter([
    {
        ErrorBoundary: Broken,
        HydrateFallback: () => <Loading isPage />,
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
