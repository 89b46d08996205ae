/**
 * The first script, and a small one: begins to load what the address asks for, while what all pages need is still on its
 * way.
 */
import { routeOf } from "./routes";

void routeOf(location.pathname).route.load();
if (location.pathname === "/users" && location.search === "") {
    const list = { rel: "preload", as: "fetch", crossOrigin: "", href: "/v1/users?limit=50" };
    document.head.append(Object.assign(document.createElement("link"), list));
}
void import("./main");
