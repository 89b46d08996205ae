/**
 * The first script, and a small one: begins to load what the address asks for, while what all pages need is still on its
 * way. A page that is not named here begins a moment later.
 */
const shell = () => import("./components/Shell");

const PAGES: Record<string, (() => Promise<unknown>)[]> = {
    "/": [shell, () => import("./pages/users/Users")],
    "/users": [shell, () => import("./pages/users/Users")],
    "/sign-in": [() => import("./pages/SignIn")],
    "/accept-invite": [() => import("./pages/AcceptInvite")],
};

if (location.pathname === "/users" && location.search === "") {
    const list = { rel: "preload", as: "fetch", crossOrigin: "", href: "/v1/users?limit=50" };
    document.head.append(Object.assign(document.createElement("link"), list));
}
for (const load of PAGES[location.pathname] ?? [shell]) void load();
void import("./main");
